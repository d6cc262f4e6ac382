/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file events.h
 * Events from outside as they come over HTTP: CloudEvents 1.0 (structured, binary, batched), Dapr's envelope, plain
 * JSON bodies. Pure; everything read belongs to the caller's arena.
 */
#ifndef BP_EVENTS_EVENTS_H
#define BP_EVENTS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/value.h"

struct bp_arena;
struct bp_problem;

/** Most events of one batch where nothing else is said. */
#define BP_EVENTS_BATCH 1000

/** Longest correlation id in bytes; a longer one counts as none. */
#define BP_EVENTS_CORRELATION_BYTES 1024

/** One event. */
struct bp_event {
        const char *source, *id, *type; /**< attributes of the envelope, or NULL; `type`: else that of the data */
        struct bp_value data;           /**< what actions see: the envelope's data, or the whole body */
        const char *correlation;        /**< NULL: it names no waiting step */
        /** Follows from source and id, or without them from everything in it: the same event again has the same one. */
        struct bp_id identity;
};

/** A body with what HTTP says about it. Borrowed. */
struct bp_events_message {
        const char *content_type; /**< or NULL */
        const char *body;
        size_t size;
        uint32_t depth; /**< deepest nesting of the body; 0: BP_JSON_DEPTH */
        uint32_t most;  /**< most events of a batch; 0: BP_EVENTS_BATCH */
        /** Value of a header by its name, any case, or NULL: for the attributes of the binary form. */
        const char *(*header)(void *userdata, const char *name);
        void *userdata;
};

/** True when the message says that it is a batch. */
bool bp_events_is_batch(const struct bp_events_message *message);

/**
 * Reads the events of a body, in order.
 * @return 0; BP_PROBLEM: EVENT_SYNTAX (not JSON), EVENT_INVALID (not an event; the pointer names what is wrong),
 *         EVENT_BATCH (more than `most`); -ENOMEM
 */
int bp_events_read(struct bp_arena *arena, const struct bp_events_message *message, struct bp_event **ret_events,
                   size_t *ret_n_events, struct bp_problem *reterr_problem);

/**
 * The correlation id of an event's data: the first of `workflow_id`, `payload.workflow_id`,
 * `notification_metadata.workflow_id` and `payload.content.result.workflow_id` that is not empty, as text.
 * @return 0, `ret_id` then NULL when there is none; -ENOMEM
 */
int bp_event_correlation(struct bp_arena *arena, const struct bp_value *data, const char **ret_id);

#endif
