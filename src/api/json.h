/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file json.h
 * How the API writes what JSON has no kind for. Members of the reference that are optional are present, as null.
 * Objects and lists: base/writer.h. Private to the room.
 */
#ifndef BP_API_JSON_H
#define BP_API_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"
#include "base/writer.h"
#include "engine/engine.h"
#include "store/store.h"

struct bp_problem;
struct bp_problem_list;
struct bp_request;
struct bp_strbuf;

/** Longest JSON that an answer may become. */
#define BP_API_ANSWER_BYTES ((size_t)256 * 1024 * 1024)

/** Begins an answer: a text of bounded size that bp_api_answer() gives back. */
void bp_api_begin(struct bp_strbuf *buffer);

/** Answers with what was written, or with the failure that stuck to it. Ends the buffer's life. */
void bp_api_answer(struct bp_request *request, uint32_t status, struct bp_strbuf *buffer);

/** A time in ISO 8601; null for 0. */
void bp_api_write_time(struct bp_writer *writer, const char *name, struct bp_wall time);

/** An id in canonical text. */
void bp_api_write_id(struct bp_writer *writer, const char *name, struct bp_id id);

/** An id where there is one, else null. */
void bp_api_write_id_if(struct bp_writer *writer, const char *name, bool is_there, struct bp_id id);

/** A percentage, as the reference: a text with two decimals, within 0 and 100. */
void bp_api_write_percent(struct bp_writer *writer, const char *name, double percent);

/** A text that may name a secret (an error, a line of a log): without it, or null for NULL. */
void bp_api_write_safe_text(struct bp_writer *writer, const char *name, const char *text, struct bp_arena *arena);

/** A value that left an action or came from a caller, without secrets. */
void bp_api_write_safe_value(struct bp_writer *writer, const char *name, const struct bp_value *value,
                             struct bp_arena *arena);

/** Stored JSON, without secrets; null when there is none. */
void bp_api_write_safe_json(struct bp_writer *writer, const char *name, struct bp_text json, struct bp_arena *arena);

/** Stored JSON exactly as it was stored; null when there is none. Only for what a person wrote to be read back: a
 * definition. */
void bp_api_write_stored_json(struct bp_writer *writer, const char *name, struct bp_text json);

/** The next item of a list: {"severity", "code", "message", "pointer"}. */
void bp_api_write_finding(struct bp_writer *list, const struct bp_problem *problem, bool is_warning);

/** A list of problems as sentences: bp_problem_sentence(). */
void bp_api_write_messages(struct bp_writer *writer, const char *name, const struct bp_problem_list *problems);

/** Member `pagination` of a list whose route has `page` and `page_size`. */
void bp_api_write_pagination(struct bp_writer *object, const struct bp_request *request, uint64_t total);

/** Word of a state in lower case, as the answer to a start has it: "completed". */
const char *bp_api_execution_state_lower(enum bp_execution_state state);

/** A state by its upper-case word in any case; 0: there is none. */
enum bp_execution_state bp_api_execution_state_of(const char *word);

#endif
