/* SPDX-License-Identifier: Apache-2.0 */
/* A setting stands in its group (`http:` and below it `port:`), or at the top under its whole name (`http.port:`). */
#include "daemon/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/similar.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "daemon/config.h"
#include "pipeline/document.h"

enum { LARGEST_FILE = 1 << 20, PLACE_SIZE = 4200 };

struct reading {
        const struct bp_config_file *file;
        struct bp_value document;
        const struct bp_place *places;
        bool wrong;
};

static int report(const struct bp_config_file *file, const char *code, const char *message) {
        int r = bp_problem_list_addf(file->problems, code, "", "%s: %s", file->path, message);

        return r ? r : BP_PROBLEM;
}

/* "FILE:LINE:COLUMN" of a member, at the top or in a group. */
static void place_of(const struct reading *reading, const char *group, const char *key, char place[PLACE_SIZE]) {
        char pointer[BP_SETTING_NAME_SIZE * 2];
        uint32_t line, column;

        snprintf(pointer, sizeof(pointer), "%s%s/%s", group ? "/" : "", group ? group : "", key);
        bp_document_locate(reading->places, &reading->document, pointer, &line, &column);
        snprintf(place, PLACE_SIZE, "%s:%u:%u", reading->file->path, line, column);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Keys
 */

static bool is_group(const char *key) {
        size_t size = strlen(key);

        for (const struct bp_setting *setting = bp_settings; setting->name; setting++)
                if (strncmp(setting->name, key, size) == 0 && setting->name[size] == '.')
                        return true;
        return false;
}

/* At the top, names of groups are near too; `group` keeps the one that is. */
static const char *nearest(const char *name, bool at_top, char group[BP_SETTING_NAME_SIZE]) {
        struct bp_similar similar;

        bp_similar_init(&similar, name);
        for (const struct bp_setting *setting = bp_settings; setting->name; setting++) {
                char candidate[BP_SETTING_NAME_SIZE];

                bp_similar_offer(&similar, setting->name);
                if (!at_top)
                        continue;
                snprintf(candidate, sizeof(candidate), "%.*s", (int)strcspn(setting->name, "."), setting->name);
                bp_similar_offer(&similar, candidate);
                if (similar.nearest == candidate) {
                        memcpy(group, candidate, sizeof(candidate));
                        similar.nearest = group;
                }
        }
        return similar.nearest;
}

static int refuse_key(struct reading *reading, const char *name, bool at_top, const char *place) {
        char group[BP_SETTING_NAME_SIZE];
        const char *near = nearest(name, at_top, group);

        reading->wrong = true;
        if (near && strcmp(near, name) == 0)
                return bp_problem_list_addf(reading->file->problems, "CONFIG_VALUE", "",
                                            "%s: '%.64s' is a group: its settings stand below it, indented", place,
                                            name);
        if (near)
                return bp_problem_list_addf(reading->file->problems, "CONFIG_UNKNOWN", "",
                                            "%s: there is no setting '%.64s'; did you mean '%s'?", place, name, near);
        return bp_problem_list_addf(reading->file->problems, "CONFIG_UNKNOWN", "",
                                    "%s: there is no setting '%.64s'; 'budpipeline config' shows all", place, name);
}

static int take(struct reading *reading, const char *group, const char *key, const struct bp_value *value) {
        char place[PLACE_SIZE], name[BP_SETTING_NAME_SIZE * 2];
        const struct bp_setting *setting;

        snprintf(name, sizeof(name), "%s%s%s", group ? group : "", group ? "." : "", key);
        place_of(reading, group, key, place);
        setting = bp_setting_find(name);
        if (!setting)
                return refuse_key(reading, name, !group, place);
        if (value->type == BP_NULL)
                return 0;
        return reading->file->take(reading->file->userdata, setting, value, place);
}

static int take_group(struct reading *reading, const char *group, const struct bp_value *members) {
        for (uint32_t i = 0; i < members->count; i++) {
                int r = take(reading, group, members->as.members[i].key, &members->as.members[i].value);

                if (r)
                        return r;
        }
        return 0;
}

static int take_all(struct reading *reading) {
        for (uint32_t i = 0; i < reading->document.count; i++) {
                const struct bp_member *member = &reading->document.as.members[i];
                int r;

                if (is_group(member->key) && member->value.type == BP_NULL)
                        continue;
                if (is_group(member->key) && member->value.type == BP_OBJECT)
                        r = take_group(reading, member->key, &member->value);
                else
                        r = take(reading, NULL, member->key, &member->value);
                if (r)
                        return r;
        }
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The text
 */

static int read_text(const struct bp_config_file *file, struct bp_strbuf *text, bool *ret_found) {
        FILE *stream = fopen(file->path, "re");
        char part[4096];
        size_t used;
        int error;

        if (!stream && errno == ENOENT && file->optional)
                return 0;
        if (!stream)
                return report(file, "CONFIG_FILE", strerror(errno));
        *ret_found = true;
        while ((used = fread(part, 1, sizeof(part), stream)) > 0)
                bp_strbuf_add(text, part, used);
        error = ferror(stream) ? errno : 0;
        fclose(stream);
        if (error)
                return report(file, "CONFIG_FILE", strerror(error));
        if (text->error == -E2BIG)
                return report(file, "CONFIG_FILE", "longer than 1 MiB");
        return text->error;
}

/* A file of comments alone says nothing, which is allowed. */
static bool is_blank(const char *text) {
        while (*text) {
                text += strspn(text, " \t\r\n");
                if (*text != '#')
                        return *text == '\0';
                text += strcspn(text, "\n");
        }
        return true;
}

static int parse(struct reading *reading, const struct bp_strbuf *text) {
        const struct bp_config_file *file = reading->file;
        size_t length = strlen(file->path);
        bool is_json = length > 5 && strcmp(file->path + length - 5, ".json") == 0;
        struct bp_problem problem;
        int r = bp_document_read_placed(file->arena, bp_strbuf_text(text), text->size,
                                        is_json ? BP_FORMAT_JSON : BP_FORMAT_YAML, &reading->document, &reading->places,
                                        &problem);

        if (r == BP_PROBLEM) {
                r = bp_problem_list_addf(file->problems, "CONFIG_FILE", "", "%s:%u:%u: %s", file->path, problem.line,
                                         problem.column, problem.message);
                return r ? r : BP_PROBLEM;
        }
        if (r == 0 && reading->document.type != BP_OBJECT)
                return report(file, "CONFIG_FILE", "it must hold groups of settings");
        return r;
}

int bp_config_file_read(const struct bp_config_file *file, bool *ret_found) {
        struct reading reading = {.file = file};
        struct bp_strbuf text;
        bool found = false;
        int r;

        bp_strbuf_init(&text, file->arena, LARGEST_FILE);
        r = read_text(file, &text, &found);
        if (r == 0 && found && !is_blank(bp_strbuf_text(&text)))
                r = parse(&reading, &text);
        if (r == 0)
                r = take_all(&reading);
        if (r)
                return r;
        *ret_found = found;
        return reading.wrong ? BP_PROBLEM : 0;
}
