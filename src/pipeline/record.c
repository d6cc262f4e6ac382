/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an object by its table. Knows kinds of fields, and no field by name. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/similar.h"
#include "base/utf8.h"
#include "pipeline/coerce.h"
#include "pipeline/report.h"
#include "pipeline/schema.h"

/* What a reader of one kind gets. A reader leaves `ret_value` alone when the field is wrong, and reports why. */
struct reading {
        struct bp_arena *arena;
        struct bp_findings *findings;
        const struct bp_field *field;
        const struct bp_path *path;
};

static int wrong(const struct reading *reading, const char *text) {
        return bp_findings_error(reading->findings, "SCHEMA", reading->path, "%s", text);
}

/* Whole numbers as Python writes them in such texts: 1, not 1.0. */
static int check_bounds(const struct reading *reading, double number, const char *below, const char *above) {
        const struct bp_field *field = reading->field;

        if (!(field->flags & BP_FIELD_BOUNDED))
                return 0;
        if (number < field->minimum)
                return bp_findings_error(reading->findings, "SCHEMA", reading->path, "%s %.0f", below, field->minimum);
        if (number > field->maximum)
                return bp_findings_error(reading->findings, "SCHEMA", reading->path, "%s %.0f", above, field->maximum);
        return 0;
}

static int check_length(const struct reading *reading, const struct bp_value *text) {
        const struct bp_field *field = reading->field;
        double length = (double)bp_utf8_length(text->as.text, text->count);

        if (!(field->flags & BP_FIELD_BOUNDED))
                return 0;
        if (length < field->minimum)
                return bp_findings_error(reading->findings, "SCHEMA", reading->path,
                                         "String should have at least %.0f character%s", field->minimum,
                                         field->minimum > 1 ? "s" : "");
        if (length > field->maximum)
                return bp_findings_error(reading->findings, "SCHEMA", reading->path,
                                         "String should have at most %.0f characters", field->maximum);
        return 0;
}

static int read_text(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        const struct bp_field *field = reading->field;
        size_t before = reading->findings->n_errors, size;
        int r;

        if (value->type != BP_STRING)
                return wrong(reading, "Input should be a valid string");
        *ret_value = *value;
        r = check_length(reading, value);
        if (r < 0 || reading->findings->n_errors > before)
                return r;
        if (field->may_start && !field->may_start(bp_utf8_decode(value->as.text, &size)))
                return wrong(reading, field->message);
        return 0;
}

static int read_number(const struct reading *reading, const char *error, struct bp_value number,
                       struct bp_value *ret_value) {
        size_t before = reading->findings->n_errors;
        int r;

        if (error)
                return wrong(reading, error);
        r = check_bounds(reading, bp_value_as_float(&number), "Input should be greater than or equal to",
                         "Input should be less than or equal to");
        if (r == 0 && reading->findings->n_errors == before)
                *ret_value = number;
        return r;
}

static int read_int(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_value number = bp_value_null;
        const char *error = bp_coerce_int(value, &number);

        return read_number(reading, error, number, ret_value);
}

static int read_float(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_value number = bp_value_null;
        const char *error = bp_coerce_float(value, &number);

        return read_number(reading, error, number, ret_value);
}

static int read_bool(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        const char *error = bp_coerce_bool(value, ret_value);

        return error ? wrong(reading, error) : 0;
}

static int wrong_word(const struct reading *reading) {
        const char *const *words = reading->field->words;
        char text[128] = "Input should be ";
        size_t used = strlen(text);

        for (size_t i = 0; words[i] && used < sizeof(text); i++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s'%s'",
                                         i == 0         ? ""
                                         : words[i + 1] ? ", "
                                                        : " or ",
                                         words[i]);
        return wrong(reading, text);
}

static int read_word(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        const char *const *words = reading->field->words;

        for (size_t i = 0; value->type == BP_STRING && words[i]; i++) {
                if (strcasecmp(value->as.text, words[i]) == 0) {
                        *ret_value = bp_value_text_borrow(words[i], strlen(words[i]));
                        return 0;
                }
        }
        return wrong_word(reading);
}

static int read_any(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        (void)reading;
        *ret_value = *value;
        return 0;
}

static int read_object(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        if (value->type != BP_OBJECT)
                return wrong(reading, "Input should be a valid dictionary");
        *ret_value = *value;
        return 0;
}

static int wrong_item(const struct reading *reading, const struct bp_path *path) {
        return bp_findings_error(reading->findings, "SCHEMA", path, "Input should be a valid string");
}

static int read_texts(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_list_builder list;

        if (value->type != BP_LIST)
                return wrong(reading, "Input should be a valid list");
        bp_list_init(&list, reading->arena);
        for (uint32_t i = 0; i < value->count; i++) {
                const struct bp_value *item = &value->as.items[i];
                struct bp_path path = {.parent = reading->path, .index = i};
                int r = item->type == BP_STRING ? 0 : wrong_item(reading, &path);

                if (r < 0)
                        return r;
                bp_list_add(&list, item->type == BP_STRING ? *item : bp_value_null);
        }
        return bp_list_finish(&list, ret_value);
}

