/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns come from plug-ins and meet texts of strangers, so every search is bounded. The interpreter is used rather
 * than machine code made at run time: its limits are exact.
 */
#include "registry/pattern.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/memory.h"
#include "base/problem.h"

enum {
        MATCH_LIMIT = 200000,
        DEPTH_LIMIT = 2000,
        HEAP_LIMIT_KIB = 2048,
};

struct bp_pattern {
        pcre2_code *code;
};

static void *arena_allocate(PCRE2_SIZE size, void *arena) {
        return bp_arena_alloc(arena, size);
}

static void arena_release(void *memory, void *arena) {
        (void)memory;
        (void)arena;
}

static int report_syntax(int code, size_t offset, struct bp_problem *reterr_problem) {
        unsigned char message[160] = "";

        pcre2_get_error_message(code, message, sizeof(message));
        return bp_problem_set(reterr_problem, "PATTERN_SYNTAX", "%s at character %zu", (const char *)message,
                              offset + 1);
}

static int compile(pcre2_general_context *general, const char *text, pcre2_code **ret_code,
                   struct bp_problem *reterr_problem) {
        pcre2_compile_context *context = pcre2_compile_context_create(general);
        PCRE2_SIZE offset = 0;
        pcre2_code *code;
        int error = 0;

        if (!context)
                return -ENOMEM;
        pcre2_set_max_pattern_length(context, BP_PATTERN_SIZE_MAX);
        code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                             PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &error, &offset, context);
        if (!code)
                return error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED
                               ? -ENOMEM
                               : report_syntax(error, offset, reterr_problem);
        *ret_code = code;
        return 0;
}

int bp_pattern_compile(struct bp_arena *arena, const char *text, const struct bp_pattern **ret_pattern,
                       struct bp_problem *reterr_problem) {
        pcre2_general_context *general = pcre2_general_context_create(arena_allocate, arena_release, arena);
        struct bp_pattern *pattern = bp_arena_alloc(arena, sizeof(*pattern));
        int r;

        if (!general || !pattern)
                return -ENOMEM;
        r = compile(general, text, &pattern->code, reterr_problem);
        if (r == 0)
                *ret_pattern = pattern;
        return r;
}

static void *heap_allocate(PCRE2_SIZE size, void *unused) {
        (void)unused;
        return bp_calloc(1, size);
}

static void heap_release(void *memory, void *unused) {
        (void)unused;
        free(memory);
}

static int classify(int matched, enum bp_pattern_result *ret_result) {
        switch (matched) {
        case PCRE2_ERROR_NOMEMORY:
                return -ENOMEM;
        case PCRE2_ERROR_NOMATCH:
                *ret_result = BP_PATTERN_ABSENT;
                return 0;
        default:
                *ret_result = matched >= 0 ? BP_PATTERN_FOUND : BP_PATTERN_TOO_HARD;
                return 0;
        }
}

static int search(pcre2_general_context *general, const struct bp_pattern *pattern, const char *text, size_t size,
                  enum bp_pattern_result *ret_result) {
        pcre2_match_context *context = pcre2_match_context_create(general);
        pcre2_match_data *data = pcre2_match_data_create(1, general);
        int r = -ENOMEM;

        if (context && data) {
                pcre2_set_match_limit(context, MATCH_LIMIT);
                pcre2_set_depth_limit(context, DEPTH_LIMIT);
                pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
                r = classify(pcre2_match(pattern->code, (PCRE2_SPTR)text, size, 0, PCRE2_NO_UTF_CHECK, data, context),
                             ret_result);
        }
        pcre2_match_data_free(data);
        pcre2_match_context_free(context);
        return r;
}

int bp_pattern_search(const struct bp_pattern *pattern, const char *text, size_t size,
                      enum bp_pattern_result *ret_result) {
        pcre2_general_context *general = pcre2_general_context_create(heap_allocate, heap_release, NULL);
        int r;

        if (!general)
                return -ENOMEM;
        r = search(general, pattern, text, size, ret_result);
        pcre2_general_context_free(general);
        return r;
}
