/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file zone.h
 * Time zones of the IANA database, read from its compiled files (TZif, RFC 8536) with their rule for the years to come.
 *
 * A zone is constant data once it is loaded, so any number of threads may use it. Nothing is kept between loads: who
 * needs a zone often keeps it. Neither the environment nor the process's own zone plays a part.
 */
#ifndef BP_BASE_ZONE_H
#define BP_BASE_ZONE_H

#include <budpipeline/zone.h>

#include <stdbool.h>
#include <stdint.h>

struct bp_arena;

/** Where the database stands on Debian, and nearly everywhere else. */
#define BP_ZONE_FOLDER "/usr/share/zoneinfo"

/** One zone. */
struct bp_zone;

/** True for a name that can be one: parts of letters, digits, `+`, `-`, `_` and `.`, joined by `/`; none begins with
 * `.`. */
bool bp_zone_name_is_valid(const char *name);

/**
 * Loads a zone from a folder of the database. "UTC" needs no file. The zone belongs to the arena.
 * @return 0; 1 when there is no such zone or its file is none; -ENOMEM.
 */
int bp_zone_load(struct bp_arena *arena, const char *folder, const char *name, const struct bp_zone **ret_zone);

/** Seconds that clocks in the zone are ahead of UTC at this moment. */
int32_t bp_zone_offset(const struct bp_zone *zone, int64_t unix_seconds);

/** What clocks in the zone show at this moment; years beyond 1..9999 are held there. */
struct bp_civil bp_zone_civil(const struct bp_zone *zone, int64_t unix_seconds);

/** When clocks in the zone show this, see struct bp_zone_service. The civil time must be valid. */
int64_t bp_zone_unix(const struct bp_zone *zone, const struct bp_civil *civil);

/** True for a date that there is and a time of day. */
bool bp_civil_is_valid(const struct bp_civil *civil);

/** Seconds since 1970 of a civil time that is one of UTC. */
int64_t bp_civil_seconds(const struct bp_civil *civil);

/** The civil time in UTC; years beyond 1..9999 are held there. */
struct bp_civil bp_civil_of_seconds(int64_t seconds);

#endif
