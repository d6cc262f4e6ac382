/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves a process behind that holds every descriptor open. */
#include <unistd.h>

__attribute__((constructor)) static void leave(void) {
        if (fork() == 0)
                for (;;)
                        pause();
        _exit(4);
}
