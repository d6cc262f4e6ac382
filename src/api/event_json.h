/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file event_json.h
 * Events from outside as the API shows them. Private to the room.
 */
#ifndef BP_API_EVENT_JSON_H
#define BP_API_EVENT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "service/service.h"

struct bp_arena;
struct bp_writer;

/** True when a waiting step had it. */
bool bp_api_event_is_routed(const struct bp_service_event_answer *answer);

/** True when it ended the wait of a step. */
bool bp_api_event_completed_step(const struct bp_service_event_answer *answer);

/** Members that tell what became of an event: id, state, effect, duplicate, execution_id, step_id. */
void bp_api_write_event_answer(struct bp_writer *object, const struct bp_service_event_answer *answer);

/** The same with `status`, `routed` and `step_completed` before it: the result of one event. */
void bp_api_write_event_result(struct bp_writer *object, const struct bp_service_event_answer *answer);

/** Members of a stored event; with `data` where its body is there and asked for. */
void bp_api_write_event_row(struct bp_writer *object, const struct bp_event_row *row, bool with_data,
                            struct bp_arena *arena);

/** Words of states, for queries: NULL-terminated. */
extern const char *const bp_api_event_states[];

/** The bit 1 << state of a word; 0: there is none such. */
uint32_t bp_api_event_state_bit(const char *word);

#endif
