/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file zone_rule.h
 * The rule by which a zone goes on after the last change that its file lists: a POSIX TZ text with the additions of
 * RFC 8536. Private to this room.
 */
#ifndef BP_BASE_ZONE_RULE_H
#define BP_BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

/** When in a year clocks change. */
struct bp_zone_date {
        char kind;           /**< 'J': 1 to 365, leap days don't count; 'D': 0 to 365; 'M': month, week, weekday */
        int32_t day;         /**< 'J', 'D' */
        int32_t month, week; /**< 'M': week 1 to 5, 5 is the last one */
        int32_t weekday;     /**< 'M': 0 is Sunday */
        int32_t seconds;     /**< after the midnight that begins the day, by the clocks before the change */
};

/** The rule. */
struct bp_zone_rule {
        int32_t offset;  /**< seconds ahead of UTC */
        bool has_summer; /**< clocks change twice a year */
        int32_t summer_offset;
        struct bp_zone_date summer_starts, summer_ends;
};

/** Reads a rule. @return false for what is none. */
bool bp_zone_rule_parse(const char *text, struct bp_zone_rule *ret_rule);

/** The offset at a moment, and until when it holds (INT64_MAX: for ever). */
int32_t bp_zone_rule_offset(const struct bp_zone_rule *rule, int64_t unix_seconds, int64_t *ret_until);

#endif
