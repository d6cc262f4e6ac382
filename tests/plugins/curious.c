/* SPDX-License-Identifier: Apache-2.0 */
/* Ends with a status that tells what its process may see: 10 a secret of the environment, 11 an open file, 12 input. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void look_around(void) {
        char byte;

        if (getenv("BP_TEST_SECRET"))
                _exit(10);
        for (int fd = 4; fd < 256; fd++)
                if (fcntl(fd, F_GETFD) >= 0 && fcntl(fd, F_GETFL) >= 0 && lseek(fd, 0, SEEK_CUR) == 7)
                        _exit(11);
        if (read(0, &byte, 1) != 0)
                _exit(12);
        _exit(20);
}
