/* SPDX-License-Identifier: Apache-2.0 */
/* A token stands in a file or a variable, so that the configuration itself may be read by many. */
#include "daemon/config_services.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "http/client.h"

enum { TOKEN_BYTES_MAX = 64 << 10, SECONDS_MAX = 86400 };

static int report(struct bp_config_services *reading, const char *service, const char *member, const char *why) {
        reading->n_problems++;
        return bp_problem_list_addf(reading->problems, "CONFIG_VALUE", "", "services.%.64s%s%s: %s (from %s)", service,
                                    *member ? "." : "", member, why, reading->value->detail);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Members of an entry. @return 0 or -ENOMEM
 */

static int take_text(struct bp_config_services *reading, const char *service, const char *member,
                     const struct bp_value *value, const char **ret_text) {
        if (value->type != BP_STRING || value->count == 0)
                return report(reading, service, member, "it must be a text");
        *ret_text = value->as.text;
        return 0;
}

static int take_url(struct bp_config_services *reading, const char *name, const char *url,
                    struct bp_invoker_service *service) {
        const char *why = bp_invoker_url_refusal(url);

        service->url = url;
        return why ? report(reading, name, "url", why) : 0;
}

static int check_header(struct bp_config_services *reading, const char *service, const char *member, const char *header,
                        const char *value) {
        const char *refusal = bp_http_header_refusal(header, value);
        char why[160];

        if (!refusal)
                return 0;
        snprintf(why, sizeof(why), "header %.64s %s", header, refusal);
        return report(reading, service, member, why);
}

static int take_headers(struct bp_config_services *reading, const char *name, const struct bp_value *value,
                        struct bp_invoker_service *service) {
        bool are_texts = value->type == BP_OBJECT;
        int r = 0;

        for (uint32_t i = 0; are_texts && i < value->count; i++)
                are_texts = value->as.members[i].value.type == BP_STRING;
        if (!are_texts)
                return report(reading, name, "headers", "they must be an object of texts");
        for (uint32_t i = 0; r == 0 && i < value->count; i++)
                r = check_header(reading, name, "headers", value->as.members[i].key,
                                 value->as.members[i].value.as.text);
        service->headers = value;
        return r;
}

static int take_timeout(struct bp_config_services *reading, const char *name, const struct bp_value *value,
                        struct bp_invoker_service *service) {
        double seconds = bp_value_is_number(value) ? bp_value_as_float(value) : 0;

        if (seconds < 0.001 || seconds > SECONDS_MAX)
                return report(reading, name, "timeout_seconds", "it must be a number of seconds up to 86400");
        service->timeout_ms = (uint32_t)(seconds * 1000);
        return 0;
}

static int keep_token(struct bp_config_services *reading, const char *name, const char *member, const char *text,
                      size_t size, struct bp_invoker_service *service) {
        while (size && strchr("\r\n \t", text[size - 1]))
                size--;
        if (size == 0)
                return report(reading, name, member, "no token is there");
        if (service->token)
                return report(reading, name, member, "token_file and token_variable exclude each other");
        service->token = bp_arena_text(reading->arena, text, size);
        if (!service->token)
                return -ENOMEM;
        return bp_http_header_refusal("Authorization", service->token)
                       ? report(reading, name, member, "a token has no line breaks and no control characters")
                       : 0;
}

static int take_token_file(struct bp_config_services *reading, const char *name, const char *path,
                           struct bp_invoker_service *service) {
        char *text = bp_arena_alloc(reading->arena, TOKEN_BYTES_MAX);
        FILE *file = text ? fopen(path, "re") : NULL;
        size_t size;

        if (!text)
                return -ENOMEM;
        if (!file)
                return report(reading, name, "token_file", strerror(errno));
        size = fread(text, 1, TOKEN_BYTES_MAX, file);
        fclose(file);
        if (size == TOKEN_BYTES_MAX || memchr(text, '\0', size))
                return report(reading, name, "token_file", "it holds no token");
        return keep_token(reading, name, "token_file", text, size, service);
}

static int take_token_variable(struct bp_config_services *reading, const char *name, const char *variable,
                               struct bp_invoker_service *service) {
        size_t size = strlen(variable);

        for (const char *const *entry = reading->environment; entry && *entry; entry++)
                if (strncmp(*entry, variable, size) == 0 && (*entry)[size] == '=')
                        return keep_token(reading, name, "token_variable", *entry + size + 1, strlen(*entry + size + 1),
                                          service);
        return report(reading, name, "token_variable", "the variable is not set");
}

/* It is read with each connection; what is wrong with it is better known now. */
static int take_ca_file(struct bp_config_services *reading, const char *name, const char *path,
                        struct bp_invoker_service *service) {
        service->ca_file = path;
        return access(path, R_OK) < 0 ? report(reading, name, "ca_file", strerror(errno)) : 0;
}

static int take_token_header(struct bp_config_services *reading, const char *name, const char *header,
                             struct bp_invoker_service *service) {
        service->token_header = header;
        return check_header(reading, name, "token_header", header, "");
}

static int take_named_text(struct bp_config_services *reading, const char *name, const struct bp_member *member,
                           struct bp_invoker_service *service) {
        const char *text = NULL;
        int r = take_text(reading, name, member->key, &member->value, &text);

        if (r < 0 || !text)
                return r;
        if (strcmp(member->key, "url") == 0)
                return take_url(reading, name, text, service);
        if (strcmp(member->key, "token_file") == 0)
                return take_token_file(reading, name, text, service);
        if (strcmp(member->key, "token_variable") == 0)
                return take_token_variable(reading, name, text, service);
        if (strcmp(member->key, "token_header") == 0)
                return take_token_header(reading, name, text, service);
        if (strcmp(member->key, "ca_file") == 0)
                return take_ca_file(reading, name, text, service);
        if (strcmp(member->key, "app_id") != 0)
                return report(reading, name, member->key,
                              "there is no such member; url, app_id, headers, token_file, token_variable, "
                              "token_header, ca_file and timeout_seconds are");
        service->app_id = text;
        return 0;
}

static int take_member(struct bp_config_services *reading, const char *name, const struct bp_member *member,
                       struct bp_invoker_service *service) {
        if (strcmp(member->key, "headers") == 0)
                return take_headers(reading, name, &member->value, service);
        if (strcmp(member->key, "timeout_seconds") == 0)
                return take_timeout(reading, name, &member->value, service);
        return take_named_text(reading, name, member, service);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Entries
 */

static int take_entry(struct bp_config_services *reading, const struct bp_member *entry) {
        struct bp_invoker_service *service = &reading->services[reading->count++];
        int r = 0;

        *service = (struct bp_invoker_service){.name = entry->key};
        if (entry->value.type == BP_STRING)
                return take_url(reading, entry->key, entry->value.as.text, service);
        if (entry->value.type != BP_OBJECT)
                return report(reading, entry->key, "", "it must be a URL, or an object with url or app_id");
        for (uint32_t i = 0; r == 0 && i < entry->value.count; i++)
                r = take_member(reading, entry->key, &entry->value.as.members[i], service);
        return r;
}

/* "APP=URL", or "APP=dapr", as the configuration is shown; that there is a `=` was checked before. */
static int take_pair(struct bp_config_services *reading, const char *pair) {
        struct bp_invoker_service *service = &reading->services[reading->count++];
        const char *equals = strchr(pair, '=');

        *service = (struct bp_invoker_service){.name = bp_arena_text(reading->arena, pair, (size_t)(equals - pair))};
        if (!service->name)
                return -ENOMEM;
        return strcmp(equals + 1, "dapr") == 0 ? 0 : take_url(reading, service->name, equals + 1, service);
}

int bp_config_services_read(struct bp_config_services *reading) {
        const struct bp_value *map = reading->value->map;
        size_t most = map ? map->count : reading->value->n_list;
        int r = 0;

        reading->services = bp_arena_array(reading->arena, most + 1, sizeof(*reading->services));
        if (!reading->services)
                return -ENOMEM;
        for (uint32_t i = 0; r == 0 && map && i < map->count; i++)
                r = take_entry(reading, &map->as.members[i]);
        for (size_t i = 0; r == 0 && !map && i < reading->value->n_list; i++)
                r = take_pair(reading, reading->value->list[i]);
        return r;
}
