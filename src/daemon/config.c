/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All sources, from the least to the most important: a later value takes the place of an earlier one, and every value
 * is checked, also one that is replaced. Whatever is wrong anywhere is reported at once.
 */
#include "daemon/config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "daemon/config_file.h"
#include "daemon/config_services.h"
#include "daemon/config_value.h"
#include "store/store.h"

struct bp_config {
        struct bp_arena *arena;
        const char *path;
        struct bp_config_value *values; /* by index in bp_settings */
        struct bp_invoker_service *services;
        size_t n_services;
};

struct loading {
        const struct bp_config_sources *sources;
        struct bp_config *config;
        struct bp_problem_list *problems;
        size_t n_problems;
};

static struct bp_config_value *slot(const struct bp_config *config, const char *name) {
        const struct bp_setting *setting = bp_setting_find(name);

        assert(setting);
        return &config->values[setting - bp_settings];
}

/* ---------------------------------------------------------------------------------------------------------------
 * Taking values
 */

static int report(struct loading *loading, const struct bp_setting *setting, const char *origin, const char *why) {
        loading->n_problems++;
        return bp_problem_list_addf(loading->problems, "CONFIG_VALUE", "", "%s: %s (from %s)", setting->name, why,
                                    origin);
}

/* `adds`: to a list that the same source began. */
static int take_text(struct loading *loading, const struct bp_setting *setting, enum bp_setting_origin origin,
                     const char *detail, const char *text) {
        struct bp_config_value *old = &loading->config->values[setting - bp_settings], value = {0};
        char why[BP_CONFIG_WHY_SIZE];
        int r;

        bool is_several = setting->type == BP_SETTING_LIST || setting->type == BP_SETTING_MAP;

        if (is_several && old->is_set && old->origin == origin)
                value = *old;
        r = bp_config_value_of_text(loading->config->arena, setting, text, &value, why);
        if (r == BP_PROBLEM)
                return report(loading, setting, detail, why);
        if (r)
                return r;
        value.origin = origin;
        value.detail = bp_arena_text(loading->config->arena, detail, strlen(detail));
        if (!value.detail)
                return -ENOMEM;
        *old = value;
        return 0;
}

static int take_defaults(struct loading *loading) {
        for (const struct bp_setting *setting = bp_settings; setting->name; setting++) {
                struct bp_config_value *value = &loading->config->values[setting - bp_settings];
                int r = setting->fallback ? take_text(loading, setting, BP_FROM_DEFAULT, "", setting->fallback) : 0;

                value->origin = BP_FROM_DEFAULT;
                value->detail = "";
                if (r)
                        return r;
        }
        return 0;
}

/* An empty variable counts as none. */
static const char *variable(const struct bp_config_sources *sources, const char *name) {
        size_t size = strlen(name);

        for (const char *const *entry = sources->environment; entry && *entry; entry++)
                if (strncmp(*entry, name, size) == 0 && (*entry)[size] == '=')
                        return (*entry)[size + 1] ? *entry + size + 1 : NULL;
        return NULL;
}

static int take_variables(struct loading *loading) {
        for (const struct bp_setting *setting = bp_settings; setting->name; setting++) {
                char own[BP_SETTING_NAME_SIZE];
                const char *name = bp_setting_variable(setting, own);
                const char *text = variable(loading->sources, name);
                int r;

                for (size_t i = 0; !text && setting->aliases && setting->aliases[i]; i++) {
                        name = setting->aliases[i];
                        text = variable(loading->sources, name);
                }
                r = text ? take_text(loading, setting, BP_FROM_ENVIRONMENT, name, text) : 0;
                if (r)
                        return r;
        }
        return 0;
}

