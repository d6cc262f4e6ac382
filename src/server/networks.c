/* SPDX-License-Identifier: Apache-2.0 */
#include "server/networks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/problem.h"

struct bp_network {
        struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
        uint32_t bits;
};

static bool read_address(const char *text, struct in6_addr *ret_address, bool *ret_is_v4) {
        struct in6_addr address = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}};

        *ret_is_v4 = inet_pton(AF_INET, text, &address.s6_addr[12]) == 1;
        if (!*ret_is_v4 && inet_pton(AF_INET6, text, &address) != 1)
                return false;
        *ret_address = address;
        return true;
}

static bool read_network(const char *text, struct bp_network *ret_network) {
        char address[BP_ADDRESS_SIZE];
        const char *slash = strchr(text, '/');
        size_t size = slash ? (size_t)(slash - text) : strlen(text);
        unsigned long bits;
        bool is_v4;
        char *end;

        if (size >= sizeof(address))
                return false;
        memcpy(address, text, size);
        address[size] = 0;
        if (!read_address(address, &ret_network->address, &is_v4))
                return false;
        ret_network->bits = 128;
        if (!slash)
                return true;
        bits = strtoul(slash + 1, &end, 10);
        if (!slash[1] || slash[1] == '-' || *end || bits > (is_v4 ? 32 : 128))
                return false;
        ret_network->bits = (uint32_t)bits + (is_v4 ? 96 : 0);
        return true;
}

int bp_networks_parse(struct bp_arena *arena, const char *const *texts, struct bp_networks *ret_networks,
                      struct bp_problem *reterr_problem) {
        struct bp_networks networks = {0};
        size_t count = 0;

        while (texts && texts[count])
                count++;
        networks.items = bp_arena_array(arena, count, sizeof(*networks.items));
        if (!networks.items)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                if (strcmp(texts[i], "unix") == 0)
                        networks.has_unix = true;
                else if (!read_network(texts[i], &networks.items[networks.count++]))
                        return bp_problem_set(reterr_problem, "LISTEN",
                                              "trusted proxy '%s' is neither an address nor a network", texts[i]);
        }
        *ret_networks = networks;
        return 0;
}

static bool is_within(const struct bp_network *network, const struct in6_addr *address) {
        uint32_t bytes = network->bits / 8, bits = network->bits % 8;

        if (memcmp(network->address.s6_addr, address->s6_addr, bytes) != 0)
                return false;
        return !bits || (network->address.s6_addr[bytes] ^ address->s6_addr[bytes]) >> (8 - bits) == 0;
}

bool bp_networks_contain(const struct bp_networks *networks, const char *address) {
        struct in6_addr binary;
        bool is_v4;

        if (strcmp(address, "unix") == 0)
                return networks->has_unix;
        if (!networks->count || !read_address(address, &binary, &is_v4))
                return false;
        for (size_t i = 0; i < networks->count; i++) {
                if (is_within(&networks->items[i], &binary))
                        return true;
        }
        return false;
}

char *bp_address_text(const struct sockaddr *address, char text[BP_ADDRESS_SIZE]) {
        const struct sockaddr_in *v4 = (const void *)address;
        const struct sockaddr_in6 *v6 = (const void *)address;

        snprintf(text, BP_ADDRESS_SIZE, "unix");
        if (address && address->sa_family == AF_INET)
                inet_ntop(AF_INET, &v4->sin_addr, text, BP_ADDRESS_SIZE);
        else if (address && address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
                inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, BP_ADDRESS_SIZE);
        else if (address && address->sa_family == AF_INET6)
                inet_ntop(AF_INET6, &v6->sin6_addr, text, BP_ADDRESS_SIZE);
        return text;
}

const char *bp_networks_client(const struct bp_networks *trusted, struct bp_arena *arena, const char *peer,
                               const char *forwarded_for) {
        const char *client = peer;
        size_t end = strlen(forwarded_for);

        while (end && bp_networks_contain(trusted, client)) {
                size_t begin = end, last;

                while (begin && forwarded_for[begin - 1] != ',')
                        begin--;
                last = end;
                end = begin ? begin - 1 : 0;
                begin += strspn(forwarded_for + begin, " \t");
                while (last > begin && (forwarded_for[last - 1] == ' ' || forwarded_for[last - 1] == '\t'))
                        last--;
                if (last <= begin || last - begin >= BP_ADDRESS_SIZE)
                        break;
                client = bp_arena_text(arena, forwarded_for + begin, last - begin);
                if (!client)
                        return NULL;
        }
        return client;
}
