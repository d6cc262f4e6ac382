/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file logs.h
 * Lines that actions logged, as the API shows them. Private to the room.
 */
#ifndef BP_API_LOGS_H
#define BP_API_LOGS_H

#include "base/id.h"

struct bp_arena;
struct bp_definition;
struct bp_store_line;
struct bp_strbuf;

/** Appends a line as JSON. */
void bp_api_write_log_line(struct bp_strbuf *buffer, const struct bp_store_line *line,
                           const struct bp_definition *definition, struct bp_id execution, struct bp_arena *arena);

#endif
