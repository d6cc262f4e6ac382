/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file field_text.h
 * One value held against one field: its kind, bounds and words. Texts count as numbers, booleans and times where they
 * read as such, in bodies too, as with the reference. Private to the room.
 */
#ifndef BP_SERVER_FIELD_TEXT_H
#define BP_SERVER_FIELD_TEXT_H

#include "base/value.h"
#include "server/finding.h"
#include "server/server.h"

struct bp_arena;

/**
 * Checks a value that is there and is not null.
 * @param ret_value in the field's own type: an integer for times, the listed spelling of a word
 * @return 0; 1: it is wrong, `ret_finding` says how (texts in the arena), `input` is not set; -ENOMEM
 */
int bp_field_check(struct bp_arena *arena, const struct bp_field *field, const struct bp_value *value,
                   struct bp_value *ret_value, struct bp_finding *ret_finding);

/** Reads ISO 8601: a date, or date and time with or without zone (UTC), as microseconds. @return true when it is one.
 */
bool bp_time_parse(const char *text, int64_t *ret_us);

#endif
