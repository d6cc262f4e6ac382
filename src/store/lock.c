/* SPDX-License-Identifier: Apache-2.0 */
/* The lock is the kernel's (of the open file, so that threads and forks do not matter) and cannot be left behind by a
 * crash; the text is for the reader of the message only. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "store/state.h"

static void write_holder(int fd) {
        char text[256], host[65] = "", started[BP_WALL_TEXT_SIZE];
        int size;

        gethostname(host, sizeof(host) - 1);
        size = snprintf(text, sizeof(text), "process %ld on %s since %s", (long)getpid(), host,
                        bp_wall_format(bp_wall_now(), started));
        if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)size, 0) != size)
                (void)!ftruncate(fd, 0); /* half a holder is worse than none; the lock does not depend on it */
}

static int held(int fd, const char *path, struct bp_problem *reterr_problem) {
        char holder[256];
        ssize_t size = pread(fd, holder, sizeof(holder) - 1, 0);

        holder[size > 0 ? size : 0] = '\0';
        bp_problem_set(reterr_problem, "STORE_LOCKED", "the store %s is in use by %s; stop it first", path,
                       *holder ? holder : "another process");
        return BP_STORE_PROBLEM;
}

int bp_lock_take(const char *path, int *ret_fd, struct bp_problem *reterr_problem) {
        size_t size = strlen(path) + sizeof(".lock");
        _cleanup_(bp_freep) char *lock_path = bp_calloc(1, size);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd, r;

        if (!lock_path)
                return -ENOMEM;
        snprintf(lock_path, size, "%s.lock", path);
        fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return bp_store_fault_problem(-errno, lock_path, strerror(errno), reterr_problem);
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
                r = errno == EAGAIN || errno == EACCES
                            ? held(fd, path, reterr_problem)
                            : bp_store_fault_problem(-errno, lock_path, strerror(errno), reterr_problem);
                close(fd);
                return r;
        }
        write_holder(fd);
        *ret_fd = fd;
        return 0;
}

int bp_lock_release(int fd) {
        if (fd >= 0) {
                (void)!ftruncate(fd, 0);
                close(fd);
        }
        return -1;
}
