/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes while it is being loaded. */
#include <stdlib.h>

__attribute__((constructor)) static void crash(void) {
        abort();
}
