/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file envelope.h
 * What subscribers are told: records of the journal as events. Forms and words: reference engine.md section 10.
 *
 * An event is a CloudEvent (1.0, structured) whose id follows from execution, record, type and topic: when it is
 * published twice, it carries the same id. Nothing in it is a secret (sanitize.h).
 */
#ifndef BP_ENVELOPE_ENVELOPE_H
#define BP_ENVELOPE_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"

struct bp_arena;
struct bp_definition;
struct bp_record;
struct bp_track;

/** The form in which events go out. */
enum bp_envelope {
        BP_ENVELOPE_SEED = 1,     /**< {type, execution_id, timestamp, data, step_id} as `data` of the CloudEvent */
        BP_ENVELOPE_NOTIFICATION, /**< a notification; its members stand beside the attributes of the CloudEvent */
};

/** Media type of every event. */
#define BP_EVENT_MEDIA_TYPE "application/cloudevents+json"

/** Longest topic, in bytes. */
#define BP_TOPIC_SIZE_MAX 255

/**
 * What is wrong with a topic: it is a letter, then letters, digits, `.`, `_` and `-`.
 * @return NULL when nothing is, else words for a person
 */
const char *bp_topic_problem(const char *topic, size_t size);

/* ---------------------------------------------------------------------------------------------------------------
 * How far an execution is
 */

/** Begins before the first record; takes a reference to the definition. @return 0 or -ENOMEM. */
int bp_track_new(const struct bp_definition *definition, struct bp_track **ret_track);

/** Gives it back. NULL is allowed. Always returns NULL. */
struct bp_track *bp_track_free(struct bp_track *track);

/** Goes over the next record. */
void bp_track_apply(struct bp_track *track, const struct bp_record *record);

/** Sequence of the record it went over last; 0: none. */
uint64_t bp_track_sequence(const struct bp_track *track);

/** Percent and seconds left (-1: not known) as bp_execution_progress() has them; but percent does not fall. */
double bp_track_progress(const struct bp_track *track, int64_t *ret_eta_seconds);

/* ---------------------------------------------------------------------------------------------------------------
 * Events
 */

/** What does not change while an execution is told to a topic. Borrowed. */
struct bp_envelope_facts {
        enum bp_envelope envelope;
        const char *source; /**< name of the service */
        const char *topic;
        struct bp_id execution;
        const char *subscriber_ids, *payload_type, *notification_workflow_id; /**< of the start, or NULL */
};

/** An event that goes out. Belongs to the arena of the call, or borrows from what was given. */
struct bp_told_event {
        struct bp_id id;
        const char *type; /**< constant: "step_completed" */
        struct bp_value event;
};

/** Most events that one record becomes. */
#define BP_TOLD_MAX 2

/** Every type of event, ended by NULL. */
extern const char *const bp_told_types[];

/**
 * The events that a record becomes, in order; none for many a kind.
 * @param track that went over the record last
 * @return 0, or negative errno
 */
int bp_envelope_make(const struct bp_envelope_facts *facts, const struct bp_track *track,
                     const struct bp_record *record, struct bp_arena *arena,
                     struct bp_told_event ret_events[BP_TOLD_MAX], size_t *ret_n_events);

#endif
