/* SPDX-License-Identifier: Apache-2.0 */
/* The table chains its entries through themselves: entering one needs no memory. Growing it may fail and be tried
 * again.
 */
#include "runtime/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "runtime/task.h"

enum {
        FIRST_BUCKETS = 64, /* a power of two */
};

int bp_live_adopt(struct bp_execution *execution, struct bp_live **ret_live) {
        struct bp_live *live = bp_calloc(1, sizeof(*live));

        if (!live)
                return -ENOMEM;
        live->letter.kind = BP_LETTER_START;
        live->execution = execution;
        live->durable_sequence = bp_execution_view(execution).sequence;
        *ret_live = live;
        return 0;
}

int bp_live_new(const struct bp_execution_start *start, const struct bp_engine_settings *settings,
                struct bp_live **ret_live) {
        struct bp_execution *execution;
        int r = bp_execution_new(start, settings, &execution);

        if (r < 0)
                return r;
        r = bp_live_adopt(execution, ret_live);
        if (r < 0)
                bp_execution_free(execution);
        return r;
}

void bp_command_finish(struct bp_command *command, int result) {
        if (command->receipt.done)
                command->receipt.done(command->receipt.userdata, result);
        free(command);
}

void bp_live_free(struct bp_runtime *runtime, struct bp_live *live) {
        while (live->tasks)
                bp_task_free(runtime, live->tasks);
        while (live->waits)
                bp_waits_remove(&runtime->waits, live->waits, NULL);
        bp_due_times_clear(&runtime->deadlines, &live->deadline);
        bp_execution_free(live->execution);
        free(live);
}

static struct bp_live **bucket_of(const struct bp_runtime *runtime, const struct bp_id *id) {
        return &runtime->buckets[bp_hash64(id->bytes, sizeof(id->bytes), 0) & (runtime->n_buckets - 1)];
}

static void grow_table(struct bp_runtime *runtime) {
        size_t n_old = runtime->n_buckets, n_new = n_old ? n_old * 2 : FIRST_BUCKETS;
        struct bp_live **old = runtime->buckets, **new = bp_calloc(n_new, sizeof(struct bp_live *));

        if (!new)
                return;
        runtime->buckets = new;
        runtime->n_buckets = n_new;
        for (size_t i = 0; i < n_old; i++) {
                struct bp_live *live = old[i];

                while (live) {
                        struct bp_live *next = live->next_in_bucket,
                                       **bucket = bucket_of(runtime, bp_execution_id(live->execution));

                        live->next_in_bucket = *bucket;
                        *bucket = live;
                        live = next;
                }
        }
        free(old);
}

int bp_live_table_init(struct bp_runtime *runtime) {
        grow_table(runtime);
        return runtime->buckets ? 0 : -ENOMEM;
}

void bp_live_table_done(struct bp_runtime *runtime) {
        for (size_t i = 0; i < runtime->n_buckets; i++)
                while (runtime->buckets[i]) {
                        struct bp_live *live = runtime->buckets[i];

                        bp_live_remove(runtime, live);
                        bp_live_free(runtime, live);
                }
        free(runtime->buckets);
}

struct bp_live *bp_live_find(const struct bp_runtime *runtime, struct bp_id id) {
        for (struct bp_live *live = *bucket_of(runtime, &id); live; live = live->next_in_bucket)
                if (memcmp(bp_execution_id(live->execution), &id, sizeof(id)) == 0)
                        return live;
        return NULL;
}

bool bp_live_add(struct bp_runtime *runtime, struct bp_live *live) {
        struct bp_live **bucket;

        if (bp_live_find(runtime, *bp_execution_id(live->execution)))
                return false;
        if (runtime->n_live >= runtime->n_buckets)
                grow_table(runtime);
        bucket = bucket_of(runtime, bp_execution_id(live->execution));
        live->next_in_bucket = *bucket;
        *bucket = live;
        runtime->n_live++;
        return true;
}

void bp_live_remove(struct bp_runtime *runtime, struct bp_live *live) {
        struct bp_live **place = bucket_of(runtime, bp_execution_id(live->execution));

        while (*place != live)
                place = &(*place)->next_in_bucket;
        *place = live->next_in_bucket;
        runtime->n_live--;
}

void bp_live_touch(struct bp_runtime *runtime, struct bp_live *live) {
        if (live->touched)
                return;
        live->touched = true;
        live->next_touched = runtime->touched;
        runtime->touched = live;
}

struct bp_wall bp_live_now(const struct bp_runtime *runtime, const struct bp_live *live) {
        return bp_anchor_now(&runtime->timekeeper, live->anchor);
}
