/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file address.h
 * IP addresses as the guard sees them: every spelling that a resolver would take for one, and the ranges that
 * outsiders must not reach through us.
 */
#ifndef BP_HTTP_ADDRESS_H
#define BP_HTTP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/** An IPv4 or IPv6 address. */
struct bp_http_address {
        bool is_ipv6;
        uint8_t bytes[16]; /**< network order; the first four of an IPv4 address */
};

/** Size of an address as text, NUL included. */
#define BP_HTTP_ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN

/**
 * Reads a literal address without brackets: dotted, decimal, octal, hexadecimal or shortened IPv4 (as inet_aton), IPv6
 * with or without a zone. @return true when it is one.
 */
bool bp_http_address_parse(const char *text, struct bp_http_address *ret_address);

/** Takes the address out of a socket address. @return true for IPv4 and IPv6. */
bool bp_http_address_of_socket(const struct sockaddr *socket_address, struct bp_http_address *ret_address);

/** The usual spelling: 10.0.0.1, fe80::1. @return `text`. */
char *bp_http_address_format(const struct bp_http_address *address, char text[BP_HTTP_ADDRESS_TEXT_SIZE]);

/**
 * True when the address is private, local, or not one of a single public host; an IPv6 address that carries an IPv4
 * one is judged by that.
 */
bool bp_http_address_is_blocked(const struct bp_http_address *address);

#endif