static int take_flags(struct loading *loading) {
        for (size_t i = 0; i < loading->sources->n_flags; i++) {
                const struct bp_config_flag *flag = &loading->sources->flags[i];
                const struct bp_setting *setting = bp_setting_find(flag->name);
                char name[BP_SETTING_NAME_SIZE], detail[BP_SETTING_NAME_SIZE + 2];
                int r;

                assert(setting);
                snprintf(detail, sizeof(detail), "--%s", bp_setting_flag(setting, name));
                r = take_text(loading, setting, BP_FROM_FLAG, detail, flag->value);
                if (r)
                        return r;
        }
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The file
 */

static int take_member(void *userdata, const struct bp_setting *setting, const struct bp_value *member,
                       const char *place) {
        struct loading *loading = userdata;
        struct bp_config_value value = {.origin = BP_FROM_FILE};
        char why[BP_CONFIG_WHY_SIZE];
        int r = bp_config_value_of_document(loading->config->arena, setting, member, &value, why);

        if (r == BP_PROBLEM)
                return report(loading, setting, place, why);
        if (r)
                return r;
        value.detail = bp_arena_text(loading->config->arena, place, strlen(place));
        if (!value.detail)
                return -ENOMEM;
        loading->config->values[setting - bp_settings] = value;
        return 0;
}

static int take_file(struct loading *loading) {
        const char *path =
                loading->sources->path ? loading->sources->path : variable(loading->sources, BP_CONFIG_VARIABLE);
        const struct bp_config_file file = {.path = path ? path : BP_CONFIG_FILE,
                                            .optional = !path,
                                            .arena = loading->config->arena,
                                            .problems = loading->problems,
                                            .take = take_member,
                                            .userdata = loading};
        bool found = false;
        int r = bp_config_file_read(&file, &found);

        if (r == BP_PROBLEM) {
                loading->n_problems++;
                r = 0;
        }
        if (r || !found)
                return r;
        loading->config->path = bp_arena_text(loading->config->arena, file.path, strlen(file.path));
        return loading->config->path ? 0 : -ENOMEM;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Where the store is
 */

/* The place that the system gives a service, else the user's. */
static int default_store(struct loading *loading, const char **ret_url, const char **ret_why) {
        static const struct {
                const char *variable, *below;
        } places[] = {
                {"STATE_DIRECTORY", ""}, {"XDG_STATE_HOME", "/budpipeline"}, {"HOME", "/.local/state/budpipeline"}};
        struct bp_strbuf url;

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                const char *folder = variable(loading->sources, places[i].variable);

                if (!folder || folder[0] != '/')
                        continue;
                bp_strbuf_init(&url, loading->config->arena, SIZE_MAX);
                bp_strbuf_printf(&url, "sqlite:%.*s%s/budpipeline.db", (int)strcspn(folder, ":"), folder,
                                 places[i].below);
                if (url.error)
                        return url.error;
                *ret_url = bp_strbuf_text(&url);
                *ret_why = places[i].variable;
                return 0;
        }
        return 0;
}

static int complete_store(struct loading *loading) {
        struct bp_config_value *value = slot(loading->config, "store.url");

        if (!value->is_set) {
                int r = default_store(loading, &value->text, &value->detail);

                value->is_set = value->text != NULL;
                return r;
        }
        return bp_store_url_complete(loading->config->arena, value->text, &value->text);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Services
 */

static struct bp_invoker_service *find_service(struct bp_config *config, const char *name) {
        for (size_t i = 0; i < config->n_services; i++)
                if (strcmp(config->services[i].name, name) == 0)
                        return &config->services[i];
        return NULL;
}

/* The original names each service in a variable of its own. */
static int rename_services(struct loading *loading) {
        static const char group[] = "apps.";
        struct bp_config *config = loading->config;
        struct bp_invoker_service *longer =
                bp_arena_array(config->arena, config->n_services + bp_n_settings(), sizeof(*longer));

        if (!longer)
                return -ENOMEM;
        if (config->n_services)
                memcpy(longer, config->services, config->n_services * sizeof(*longer));
        config->services = longer;
        for (const struct bp_setting *setting = bp_settings; setting->name; setting++) {
                const char *app_id = config->values[setting - bp_settings].text, *name;
                struct bp_invoker_service *service;

                if (strncmp(setting->name, group, sizeof(group) - 1) != 0 || !app_id)
                        continue;
                name = setting->name + sizeof(group) - 1;
                service = find_service(config, name);
                if (service && !service->app_id)
                        service->app_id = app_id;
                else if (!service)
                        longer[config->n_services++] = (struct bp_invoker_service){.name = name, .app_id = app_id};
        }
        return 0;
}

static int complete_services(struct loading *loading) {
        struct bp_config_services reading = {.arena = loading->config->arena,
                                             .value = slot(loading->config, "services"),
                                             .environment = loading->sources->environment,
                                             .problems = loading->problems};
        int r = bp_config_services_read(&reading);

        loading->n_problems += reading.n_problems;
        loading->config->services = reading.services;
        loading->config->n_services = reading.count;
        return r ? r : rename_services(loading);
}

/* ---------------------------------------------------------------------------------------------------------------
 * All of it
 */

static int load(struct loading *loading) {
        int r;

        loading->config->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        loading->config->values = bp_calloc(bp_n_settings(), sizeof(*loading->config->values));
        if (!loading->config->arena || !loading->config->values)
                return -ENOMEM;
        r = take_defaults(loading);
        if (r == 0)
                r = take_file(loading);
        if (r == 0)
                r = take_variables(loading);
        if (r == 0)
                r = take_flags(loading);
        if (r == 0)
                r = complete_store(loading);
        if (r == 0)
                r = complete_services(loading);
        if (r)
                return r;
        return loading->n_problems ? BP_PROBLEM : 0;
}

int bp_config_load(const struct bp_config_sources *sources, struct bp_problem_list *problems,
                   struct bp_config **ret_config) {
        struct loading loading = {.sources = sources, .problems = problems};
        int r;

        loading.config = bp_calloc(1, sizeof(*loading.config));
        if (!loading.config)
                return -ENOMEM;
        r = load(&loading);
        if (r) {
                bp_config_free(loading.config);
                return r;
        }
        *ret_config = loading.config;
        return 0;
}

struct bp_config *bp_config_free(struct bp_config *config) {
        if (!config)
                return NULL;
        bp_arena_free(config->arena);
        free(config->values);
        free(config);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Asking
 */

const char *bp_config_path(const struct bp_config *config) {
        return config->path;
}

const char *bp_config_text(const struct bp_config *config, const char *name) {
        return slot(config, name)->text;
}

int64_t bp_config_integer(const struct bp_config *config, const char *name) {
        return slot(config, name)->integer;
}

double bp_config_number(const struct bp_config *config, const char *name) {
        return slot(config, name)->number;
}

bool bp_config_boolean(const struct bp_config *config, const char *name) {
        return slot(config, name)->boolean;
}

const struct bp_invoker_service *bp_config_services(const struct bp_config *config, size_t *ret_count) {
        *ret_count = config->n_services;
        return config->services;
}

const char *const *bp_config_list(const struct bp_config *config, const char *name) {
        static const char *const none[] = {NULL};
        const struct bp_config_value *value = slot(config, name);

        return value->list ? value->list : none;
}

enum bp_setting_origin bp_config_origin(const struct bp_config *config, const char *name, const char **ret_detail) {
        const struct bp_config_value *value = slot(config, name);

        *ret_detail = value->detail;
        return value->origin;
}

void bp_config_write(const struct bp_config *config, const char *name, struct bp_strbuf *buffer) {
        const struct bp_setting *setting = bp_setting_find(name);
        const struct bp_config_value *value = slot(config, name);

        if (!value->is_set)
                return;
        switch (setting->type) {
        case BP_SETTING_TEXT:
                bp_strbuf_add_text(buffer, value->text);
                break;
        case BP_SETTING_SECRET:
                bp_strbuf_add_text(buffer, "***");
                break;
        case BP_SETTING_INTEGER:
                bp_strbuf_printf(buffer, "%" PRId64, value->integer);
                break;
        case BP_SETTING_NUMBER:
                bp_value_write_float(buffer, value->number);
                break;
        case BP_SETTING_BOOLEAN:
                bp_strbuf_add_text(buffer, value->boolean ? "true" : "false");
                break;
        case BP_SETTING_LIST:
        case BP_SETTING_MAP:
                for (size_t i = 0; i < value->n_list; i++)
                        bp_strbuf_printf(buffer, "%s%s", i ? "," : "", value->list[i]);
                break;
        }
}
