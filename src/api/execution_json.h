/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file execution_json.h
 * Executions as the API finds and shows them. Private to the room.
 *
 * Two things differ from what is stored, for clients of the original: a step that waits is RUNNING with
 * `awaiting_event`, and percentages are texts.
 */
#ifndef BP_API_EXECUTION_JSON_H
#define BP_API_EXECUTION_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "store/store.h"

struct bp_api;
struct bp_arena;
struct bp_request;
struct bp_strbuf;
struct bp_writer;

/**
 * Finds the execution that the path field `execution_id` names.
 * @return false: there is none that this request may see, or reading failed; the request has been answered.
 */
bool bp_api_find_execution(struct bp_api *api, struct bp_request *request, struct bp_execution_row *ret_row);

/** The principal that executions of this request belong to: the user on whose behalf it is, else who asks. `text` is
 * where a user's id is written. */
const char *bp_api_caller(const struct bp_request *request, char text[BP_ID_TEXT_SIZE]);

/** True when the request may see the execution: everybody may, unless users are isolated. */
bool bp_api_may_see_execution(const struct bp_api *api, const struct bp_request *request,
                              const struct bp_execution_row *row);

/** How far an execution is, in percent: from its records unless its state tells. @return 0 or negative errno. */
int bp_api_percent(struct bp_api *api, const struct bp_execution_row *row, double *ret_percent);

/** Documents of definitions that were read for one answer: executions of a page share them. */
struct bp_api_documents {
        uint64_t number;
        struct bp_text json;
};

/** Appends an execution. @return 0 or negative errno. */
int bp_api_write_execution(struct bp_strbuf *buffer, struct bp_api *api, struct bp_arena *arena,
                           struct bp_api_documents *documents, const struct bp_execution_row *row, double percent);

/** Answers with an execution. */
void bp_api_answer_execution(struct bp_api *api, struct bp_request *request, uint32_t status,
                             const struct bp_execution_row *row);

/** Same, read anew: after a command has changed it. */
void bp_api_answer_execution_of(struct bp_api *api, struct bp_request *request, uint32_t status, struct bp_id id);

/** Word of a step's state on these routes: a step that waits is RUNNING. */
const char *bp_api_step_word(enum bp_step_state state);

/** A list "steps" of all steps of an execution as it was read back. */
void bp_api_write_steps(struct bp_writer *object, const struct bp_execution_row *row,
                        const struct bp_execution *execution, struct bp_arena *arena);

#endif
