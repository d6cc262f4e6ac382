/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text, the way Python prints them, and texts as values. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "template/evaluation.h"

/* A name for what Python would print with an address. */
static void write_address(struct bp_strbuf *buffer, const struct bp_value *value) {
        bp_strbuf_add_char(buffer, '<');
        bp_strbuf_add_text(buffer, bp_value_kind(value));
        bp_strbuf_add_char(buffer, '>');
}

static int write_items(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *list,
                       uint32_t from) {
        for (uint32_t i = from; i < list->count; i++) {
                int r;

                if (i > from)
                        bp_strbuf_add(buffer, ", ", 2);
                r = bp_text_write_repr(evaluation, buffer, &list->as.items[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}

static const struct {
        const char *before, *after;
} list_borders[] = {
        [BP_SHAPE_PLAIN] = {"[", "]"},
        [BP_SHAPE_TUPLE] = {"(", ")"},
        [BP_SHAPE_GROUP] = {"(", ")"},
        [BP_SHAPE_KEYS] = {"dict_keys([", "])"},
        [BP_SHAPE_VALUES] = {"dict_values([", "])"},
        [BP_SHAPE_ITEMS] = {"dict_items([", "])"},
};

static int write_list(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *list) {
        int r;

        bp_strbuf_add_text(buffer, list_borders[list->unused].before);
        r = write_items(evaluation, buffer, list, 0);
        if (r != 0)
                return r;
        if (bp_value_is_tuple(list) && list->count == 1)
                bp_strbuf_add_char(buffer, ',');
        bp_strbuf_add_text(buffer, list_borders[list->unused].after);
        return 0;
}

static int write_mapping(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *mapping) {
        bp_strbuf_add_char(buffer, '{');
        for (uint32_t i = 0; i < mapping->count; i++) {
                struct bp_value key, value;
                int r;

                bp_mapping_entry(mapping, i, &key, &value);
                if (i)
                        bp_strbuf_add(buffer, ", ", 2);
                r = bp_text_write_repr(evaluation, buffer, &key);
                bp_strbuf_add(buffer, ": ", 2);
                if (r == 0)
                        r = bp_text_write_repr(evaluation, buffer, &value);
                if (r != 0)
                        return r;
        }
        bp_strbuf_add_char(buffer, '}');
        return 0;
}

static void write_range(struct bp_strbuf *buffer, const struct bp_range *range) {
        bp_strbuf_printf(buffer, "range(%" PRId64 ", %" PRId64, range->start, range->stop);
        if (range->step != 1)
                bp_strbuf_printf(buffer, ", %" PRId64, range->step);
        bp_strbuf_add_char(buffer, ')');
}

/* A namespace can hold itself, so those inside one are not opened. */
static int write_namespace(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value) {
        const struct bp_object_builder *members = &bp_value_namespace(value)->members;

        bp_strbuf_add_text(buffer, "<Namespace {");
        for (uint32_t i = 0; i < members->count; i++) {
                const struct bp_member *member = &members->members[i];
                struct bp_value key = bp_value_text_borrow(member->key, member->key_size);
                int r;

                if (i)
                        bp_strbuf_add(buffer, ", ", 2);
                r = bp_text_write_repr(evaluation, buffer, &key);
                if (r != 0)
                        return r;
                bp_strbuf_add(buffer, ": ", 2);
                if (member->value.depth > 0)
                        write_address(buffer, &member->value);
                else
                        r = bp_text_write_repr(evaluation, buffer, &member->value);
                if (r != 0)
                        return r;
        }
        bp_strbuf_add_text(buffer, "}>");
        return 0;
}

static int write_generator(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value) {
        const struct bp_generator *generator = bp_value_generator(value);
        int r;

        if (generator->code)
                return bp_eval_fail(evaluation, generator->code, "%s", generator->message);
        bp_strbuf_add_char(buffer, '[');
        r = write_items(evaluation, buffer, &generator->items, generator->position);
        bp_strbuf_add_char(buffer, ']');
        return r;
}

static int write_internal(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value) {
        switch (value->type) {
        case BP_T_UNDEFINED:
                bp_strbuf_add_text(buffer, "Undefined");
                return 0;
        case BP_T_DICT:
                return write_mapping(evaluation, buffer, value);
        case BP_T_RANGE:
                write_range(buffer, bp_value_range(value));
                return 0;
        case BP_T_GENERATOR:
                return write_generator(evaluation, buffer, value);
        case BP_T_NAMESPACE:
                return write_namespace(evaluation, buffer, value);
        case BP_T_LOOP:
                bp_strbuf_printf(buffer, "<LoopContext %u/%u>", bp_value_loop(value)->index0 + 1,
                                 bp_value_loop(value)->items.count);
                return 0;
        default:
                write_address(buffer, value);
                return 0;
        }
}

int bp_text_write_repr(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value) {
        int r = bp_eval_work(evaluation, 1);

        if (r != 0)
                return r;
        switch (value->type) {
        case BP_LIST:
                return write_list(evaluation, buffer, value);
        case BP_OBJECT:
                return write_mapping(evaluation, buffer, value);
        case BP_STRING:
                r = bp_eval_work_bytes(evaluation, value->count);
                if (r != 0)
                        return r;
                if (bp_value_is_markup(value))
                        bp_strbuf_add_text(buffer, "Markup(");
                bp_value_write_repr(buffer, value);
                if (bp_value_is_markup(value))
                        bp_strbuf_add_char(buffer, ')');
                break;
        case BP_NULL:
        case BP_BOOL:
        case BP_INT:
        case BP_FLOAT:
                bp_value_write_repr(buffer, value);
                break;
        default:
                return write_internal(evaluation, buffer, value);
        }
        return buffer->error ? bp_text_failure(evaluation, buffer) : 0;
}

int bp_text_write(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value) {
        int r;

        if (value->type == BP_STRING) {
                r = bp_eval_work_bytes(evaluation, value->count);
                if (r == 0)
                        bp_strbuf_add(buffer, value->as.text, value->count);
        } else if (value->type == BP_T_UNDEFINED) {
                r = bp_eval_is_forbidden(evaluation, value) ? bp_eval_undefined_error(evaluation, value) : 0;
        } else {
                r = bp_text_write_repr(evaluation, buffer, value);
        }
        if (r != 0)
                return r;
        return buffer->error ? bp_text_failure(evaluation, buffer) : 0;
}

int bp_text_failure(struct bp_evaluation *evaluation, const struct bp_strbuf *buffer) {
        return buffer->error == -E2BIG ? bp_eval_limit(evaluation, "output") : buffer->error;
}

void bp_text_init(struct bp_evaluation *evaluation, struct bp_strbuf *buffer) {
        bp_strbuf_init(buffer, evaluation->arena, evaluation->limits->output_bytes);
}

int bp_text_close(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, struct bp_value *ret_text) {
        int r;

        if (buffer->error)
                return bp_text_failure(evaluation, buffer);
        r = bp_eval_work_bytes(evaluation, buffer->size);
        if (r == 0)
                *ret_text = buffer->text ? bp_value_text_borrow(buffer->text, buffer->size) : bp_value_empty_text;
        return r;
}

int bp_text_of(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_text) {
        struct bp_strbuf buffer;
        int r;

        if (value->type == BP_STRING) {
                *ret_text = *value;
                return 0;
        }
        bp_text_init(evaluation, &buffer);
        r = bp_text_write(evaluation, &buffer, value);
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_text);
}

int bp_text_copy(struct bp_evaluation *evaluation, const char *text, size_t size, struct bp_value *ret_text) {
        int r = bp_eval_check_bytes(evaluation, size);

        if (r == 0)
                r = bp_eval_work_bytes(evaluation, size);
        return r != 0 ? r : bp_value_text(evaluation->arena, text, size, ret_text);
}

int bp_text_slice(struct bp_evaluation *evaluation, const struct bp_value *text, size_t start, size_t end,
                  struct bp_value *ret_text) {
        int r = 0;

        if (start == 0 && end == text->count)
                *ret_text = *text;
        else
                r = bp_text_copy(evaluation, text->as.text + start, end - start, ret_text);
        if (r == 0)
                ret_text->unused = text->unused;
        return r;
}

size_t bp_text_length(const struct bp_value *text) {
        return bp_utf8_length(text->as.text, text->count);
}

static const char *escape_of(char byte) {
        switch (byte) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '\'':
                return "&#39;";
        case '"':
                return "&#34;";
        default:
                return NULL;
        }
}

int bp_text_escape(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_markup) {
        struct bp_strbuf buffer;
        struct bp_value text = bp_value_null;
        int r = bp_text_of(evaluation, value, &text);

        if (r != 0 || bp_value_is_markup(&text)) {
                if (r == 0)
                        *ret_markup = text;
                return r;
        }
        bp_text_init(evaluation, &buffer);
        for (uint32_t i = 0; i < text.count; i++) {
                const char *escape = escape_of(text.as.text[i]);

                if (escape)
                        bp_strbuf_add_text(&buffer, escape);
                else
                        bp_strbuf_add_char(&buffer, text.as.text[i]);
        }
        r = bp_text_close(evaluation, &buffer, ret_markup);
        if (r != 0)
                return r;
        ret_markup->unused = BP_SHAPE_MARKUP;
        evaluation->foreign = true;
        return 0;
}
