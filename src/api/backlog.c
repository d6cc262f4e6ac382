/* SPDX-License-Identifier: Apache-2.0 */
#include "api/backlog.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "server/server.h"

enum { FIRST_SLOTS = 64 };

static size_t cost(const struct bp_api_told *told) {
        return sizeof(*told) + told->size;
}

static struct bp_api_told *slot(const struct bp_api_backlog *backlog, uint32_t at) {
        return &backlog->slots[(backlog->first + at) & (backlog->n_slots - 1)];
}

uint64_t bp_api_backlog_end(const struct bp_api_backlog *backlog) {
        return backlog->begin + backlog->count;
}

static void drop_first(struct bp_api_backlog *backlog) {
        struct bp_api_told *told = slot(backlog, 0);

        backlog->space->used -= cost(told);
        bp_stream_event_unref(told->event);
        backlog->first = (backlog->first + 1) & (backlog->n_slots - 1);
        backlog->count--;
        backlog->begin++;
}

void bp_api_backlog_trim(struct bp_api_backlog *backlog, uint64_t number) {
        while (backlog->count && backlog->begin < number)
                drop_first(backlog);
}

void bp_api_backlog_pass(struct bp_api_backlog *backlog) {
        bp_api_backlog_trim(backlog, UINT64_MAX);
        backlog->begin++;
}

static int grow(struct bp_api_backlog *backlog) {
        uint32_t n_slots = backlog->n_slots ? backlog->n_slots * 2 : FIRST_SLOTS;
        struct bp_api_told *slots;

        if (backlog->count < backlog->n_slots)
                return 0;
        slots = bp_calloc(n_slots, sizeof(*slots));
        if (!slots)
                return -ENOMEM;
        for (uint32_t i = 0; i < backlog->count; i++)
                slots[i] = *slot(backlog, i);
        free(backlog->slots);
        backlog->slots = slots;
        backlog->n_slots = n_slots;
        backlog->first = 0;
        return 0;
}

void bp_api_backlog_add(struct bp_api_backlog *backlog, const struct bp_api_told *told) {
        struct bp_api_backlog_space *space = backlog->space;

        while (backlog->count && space->used + cost(told) > space->limit)
                drop_first(backlog);
        if (space->used + cost(told) > space->limit || grow(backlog)) {
                bp_api_backlog_pass(backlog);
                return;
        }
        *slot(backlog, backlog->count++) = *told;
        bp_stream_event_ref(told->event);
        space->used += cost(told);
}

const struct bp_api_told *bp_api_backlog_at(const struct bp_api_backlog *backlog, uint64_t number) {
        if (number < backlog->begin || number >= bp_api_backlog_end(backlog))
                return NULL;
        return slot(backlog, (uint32_t)(number - backlog->begin));
}

void bp_api_backlog_done(struct bp_api_backlog *backlog) {
        bp_api_backlog_trim(backlog, UINT64_MAX);
        free(backlog->slots);
        backlog->slots = NULL;
        backlog->n_slots = backlog->first = 0;
}
