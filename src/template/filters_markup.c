/* SPDX-License-Identifier: Apache-2.0 */
/* Filters towards other notations: HTML, URLs, JSON. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "template/sorting.h"
#include "template/text_edit.h"

#define FILTER(name)                                                                                \
        static int apply_##name(struct bp_evaluation *evaluation, const struct bp_value *subject,   \
                                const struct bp_value *bound, const struct bp_arguments *arguments, \
                                struct bp_value *ret_value)

FILTER(escape) {
        (void)bound, (void)arguments;
        return bp_text_escape(evaluation, subject, ret_value);
}

FILTER(forceescape) {
        struct bp_value text;
        int r = bp_text_of(evaluation, subject, &text);

        (void)bound, (void)arguments;
        text.unused = BP_SHAPE_PLAIN;
        return r != 0 ? r : bp_text_escape(evaluation, &text, ret_value);
}

FILTER(safe) {
        struct bp_value text;
        int r = bp_text_of(evaluation, subject, &text);

        (void)bound, (void)arguments;
        if (r != 0)
                return r;
        text.unused = BP_SHAPE_MARKUP;
        evaluation->foreign = true;
        *ret_value = text;
        return 0;
}

/* ---- striptags ---- */

static const struct {
        const char *name;
        uint32_t code_point;
        bool bare; /* also without a semicolon */
} entities[] = {
        {"amp", '&', true},        {"lt", '<', true},        {"gt", '>', true},        {"quot", '"', true},
        {"apos", '\'', false},     {"nbsp", 0xA0, true},     {"copy", 0xA9, true},     {"reg", 0xAE, true},
        {"deg", 0xB0, true},       {"middot", 0xB7, true},   {"laquo", 0xAB, true},    {"raquo", 0xBB, true},
        {"hellip", 0x2026, false}, {"mdash", 0x2014, false}, {"ndash", 0x2013, false}, {"euro", 0x20AC, false},
        {"bull", 0x2022, false},   {"trade", 0x2122, false}, {"auml", 0xE4, true},     {"ouml", 0xF6, true},
        {"uuml", 0xFC, true},      {"Auml", 0xC4, true},     {"Ouml", 0xD6, true},     {"Uuml", 0xDC, true},
        {"szlig", 0xDF, true},     {"eacute", 0xE9, true},   {"egrave", 0xE8, true},   {"agrave", 0xE0, true},
};

static void add_code_point(struct bp_strbuf *buffer, uint32_t code_point) {
        char bytes[4];

        if (code_point == 0 || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000))
                code_point = 0xFFFD;
        bp_strbuf_add(buffer, bytes, bp_utf8_encode(code_point, bytes));
}

/* &#65; and &#x41;: @return bytes read, 0 when it is none */
static size_t add_numeric(struct bp_strbuf *buffer, const char *at, size_t size) {
        bool hex = size > 2 && (at[2] | 0x20) == 'x';
        size_t start = hex ? 3 : 2, end = start;
        uint32_t code_point = 0;

        while (end < size) {
                int digit = at[end] >= '0' && at[end] <= '9'                            ? at[end] - '0'
                            : hex && (at[end] | 0x20) >= 'a' && (at[end] | 0x20) <= 'f' ? (at[end] | 0x20) - 'a' + 10
                                                                                        : -1;

                if (digit < 0)
                        break;
                if (code_point < 0x1000000)
                        code_point = code_point * (hex ? 16 : 10) + (uint32_t)digit;
                end++;
        }
        if (end == start)
                return 0;
        add_code_point(buffer, code_point);
        return end < size && at[end] == ';' ? end + 1 : end;
}

static size_t add_entity(struct bp_strbuf *buffer, const char *at, size_t size) {
        if (size > 1 && at[1] == '#')
                return add_numeric(buffer, at, size);
        for (size_t i = 0; i < BP_COUNT(entities); i++) {
                size_t length = strlen(entities[i].name);
                bool closed;

                if (size < length + 1 || memcmp(at + 1, entities[i].name, length) != 0)
                        continue;
                closed = size > length + 1 && at[length + 1] == ';';
                if (!closed && !entities[i].bare)
                        continue;
                add_code_point(buffer, entities[i].code_point);
                return length + 1 + closed;
        }
        return 0;
}

static int unescape(struct bp_evaluation *evaluation, const struct bp_value *text, struct bp_value *ret_value) {
        struct bp_strbuf buffer;

        bp_text_init(evaluation, &buffer);
        for (size_t at = 0; at < text->count;) {
                size_t used = text->as.text[at] == '&' ? add_entity(&buffer, text->as.text + at, text->count - at) : 0;

                if (!used)
                        bp_strbuf_add_char(&buffer, text->as.text[at]);
                at += used ? used : 1;
        }
        return bp_text_close(evaluation, &buffer, ret_value);
}

