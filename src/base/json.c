/* SPDX-License-Identifier: Apache-2.0 */
/* Jansson reads hostile bytes; what it made is copied into an arena value at once. Writing is ours. */
#include "base/json.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"

enum {
        DEFAULT_SIZE_LIMIT = 16 << 20,
};

static void release(json_t **json) {
        json_decref(*json);
}

static int from_jansson(struct bp_arena *arena, const json_t *json, uint32_t depth_left, struct bp_value *ret_value);

static int list_from_jansson(struct bp_arena *arena, const json_t *json, uint32_t depth_left,
                             struct bp_value *ret_value) {
        struct bp_list_builder list;

        bp_list_init(&list, arena);
        for (size_t i = 0; i < json_array_size(json); i++) {
                struct bp_value item;
                int r = from_jansson(arena, json_array_get(json, i), depth_left, &item);

                if (r)
                        return r;
                bp_list_add(&list, item);
        }
        return bp_list_finish(&list, ret_value);
}

static int object_from_jansson(struct bp_arena *arena, json_t *json, uint32_t depth_left, struct bp_value *ret_value) {
        struct bp_object_builder object;

        bp_object_init(&object, arena);
        for (void *at = json_object_iter(json); at; at = json_object_iter_next(json, at)) {
                const char *key = json_object_iter_key(at);
                struct bp_value value;
                int r = from_jansson(arena, json_object_iter_value(at), depth_left, &value);

                if (r)
                        return r;
                bp_object_set(&object, key, strlen(key), value);
        }
        return bp_object_finish(&object, ret_value);
}

/* @return 0, negative errno, or 1: too deep */
static int from_jansson(struct bp_arena *arena, const json_t *json, uint32_t depth_left, struct bp_value *ret_value) {
        switch (json_typeof(json)) {
        case JSON_NULL:
                *ret_value = bp_value_null;
                return 0;
        case JSON_TRUE:
        case JSON_FALSE:
                *ret_value = bp_value_bool(json_is_true(json));
                return 0;
        case JSON_INTEGER:
                *ret_value = bp_value_int(json_integer_value(json));
                return 0;
        case JSON_REAL:
                *ret_value = bp_value_float(json_real_value(json));
                return 0;
        case JSON_STRING:
                return bp_value_text(arena, json_string_value(json), json_string_length(json), ret_value);
        case JSON_ARRAY:
                return depth_left ? list_from_jansson(arena, json, depth_left - 1, ret_value) : 1;
        default:
                return depth_left ? object_from_jansson(arena, (json_t *)(uintptr_t)json, depth_left - 1, ret_value)
                                  : 1;
        }
}

/* The library quotes the text it was given up to the byte that is wrong, which may be within a character. */
static void make_readable(char *message) {
        if (bp_utf8_valid(message, strlen(message)))
                return;
        for (; *message; message++)
                if ((unsigned char)*message >= 0x80)
                        *message = '?';
}

static int syntax_problem(const json_error_t *error, struct bp_problem *reterr_problem) {
        bool range = json_error_code(error) == json_error_numeric_overflow;

        if (json_error_code(error) == json_error_out_of_memory)
                return -ENOMEM;
        bp_problem_set(reterr_problem,
                       range                                                 ? "JSON_NUMBER_RANGE"
                       : json_error_code(error) == json_error_stack_overflow ? "JSON_TOO_DEEP"
                                                                             : "JSON_SYNTAX",
                       range ? "a number is outside the range of 64-bit integers and doubles: %s" : "not JSON: %s",
                       json_error_code(error) == json_error_null_character ? "\\u0000 is not allowed" : error->text);
        if (reterr_problem) {
                make_readable(reterr_problem->message);
                reterr_problem->line = error->line > 0 ? (uint32_t)error->line : 0;
                reterr_problem->column = error->column > 0 ? (uint32_t)error->column : 1;
        }
        return BP_PROBLEM;
}

/* The text is valid JSON that somewhere opens one bracket too many: finds it. */
static int depth_problem(const char *text, size_t size, uint32_t depth, struct bp_problem *reterr_problem) {
        uint32_t open = 0, line = 1, column = 1;
        bool in_text = false;

        for (size_t i = 0; i < size; i++) {
                if (in_text && text[i] == '\\') {
                        i++;
                        column++;
                } else if (text[i] == '"') {
                        in_text = !in_text;
                } else if (!in_text && (text[i] == '[' || text[i] == '{')) {
                        if (++open > depth)
                                break;
                } else if (!in_text && (text[i] == ']' || text[i] == '}')) {
                        open--;
                }
                if (text[i] == '\n') {
                        line++;
                        column = 1;
                } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
                        column++;
                }
        }
        bp_problem_set(reterr_problem, "JSON_TOO_DEEP", "nested deeper than %u levels", depth);
        if (reterr_problem) {
                reterr_problem->line = line;
                reterr_problem->column = column;
        }
        return BP_PROBLEM;
}

