/* SPDX-License-Identifier: Apache-2.0 */
/* What the workload writes follows from small numbers, so that it can be written and expected alike. */
#ifndef BP_TESTS_FACTS_H
#define BP_TESTS_FACTS_H

#include "unit.h"

#include <stdint.h>

#include "store/deliveries.h"
#include "store/store.h"

struct bp_arena;

struct bp_id pipeline_id(uint32_t subject);
struct bp_id execution_id(uint32_t subject);

/* A revision of a pipeline; its document is longer by `bulk` bytes that differ with each. */
struct bp_store_pipeline pipeline_revision(struct bp_arena *arena, uint32_t subject, uint32_t revision, size_t bulk);

/* The key that a pipeline is created with. */
struct bp_store_key pipeline_key(struct bp_arena *arena, uint32_t subject);

/* A key that is kept with its answer. */
struct bp_store_key kept_key(struct bp_arena *arena, uint32_t number);

/* The key that an execution is created with. */
struct bp_store_key execution_key(struct bp_arena *arena, uint32_t subject);

/* Creates an execution. @return as bp_store_execution_create() */
int create_execution(struct bp_store *store, struct bp_arena *arena, uint32_t subject, uint64_t *ret_number);

/* Parameters of an execution. */
struct bp_value params_of(struct bp_arena *arena, uint32_t subject);

/* A line of an execution's log. */
struct bp_store_line line_of(struct bp_arena *arena, uint32_t subject, uint32_t index);

/* An event from outside, and its settlement by the execution that has it. */
struct bp_store_event event_of(struct bp_arena *arena, uint32_t subject);
struct bp_event_settlement settlement_of(uint32_t subject, uint32_t execution);

/* An event for the subscriber of an execution that was given up. Of some records there is one: `letter_is_due`. */
struct bp_dead_letter letter_of(struct bp_arena *arena, uint32_t subject, uint32_t sequence);
bool letter_is_due(uint32_t subject, uint32_t sequence);

/* How many records an execution comes to; the last one ends it. */
uint32_t records_of(uint32_t subject);

/* `n` records of an execution from a sequence on. */
struct bp_record *records_from(struct bp_arena *arena, uint32_t subject, uint32_t sequence, uint32_t n);

#endif
