/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the process that loads it. */
#include <unistd.h>

__attribute__((constructor)) static void leave(void) {
        _exit(3);
}
