/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file told.h
 * Which events a record becomes, and what each says. Inside the room only.
 */
#ifndef BP_ENVELOPE_TOLD_H
#define BP_ENVELOPE_TOLD_H

#include <stddef.h>

#include "envelope/envelope.h"

struct bp_step_definition;

/** How a kind of event speaks in a notification. */
struct bp_told_words {
        const char *type;
        const char *event;  /**< `payload.event`; NULL: the step's id, else the type */
        const char *status; /**< `payload.content.status` */
};

/** An event before it is put into an envelope. */
struct bp_told {
        const struct bp_told_words *words;
        const struct bp_step_definition *step; /**< or NULL: of the execution */
        struct bp_value data;                  /**< object */
        struct bp_value message;               /**< text for a person */
        struct bp_value result;                /**< object, or null */
};

/** The events of a record. @return 0 or negative errno. */
int bp_told_of(const struct bp_track *track, const struct bp_record *record, struct bp_arena *arena,
               struct bp_told ret_told[BP_TOLD_MAX], size_t *ret_n_told);

/** A time as text. */
struct bp_value bp_told_time(struct bp_wall time, struct bp_arena *arena);

#endif
