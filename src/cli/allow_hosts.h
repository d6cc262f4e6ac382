/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file allow_hosts.h
 * --allow-host: targets that may be reached although their address is private.
 */
#ifndef BP_CLI_ALLOW_HOSTS_H
#define BP_CLI_ALLOW_HOSTS_H

struct bp_arena;
struct bp_arguments;

/**
 * The targets given, for struct bp_http_client_settings.allow_hosts. The list belongs to the arena.
 * @return NULL when memory is exhausted
 */
const char *const *bp_allow_hosts_read(const struct bp_arguments *arguments, struct bp_arena *arena);

#endif
