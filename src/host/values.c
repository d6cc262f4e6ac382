/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values for actions: a thin layer over base/value.h that takes NULL everywhere and puts what it makes into the arena
 * of the call. What cannot be made spoils the call and is NULL.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "host/state.h"

struct bp_builder {
        struct bp_host_state *state;
        bool is_list;
        union {
                struct bp_list_builder list;
                struct bp_object_builder object;
        } as;
};

static bool is_type(const struct bp_value *value, enum bp_type type) {
        return value && value->type == type;
}

uint32_t bp_host_type(const struct bp_value *value) {
        return value ? value->type : (uint32_t)BP_NULL;
}

bool bp_host_as_bool(const struct bp_value *value) {
        return is_type(value, BP_BOOL) && value->as.boolean;
}

static int64_t cut(double number) {
        if (isnan(number))
                return 0;
        if (number >= 9223372036854775808.0)
                return INT64_MAX;
        return number < -9223372036854775808.0 ? INT64_MIN : (int64_t)number;
}

int64_t bp_host_as_int(const struct bp_value *value) {
        if (is_type(value, BP_INT))
                return value->as.integer;
        return is_type(value, BP_FLOAT) ? cut(value->as.number) : 0;
}

double bp_host_as_float(const struct bp_value *value) {
        return value ? bp_value_as_float(value) : 0.0;
}

const char *bp_host_as_string(const struct bp_value *value, size_t *ret_size) {
        bool is_text = is_type(value, BP_STRING);

        if (ret_size)
                *ret_size = is_text ? value->count : 0;
        return is_text ? value->as.text : "";
}

size_t bp_host_count(const struct bp_value *value) {
        return is_type(value, BP_LIST) || is_type(value, BP_OBJECT) ? value->count : 0;
}

const struct bp_value *bp_host_item(const struct bp_value *list, size_t index) {
        return is_type(list, BP_LIST) && index < list->count ? &list->as.items[index] : NULL;
}

const struct bp_value *bp_host_member(const struct bp_value *object, size_t index, const char **ret_key) {
        if (!is_type(object, BP_OBJECT) || index >= object->count)
                return NULL;
        if (ret_key)
                *ret_key = object->as.members[index].key;
        return &object->as.members[index].value;
}

const struct bp_value *bp_host_get(const struct bp_value *object, const char *key) {
        return object && key ? bp_value_get(object, key) : NULL;
}

bool bp_host_equal(const struct bp_value *a, const struct bp_value *b) {
        return bp_value_equal(a ? a : &bp_value_null, b ? b : &bp_value_null);
}

int bp_host_compare(const struct bp_value *a, const struct bp_value *b, int *ret_order) {
        return bp_value_compare(a ? a : &bp_value_null, b ? b : &bp_value_null, ret_order);
}

static const struct bp_value *keep(struct bp_host_state *state, int r, struct bp_value value) {
        struct bp_value *kept = r < 0 ? NULL : bp_arena_alloc(state->arena, sizeof(*kept));

        if (!kept) {
                bp_host_spoil(state, r < 0 ? r : -ENOMEM, r == -E2BIG ? "a value is nested too deeply" : NULL);
                return NULL;
        }
        *kept = value;
        return kept;
}

const struct bp_value *bp_host_make_null(struct bp_action_context *context) {
        (void)context;
        return &bp_value_null;
}

const struct bp_value *bp_host_make_bool(struct bp_action_context *context, bool value) {
        (void)context;
        return value ? &bp_value_true : &bp_value_false;
}

const struct bp_value *bp_host_make_int(struct bp_action_context *context, int64_t value) {
        return keep(bp_host_state_of(context), 0, bp_value_int(value));
}

const struct bp_value *bp_host_make_float(struct bp_action_context *context, double value) {
        struct bp_host_state *state = bp_host_state_of(context);

        if (!isfinite(value)) {
                bp_host_spoil(state, -E2BIG, "a number is not finite");
                return NULL;
        }
        return keep(state, 0, bp_value_float(value));
}

/* Bytes of the UTF-8 sequence that begins here, or 0 when none does. */
static size_t sequence_size(const char *text, size_t size) {
        for (size_t n = 1; n <= 4 && n <= size; n++)
                if (bp_utf8_valid(text, n))
                        return n;
        return 0;
}

static void repair(struct bp_strbuf *buffer, const char *text, size_t size) {
        for (size_t i = 0; i < size;) {
                size_t n = sequence_size(text + i, size - i);

                if (n)
                        bp_strbuf_add(buffer, text + i, n);
                else
                        bp_strbuf_add_text(buffer, "\xef\xbf\xbd");
                i += n ? n : 1;
        }
}

const char *bp_host_text(struct bp_host_state *state, const char *text, size_t size, size_t *ret_size) {
        struct bp_strbuf buffer;

        bp_strbuf_init(&buffer, state->arena, UINT32_MAX / 2);
        if (!text || bp_utf8_valid(text, size))
                bp_strbuf_add(&buffer, text ? text : "", text ? size : 0);
        else
                repair(&buffer, text, size);
        if (buffer.error) {
                bp_host_spoil(state, buffer.error, NULL);
                return NULL;
        }
        if (ret_size)
                *ret_size = buffer.size;
        return bp_strbuf_text(&buffer);
}

