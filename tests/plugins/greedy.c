/* SPDX-License-Identifier: Apache-2.0 */
/* Ends with a status that tells whether a gigabyte could be had: 21 no, 13 yes. */
#include <sys/mman.h>
#include <unistd.h>

__attribute__((constructor)) static void ask_for_much(void) {
        void *memory = mmap(NULL, 1 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        _exit(memory == MAP_FAILED ? 21 : 13);
}
