/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file networks.h
 * Addresses of clients as text, and lists of networks. Private to the room.
 */
#ifndef BP_SERVER_NETWORKS_H
#define BP_SERVER_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_problem;
struct sockaddr;

/** Size of an address as text, NUL included. */
#define BP_ADDRESS_SIZE 48

/** Addresses and networks: "10.0.0.0/8", "::1", "unix" for clients of a Unix socket. */
struct bp_networks {
        struct bp_network *items;
        size_t count;
        bool has_unix;
};

/** Reads a NULL-terminated list (NULL: an empty one). @return 0; BP_PROBLEM: one is neither address nor network;
 * -ENOMEM */
int bp_networks_parse(struct bp_arena *arena, const char *const *texts, struct bp_networks *ret_networks,
                      struct bp_problem *reterr_problem);

/** True when an address as text is in one of them. */
bool bp_networks_contain(const struct bp_networks *networks, const char *address);

/** An address without its port; IPv4 within IPv6 as IPv4, "unix" for a Unix socket. @return `text` */
char *bp_address_text(const struct sockaddr *address, char text[BP_ADDRESS_SIZE]);

/** The client behind trusted proxies: the rightmost address of X-Forwarded-For that is not one of them, copied; the
 * text itself where it is no address. NULL: memory is exhausted. */
const char *bp_networks_client(const struct bp_networks *trusted, struct bp_arena *arena, const char *peer,
                               const char *forwarded_for);

#endif
