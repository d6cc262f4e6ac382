/* SPDX-License-Identifier: Apache-2.0 */
/* A trace, seen by what records it and by what replays it. */
#ifndef BP_TESTS_DISK_PRIVATE_H
#define BP_TESTS_DISK_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"

enum { DISK_MOST_FILES = 32, DISK_NAME_SIZE = 64 };

/* One operation. `file` is an index into the names. */
struct disk_step {
        enum {
                STEP_FOUND = 1,
                STEP_CREATED,
                STEP_WRITTEN,
                STEP_TRUNCATED,
                STEP_SYNCED,
                STEP_SYNC_FAILED,
                STEP_DELETED
        } type;
        bool durable; /* STEP_DELETED: the folder was synced */
        uint32_t file;
        uint64_t offset, size; /* STEP_TRUNCATED: size */
        unsigned char *bytes;  /* STEP_FOUND, STEP_WRITTEN */
};

struct disk_trace {
        pthread_mutex_t mutex;
        char names[DISK_MOST_FILES][DISK_NAME_SIZE];
        bool exists[DISK_MOST_FILES];
        size_t n_names;
        struct disk_step *steps;
        size_t n_found; /* steps that only say what was there before */
        size_t n_steps, capacity;
};

#endif
