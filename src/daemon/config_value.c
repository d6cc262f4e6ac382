/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one value of a setting, and saying what is wrong with it. */
#include "daemon/config_value.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"

enum { LONGEST_SHOWN = 60 };

__attribute__((format(printf, 2, 3))) static int refuse(char why[BP_CONFIG_WHY_SIZE], const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(why, BP_CONFIG_WHY_SIZE, format, arguments);
        va_end(arguments);
        return BP_PROBLEM;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Numbers
 */

static int refuse_number(const struct bp_setting *setting, const char *shown, char why[BP_CONFIG_WHY_SIZE]) {
        bool is_whole = setting->type == BP_SETTING_INTEGER;

        return refuse(why, "'%.*s' is not a %s from %.15g to %.15g%s%s", LONGEST_SHOWN, shown,
                      is_whole ? "whole number" : "number", setting->min, setting->max, setting->unit ? " " : "",
                      setting->unit ? setting->unit : "");
}

static int check_range(const struct bp_setting *setting, double number, const char *shown,
                       char why[BP_CONFIG_WHY_SIZE]) {
        return number >= setting->min && number <= setting->max ? 0 : refuse_number(setting, shown, why);
}

/* What follows a number of bytes: nothing, K, KiB, M, MiB, G, GiB, with or without a space. 0: something else. */
static int64_t factor_of(const char *suffix) {
        static const struct {
                const char *text;
                int64_t factor;
        } known[] = {{"", 1},          {"k", 1 << 10}, {"KiB", 1 << 10}, {"m", 1 << 20},
                     {"MiB", 1 << 20}, {"g", 1 << 30}, {"GiB", 1 << 30}};

        while (*suffix == ' ')
                suffix++;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (strcasecmp(suffix, known[i].text) == 0)
                        return known[i].factor;
        return 0;
}

static int read_integer(const struct bp_setting *setting, const char *text, struct bp_config_value *value,
                        char why[BP_CONFIG_WHY_SIZE]) {
        bool is_bytes = setting->unit && strcmp(setting->unit, "bytes") == 0;
        int64_t number, factor = 1;
        char *end;

        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno || end == text || text[0] == ' ')
                return refuse_number(setting, text, why);
        factor = is_bytes ? factor_of(end) : *end == '\0';
        if (!factor || __builtin_mul_overflow(number, factor, &number))
                return refuse_number(setting, text, why);
        value->integer = number;
        value->number = (double)number;
        return check_range(setting, (double)number, text, why);
}