/* Without what stands between two marks. */
static int cut_between(struct bp_evaluation *evaluation, const struct bp_value *text, const char *open,
                       const char *close, struct bp_value *ret_value) {
        const char *at = text->as.text, *end = at + text->count;
        struct bp_strbuf buffer;

        bp_text_init(evaluation, &buffer);
        for (;;) {
                const char *start = memmem(at, (size_t)(end - at), open, strlen(open));
                const char *stop = start ? start + strlen(open) : NULL;

                stop = stop ? memmem(stop, (size_t)(end - stop), close, strlen(close)) : NULL;
                if (!stop)
                        break;
                bp_strbuf_add(&buffer, at, (size_t)(start - at));
                at = stop + strlen(close);
        }
        bp_strbuf_add(&buffer, at, (size_t)(end - at));
        return bp_text_close(evaluation, &buffer, ret_value);
}

/* Runs of white space become one space, those at the ends nothing. */
static int squeeze(struct bp_evaluation *evaluation, const struct bp_value *text, struct bp_value *ret_value) {
        struct bp_strbuf buffer;
        bool pending = false;

        bp_text_init(evaluation, &buffer);
        for (size_t at = 0, step; at < text->count; at += step) {
                if (bp_utf8_is_space(bp_utf8_decode(text->as.text + at, &step))) {
                        pending = buffer.size > 0;
                        continue;
                }
                if (pending)
                        bp_strbuf_add_char(&buffer, ' ');
                pending = false;
                bp_strbuf_add(&buffer, text->as.text + at, step);
        }
        return bp_text_close(evaluation, &buffer, ret_value);
}

FILTER(striptags) {
        struct bp_value text;
        int r = bp_text_of(evaluation, subject, &text);

        (void)bound, (void)arguments;
        if (r == 0)
                r = cut_between(evaluation, &text, "<!--", "-->", &text);
        if (r == 0)
                r = cut_between(evaluation, &text, "<", ">", &text);
        if (r == 0)
                r = squeeze(evaluation, &text, &text);
        return r != 0 ? r : unescape(evaluation, &text, ret_value);
}

FILTER(xmlattr) {
        struct bp_strbuf buffer;
        bool autospace;
        int r = bp_argument_truth(evaluation, &bound[0], true, &autospace);

        (void)arguments;
        if (r != 0)
                return r;
        if (bp_value_is_undefined(subject))
                return bp_eval_undefined_error(evaluation, subject);
        if (!bp_value_is_mapping(subject))
                return bp_eval_type_error(evaluation, "xmlattr needs an object, not '%s'", bp_value_kind(subject));
        bp_text_init(evaluation, &buffer);
        for (uint32_t i = 0; r == 0 && i < subject->count; i++) {
                struct bp_value key, value;

                bp_mapping_entry(subject, i, &key, &value);
                if (value.type == BP_NULL || bp_value_is_undefined(&value))
                        continue;
                if (key.type != BP_STRING || strpbrk(key.as.text, " \t\n\r\f\v/>="))
                        return bp_eval_type_error(evaluation, "xmlattr: invalid name of an attribute");
                r = bp_text_escape(evaluation, &key, &key);
                if (r == 0)
                        r = bp_text_escape(evaluation, &value, &value);
                if (r == 0)
                        bp_strbuf_printf(&buffer, "%s%s=\"%s\"", autospace || buffer.size ? " " : "", key.as.text,
                                         value.as.text);
        }
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_value);
}

/* ---- urlencode ---- */

static bool is_unreserved(char byte) {
        return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
               byte == '_' || byte == '.' || byte == '-' || byte == '~';
}

static int add_quoted(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value,
                      bool query) {
        struct bp_value text;
        int r = bp_text_of(evaluation, value, &text);

        if (r == 0)
                r = bp_eval_work_bytes(evaluation, text.count);
        for (uint32_t i = 0; r == 0 && i < text.count; i++) {
                char byte = text.as.text[i];

                if (is_unreserved(byte) || (byte == '/' && !query))
                        bp_strbuf_add_char(buffer, byte);
                else if (byte == ' ' && query)
                        bp_strbuf_add_char(buffer, '+');
                else
                        bp_strbuf_printf(buffer, "%%%02X", (unsigned)(unsigned char)byte);
        }
        return r;
}

static int add_query(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *key,
                     const struct bp_value *value) {
        int r;

        if (buffer->size)
                bp_strbuf_add_char(buffer, '&');
        r = add_quoted(evaluation, buffer, key, true);
        bp_strbuf_add_char(buffer, '=');
        return r != 0 ? r : add_quoted(evaluation, buffer, value, true);
}

