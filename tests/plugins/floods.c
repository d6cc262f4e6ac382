/* SPDX-License-Identifier: Apache-2.0 */
/* Writes without end to where the description goes. */
#include <unistd.h>

__attribute__((constructor)) static void flood(void) {
        static const char bytes[4096];

        while (write(3, bytes, sizeof(bytes)) > 0)
                continue;
}
