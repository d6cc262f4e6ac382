/* SPDX-License-Identifier: Apache-2.0 */
#include "base/problem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

/* Cuts at a code point border, so that what is left is still UTF-8. */
static void mark_cut(char *text, size_t size) {
        size_t end = size - 4;

        while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
                end--;
        memcpy(text + end, "...", 4);
}

__attribute__((format(printf, 3, 0))) static void format_text(char *text, size_t size, const char *format,
                                                              va_list arguments) {
        int needed = vsnprintf(text, size, format, arguments);

        if (needed < 0)
                text[0] = '\0';
        else if ((size_t)needed >= size)
                mark_cut(text, size);
        bp_utf8_mend(text, strlen(text));
}

int bp_problem_set(struct bp_problem *reterr_problem, const char *code, const char *format, ...) {
        va_list arguments;

        if (!reterr_problem)
                return BP_PROBLEM;
        *reterr_problem = (struct bp_problem){.code = code};
        va_start(arguments, format);
        format_text(reterr_problem->message, sizeof(reterr_problem->message), format, arguments);
        va_end(arguments);
        return BP_PROBLEM;
}

/* A pointer under construction: counts what does not fit, so that it can be marked as cut. */
struct pointer {
        char text[sizeof(((struct bp_problem *)NULL)->pointer)];
        size_t size;
};

static void pointer_add(struct pointer *pointer, char byte) {
        if (pointer->size < sizeof(pointer->text))
                pointer->text[pointer->size] = byte;
        pointer->size++;
}

static void pointer_add_token(struct pointer *pointer, const char *token) {
        for (; *token; token++) {
                if (*token == '~' || *token == '/') {
                        pointer_add(pointer, '~');
                        pointer_add(pointer, *token == '~' ? '0' : '1');
                } else {
                        pointer_add(pointer, *token);
                }
        }
}

void bp_problem_prefix(struct bp_problem *problem, const char *token) {
        struct pointer pointer = {0};

        pointer_add(&pointer, '/');
        pointer_add_token(&pointer, token);
        for (const char *rest = problem->pointer; *rest; rest++)
                pointer_add(&pointer, *rest);
        if (pointer.size >= sizeof(pointer.text))
                mark_cut(pointer.text, sizeof(pointer.text));
        memcpy(problem->pointer, pointer.text, sizeof(pointer.text));
}

void bp_problem_prefix_index(struct bp_problem *problem, size_t index) {
        char token[24];

        snprintf(token, sizeof(token), "%zu", index);
        bp_problem_prefix(problem, token);
}

/* A pointer with dots in place of the slashes. */
static size_t write_place(char *text, const char *pointer) {
        size_t size = 0;

        for (const char *at = pointer + 1; *at; at++) {
                if (*at == '~' && at[1])
                        text[size++] = *++at == '0' ? '~' : '/';
                else
                        text[size++] = *at == '/' ? '.' : *at;
        }
        return size;
}

const char *bp_problem_sentence(const struct bp_problem *problem, char ret_text[BP_PROBLEM_SENTENCE_BYTES]) {
        bool is_about_form = strcmp(problem->code, "SCHEMA") == 0 || strncmp(problem->code, "FIELD_", 6) == 0;
        size_t size = 0;

        if (is_about_form && problem->pointer[0]) {
                size = write_place(ret_text, problem->pointer);
                ret_text[size++] = ':';
                ret_text[size++] = ' ';
        }
        memcpy(ret_text + size, problem->message, strlen(problem->message) + 1);
        return ret_text;
}

_Static_assert(sizeof(((struct bp_problem *)NULL)->pointer) + sizeof(((struct bp_problem *)NULL)->message) + 2 <=
                       BP_PROBLEM_SENTENCE_BYTES,
               "a place, a colon and a message fit");

enum { DEFAULT_LIST_LIMIT = 1000 };

int bp_problem_list_add(struct bp_problem_list *list, const struct bp_problem *problem) {
        struct bp_problem *copy;

        if (list->count >= (list->limit ? list->limit : DEFAULT_LIST_LIMIT)) {
                list->dropped++;
                return 0;
        }
        if (list->count == list->capacity) {
                size_t capacity = list->capacity ? list->capacity * 2 : 8;
                struct bp_problem **items =
                        bp_arena_grow(list->arena, list->items, list->capacity * sizeof(struct bp_problem *),
                                      capacity * sizeof(struct bp_problem *));

                if (!items)
                        return -ENOMEM;
                list->items = items;
                list->capacity = capacity;
        }
        copy = bp_arena_alloc(list->arena, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = *problem;
        list->items[list->count++] = copy;
        return 0;
}

int bp_problem_list_addf(struct bp_problem_list *list, const char *code, const char *pointer, const char *format, ...) {
        struct bp_problem problem = {.code = code};
        va_list arguments;

        va_start(arguments, format);
        format_text(problem.message, sizeof(problem.message), format, arguments);
        va_end(arguments);
        if (strlen(pointer) < sizeof(problem.pointer)) {
                memcpy(problem.pointer, pointer, strlen(pointer) + 1);
        } else {
                memcpy(problem.pointer, pointer, sizeof(problem.pointer) - 1);
                mark_cut(problem.pointer, sizeof(problem.pointer));
        }
        return bp_problem_list_add(list, &problem);
}