static int add_pairs(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *subject) {
        struct bp_iterator iterator;
        struct bp_value item, pair;
        bool more = true;
        int r = bp_iterator_open(evaluation, subject, &iterator);

        while (r == 0) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                r = bp_value_items(evaluation, &item, &pair);
                if (r == 0 && pair.count != 2)
                        r = bp_eval_type_error(evaluation, "urlencode needs pairs");
                if (r == 0)
                        r = add_query(evaluation, buffer, &pair.as.items[0], &pair.as.items[1]);
        }
        return r;
}

FILTER(urlencode) {
        struct bp_strbuf buffer;
        int r = 0;

        (void)bound, (void)arguments;
        bp_text_init(evaluation, &buffer);
        if (bp_value_is_mapping(subject)) {
                for (uint32_t i = 0; r == 0 && i < subject->count; i++) {
                        struct bp_value key, value;

                        bp_mapping_entry(subject, i, &key, &value);
                        r = add_query(evaluation, &buffer, &key, &value);
                }
        } else if (subject->type == BP_LIST || subject->type == BP_T_GENERATOR || subject->type == BP_T_RANGE ||
                   bp_value_is_undefined(subject)) {
                r = add_pairs(evaluation, &buffer, subject);
        } else {
                r = add_quoted(evaluation, &buffer, subject, false);
        }
        return r != 0 ? r : bp_text_close(evaluation, &buffer, ret_value);
}

/* ---- tojson ---- */

struct json_writer {
        struct bp_evaluation *evaluation;
        struct bp_strbuf *buffer;
        const struct bp_value *indent; /* what one level is indented by, or NULL for one line */
};

static int write_json(struct json_writer *writer, const struct bp_value *value, uint32_t level);

/* ASCII only, and without the characters that mean something in HTML. */
static void write_json_code_point(struct bp_strbuf *buffer, uint32_t code_point) {
        static const char letters[] = "\b\f\n\r\t\"\\", escapes[] = "bfnrt\"\\";
        const char *letter = code_point < 0x80 ? strchr(letters, (int)code_point) : NULL;

        if (letter && code_point)
                bp_strbuf_printf(buffer, "\\%c", escapes[letter - letters]);
        else if (code_point >= 0x10000)
                bp_strbuf_printf(buffer, "\\u%04x\\u%04x", 0xD800 + ((code_point - 0x10000) >> 10),
                                 0xDC00 + ((code_point - 0x10000) & 0x3FF));
        else if (code_point < 0x20 || code_point > 0x7E || strchr("<>&'", (int)code_point))
                bp_strbuf_printf(buffer, code_point == 0x7F ? "%c" : "\\u%04x", code_point);
        else
                bp_strbuf_add_char(buffer, (char)code_point);
}

static int write_json_text(struct json_writer *writer, const struct bp_value *text) {
        int r = bp_eval_work_bytes(writer->evaluation, text->count);

        bp_strbuf_add_char(writer->buffer, '"');
        for (size_t at = 0, step; r == 0 && at < text->count; at += step)
                write_json_code_point(writer->buffer, bp_utf8_decode(text->as.text + at, &step));
        bp_strbuf_add_char(writer->buffer, '"');
        return r;
}

static void write_json_border(struct json_writer *writer, uint32_t level) {
        if (!writer->indent)
                return;
        bp_strbuf_add_char(writer->buffer, '\n');
        for (uint32_t i = 0; i < level && !writer->buffer->error; i++)
                bp_strbuf_add(writer->buffer, writer->indent->as.text, writer->indent->count);
}

static void write_json_comma(struct json_writer *writer, uint32_t level) {
        bp_strbuf_add_text(writer->buffer, writer->indent ? "," : ", ");
        write_json_border(writer, level);
}

static int write_json_list(struct json_writer *writer, const struct bp_value *list, uint32_t level) {
        int r = 0;

        if (list->count == 0) {
                bp_strbuf_add_text(writer->buffer, "[]");
                return 0;
        }
        bp_strbuf_add_char(writer->buffer, '[');
        write_json_border(writer, level + 1);
        for (uint32_t i = 0; r == 0 && i < list->count; i++) {
                if (i)
                        write_json_comma(writer, level + 1);
                r = write_json(writer, &list->as.items[i], level + 1);
        }
        write_json_border(writer, level);
        bp_strbuf_add_char(writer->buffer, ']');
        return r;
}

static int json_key(struct json_writer *writer, const struct bp_value *key) {
        struct bp_value text;
        int r;

        switch (key->type) {
        case BP_STRING:
                return write_json_text(writer, key);
        case BP_NULL:
        case BP_BOOL:
        case BP_INT:
        case BP_FLOAT:
                bp_strbuf_add_char(writer->buffer, '"');
                r = write_json(writer, key, 0);
                bp_strbuf_add_char(writer->buffer, '"');
                return r;
        default:
                r = bp_text_of(writer->evaluation, key, &text);
                return r != 0 ? r
                              : bp_eval_type_error(writer->evaluation, "keys must be texts or numbers, not '%s'",
                                                   bp_value_kind(key));
        }
}

