/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that loses power and fails on demand: a VFS of SQLite over the default one. While it is in place, every
 * database of this process is on it, and the code under test need not know.
 *
 * What is written goes to the real files at once, so that everyone sees it, as from a page cache; nothing is ever
 * flushed for real. What was written, synced, deleted, and in which order, is kept in a trace. From the trace follows
 * what a power cut at any moment could have left: all that was synced, and of the rest nothing, or any part. So one run
 * of a workload serves any number of power cuts.
 */
#ifndef BP_TESTS_DISK_H
#define BP_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk;
struct disk_trace;
struct disk_replay;

/* Puts the disk in place as the default VFS. One at a time. */
struct disk *disk_new(void);

/* Takes it away; no database is open on it. NULL is allowed. */
void disk_free(struct disk *disk);

/* ---------------------------------------------------------------------------------------------------------------
 * Faults
 */

enum disk_operation {
        DISK_WRITE = 1 << 0,
        DISK_SYNC = 1 << 1,
        DISK_OPEN = 1 << 2,
        DISK_READ = 1 << 3,
        DISK_TRUNCATE = 1 << 4,
        DISK_ANY = (1 << 5) - 1,
};

/* Operations of these kinds fail with this code (SQLITE_FULL, SQLITE_IOERR_...), from the `first` one on (1: the next),
 * `count` of them (0: until disk_mend()). A write that fails has written its first half. What a sync that fails should
 * have flushed is lost for good with the next power cut, unless it is written again: as Linux does it. */
struct disk_fault {
        unsigned operations;
        uint64_t first, count;
        int code;
};

void disk_break(struct disk *disk, const struct disk_fault *fault);

/* How many operations failed since. */
uint64_t disk_n_failed(struct disk *disk);

/* Ends the fault. */
void disk_mend(struct disk *disk);

/* ---------------------------------------------------------------------------------------------------------------
 * Traces
 */

/* Begins a trace of the databases in a folder, none of which is open. What the folder holds by now counts as synced. */
struct disk_trace *disk_record(struct disk *disk, const char *folder);

/* Ends the trace that is being recorded. */
void disk_stop(struct disk *disk);

/* NULL is allowed. */
void disk_trace_free(struct disk_trace *trace);

/* How many operations the trace has so far. Any thread. */
size_t disk_trace_size(struct disk_trace *trace);

/* True when operation `index` is a sync. */
bool disk_trace_is_sync(const struct disk_trace *trace, size_t index);

/* ---------------------------------------------------------------------------------------------------------------
 * Power cuts
 */

/* What becomes of writes that were not synced. */
enum disk_loss {
        DISK_KEEPS = 1, /* all are there: the process was killed, the machine goes on */
        DISK_DROPS,     /* none is there */
        DISK_TEARS,     /* the first ones are there, the last of them up to somewhere */
        DISK_REORDERS,  /* any are there, in whole sectors */
        DISK_ZEROES,    /* as before, and files have grown over sectors that did not get there: zeros */
        DISK_LOSSES,    /* number of kinds, plus one */
};

const char *disk_loss_name(enum disk_loss loss);

/* Goes through a trace. */
struct disk_replay *disk_replay_new(const struct disk_trace *trace);

/* NULL is allowed. */
void disk_replay_free(struct disk_replay *replay);

/* Goes on until the first `at` operations are done; `at` does not go back. */
void disk_replay_to(struct disk_replay *replay, size_t at);

/* Cuts the power: writes the files that survive into `folder`, which is emptied first. The replay can go on. */
void disk_replay_cut(const struct disk_replay *replay, enum disk_loss loss, uint64_t seed, const char *folder);

#endif
