/* SPDX-License-Identifier: Apache-2.0 */
#include "invoke/services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/value.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Base URLs
 */

static const char *behind_scheme(const char *url, unsigned *ret_port) {
        if (strncasecmp(url, "http://", 7) == 0) {
                *ret_port = 80;
                return url + 7;
        }
        if (strncasecmp(url, "https://", 8) == 0) {
                *ret_port = 443;
                return url + 8;
        }
        return NULL;
}

static bool has_blanks(const char *url) {
        for (; *url; url++)
                if ((unsigned char)*url <= ' ' || *url == '\\' || (unsigned char)*url >= 0x7f)
                        return true;
        return false;
}

/* "host", "host:port", "[address]:port". @return false when it is none of them. */
static bool split_authority(const char *authority, size_t size, size_t *ret_host_size, unsigned *port) {
        const char *bracket = memrchr(authority, ']', size);
        const char *from = bracket ? bracket : authority;
        const char *colon = memchr(from, ':', size - (size_t)(from - authority));
        char digits[6] = "", *end;
        size_t n_digits;

        *ret_host_size = colon ? (size_t)(colon - authority) : size;
        if (*ret_host_size == 0)
                return false;
        if (!colon)
                return true;
        n_digits = size - *ret_host_size - 1;
        if (n_digits == 0 || n_digits >= sizeof(digits))
                return false;
        memcpy(digits, colon + 1, n_digits);
        *port = (unsigned)strtoul(digits, &end, 10);
        return *end == '\0' && *port > 0 && *port <= 65535;
}

static const char *refusal_of(const char *url, bool takes_query) {
        unsigned port;
        const char *authority = behind_scheme(url, &port);
        size_t size, host_size;

        if (!authority)
                return "it must begin with http:// or https://";
        if (has_blanks(url))
                return "it holds a blank or another character that no URL has";
        size = strcspn(authority, "/?#");
        if (memchr(authority, '@', size))
                return "user and password do not belong into it";
        if (!split_authority(authority, size, &host_size, &port) || host_size + 8 > BP_BASE_TARGET_SIZE)
                return "it has no host, or no proper port";
        if (strchr(authority, '#') || (!takes_query && strchr(authority, '?')))
                return "a query or fragment does not belong into it";
        return NULL;
}

const char *bp_invoker_url_refusal(const char *url) {
        return refusal_of(url, false);
}

const char *bp_invoker_bus_url_refusal(const char *url) {
        return refusal_of(url, true);
}

static int take_base(struct bp_arena *arena, const char *url, bool takes_query, struct bp_base_url *ret_base) {
        unsigned port = 0;
        char target[BP_BASE_TARGET_SIZE];
        const char **hosts, *authority;
        size_t size = strlen(url), host_size = 0;

        if (refusal_of(url, takes_query))
                return -EINVAL;
        authority = behind_scheme(url, &port);
        split_authority(authority, strcspn(authority, "/?#"), &host_size, &port);
        snprintf(target, sizeof(target), "%.*s:%u", (int)host_size, authority, port);
        hosts = bp_arena_array(arena, 2, sizeof(*hosts));
        if (!hosts)
                return -ENOMEM;
        while (!takes_query && url[size - 1] == '/')
                size--;
        hosts[0] = bp_arena_text(arena, target, strlen(target));
        *ret_base = (struct bp_base_url){.text = bp_arena_text(arena, url, size), .hosts = hosts};
        return hosts[0] && ret_base->text ? 0 : -ENOMEM;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Entries
 */

static int copy_text(struct bp_arena *arena, const char **text) {
        if (!*text)
                return 0;
        *text = bp_arena_text(arena, *text, strlen(*text));
        return *text ? 0 : -ENOMEM;
}

static int copy_texts(struct bp_arena *arena, struct bp_invoker_service *given) {
        const char **const texts[] = {&given->name,  &given->url,          &given->app_id,
                                      &given->token, &given->token_header, &given->ca_file};

        for (size_t i = 0; i < BP_COUNT(texts); i++)
                if (copy_text(arena, texts[i]) < 0)
                        return -ENOMEM;
        return 0;
}

static int copy_headers(struct bp_arena *arena, struct bp_invoker_service *given) {
        struct bp_value *copy;

        if (!given->headers)
                return 0;
        copy = bp_arena_alloc(arena, sizeof(*copy));
        if (!copy || bp_value_copy(arena, given->headers, copy) < 0)
                return -ENOMEM;
        given->headers = copy;
        return 0;
}

static int take_entry(struct bp_services *services, const struct bp_invoker_service *given,
                      struct bp_service_entry *entry) {
        int r;

        entry->given = *given;
        entry->has_breaker = true;
        r = copy_texts(services->arena, &entry->given);
        if (r == 0)
                r = copy_headers(services->arena, &entry->given);
        if (r == 0 && given->url)
                r = take_base(services->arena, given->url, false, &entry->base);
        return r;
}

int bp_services_init(struct bp_services *services, struct bp_arena *arena, const struct bp_invoker_settings *settings) {
        int r = 0;

        services->arena = arena;
        services->others.given.name = "other";
        services->bus = (struct bp_service_entry){.given.name = "bus", .has_breaker = true};
        if (settings->n_services > BP_SERVICES_MAX)
                return -EINVAL;
        for (size_t i = 0; r == 0 && i < settings->n_services; i++)
                r = take_entry(services, &settings->services[i], &services->entries[services->count++]);
        if (r == 0 && settings->dapr_url)
                r = take_base(arena, settings->dapr_url, false, &services->dapr);
        if (r == 0 && settings->bus.kind == BP_BUS_HTTP)
                r = settings->bus.url ? take_base(arena, settings->bus.url, true, &services->bus_url) : -EINVAL;
        return r;
}

struct bp_service_entry *bp_services_find(struct bp_services *services, const char *name) {
        struct bp_service_entry *entry;

        for (size_t i = 0; i < services->count; i++)
                if (strcmp(services->entries[i].given.name, name) == 0)
                        return &services->entries[i];
        if (services->count == BP_SERVICES_MAX)
                return &services->others;
        entry = &services->entries[services->count];
        if (take_entry(services, &(const struct bp_invoker_service){.name = name}, entry) < 0)
                return &services->others;
        services->count++;
        return entry;
}