const struct bp_value *bp_host_make_string(struct bp_action_context *context, const char *text, size_t size) {
        struct bp_host_state *state = bp_host_state_of(context);
        size_t kept_size = 0;
        const char *kept;

        if (!text) {
                bp_host_spoil(state, -E2BIG, "a text is missing");
                return NULL;
        }
        kept = bp_host_text(state, text, size, &kept_size);
        return kept ? keep(state, 0, bp_value_text_borrow(kept, kept_size)) : NULL;
}

const struct bp_value *bp_host_parse_json(struct bp_action_context *context, const char *text, size_t size) {
        struct bp_host_state *state = bp_host_state_of(context);
        struct bp_value value;
        struct bp_problem problem = {0};
        int r = text ? bp_json_parse(state->arena, text, size, NULL, &value, &problem) : BP_PROBLEM;

        return r == BP_PROBLEM ? NULL : keep(state, r, value);
}

static struct bp_builder *builder_new(struct bp_action_context *context, bool is_list) {
        struct bp_host_state *state = bp_host_state_of(context);
        struct bp_builder *builder = bp_arena_alloc(state->arena, sizeof(*builder));

        if (!builder) {
                bp_host_spoil(state, -ENOMEM, NULL);
                return NULL;
        }
        builder->state = state;
        builder->is_list = is_list;
        if (is_list)
                bp_list_init(&builder->as.list, state->arena);
        else
                bp_object_init(&builder->as.object, state->arena);
        return builder;
}

struct bp_builder *bp_host_list_new(struct bp_action_context *context) {
        return builder_new(context, true);
}

struct bp_builder *bp_host_object_new(struct bp_action_context *context) {
        return builder_new(context, false);
}

static bool takes(struct bp_builder *builder, bool is_list, const struct bp_value *value) {
        if (!builder)
                return false;
        if (builder->is_list != is_list)
                bp_host_misuse(builder->state, "a list was used as an object, or an object as a list");
        else if (!value)
                bp_host_spoil(builder->state, -E2BIG, "a value is missing");
        return builder->is_list == is_list && value;
}

void bp_host_list_add(struct bp_builder *list, const struct bp_value *value) {
        if (takes(list, true, value))
                bp_list_add(&list->as.list, *value);
}

void bp_host_object_set(struct bp_builder *object, const char *key, const struct bp_value *value) {
        size_t size = key ? strlen(key) : 0;

        if (!takes(object, false, value))
                return;
        if (!key || !bp_utf8_valid(key, size))
                bp_host_misuse(object->state, "a key is missing or no UTF-8");
        else
                bp_object_set(&object->as.object, key, size, *value);
}

const struct bp_value *bp_host_finish(struct bp_builder *builder) {
        struct bp_value value;
        int r;

        if (!builder)
                return NULL;
        r = builder->is_list ? bp_list_finish(&builder->as.list, &value)
                             : bp_object_finish(&builder->as.object, &value);
        return keep(builder->state, r, value);
}

static const char *write_value(struct bp_action_context *context, const struct bp_value *value,
                               void (*writer)(struct bp_strbuf *, const struct bp_value *), size_t *ret_size) {
        struct bp_host_state *state = bp_host_state_of(context);
        struct bp_strbuf buffer;

        if (!value) {
                bp_host_spoil(state, -E2BIG, "a value is missing");
                return NULL;
        }
        bp_strbuf_init(&buffer, state->arena, UINT32_MAX / 2);
        writer(&buffer, value);
        if (buffer.error) {
                bp_host_spoil(state, buffer.error, NULL);
                return NULL;
        }
        if (ret_size)
                *ret_size = buffer.size;
        return bp_strbuf_text(&buffer);
}

const char *bp_host_to_json(struct bp_action_context *context, const struct bp_value *value, size_t *ret_size) {
        return write_value(context, value, bp_json_write, ret_size);
}

const char *bp_host_to_text(struct bp_action_context *context, const struct bp_value *value, size_t *ret_size) {
        return write_value(context, value, bp_value_write_text, ret_size);
}

const char *bp_host_change_case(struct bp_action_context *context, const char *text, size_t size, bool upper,
                                size_t *ret_size) {
        struct bp_host_state *state = bp_host_state_of(context);
        const char *changed = NULL;
        size_t changed_size = 0;
        int r = text ? 0 : -E2BIG;

        if (r == 0)
                r = bp_utf8_change_case(state->arena, upper ? BP_CASE_UPPER : BP_CASE_LOWER, text, size, &changed,
                                        &changed_size);
        if (r < 0) {
                bp_host_spoil(state, r, r == -E2BIG ? "a text is missing" : NULL);
                return NULL;
        }
        if (ret_size)
                *ret_size = changed_size;
        return changed;
}