static int read_number(const struct bp_setting *setting, const char *text, struct bp_config_value *value,
                       char why[BP_CONFIG_WHY_SIZE]) {
        char *end;
        double number = strtod(text, &end);

        if (end == text || *end || !isfinite(number))
                return refuse_number(setting, text, why);
        value->number = number;
        return check_range(setting, number, text, why);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Others
 */

static bool is_one_of(const char *text, const char *const *words) {
        for (; *words; words++)
                if (strcasecmp(text, *words) == 0)
                        return true;
        return false;
}

static int read_boolean(const char *text, struct bp_config_value *value, char why[BP_CONFIG_WHY_SIZE]) {
        static const char *const yes[] = {"true", "yes", "on", "1", NULL}, *const no[] = {"false", "no", "off", "0",
                                                                                          NULL};

        if (!is_one_of(text, yes) && !is_one_of(text, no))
                return refuse(why, "'%.*s' is neither true nor false", LONGEST_SHOWN, text);
        value->boolean = is_one_of(text, yes);
        return 0;
}

static int read_text(struct bp_arena *arena, const struct bp_setting *setting, const char *text,
                     struct bp_config_value *value, char why[BP_CONFIG_WHY_SIZE]) {
        if (setting->words && !is_one_of(text, setting->words)) {
                int used = snprintf(why, BP_CONFIG_WHY_SIZE, "'%.*s' is not one of", LONGEST_SHOWN, text);

                for (size_t i = 0; setting->words[i] && used > 0 && used < BP_CONFIG_WHY_SIZE; i++)
                        used += snprintf(why + used, BP_CONFIG_WHY_SIZE - (size_t)used, "%s %s", i ? "," : "",
                                         setting->words[i]);
                return BP_PROBLEM;
        }
        value->text = bp_arena_text(arena, text, strlen(text));
        return value->text ? 0 : -ENOMEM;
}

static int add_to_list(struct bp_arena *arena, struct bp_config_value *value, const char *text, size_t size) {
        const char **list = bp_arena_array(arena, value->n_list + 2, sizeof(*list));

        if (!list)
                return -ENOMEM;
        if (value->n_list)
                memcpy(list, value->list, value->n_list * sizeof(*list));
        list[value->n_list] = bp_arena_text(arena, text, size);
        if (!list[value->n_list])
                return -ENOMEM;
        value->list = list;
        value->n_list++;
        return 0;
}

/* Blanks around an item do not belong to it; empty items are none. */
static int read_list(struct bp_arena *arena, const struct bp_setting *setting, const char *text,
                     struct bp_config_value *value) {
        const char separator[2] = {setting->separator ? setting->separator : ',', '\0'};

        for (;;) {
                size_t size = strcspn(text, separator), start = 0, end = size;
                int r = 0;

                while (start < end && text[start] == ' ')
                        start++;
                while (end > start && text[end - 1] == ' ')
                        end--;
                if (end > start)
                        r = add_to_list(arena, value, text + start, end - start);
                if (r || !text[size])
                        return r;
                text += size + 1;
        }
}

static int check_pairs(const struct bp_config_value *value, char why[BP_CONFIG_WHY_SIZE]) {
        for (size_t i = 0; i < value->n_list; i++)
                if (!strchr(value->list[i], '=') || value->list[i][0] == '=')
                        return refuse(why, "'%.*s' is not NAME=URL", LONGEST_SHOWN, value->list[i]);
        return 0;
}

static int read_pairs(struct bp_arena *arena, const struct bp_setting *setting, const char *text,
                      struct bp_config_value *value, char why[BP_CONFIG_WHY_SIZE]) {
        int r = read_list(arena, setting, text, value);

        return r ? r : check_pairs(value, why);
}

int bp_config_value_of_text(struct bp_arena *arena, const struct bp_setting *setting, const char *text,
                            struct bp_config_value *value, char reterr_why[BP_CONFIG_WHY_SIZE]) {
        value->is_set = true;
        switch (setting->type) {
        case BP_SETTING_INTEGER:
                return read_integer(setting, text, value, reterr_why);
        case BP_SETTING_NUMBER:
                return read_number(setting, text, value, reterr_why);
        case BP_SETTING_BOOLEAN:
                return read_boolean(text, value, reterr_why);
        case BP_SETTING_LIST:
                return read_list(arena, setting, text, value);
        case BP_SETTING_MAP:
                return read_pairs(arena, setting, text, value, reterr_why);
        case BP_SETTING_TEXT:
        case BP_SETTING_SECRET:
                break;
        }
        return read_text(arena, setting, text, value, reterr_why);
}

static int read_items(struct bp_arena *arena, const struct bp_value *document, struct bp_config_value *value,
                      char why[BP_CONFIG_WHY_SIZE]) {
        value->is_set = true;
        for (uint32_t i = 0; i < document->count; i++) {
                const struct bp_value *item = &document->as.items[i];
                int r;

                if (item->type != BP_STRING)
                        return refuse(why, "item %u is no text; put it in quotes", i + 1);
                r = add_to_list(arena, value, item->as.text, item->count);
                if (r)
                        return r;
        }
        return 0;
}

/* What an entry says beside its URL stays in the map. */
static int read_map(struct bp_arena *arena, const struct bp_value *document, struct bp_config_value *value) {
        struct bp_value *map = bp_arena_alloc(arena, sizeof(*map));

        if (!map)
                return -ENOMEM;
        *map = *document;
        value->is_set = true;
        value->map = map;
        for (uint32_t i = 0; i < map->count; i++) {
                const struct bp_member *entry = &map->as.members[i];
                const struct bp_value *url =
                        entry->value.type == BP_STRING ? &entry->value : bp_value_get(&entry->value, "url");
                const char *shown = url && url->type == BP_STRING ? url->as.text : "dapr";
                size_t size = entry->key_size + 1 + strlen(shown);
                char *pair = bp_arena_alloc(arena, size + 1);
                int r;

                if (!pair)
                        return -ENOMEM;
                snprintf(pair, size + 1, "%s=%s", entry->key, shown);
                r = add_to_list(arena, value, pair, size);
                if (r)
                        return r;
        }
        return 0;
}

int bp_config_value_of_document(struct bp_arena *arena, const struct bp_setting *setting,
                                const struct bp_value *document, struct bp_config_value *value,
                                char reterr_why[BP_CONFIG_WHY_SIZE]) {
        bool wants_text = setting->type == BP_SETTING_TEXT || setting->type == BP_SETTING_SECRET;
        char number[40];

        switch (document->type) {
        case BP_STRING:
                return bp_config_value_of_text(arena, setting, document->as.text, value, reterr_why);
        case BP_BOOL:
                if (setting->type != BP_SETTING_BOOLEAN)
                        return refuse(reterr_why, "true and false do not belong here; put a text in quotes");
                value->is_set = true;
                value->boolean = document->as.boolean;
                return 0;
        case BP_INT:
        case BP_FLOAT:
                if (wants_text || setting->type == BP_SETTING_LIST || setting->type == BP_SETTING_MAP ||
                    setting->type == BP_SETTING_BOOLEAN)
                        return refuse(reterr_why, "a number does not belong here; put a text in quotes");
                if (document->type == BP_INT)
                        snprintf(number, sizeof(number), "%lld", (long long)document->as.integer);
                else
                        snprintf(number, sizeof(number), "%.17g", document->as.number);
                return bp_config_value_of_text(arena, setting, number, value, reterr_why);
        case BP_LIST:
                if (setting->type == BP_SETTING_LIST)
                        return read_items(arena, document, value, reterr_why);
                if (setting->type == BP_SETTING_MAP) {
                        int r = read_items(arena, document, value, reterr_why);

                        return r ? r : check_pairs(value, reterr_why);
                }
                return refuse(reterr_why, "a list does not belong here");
        default:
                if (setting->type == BP_SETTING_MAP)
                        return read_map(arena, document, value);
                return refuse(reterr_why, "an object does not belong here");
        }
}
