/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object like any other. */
int bp_test_no_entry(void);

__attribute__((visibility("default"))) int bp_test_no_entry(void) {
        return 1;
}
