/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built from libyaml's events, so nothing of a document exists before it has been looked at: what could make a small
 * text large (aliases) or mean something to a program (tags) is refused where it stands.
 */
#include "pipeline/yaml_text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "pipeline/places.h"
#include "pipeline/yaml_scalar.h"

struct reader {
        yaml_parser_t parser;
        const char *text;
        struct bp_arena *arena, *scratch;
        uint32_t depth;
        struct bp_problem *problem;
};

/* The places of a list or object under construction. */
struct place_builder {
        struct bp_arena *arena;
        struct bp_place *places;
        size_t count, capacity;
};

static void release_parser(struct reader *reader) {
        yaml_parser_delete(&reader->parser);
}

static struct bp_place place_at(const yaml_mark_t *mark) {
        return (struct bp_place){.line = (uint32_t)mark->line + 1, .column = (uint32_t)mark->column + 1};
}

/* Says where the problem is that was just set. */
static int at_mark(const struct reader *reader, const yaml_mark_t *mark) {
        if (reader->problem) {
                reader->problem->line = place_at(mark).line;
                reader->problem->column = place_at(mark).column;
        }
        return BP_PROBLEM;
}

static int refuse(const struct reader *reader, const yaml_mark_t *mark, const char *text) {
        bp_problem_set(reader->problem, "PARSE_ERROR", "%s", text);
        return at_mark(reader, mark);
}

/* The reader of the library knows a byte offset only. */
static yaml_mark_t mark_of_offset(const char *text, size_t offset) {
        yaml_mark_t mark = {0};

        for (size_t i = 0; i < offset; i++) {
                if (text[i] == '\n') {
                        mark.line++;
                        mark.column = 0;
                } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
                        mark.column++;
                }
        }
        return mark;
}

static int parser_problem(const struct reader *reader) {
        const yaml_parser_t *parser = &reader->parser;
        const char *what = parser->problem ? parser->problem : "unreadable";
        yaml_mark_t mark = parser->problem_mark;

        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        if (parser->error == YAML_READER_ERROR)
                mark = mark_of_offset(reader->text, parser->problem_offset);
        bp_problem_set(reader->problem, "PARSE_ERROR", "not YAML: %s%s%s", parser->context ? parser->context : "",
                       parser->context ? ", " : "", what);
        return at_mark(reader, &mark);
}

static int next_event(struct reader *reader, yaml_event_t *event) {
        return yaml_parser_parse(&reader->parser, event) ? 0 : parser_problem(reader);
}

/* Aliases, anchors and tags of any event that may carry them. */
static int check_plainness(const struct reader *reader, const yaml_event_t *event) {
        const yaml_char_t *anchor = NULL, *tag = NULL;

        switch (event->type) {
        case YAML_ALIAS_EVENT:
                return refuse(reader, &event->start_mark, "aliases are not supported; repeat the value");
        case YAML_SCALAR_EVENT:
                anchor = event->data.scalar.anchor;
                tag = event->data.scalar.tag;
                break;
        case YAML_SEQUENCE_START_EVENT:
                anchor = event->data.sequence_start.anchor;
                tag = event->data.sequence_start.tag;
                break;
        case YAML_MAPPING_START_EVENT:
                anchor = event->data.mapping_start.anchor;
                tag = event->data.mapping_start.tag;
                break;
        default:
                break;
        }
        if (anchor)
                return refuse(reader, &event->start_mark, "anchors are not supported; remove the `&`");
        if (tag)
                return refuse(reader, &event->start_mark, "tags are not supported; remove the `!`");
        return 0;
}

static int scalar_text(const struct reader *reader, const yaml_event_t *event, struct bp_value *ret_text) {
        const char *text = (const char *)event->data.scalar.value;
        size_t size = event->data.scalar.length;

        if (memchr(text, '\0', size))
                return refuse(reader, &event->start_mark, "a text must not contain NUL");
        return bp_value_text(reader->arena, text, size, ret_text);
}

static int read_scalar(const struct reader *reader, const yaml_event_t *event, struct bp_value *ret_value) {
        struct bp_value text;
        int r = scalar_text(reader, event, &text);

        if (r)
                return r;
        if (!event->data.scalar.plain_implicit) {
                *ret_value = text;
                return 0;
        }
        r = bp_yaml_resolve(reader->arena, text.as.text, ret_value, reader->problem);
        return r == BP_PROBLEM ? at_mark(reader, &event->start_mark) : r;
}

static int add_place(struct place_builder *builder, struct bp_place place) {
        if (builder->count == builder->capacity) {
                size_t capacity = builder->capacity ? builder->capacity * 2 : 4;
                struct bp_place *places =
                        bp_arena_grow(builder->arena, builder->places, builder->capacity * sizeof(*places),
                                      capacity * sizeof(*places));

                if (!places)
                        return -ENOMEM;
                builder->places = places;
                builder->capacity = capacity;
        }
        builder->places[builder->count++] = place;
        return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, uint32_t depth_left, struct bp_value *ret_value,
                     struct bp_place *ret_place);

