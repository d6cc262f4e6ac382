/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file history.h
 * The records of an execution one after another, with what they made of it, and how each is shown as an event. Private
 * to the room.
 */
#ifndef BP_API_HISTORY_H
#define BP_API_HISTORY_H

#include <stdbool.h>

#include "engine/engine.h"
#include "store/store.h"

struct bp_api;
struct bp_arena;
struct bp_definition;
struct bp_strbuf;

/** An execution that is rebuilt record by record. */
struct bp_api_history {
        const struct bp_definition *definition;
        struct bp_execution *execution;
        double percent;      /**< never falls, but at a failed end */
        int64_t eta_seconds; /**< -1: not known */
};

/** Begins before the first record. @return 0 or negative errno. */
int bp_api_history_open(struct bp_api *api, const struct bp_execution_row *row, struct bp_api_history *ret_history);

/** Goes over the next record. @return 0 or negative errno. */
int bp_api_history_apply(struct bp_api_history *history, const struct bp_record *record);

/** Gives it back. */
void bp_api_history_done(struct bp_api_history *history);

/** One event: a record and what is known around it. */
struct bp_api_event {
        struct bp_id execution;
        const struct bp_definition *definition;
        const struct bp_record *record;
        const struct bp_execution *after; /**< the execution after the record, or NULL: not at hand */
        double percent;                   /**< after it; negative: not known */
        int64_t eta_seconds;              /**< -1: not known */
};

/** The event of the record that was applied last. */
struct bp_api_event bp_api_history_event(const struct bp_api_history *history, const struct bp_record *record);

/** Type of an event: the original's word where it has one, else the kind of the record. */
const char *bp_api_event_type(const struct bp_record *record);

/** True when a record is of this type or kind; NULL is every one. */
bool bp_api_event_is(const struct bp_record *record, const char *type);

/** Appends an event as JSON, in one line. */
void bp_api_write_event(struct bp_strbuf *buffer, const struct bp_api_event *event, struct bp_arena *arena);

/** Types and kinds, ended by NULL. */
extern const char *const bp_api_event_types[];

#endif
