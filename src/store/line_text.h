/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file line_text.h
 * Lines of logs as JSON. Seen inside this room only; docs/store.md describes it for readers.
 *
 * A row is an array of lines; a line is an array: step, attempt, microseconds since the row's first line, level (enum
 * bp_log_level), message.
 */
#ifndef BP_STORE_LINE_TEXT_H
#define BP_STORE_LINE_TEXT_H

#include "base/value.h"
#include "store/store.h"

struct bp_strbuf;

/* Lines that a step may log. */
#define BP_LOG_LINES_MAX 10000

/* Appends one line; `first_at` is the time of the row's first one. */
void bp_line_write(struct bp_strbuf *text, const struct bp_store_line *line, struct bp_wall first_at);

/* Reads one line. @return 0; -EPROTO: not of this form. */
int bp_line_read(const struct bp_value *item, struct bp_wall first_at, struct bp_store_line *ret_line);

#endif
