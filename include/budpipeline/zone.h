/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file zone.h
 * For actions that read or write the time of day of a place: a service that the host lends, by the names and rules of
 * the IANA time zone database.
 */
#ifndef BUDPIPELINE_ZONE_H
#define BUDPIPELINE_ZONE_H

#include <budpipeline/action.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A time as clocks in some place show it, by the Gregorian calendar. */
struct bp_civil {
        int32_t year;   /**< 1 to 9999 */
        int32_t month;  /**< 1 to 12 */
        int32_t day;    /**< 1 to 31 */
        int32_t hour;   /**< 0 to 23 */
        int32_t minute; /**< 0 to 59 */
        int32_t second; /**< 0 to 59 */
};

/** The service `zone`, revision 1. A zone is named as in the database, "Europe/Berlin"; "UTC" is always known. */
struct bp_zone_service {
        uint32_t struct_size, reserved;
        /** What clocks there show at this moment, in seconds since 1970 UTC. @return 0, or 1 for an unknown zone. */
        int (*to_civil)(struct bp_action_context *context, const char *zone, int64_t unix_seconds,
                        struct bp_civil *ret_civil);
        /**
         * When clocks there show this: the first time where they show it twice, and the first moment after the gap
         * where they never do. @return 0, 1 for an unknown zone, or 2 for what is no date and time.
         */
        int (*to_unix)(struct bp_action_context *context, const char *zone, const struct bp_civil *civil,
                       int64_t *ret_unix_seconds);
};

/** The service, or NULL when the host is too old to have it. */
static inline const struct bp_zone_service *bp_zone_service(struct bp_action_context *context) {
        return (const struct bp_zone_service *)context->host->service(context, "zone", 1);
}

#ifdef __cplusplus
}
#endif
#endif
