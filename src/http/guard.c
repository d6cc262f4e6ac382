/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a URL alone tells about its target. It is split here as the reference splits it, so that the reasons are the
 * same; that libcurl may split a malformed URL differently opens nothing, since the client judges libcurl's reading
 * too, and every address at the moment of connecting.
 */
#include "http/guard.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "http/address.h"
#include "http/client.h"

static const char *const blocked_names[] = {
        "localhost",    "metadata.google.internal", "169.254.169.254",
        "metadata",     "localhost.localdomain",    "ip6-localhost",
        "ip6-loopback",
};

const char bp_http_guard_no_memory[] = "Invalid URL: not enough memory to read it";

static int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        c = (char)(c | 0x20);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char lower_ascii(char c) {
        return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Escapes are undone because libcurl undoes them; a zone behind an IPv6 address is none and stays. */
static size_t decode_host(char *text, const char *host, size_t size, bool is_bracketed) {
        size_t used = 0;

        for (size_t i = 0; i < size; i++) {
                int high = host[i] == '%' && i + 2 < size && !is_bracketed ? hex_digit(host[i + 1]) : -1;
                int low = high >= 0 ? hex_digit(host[i + 2]) : -1;

                if (low >= 0 && (high || low)) {
                        text[used++] = lower_ascii((char)(high * 16 + low));
                        i += 2;
                } else {
                        text[used++] = lower_ascii(host[i]);
                }
        }
        text[used] = '\0';
        return used;
}

bool bp_http_target_set(struct bp_http_target *target, const char *host, size_t host_size, uint16_t port) {
        bool is_bracketed = host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']';
        struct bp_http_address address;
        size_t used;

        if (is_bracketed) {
                host++;
                host_size -= 2;
        }
        if (host_size >= sizeof(target->host))
                return false;
        used = decode_host(target->host, host, host_size, is_bracketed || memchr(host, ':', host_size));
        while (used > 1 && target->host[used - 1] == '.')
                target->host[--used] = '\0';
        if (bp_http_address_parse(target->host, &address))
                bp_http_address_format(&address, target->host);
        target->port = port;
        return true;
}

/* The host part of "host", "host:port", "host:*", "[address]:port"; the port part is NULL when there is none. */
static size_t split_pattern(const char *pattern, const char **ret_port) {
        const char *colon = strrchr(pattern, ':');
        const char *bracket = strchr(pattern, ']');

        *ret_port = NULL;
        if (!colon || (bracket && bracket > colon) || (!bracket && strchr(pattern, ':') != colon))
                return strlen(pattern);
        *ret_port = colon + 1;
        return (size_t)(colon - pattern);
}

static bool pattern_matches(const char *pattern, const struct bp_http_target *target) {
        struct bp_http_target named;
        const char *port;
        size_t host_size = split_pattern(pattern, &port);

        if (!bp_http_target_set(&named, pattern, host_size, 0) || strcmp(named.host, target->host) != 0)
                return false;
        return !port || strcmp(port, "*") == 0 || (target->port && strtoul(port, NULL, 10) == target->port);
}

bool bp_http_target_is_allowed(const struct bp_http_target *target, const char *const *allow_hosts) {
        for (; allow_hosts && *allow_hosts; allow_hosts++)
                if (pattern_matches(*allow_hosts, target))
                        return true;
        return false;
}

__attribute__((format(printf, 2, 3))) static const char *reason(struct bp_arena *arena, const char *format, ...) {
        char text[BP_HTTP_HOST_SIZE + 96];
        const char *copy;
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        copy = bp_arena_text(arena, text, strlen(text));
        return copy ? copy : bp_http_guard_no_memory;
}

int bp_http_copy_hosts(struct bp_arena *arena, const char *const *hosts, const char *const **ret_copy) {
        size_t count = 0;
        const char **copy;

        while (hosts[count])
                count++;
        copy = bp_arena_array(arena, count + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                copy[i] = bp_arena_text(arena, hosts[i], strlen(hosts[i]));
                if (!copy[i])
                        return -ENOMEM;
        }
        *ret_copy = copy;
        return 0;
}

static bool is_blocked_name(const char *host) {
        static const char suffix[] = ".localhost";
        size_t size = strlen(host);

        for (size_t i = 0; i < sizeof(blocked_names) / sizeof(blocked_names[0]); i++)
                if (strcmp(host, blocked_names[i]) == 0)
                        return true;
        return size >= sizeof(suffix) && strcmp(host + size - (sizeof(suffix) - 1), suffix) == 0;
}

const char *bp_http_target_refusal(const struct bp_http_target *target, struct bp_arena *arena) {
        struct bp_http_address address;

        if (is_blocked_name(target->host))
                return reason(arena, "Blocked hostname: %s", target->host);
        if (bp_http_address_parse(target->host, &address) && bp_http_address_is_blocked(&address))
                return reason(arena, "IP address %s is in blocked range", target->host);
        return NULL;
}

/* The text behind "scheme:", or the whole where there is no scheme. */
static const char *skip_scheme(const char *url) {
        const char *end = url;

        if (!isalpha((unsigned char)*url))
                return url;
        while (isalnum((unsigned char)*end) || (*end && strchr("+-.", *end)))
                end++;
        return *end == ':' ? end + 1 : url;
}

/* Without user and password: what stands behind the last `@` before path, query and fragment. */
static const char *find_host(const char *url, size_t *ret_size) {
        const char *start = skip_scheme(url), *at;
        size_t size;

        *ret_size = 0;
        if (strncmp(start, "//", 2) != 0)
                return start;
        start += 2;
        size = strcspn(start, "/?#");
        at = memrchr(start, '@', size);
        if (at) {
                size -= (size_t)(at + 1 - start);
                start = at + 1;
        }
        *ret_size = size;
        return start;
}

/* Cuts ":port" off. A bracketed host keeps its brackets. */
static size_t cut_port(const char *host, size_t size, uint16_t *ret_port) {
        const char *bracket = memrchr(host, ']', size);
        const char *from = bracket ? bracket : host;
        const char *colon = memchr(from, ':', size - (size_t)(from - host));

        if (!colon)
                return size;
        *ret_port = (uint16_t)strtoul(colon + 1, NULL, 10);
        return (size_t)(colon - host);
}

static const char *bracket_refusal(const char *host, size_t size, struct bp_arena *arena) {
        bool opens = memchr(host, '[', size), closes = memchr(host, ']', size);
        struct bp_http_address address;
        char inside[BP_HTTP_ADDRESS_TEXT_SIZE] = "";

        if (opens != closes)
                return "Invalid URL: Invalid IPv6 URL";
        if (!opens)
                return NULL;
        if (host[0] != '[' || host[size - 1] != ']')
                return "Invalid URL: Invalid IPv6 URL";
        snprintf(inside, sizeof(inside), "%.*s", (int)(size < 200 ? size - 2 : 200), host + 1);
        if (!bp_http_address_parse(inside, &address))
                return reason(arena, "Invalid URL: '%s' does not appear to be an IPv4 or IPv6 address", inside);
        return address.is_ipv6 ? NULL : "Invalid URL: An IPv4 address cannot be in brackets";
}

const char *bp_http_guard(const struct bp_http_client_settings *settings, const char *url, struct bp_arena *arena) {
        return bp_http_guard_named(settings, NULL, url, arena);
}

const char *bp_http_guard_named(const struct bp_http_client_settings *settings, const char *const *allow_hosts,
                                const char *url, struct bp_arena *arena) {
        struct bp_http_target target;
        uint16_t port = strncasecmp(url, "https:", 6) == 0 ? 443 : 80;
        size_t size;
        const char *host, *refusal;

        while (*url > '\0' && *url <= ' ')
                url++;
        host = find_host(url, &size);
        size = cut_port(host, size, &port);
        if (size == 0)
                return "URL has no hostname";
        refusal = bracket_refusal(host, size, arena);
        if (refusal)
                return refusal;
        if (!bp_http_target_set(&target, host, size, port))
                return "Invalid URL: the host name is too long";
        if (bp_http_target_is_allowed(&target, settings ? settings->allow_hosts : NULL) ||
            bp_http_target_is_allowed(&target, allow_hosts))
                return NULL;
        return bp_http_target_refusal(&target, arena);
}