static int read_items(struct reader *reader, uint32_t depth_left, struct bp_value *ret_value,
                      struct place_builder *places) {
        struct bp_list_builder list;

        bp_list_init(&list, reader->arena);
        for (;;) {
                _cleanup_(yaml_event_delete) yaml_event_t event = {0};
                struct bp_value item;
                struct bp_place place;
                int r = next_event(reader, &event);

                if (r)
                        return r;
                if (event.type == YAML_SEQUENCE_END_EVENT)
                        return bp_list_finish(&list, ret_value);
                r = read_node(reader, &event, depth_left, &item, &place);
                if (r)
                        return r;
                bp_list_add(&list, item);
                r = add_place(places, place);
                if (r)
                        return r;
        }
}

static int read_key(const struct reader *reader, const yaml_event_t *event, const struct bp_object_builder *object,
                    struct bp_value *ret_key) {
        struct bp_value key;
        int r = check_plainness(reader, event);

        if (r)
                return r;
        if (event->type != YAML_SCALAR_EVENT)
                return refuse(reader, &event->start_mark, "a key must be a text");
        r = scalar_text(reader, event, &key);
        if (r)
                return r;
        if (event->data.scalar.plain_implicit && bp_value_is_text(&key, "<<"))
                return refuse(reader, &event->start_mark, "merge keys are not supported; write the members out");
        if (bp_object_has(object, key.as.text, key.count)) {
                bp_problem_set(reader->problem, "PARSE_ERROR", "the key '%s' occurs twice", key.as.text);
                return at_mark(reader, &event->start_mark);
        }
        *ret_key = key;
        return 0;
}

static int read_member(struct reader *reader, const yaml_event_t *key_event, uint32_t depth_left,
                       struct bp_object_builder *object, struct place_builder *places) {
        _cleanup_(yaml_event_delete) yaml_event_t event = {0};
        struct bp_value key = {0}, value = {0};
        struct bp_place place, key_place = place_at(&key_event->start_mark);
        int r = read_key(reader, key_event, object, &key);

        if (r)
                return r;
        r = next_event(reader, &event);
        if (r)
                return r;
        r = read_node(reader, &event, depth_left, &value, &place);
        if (r)
                return r;
        bp_object_set_z(object, key.as.text, value);
        place.line = key_place.line;
        place.column = key_place.column;
        return add_place(places, place);
}

static int read_members(struct reader *reader, uint32_t depth_left, struct bp_value *ret_value,
                        struct place_builder *places) {
        struct bp_object_builder object;

        bp_object_init(&object, reader->arena);
        for (;;) {
                _cleanup_(yaml_event_delete) yaml_event_t event = {0};
                int r = next_event(reader, &event);

                if (r)
                        return r;
                if (event.type == YAML_MAPPING_END_EVENT)
                        return bp_object_finish(&object, ret_value);
                r = read_member(reader, &event, depth_left, &object, places);
                if (r)
                        return r;
        }
}

static int read_node(struct reader *reader, const yaml_event_t *event, uint32_t depth_left, struct bp_value *ret_value,
                     struct bp_place *ret_place) {
        struct place_builder places = {.arena = reader->scratch};
        int r = check_plainness(reader, event);

        if (r)
                return r;
        *ret_place = place_at(&event->start_mark);
        if (event->type == YAML_SCALAR_EVENT)
                return read_scalar(reader, event, ret_value);
        if (!depth_left) {
                bp_problem_set(reader->problem, "LIMIT", "nested deeper than %u levels", reader->depth);
                return at_mark(reader, &event->start_mark);
        }
        r = event->type == YAML_SEQUENCE_START_EVENT ? read_items(reader, depth_left - 1, ret_value, &places)
                                                     : read_members(reader, depth_left - 1, ret_value, &places);
        ret_place->children = places.places;
        return r;
}

/* Moves on to the content of the first document. @return 0, or 1 and null when the text has none. */
static int open_document(struct reader *reader) {
        for (;;) {
                _cleanup_(yaml_event_delete) yaml_event_t event = {0};
                int r = next_event(reader, &event);

                if (r)
                        return r;
                if (event.type == YAML_DOCUMENT_START_EVENT)
                        return 0;
                if (event.type == YAML_STREAM_END_EVENT)
                        return refuse(reader, &event.start_mark, "the text is empty");
        }
}

static int close_document(struct reader *reader) {
        for (;;) {
                _cleanup_(yaml_event_delete) yaml_event_t event = {0};
                int r = next_event(reader, &event);

                if (r || event.type == YAML_STREAM_END_EVENT)
                        return r;
                if (event.type == YAML_DOCUMENT_START_EVENT)
                        return refuse(reader, &event.start_mark,
                                      "a second document begins here; one file holds one pipeline");
        }
}

int bp_yaml_parse(struct bp_arena *arena, struct bp_arena *scratch, const char *text, size_t size, uint32_t depth,
                  struct bp_value *ret_value, struct bp_place *ret_places, struct bp_problem *reterr_problem) {
        _cleanup_(release_parser) struct reader reader = {
                .text = text, .arena = arena, .scratch = scratch, .depth = depth, .problem = reterr_problem};
        _cleanup_(yaml_event_delete) yaml_event_t event = {0};
        struct bp_value value;
        struct bp_place places;
        int r;

        if (!yaml_parser_initialize(&reader.parser))
                return -ENOMEM;
        yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
        r = open_document(&reader);
        if (r)
                return r;
        r = next_event(&reader, &event);
        if (r)
                return r;
        r = read_node(&reader, &event, depth, &value, &places);
        if (r)
                return r;
        r = close_document(&reader);
        if (r)
                return r;
        *ret_value = value;
        *ret_places = places;
        return 0;
}
