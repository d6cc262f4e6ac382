/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file backlog.h
 * What was told of a topic and has not been taken by all of its followers, so that those a little behind need not read
 * it back from the store, each for itself. Belongs to the hub's thread. Private to the room.
 *
 * Everything told has a number, counted per topic from 0. Nothing is kept while everybody keeps up. What all topics
 * keep is bounded; beyond that the oldest of a topic gives way, and who has not taken it reads back.
 */
#ifndef BP_API_BACKLOG_H
#define BP_API_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct bp_stream_event;

/** Something told. */
struct bp_api_told {
        struct bp_stream_event *event;
        size_t size; /**< of its data, in bytes */
        bool is_line;
        struct bp_position position;   /**< unless is_line; of one execution: its sequence alone */
        bool is_end;                   /**< nothing follows: the execution ended */
        enum bp_execution_state state; /**< is_end: as what */
};

/** What all backlogs of a hub share. */
struct bp_api_backlog_space {
        size_t limit, used; /**< bytes */
};

/** The backlog of a topic. All zero, but for its space, is an empty one. */
struct bp_api_backlog {
        struct bp_api_backlog_space *space;
        struct bp_api_told *slots; /**< a ring of n_slots, a power of two */
        uint32_t n_slots, first, count;
        uint64_t begin; /**< number of the first that is kept; those kept follow one another */
};

/** Number that what is told next will have. */
uint64_t bp_api_backlog_end(const struct bp_api_backlog *backlog);

/** Keeps what was told, with a reference to its event, or as much of the backlog's end as there is space and memory
 * for: perhaps nothing. It counts as told either way. */
void bp_api_backlog_add(struct bp_api_backlog *backlog, const struct bp_api_told *told);

/** Counts something as told that everybody has taken, and forgets all before it. */
void bp_api_backlog_pass(struct bp_api_backlog *backlog);

/** Forgets what is older than this number. */
void bp_api_backlog_trim(struct bp_api_backlog *backlog, uint64_t number);

/** What was told as this number. @return NULL: it is not kept (any more). */
const struct bp_api_told *bp_api_backlog_at(const struct bp_api_backlog *backlog, uint64_t number);

/** Forgets everything and frees what it holds; it may be used again. */
void bp_api_backlog_done(struct bp_api_backlog *backlog);

#endif