int bp_json_parse(struct bp_arena *arena, const char *text, size_t size, const struct bp_json_limits *limits,
                  struct bp_value *ret_value, struct bp_problem *reterr_problem) {
        uint32_t depth = limits && limits->depth ? limits->depth : BP_JSON_DEPTH;
        size_t size_limit = limits && limits->size_bytes ? limits->size_bytes : DEFAULT_SIZE_LIMIT;
        _cleanup_(release) json_t *json = NULL;
        json_error_t error;
        int r;

        if (depth > BP_VALUE_DEPTH_MAX)
                depth = BP_VALUE_DEPTH_MAX;
        if (size > size_limit)
                return bp_problem_set(reterr_problem, "JSON_TOO_LARGE", "%zu bytes of JSON, the limit is %zu", size,
                                      size_limit);
        json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
        if (!json)
                return syntax_problem(&error, reterr_problem);
        r = from_jansson(arena, json, depth, ret_value);
        return r > 0 ? depth_problem(text, size, depth, reterr_problem) : r;
}

static size_t plain_run(const char *text, size_t size) {
        size_t i = 0;

        while (i < size && (unsigned char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\' && text[i] != 0x7F)
                i++;
        return i;
}

void bp_json_write_string(struct bp_strbuf *buffer, const char *text, size_t size) {
        static const char short_escapes[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

        bp_strbuf_add_char(buffer, '"');
        while (size) {
                size_t run = plain_run(text, size);
                unsigned char byte;

                bp_strbuf_add(buffer, text, run);
                text += run;
                size -= run;
                if (!size)
                        break;
                byte = (unsigned char)*text;
                if (byte == '"' || byte == '\\') {
                        bp_strbuf_add_char(buffer, '\\');
                        bp_strbuf_add_char(buffer, (char)byte);
                } else if (byte < sizeof(short_escapes) && short_escapes[byte]) {
                        bp_strbuf_add_char(buffer, '\\');
                        bp_strbuf_add_char(buffer, short_escapes[byte]);
                } else {
                        bp_strbuf_printf(buffer, "\\u%04x", byte);
                }
                text++;
                size--;
        }
        bp_strbuf_add_char(buffer, '"');
}

struct writer {
        struct bp_strbuf *buffer;
        bool pretty;
};

static void new_line(const struct writer *writer, unsigned level) {
        if (!writer->pretty)
                return;
        bp_strbuf_add_char(writer->buffer, '\n');
        for (unsigned i = 0; i < level; i++)
                bp_strbuf_add_text(writer->buffer, "  ");
}

static void write_int(struct bp_strbuf *buffer, int64_t integer) {
        char digits[24], *at = digits + sizeof(digits);
        uint64_t left = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;

        do {
                *--at = (char)('0' + left % 10);
                left /= 10;
        } while (left);
        if (integer < 0)
                *--at = '-';
        bp_strbuf_add(buffer, at, (size_t)(digits + sizeof(digits) - at));
}

static void write_value(const struct writer *writer, const struct bp_value *value, unsigned level) {
        struct bp_strbuf *buffer = writer->buffer;

        switch (value->type) {
        case BP_BOOL:
                bp_strbuf_add_text(buffer, value->as.boolean ? "true" : "false");
                break;
        case BP_INT:
                write_int(buffer, value->as.integer);
                break;
        case BP_FLOAT:
                if (isfinite(value->as.number))
                        bp_value_write_float(buffer, value->as.number);
                else
                        bp_strbuf_add_text(buffer, "null");
                break;
        case BP_STRING:
                bp_json_write_string(buffer, value->as.text, value->count);
                break;
        case BP_LIST:
                bp_strbuf_add_char(buffer, '[');
                for (uint32_t i = 0; i < value->count; i++) {
                        if (i)
                                bp_strbuf_add_char(buffer, ',');
                        new_line(writer, level + 1);
                        write_value(writer, &value->as.items[i], level + 1);
                }
                if (value->count)
                        new_line(writer, level);
                bp_strbuf_add_char(buffer, ']');
                break;
        case BP_OBJECT:
                bp_strbuf_add_char(buffer, '{');
                for (uint32_t i = 0; i < value->count; i++) {
                        const struct bp_member *member = &value->as.members[i];

                        if (i)
                                bp_strbuf_add_char(buffer, ',');
                        new_line(writer, level + 1);
                        bp_json_write_string(buffer, member->key, member->key_size);
                        bp_strbuf_add_text(buffer, writer->pretty ? ": " : ":");
                        write_value(writer, &member->value, level + 1);
                }
                if (value->count)
                        new_line(writer, level);
                bp_strbuf_add_char(buffer, '}');
                break;
        default:
                bp_strbuf_add_text(buffer, "null");
        }
}

void bp_json_write(struct bp_strbuf *buffer, const struct bp_value *value) {
        write_value(&(struct writer){.buffer = buffer}, value, 0);
}

void bp_json_write_pretty(struct bp_strbuf *buffer, const struct bp_value *value) {
        write_value(&(struct writer){.buffer = buffer, .pretty = true}, value, 0);
}