/* Sorted by key. */
static int write_json_mapping(struct json_writer *writer, const struct bp_value *mapping, uint32_t level) {
        struct bp_evaluation *evaluation = writer->evaluation;
        struct bp_sortable *entries = bp_arena_array(evaluation->arena, mapping->count, sizeof(*entries));
        int r;

        if (!entries)
                return -ENOMEM;
        if (mapping->count == 0) {
                bp_strbuf_add_text(writer->buffer, "{}");
                return 0;
        }
        for (uint32_t i = 0; i < mapping->count; i++)
                bp_mapping_entry(mapping, i, &entries[i].key, &entries[i].value);
        r = bp_sort(evaluation, entries, mapping->count, false);
        bp_strbuf_add_char(writer->buffer, '{');
        write_json_border(writer, level + 1);
        for (uint32_t i = 0; r == 0 && i < mapping->count; i++) {
                if (i)
                        write_json_comma(writer, level + 1);
                r = json_key(writer, &entries[i].key);
                bp_strbuf_add_text(writer->buffer, ": ");
                if (r == 0)
                        r = write_json(writer, &entries[i].value, level + 1);
        }
        write_json_border(writer, level);
        bp_strbuf_add_char(writer->buffer, '}');
        return r;
}

static void write_json_float(struct bp_strbuf *buffer, double number) {
        if (isnan(number))
                bp_strbuf_add_text(buffer, "NaN");
        else if (isinf(number))
                bp_strbuf_add_text(buffer, number < 0 ? "-Infinity" : "Infinity");
        else
                bp_value_write_float(buffer, number);
}

static int write_json(struct json_writer *writer, const struct bp_value *value, uint32_t level) {
        int r = bp_eval_work(writer->evaluation, 1);

        if (r == 0 && writer->buffer->error)
                r = bp_text_failure(writer->evaluation, writer->buffer);
        if (r != 0)
                return r;
        switch (value->type) {
        case BP_NULL:
                bp_strbuf_add_text(writer->buffer, "null");
                return 0;
        case BP_BOOL:
                bp_strbuf_add_text(writer->buffer, value->as.boolean ? "true" : "false");
                return 0;
        case BP_INT:
                bp_value_write_repr(writer->buffer, value);
                return 0;
        case BP_FLOAT:
                write_json_float(writer->buffer, value->as.number);
                return 0;
        case BP_STRING:
                return write_json_text(writer, value);
        case BP_OBJECT:
        case BP_T_DICT:
                return write_json_mapping(writer, value, level);
        case BP_LIST:
                if (bp_value_is_sequence(value))
                        return write_json_list(writer, value, level);
                break;
        default:
                break;
        }
        return bp_eval_type_error(writer->evaluation, "'%s' object has no JSON form", bp_value_kind(value));
}

static int json_indent(struct bp_evaluation *evaluation, const struct bp_value *argument, struct bp_value *ret_indent) {
        struct bp_value space = bp_value_text_borrow(" ", 1);
        int64_t count;
        int r;

        if (argument->type == BP_STRING) {
                *ret_indent = *argument;
                return 0;
        }
        r = bp_argument_integer(evaluation, argument, "indent", 0, &count);
        return r != 0 ? r
                      : bp_text_pad(evaluation, &bp_value_empty_text, count > 0 ? (uint64_t)count : 0, 0, &space,
                                    ret_indent);
}

FILTER(tojson) {
        struct bp_strbuf buffer;
        struct bp_value indent;
        struct json_writer writer = {.evaluation = evaluation, .buffer = &buffer};
        int r = 0;

        (void)arguments;
        if (!bp_argument_is_none(&bound[0])) {
                r = json_indent(evaluation, &bound[0], &indent);
                writer.indent = &indent;
        }
        bp_text_init(evaluation, &buffer);
        if (r == 0)
                r = write_json(&writer, subject, 0);
        if (r == 0)
                r = bp_text_close(evaluation, &buffer, ret_value);
        if (r != 0)
                return r;
        ret_value->unused = BP_SHAPE_MARKUP;
        evaluation->foreign = true;
        return 0;
}

/* clang-format off */
const struct bp_filter bp_filters_markup[] = {
        {.name = "escape", .apply = apply_escape},
        {.name = "e", .apply = apply_escape},
        {.name = "forceescape", .apply = apply_forceescape},
        {.name = "safe", .apply = apply_safe},
        {.name = "striptags", .apply = apply_striptags},
        {.name = "urlencode", .apply = apply_urlencode},
        {.name = "xmlattr", .apply = apply_xmlattr, .signature = {{"autospace"}, 0, false}},
        {.name = "tojson", .apply = apply_tojson, .signature = {{"indent"}, 0, false}},
        {0},
};
/* clang-format on */
