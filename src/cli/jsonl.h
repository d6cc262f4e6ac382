/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file jsonl.h
 * Batch forms: one JSON object a line on standard input, one answer a line on standard output, in order. A line that
 * is bad, or fails, is answered with {"error": {"code", "message"}} and never ends the batch.
 */
#ifndef BP_CLI_JSONL_H
#define BP_CLI_JSONL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_cli;
struct bp_problem;
struct bp_strbuf;
struct bp_value;

/**
 * Answers one line.
 * @param line the object of the line, in `arena`, which is emptied after each line
 * @param answer empty: one JSON value is appended, without a line break
 * @return 0; BP_PROBLEM, and the problem becomes the answer; negative errno, and that becomes the answer.
 */
typedef int bp_jsonl_answer(void *userdata, const struct bp_value *line, struct bp_arena *arena,
                            struct bp_strbuf *answer, struct bp_problem *reterr_problem);

/** Reads lines until the end of standard input. Empty lines are passed over. @return enum bp_exit. */
int bp_jsonl_run(const struct bp_cli *cli, bp_jsonl_answer *answer, void *userdata);

/**
 * A member of a line that must be an object when it is there and not null.
 * @return 0, `ret_object` then NULL when it is absent; BP_PROBLEM with LINE_INVALID.
 */
int bp_jsonl_object(const struct bp_value *line, const char *key, const struct bp_value **ret_object,
                    struct bp_problem *reterr_problem);

/** A member of a line that must be text. @return 0; BP_PROBLEM with LINE_INVALID when it is absent or something else.
 */
int bp_jsonl_text(const struct bp_value *line, const char *key, const struct bp_value **ret_text,
                  struct bp_problem *reterr_problem);

/** True when the member is there and is true. */
bool bp_jsonl_flag(const struct bp_value *line, const char *key);

/** Appends {"code", "message"} and, where they are known, "pointer", "line" and "column". */
void bp_jsonl_write_problem(struct bp_strbuf *buffer, const struct bp_problem *problem, bool with_pointer);

#endif
