/* SPDX-License-Identifier: Apache-2.0 */
#include "api/diff.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "base/writer.h"

/* Equal as JSON: 1 and 1.0 and true are not the same to an author, though Python says so. Depth is bounded by the
 * values'. */
static bool is_same(const struct bp_value *a, const struct bp_value *b) {
        if (a->type != b->type)
                return false;
        if (a->type == BP_LIST) {
                if (a->count != b->count)
                        return false;
                for (uint32_t i = 0; i < a->count; i++) {
                        if (!is_same(&a->as.items[i], &b->as.items[i]))
                                return false;
                }
                return true;
        }
        if (a->type == BP_OBJECT) {
                if (a->count != b->count)
                        return false;
                for (uint32_t i = 0; i < a->count; i++) {
                        const struct bp_member *member = &a->as.members[i];
                        const struct bp_value *other = bp_value_get_n(b, member->key, member->key_size);

                        if (!other || !is_same(&member->value, other))
                                return false;
                }
                return true;
        }
        return bp_value_equal(a, b);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The patch
 */

struct patch {
        struct bp_writer list;
        struct bp_strbuf path;
};

static void push_token(struct patch *patch, const char *token, size_t size) {
        bp_strbuf_add_char(&patch->path, '/');
        for (size_t i = 0; i < size; i++) {
                if (token[i] == '~')
                        bp_strbuf_add_text(&patch->path, "~0");
                else if (token[i] == '/')
                        bp_strbuf_add_text(&patch->path, "~1");
                else
                        bp_strbuf_add_char(&patch->path, token[i]);
        }
}

static void push_index(struct patch *patch, uint32_t index) {
        bp_strbuf_printf(&patch->path, "/%u", index);
}

static void pop(struct patch *patch, size_t size) {
        if (patch->path.error)
                return;
        patch->path.size = size;
        patch->path.text[size] = '\0';
}

static void write_operation(struct patch *patch, const char *op, const struct bp_value *old,
                            const struct bp_value *value) {
        struct bp_strbuf *buffer = patch->list.buffer;
        struct bp_writer object;

        bp_writer_next(&patch->list);
        object = bp_writer_open(buffer, '{');
        bp_writer_text(&object, "op", op);
        bp_json_write_string(bp_writer_key(&object, "path"), bp_strbuf_text(&patch->path), patch->path.size);
        if (value)
                bp_writer_value(&object, "value", value);
        if (old)
                bp_writer_value(&object, "old", old);
        bp_strbuf_add_char(buffer, '}');
}

static void compare(struct patch *patch, const struct bp_value *from, const struct bp_value *to);

static void compare_objects(struct patch *patch, const struct bp_value *from, const struct bp_value *to) {
        const size_t size = patch->path.size;

        for (uint32_t i = 0; i < from->count; i++) {
                const struct bp_member *member = &from->as.members[i];
                const struct bp_value *other = bp_value_get_n(to, member->key, member->key_size);

                push_token(patch, member->key, member->key_size);
                if (other)
                        compare(patch, &member->value, other);
                else
                        write_operation(patch, "remove", &member->value, NULL);
                pop(patch, size);
        }
        for (uint32_t i = 0; i < to->count; i++) {
                const struct bp_member *member = &to->as.members[i];

                if (bp_value_get_n(from, member->key, member->key_size))
                        continue;
                push_token(patch, member->key, member->key_size);
                write_operation(patch, "add", NULL, &member->value);
                pop(patch, size);
        }
}

static uint32_t smaller(uint32_t a, uint32_t b) {
        return a < b ? a : b;
}

/* What both begin and end with stays; in between, items are compared one by one and the rest is added or removed. */
static void compare_lists(struct patch *patch, const struct bp_value *from, const struct bp_value *to) {
        const size_t size = patch->path.size;
        const uint32_t shorter = smaller(from->count, to->count);
        uint32_t begin = 0, end = 0, common;

        while (begin < shorter && is_same(&from->as.items[begin], &to->as.items[begin]))
                begin++;
        while (end < shorter - begin &&
               is_same(&from->as.items[from->count - 1 - end], &to->as.items[to->count - 1 - end]))
                end++;
        common = shorter - begin - end;
        for (uint32_t i = begin; i < begin + common; i++) {
                push_index(patch, i);
                compare(patch, &from->as.items[i], &to->as.items[i]);
                pop(patch, size);
        }
        for (uint32_t i = from->count - end; i > begin + common; i--) {
                push_index(patch, i - 1);
                write_operation(patch, "remove", &from->as.items[i - 1], NULL);
                pop(patch, size);
        }
        for (uint32_t i = begin + common; i < to->count - end; i++) {
                push_index(patch, i);
                write_operation(patch, "add", NULL, &to->as.items[i]);
                pop(patch, size);
        }
}

static void compare(struct patch *patch, const struct bp_value *from, const struct bp_value *to) {
        if (from->type == BP_OBJECT && to->type == BP_OBJECT)
                compare_objects(patch, from, to);
        else if (from->type == BP_LIST && to->type == BP_LIST)
                compare_lists(patch, from, to);
        else if (!is_same(from, to))
                write_operation(patch, "replace", from, to);
}

void bp_api_write_patch(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to) {
        struct patch patch = {.list = bp_writer_open(buffer, '[')};

        bp_strbuf_init(&patch.path, NULL, SIZE_MAX);
        compare(&patch, from, to);
        if (patch.path.error)
                buffer->error = patch.path.error;
        bp_strbuf_done(&patch.path);
        bp_strbuf_add_char(buffer, ']');
}

/* ---------------------------------------------------------------------------------------------------------------
 * For people
 */

/* Names of the members that differ, but for one. */
static void write_names(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to,
                        const char *passed_over) {
        struct bp_writer list = bp_writer_open(buffer, '[');

        for (uint32_t i = 0; i < from->count; i++) {
                const struct bp_member *member = &from->as.members[i];
                const struct bp_value *other = bp_value_get_n(to, member->key, member->key_size);

                if (strcmp(member->key, passed_over) == 0 || (other && is_same(&member->value, other)))
                        continue;
                bp_writer_next(&list);
                bp_json_write_string(buffer, member->key, member->key_size);
        }
        for (uint32_t i = 0; i < to->count; i++) {
                const struct bp_member *member = &to->as.members[i];

                if (strcmp(member->key, passed_over) == 0 || bp_value_get_n(from, member->key, member->key_size))
                        continue;
                bp_writer_next(&list);
                bp_json_write_string(buffer, member->key, member->key_size);
        }
        bp_strbuf_add_char(buffer, ']');
}

void bp_api_write_changed_fields(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to) {
        write_names(buffer, from, to, "steps");
}

/* Steps by their id. What has none (a draft may hold anything) is in the patch alone. */
static int index_steps(struct bp_arena *arena, const struct bp_value *document, struct bp_value *ret_steps) {
        const struct bp_value *steps = bp_value_get(document, "steps");
        struct bp_object_builder index;

        bp_object_init(&index, arena);
        for (uint32_t i = 0; steps && steps->type == BP_LIST && i < steps->count; i++) {
                const struct bp_value *id = bp_value_get(&steps->as.items[i], "id");

                if (id && id->type == BP_STRING)
                        bp_object_set(&index, id->as.text, id->count, steps->as.items[i]);
        }
        return bp_object_finish(&index, ret_steps);
}

static void write_step(struct bp_writer *list, const struct bp_member *step, const char *change,
                       const struct bp_value *from, const struct bp_value *to) {
        struct bp_writer object;

        bp_writer_next(list);
        object = bp_writer_open(list->buffer, '{');
        bp_json_write_string(bp_writer_key(&object, "id"), step->key, step->key_size);
        bp_writer_text(&object, "change", change);
        write_names(bp_writer_key(&object, "fields"), from, to, "");
        bp_strbuf_add_char(list->buffer, '}');
}

static void write_steps(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to) {
        struct bp_writer list = bp_writer_open(buffer, '[');

        for (uint32_t i = 0; i < from->count; i++) {
                const struct bp_member *step = &from->as.members[i];
                const struct bp_value *other = bp_value_get_n(to, step->key, step->key_size);

                if (!other)
                        write_step(&list, step, "removed", &bp_value_empty_object, &bp_value_empty_object);
                else if (!is_same(&step->value, other))
                        write_step(&list, step, "changed", &step->value, other);
        }
        for (uint32_t i = 0; i < to->count; i++) {
                const struct bp_member *step = &to->as.members[i];

                if (!bp_value_get_n(from, step->key, step->key_size))
                        write_step(&list, step, "added", &bp_value_empty_object, &bp_value_empty_object);
        }
        bp_strbuf_add_char(buffer, ']');
}

void bp_api_write_step_changes(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to,
                               struct bp_arena *arena) {
        struct bp_value old_steps, new_steps;

        if (index_steps(arena, from, &old_steps) || index_steps(arena, to, &new_steps))
                buffer->error = -ENOMEM;
        else
                write_steps(buffer, &old_steps, &new_steps);
}
