/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of filters, tests, globals and methods. The parser finds an entry by name, once; the evaluator calls it.
 */
#ifndef BP_TEMPLATE_FUNCTIONS_H
#define BP_TEMPLATE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

struct bp_evaluation;
struct bp_value;

/* Most parameters a function can have. */
enum { BP_PARAMETERS_MAX = 6 };

/* One argument with a name. */
struct bp_named_argument {
        const char *name;
        uint32_t name_size;
        const struct bp_value *value;
};

/* The values a call gives, before they are bound to parameters. */
struct bp_arguments {
        const struct bp_value *items;
        uint32_t n_items;
        const struct bp_named_argument *named;
        uint32_t n_named;
};

/* What a function takes: names in order, NULL behind the last. Those from `n_required` on may be left out. */
struct bp_signature {
        const char *parameters[BP_PARAMETERS_MAX];
        uint8_t n_required;
        bool open; /* takes any arguments and sorts them out itself; nothing is bound */
};

/*
 * A filter. `bound` has an entry for each parameter, absent ones with type BP_T_ABSENT; open functions get NULL and
 * look at `arguments`.
 */
struct bp_filter {
        const char *name;
        int (*apply)(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                     const struct bp_arguments *arguments, struct bp_value *ret_value);
        struct bp_signature signature;
        bool may_be_undefined; /* what it is applied to need not exist */
};

/* A test. */
struct bp_test {
        const char *name;
        int (*check)(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                     bool *ret_result);
        struct bp_signature signature;
        bool may_be_undefined;
};

/* A function that is reached by its name alone. */
struct bp_global {
        const char *name;
        int (*call)(struct bp_evaluation *evaluation, const struct bp_value *bound,
                    const struct bp_arguments *arguments, struct bp_value *ret_value);
        struct bp_signature signature;
};

/* A method of one kind of value. */
struct bp_method {
        const char *name;
        int (*call)(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                    const struct bp_arguments *arguments, struct bp_value *ret_value);
        struct bp_signature signature;
};

/* Finds an entry by name. @return NULL when there is none */
const struct bp_filter *bp_filter_find(const char *name, size_t size);
const struct bp_test *bp_test_find(const char *name, size_t size);
const struct bp_global *bp_global_find(const char *name, size_t size);

/* The entry in a table of methods; NULL-named entry behind the last. */
const struct bp_method *bp_method_find(const struct bp_method *methods, const char *name, size_t size);

/* The tables, by topic; each ends in an entry without a name. */
extern const struct bp_filter bp_filters_text[], bp_filters_layout[], bp_filters_list[], bp_filters_select[],
        bp_filters_number[], bp_filters_markup[];
extern const struct bp_method bp_methods_text[], bp_methods_text_tests[], bp_methods_list[], bp_methods_object[];

/* Assigns arguments to parameters as Python does. @return 0 or BP_PROBLEM: too many, unknown, missing, twice */
int bp_arguments_bind(struct bp_evaluation *evaluation, const char *function, const struct bp_signature *signature,
                      const struct bp_arguments *arguments, struct bp_value bound[BP_PARAMETERS_MAX]);

/* Binds and applies a filter or test. */
int bp_filter_apply(struct bp_evaluation *evaluation, const struct bp_filter *filter, const struct bp_value *subject,
                    const struct bp_arguments *arguments, struct bp_value *ret_value);
int bp_test_check(struct bp_evaluation *evaluation, const struct bp_test *test, const struct bp_value *subject,
                  const struct bp_arguments *arguments, bool *ret_result);

/* Calls a method by name; a value without it gives an undefined-value problem. */
int bp_method_call(struct bp_evaluation *evaluation, const struct bp_value *subject, const char *name, size_t name_size,
                   const struct bp_arguments *arguments, struct bp_value *ret_value);

#endif