static int read_map(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_object_builder object;

        if (value->type != BP_OBJECT)
                return wrong(reading, "Input should be a valid dictionary");
        bp_object_init(&object, reading->arena);
        for (uint32_t i = 0; i < value->count; i++) {
                const struct bp_member *member = &value->as.members[i];
                struct bp_path path = {.parent = reading->path, .key = member->key};
                int r;

                if (member->value.type == BP_STRING) {
                        bp_object_set_z(&object, member->key, member->value);
                        continue;
                }
                r = wrong_item(reading, &path);
                if (r < 0)
                        return r;
        }
        return bp_object_finish(&object, ret_value);
}

static int read_record(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        if (value->type != BP_OBJECT)
                return wrong(reading, "Input should be a valid dictionary");
        return bp_record_read(reading->arena, reading->field->record, value, reading->path, reading->findings,
                              ret_value);
}

static int read_records(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_list_builder list;

        if (value->type != BP_LIST)
                return wrong(reading, "Input should be a valid list");
        if ((reading->field->flags & BP_FIELD_BOUNDED) && value->count < reading->field->minimum)
                return wrong(reading, reading->field->message);
        bp_list_init(&list, reading->arena);
        for (uint32_t i = 0; i < value->count; i++) {
                struct bp_path path = {.parent = reading->path, .index = i};
                struct reading item = *reading;
                struct bp_value record = bp_value_null;
                int r;

                item.path = &path;
                r = read_record(&item, &value->as.items[i], &record);
                if (r < 0)
                        return r;
                bp_list_add(&list, record);
        }
        return bp_list_finish(&list, ret_value);
}

static int (*const readers[])(const struct reading *, const struct bp_value *, struct bp_value *) = {
        [BP_FIELD_TEXT] = read_text,     [BP_FIELD_INT] = read_int,         [BP_FIELD_FLOAT] = read_float,
        [BP_FIELD_BOOL] = read_bool,     [BP_FIELD_WORD] = read_word,       [BP_FIELD_ANY] = read_any,
        [BP_FIELD_OBJECT] = read_object, [BP_FIELD_TEXTS] = read_texts,     [BP_FIELD_MAP] = read_map,
        [BP_FIELD_RECORD] = read_record, [BP_FIELD_RECORDS] = read_records,
};

/* @return 0 and the value, of type 0 where there is none; negative errno */
static int read_field(const struct reading *reading, const struct bp_value *value, struct bp_value *ret_value) {
        const struct bp_field *field = reading->field;
        struct bp_value result = field->fallback;
        int r = 0;

        if (value && value->type == BP_NULL && (field->flags & BP_FIELD_NULLABLE))
                value = NULL;
        if (value)
                r = readers[field->kind](reading, value, &result);
        else if (field->flags & BP_FIELD_REQUIRED)
                r = wrong(reading, "Field required");
        if (r == 0 && !result.type && (field->flags & BP_FIELD_FILLED))
                r = read_record(reading, &bp_value_empty_object, &result);
        if (r == 0)
                *ret_value = result;
        return r;
}

static const struct bp_field *find_field(const struct bp_record *record, const char *name) {
        for (size_t i = 0; i < record->n_fields; i++)
                if (strcmp(record->fields[i].name, name) == 0)
                        return &record->fields[i];
        return NULL;
}

/* Members whose name begins so are kept for others: where an editor has put a step, for example. */
static bool is_extension(const char *name) {
        return strncmp(name, "x-", 2) == 0;
}

static int warn_of_unknown(const struct bp_record *record, const struct bp_value *value, const struct bp_path *path,
                           struct bp_findings *findings) {
        for (uint32_t i = 0; i < value->count; i++) {
                struct bp_path at = {.parent = path, .key = value->as.members[i].key};
                struct bp_similar similar;
                char hint[96];
                int r;

                if (find_field(record, at.key) || is_extension(at.key))
                        continue;
                bp_similar_init(&similar, at.key);
                for (size_t f = 0; bp_findings_may_hint(findings) && f < record->n_fields; f++)
                        bp_similar_offer(&similar, record->fields[f].name);
                r = bp_findings_warning(findings, "UNKNOWN_FIELD", &at, "Unknown field '%s'%s", at.key,
                                        bp_findings_hint(similar.nearest, hint));
                if (r < 0)
                        return r;
        }
        return 0;
}

int bp_record_read(struct bp_arena *arena, const struct bp_record *record, const struct bp_value *value,
                   const struct bp_path *path, struct bp_findings *findings, struct bp_value *ret_normal) {
        struct bp_object_builder normal;
        int r;

        bp_object_init(&normal, arena);
        for (size_t i = 0; i < record->n_fields; i++) {
                const struct bp_field *field = &record->fields[i];
                struct bp_path at = {.parent = path, .key = field->name};
                struct reading reading = {.arena = arena, .findings = findings, .field = field, .path = &at};
                struct bp_value result = {0};

                r = read_field(&reading, bp_value_get(value, field->name), &result);
                if (r < 0)
                        return r;
                if (result.type)
                        bp_object_set_z(&normal, field->name, result);
        }
        r = warn_of_unknown(record, value, path, findings);
        return r < 0 ? r : bp_object_finish(&normal, ret_normal);
}
