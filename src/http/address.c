/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges as tables. The documentation ranges are left out: nothing answers there, and the reference lets them pass. */
#include "http/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

struct range {
        uint8_t bytes[16];
        unsigned prefix_bits;
};

static const struct range blocked_ipv4[] = {
        {{0}, 8},          /* this network */
        {{10}, 8},         /* private */
        {{100, 64}, 10},   /* carrier-grade NAT */
        {{127}, 8},        /* loopback */
        {{169, 254}, 16},  /* link-local, metadata services */
        {{172, 16}, 12},   /* private */
        {{192, 0, 0}, 24}, /* protocol assignments */
        {{192, 168}, 16},  /* private */
        {{198, 18}, 15},   /* benchmarks of devices */
        {{224}, 4},        /* multicast */
        {{240}, 4},        /* reserved, broadcast */
};

static const struct range blocked_ipv6[] = {
        {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, /* NAT64, local use */
        {{0x20, 0x01, 0x00, 0x00}, 32},             /* Teredo */
        {{0xfc}, 7},                                /* unique local */
        {{0xfe, 0x80}, 10},                         /* link-local */
        {{0xfe, 0xc0}, 10},                         /* site-local */
        {{0xff}, 8},                                /* multicast */
};

/* IPv6 ranges that carry an IPv4 address, and where in it. The first one holds ::, ::1 and the compatible ones. */
static const struct {
        struct range range;
        size_t offset;
} carriers[] = {
        {{{0}, 96}, 12},
        {{{[10] = 0xff, 0xff}, 96}, 12},
        {{{[8] = 0xff, 0xff}, 96}, 12},
        {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},
        {{{0x20, 0x02}, 16}, 2},
};

bool bp_http_address_parse(const char *text, struct bp_http_address *ret_address) {
        struct bp_http_address address = {0};
        char without_zone[BP_HTTP_ADDRESS_TEXT_SIZE];
        size_t size = strcspn(text, "%");
        struct in_addr ipv4;

        if (inet_aton(text, &ipv4)) {
                memcpy(address.bytes, &ipv4, sizeof(ipv4));
                *ret_address = address;
                return true;
        }
        if (size >= sizeof(without_zone))
                return false;
        memcpy(without_zone, text, size);
        without_zone[size] = '\0';
        if (inet_pton(AF_INET6, without_zone, address.bytes) != 1)
                return false;
        address.is_ipv6 = true;
        *ret_address = address;
        return true;
}

bool bp_http_address_of_socket(const struct sockaddr *socket_address, struct bp_http_address *ret_address) {
        struct bp_http_address address = {0};

        if (socket_address->sa_family == AF_INET) {
                struct sockaddr_in ipv4;

                memcpy(&ipv4, socket_address, sizeof(ipv4));
                memcpy(address.bytes, &ipv4.sin_addr, sizeof(ipv4.sin_addr));
        } else if (socket_address->sa_family == AF_INET6) {
                struct sockaddr_in6 ipv6;

                memcpy(&ipv6, socket_address, sizeof(ipv6));
                memcpy(address.bytes, &ipv6.sin6_addr, sizeof(ipv6.sin6_addr));
                address.is_ipv6 = true;
        } else {
                return false;
        }
        *ret_address = address;
        return true;
}

char *bp_http_address_format(const struct bp_http_address *address, char text[BP_HTTP_ADDRESS_TEXT_SIZE]) {
        text[0] = '\0';
        inet_ntop(address->is_ipv6 ? AF_INET6 : AF_INET, address->bytes, text, BP_HTTP_ADDRESS_TEXT_SIZE);
        return text;
}

static bool is_within(const uint8_t *bytes, const struct range *range) {
        size_t whole = range->prefix_bits / 8;
        unsigned rest = range->prefix_bits % 8;

        if (memcmp(bytes, range->bytes, whole) != 0)
                return false;
        return rest == 0 || ((bytes[whole] ^ range->bytes[whole]) & (0xff00u >> rest) & 0xffu) == 0;
}

static bool is_within_any(const uint8_t *bytes, const struct range *ranges, size_t count) {
        for (size_t i = 0; i < count; i++)
                if (is_within(bytes, &ranges[i]))
                        return true;
        return false;
}

static bool ipv4_is_blocked(const uint8_t *bytes) {
        return is_within_any(bytes, blocked_ipv4, sizeof(blocked_ipv4) / sizeof(blocked_ipv4[0]));
}

bool bp_http_address_is_blocked(const struct bp_http_address *address) {
        if (!address->is_ipv6)
                return ipv4_is_blocked(address->bytes);
        for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
                if (is_within(address->bytes, &carriers[i].range))
                        return ipv4_is_blocked(address->bytes + carriers[i].offset);
        return is_within_any(address->bytes, blocked_ipv6, sizeof(blocked_ipv6) / sizeof(blocked_ipv6[0]));
}
