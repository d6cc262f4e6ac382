/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file problem.h
 * What went wrong, as data: for input that is bad and work that failed, never for faults of ours.
 *
 * A function that can fail in the domain returns a positive value documented with it and fills `reterr_problem`;
 * a negative return is an errno of the system's or ours and is forwarded unchanged.
 */
#ifndef BP_BASE_PROBLEM_H
#define BP_BASE_PROBLEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;

/** The one positive return of functions whose only domain outcome is "there is a problem". */
#define BP_PROBLEM 1

/** One problem. Plain data, copied by assignment; texts that do not fit are cut and end in "...". */
struct bp_problem {
        const char *code;  /**< stable, upper case, constant text: DAG_CYCLE; NULL when there is no problem */
        char message[512]; /**< one sentence for a person: what is wrong and what to do */
        char pointer[256]; /**< JSON Pointer (RFC 6901) into the input, "" for the whole */
        uint32_t line;     /**< in the source text, from 1; 0 when unknown */
        uint32_t column;   /**< in code points, from 1; 0 when unknown */
        bool retryable;    /**< the same request may succeed later */
};

/**
 * Fills a problem; `reterr_problem` may be NULL. Bytes of the message that are not UTF-8 become `?`.
 * @return BP_PROBLEM, so that `return bp_problem_set(...)` reads.
 */
__attribute__((format(printf, 3, 4))) int bp_problem_set(struct bp_problem *reterr_problem, const char *code,
                                                         const char *format, ...);

/** Puts one more step in front of the pointer: "/steps" + "0" + rest. Escapes `~` and `/`. */
void bp_problem_prefix(struct bp_problem *problem, const char *token);

/** Same for an array index. */
void bp_problem_prefix_index(struct bp_problem *problem, size_t index);

/** Room for any sentence, with its end. */
enum { BP_PROBLEM_SENTENCE_BYTES = 800 };

/**
 * The message, where nothing but a text is shown. Findings about the form of the input (`SCHEMA`, `FIELD_...`) do not
 * name their place; it goes in front, with dots: `steps.0.retry.max_attempts: Input should be ...`.
 * @return ret_text.
 */
const char *bp_problem_sentence(const struct bp_problem *problem, char ret_text[BP_PROBLEM_SENTENCE_BYTES]);

/** Problems in the order they were found. The memory belongs to the arena. */
struct bp_problem_list {
        struct bp_arena *arena;
        struct bp_problem **items;
        size_t count, capacity;
        size_t limit; /**< further ones are counted but not kept; 0 means 1000 */
        size_t dropped;
};

/** Copies a problem to the end of the list. @return 0 or -ENOMEM. */
int bp_problem_list_add(struct bp_problem_list *list, const struct bp_problem *problem);

/** Adds a problem with this code, pointer and text. @return 0 or -ENOMEM. */
__attribute__((format(printf, 4, 5))) int bp_problem_list_addf(struct bp_problem_list *list, const char *code,
                                                               const char *pointer, const char *format, ...);

#endif
