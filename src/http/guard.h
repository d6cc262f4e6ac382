/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file guard.h
 * Which targets may be reached, for the client; what callers outside use is bp_http_guard() of client.h.
 */
#ifndef BP_HTTP_GUARD_H
#define BP_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_http_client_settings;

/** Longest host name that is taken, NUL included. */
#define BP_HTTP_HOST_SIZE 256

/** A host and port in one spelling only. */
struct bp_http_target {
        char host[BP_HTTP_HOST_SIZE]; /**< lower case, no brackets, no dot at its end, literals in their usual form */
        uint16_t port;                /**< 0 when it is not known */
};

/** Fills a target; the host may be in any case, with brackets, percent-encoded. @return false when it is too long. */
bool bp_http_target_set(struct bp_http_target *target, const char *host, size_t host_size, uint16_t port);

/** True when `allow_hosts` (see struct bp_http_client_settings; may be NULL) names the target. */
bool bp_http_target_is_allowed(const struct bp_http_target *target, const char *const *allow_hosts);

/** Copies a list of named targets into the arena. @return 0 or -ENOMEM. */
int bp_http_copy_hosts(struct bp_arena *arena, const char *const *hosts, const char *const **ret_copy);

/** As bp_http_guard(), with named targets besides those of the settings. */
const char *bp_http_guard_named(const struct bp_http_client_settings *settings, const char *const *allow_hosts,
                                const char *url, struct bp_arena *arena);

/** The reason that stands for a lack of memory. */
extern const char bp_http_guard_no_memory[];

/** @return NULL when the target's name may be tried, else why not: constant, or in the arena. */
const char *bp_http_target_refusal(const struct bp_http_target *target, struct bp_arena *arena);

#endif
