/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One evaluation: its state, the kinds of values that exist only inside it, and what the parts of the evaluator do
 * for one another. Every function returns 0, -ENOMEM or BP_PROBLEM with the evaluation's problem filled.
 */
#ifndef BP_TEMPLATE_EVALUATION_H
#define BP_TEMPLATE_EVALUATION_H

#include "base/strbuf.h"
#include "base/value.h"
#include "template/ast.h"
#include "template/functions.h"

struct bp_arena;
struct bp_problem;

/* Kinds of values beside those of JSON. None of them leaves an evaluation: see bp_value_export(). */
enum bp_internal_type {
        BP_T_ABSENT = 0,     /* an argument that was not given, a variable that was not set */
        BP_T_UNDEFINED = 32, /* as.text: the name that led nowhere */
        BP_T_DICT,           /* an object with keys that are not all text; as.items: key, value, key, value ... */
        BP_T_RANGE,          /* range() */
        BP_T_GENERATOR,      /* items that can be taken once: what map, select and their like give */
        BP_T_NAMESPACE,      /* namespace() */
        BP_T_CYCLER,         /* cycler() */
        BP_T_JOINER,         /* joiner() */
        BP_T_LOOP,           /* `loop` */
};

/* What a list (or text) is in Python's eyes; kept in bp_value.unused. */
enum bp_shape {
        BP_SHAPE_PLAIN = 0,
        BP_SHAPE_TUPLE,
        BP_SHAPE_GROUP, /* the tuple of groupby: also .grouper and .list */
        BP_SHAPE_KEYS,  /* of keys(), values(), items() */
        BP_SHAPE_VALUES,
        BP_SHAPE_ITEMS,
        BP_SHAPE_MARKUP,  /* a text that is HTML already and is not escaped again */
        BP_SHAPE_OWN,     /* an object made by the template */
        BP_SHAPE_NOTHING, /* an undefined value that even strict mode lets pass: of an `if` without `else` */
};

struct bp_range {
        int64_t start, stop, step;
        uint64_t count;
};

struct bp_generator {
        struct bp_value items; /* the list */
        uint32_t position;     /* how many have been taken */
        const char *code;      /* what goes wrong when one asks for more than there are; or NULL */
        const char *message;
};

struct bp_namespace {
        struct bp_object_builder members;
};

struct bp_cycler {
        struct bp_value items;
        uint32_t position;
};

struct bp_joiner {
        struct bp_value separator;
        bool used;
};

struct bp_loop {
        struct bp_value items; /* all of them, as a list */
        uint32_t index0, depth0;
        struct bp_value changed; /* what changed() saw last, or absent */
};

struct bp_evaluation {
        const struct bp_template *template;
        const struct bp_template_limits *limits;
        const struct bp_template_scope *scope;
        struct bp_arena *arena;
        struct bp_problem *problem; /* never NULL */
        uint32_t work;              /* units left */
        uint32_t loop_depth;
        uint32_t failed_offset; /* where in the source; valid when `failed` */
        bool failed;
        bool foreign; /* a value was made that JSON does not know */
        struct bp_value *variables;
        struct bp_binding *bindings; /* what the frames have to restore, newest first */
};

/* ---- failing ---- */

/* Fills the problem. @return BP_PROBLEM */
__attribute__((format(printf, 3, 4))) int bp_eval_fail(struct bp_evaluation *evaluation, const char *code,
                                                       const char *format, ...);
/* TEMPLATE_TYPE. */
__attribute__((format(printf, 2, 3))) int bp_eval_type_error(struct bp_evaluation *evaluation, const char *format, ...);
/* TEMPLATE_LIMIT. */
int bp_eval_limit(struct bp_evaluation *evaluation, const char *what);
/* TEMPLATE_UNDEFINED: this undefined value was used. */
int bp_eval_undefined_error(struct bp_evaluation *evaluation, const struct bp_value *undefined);

/* True for an undefined value whose use is an error in this evaluation. */
static inline bool bp_eval_is_forbidden(const struct bp_evaluation *evaluation, const struct bp_value *value) {
        return value->type == BP_T_UNDEFINED && evaluation->scope->strict && value->unused != BP_SHAPE_NOTHING;
}
/* Takes units of work. */
static inline int bp_eval_work(struct bp_evaluation *evaluation, uint64_t units) {
        if (units > evaluation->work) {
                evaluation->work = 0;
                return bp_eval_limit(evaluation, "work");
        }
        evaluation->work -= (uint32_t)units;
        return 0;
}
/* Takes the work that touching so many bytes is. */
int bp_eval_work_bytes(struct bp_evaluation *evaluation, uint64_t bytes);
/* Refuses texts and lists beyond the limits before they are built. */
int bp_eval_check_bytes(struct bp_evaluation *evaluation, uint64_t bytes);
int bp_eval_check_items(struct bp_evaluation *evaluation, uint64_t items);

/* ---- expressions and statements ---- */

int bp_eval_node(struct bp_evaluation *evaluation, const struct bp_node *node, struct bp_value *ret_value);
/* Evaluates the subject-less chain of filters on a value. */
int bp_eval_filters(struct bp_evaluation *evaluation, const struct bp_node *filters, const struct bp_value *subject,
                    struct bp_value *ret_value);
int bp_render(struct bp_evaluation *evaluation, const struct bp_statement *body, struct bp_strbuf *output);

/* ---- values ---- */

/* Access to what a value of an internal type stands for. */
struct bp_range *bp_value_range(const struct bp_value *value);
struct bp_generator *bp_value_generator(const struct bp_value *value);
struct bp_namespace *bp_value_namespace(const struct bp_value *value);
struct bp_cycler *bp_value_cycler(const struct bp_value *value);
struct bp_joiner *bp_value_joiner(const struct bp_value *value);
struct bp_loop *bp_value_loop(const struct bp_value *value);
/* A value of an internal type. */
struct bp_value bp_value_internal(struct bp_evaluation *evaluation, enum bp_internal_type type, void *state,
                                  unsigned depth);

static inline bool bp_value_is_undefined(const struct bp_value *value) {
        return value->type == BP_T_UNDEFINED;
}
/* An undefined value with the name that led nowhere, which must live as long. */
struct bp_value bp_value_undefined(const char *name, size_t size);
/* Same for what was looked for in `value`: nothing stays nothing. */
struct bp_value bp_value_undefined_in(const struct bp_value *value, const char *name, size_t size);
static inline bool bp_value_is_mapping(const struct bp_value *value) {
        return value->type == BP_OBJECT || value->type == BP_T_DICT;
}
static inline bool bp_value_is_tuple(const struct bp_value *value) {
        return value->type == BP_LIST && (value->unused == BP_SHAPE_TUPLE || value->unused == BP_SHAPE_GROUP);
}
/* A list or tuple: what has an order and can be indexed. */
static inline bool bp_value_is_sequence(const struct bp_value *value) {
        return value->type == BP_LIST && value->unused <= BP_SHAPE_GROUP;
}
static inline bool bp_value_is_markup(const struct bp_value *value) {
        return value->type == BP_STRING && value->unused == BP_SHAPE_MARKUP;
}
/* An integer or a boolean as an integer. @return false for anything else */
bool bp_value_integer(const struct bp_value *value, int64_t *ret_integer);
/* Python's name of the kind. */
const char *bp_value_kind(const struct bp_value *value);
/* A list of this shape from items that are final. */
int bp_value_list(struct bp_evaluation *evaluation, enum bp_shape shape, const struct bp_value *items, uint32_t count,
                  struct bp_value *ret_value);
/* A tuple of two. */
int bp_value_pair(struct bp_evaluation *evaluation, const struct bp_value *first, const struct bp_value *second,
                  struct bp_value *ret_value);
/* Entry of a mapping by number. */
void bp_mapping_entry(const struct bp_value *mapping, uint32_t number, struct bp_value *ret_key,
                      struct bp_value *ret_value);
/* Finds the entry of a mapping; `*ret_found` false leaves the value. */
int bp_mapping_get(struct bp_evaluation *evaluation, const struct bp_value *mapping, const struct bp_value *key,
                   bool *ret_found, struct bp_value *ret_value);
/* Adds to a list under construction, within the limits. */
int bp_list_append(struct bp_evaluation *evaluation, struct bp_list_builder *list, const struct bp_value *value);
int bp_list_close(struct bp_evaluation *evaluation, struct bp_list_builder *list, enum bp_shape shape,
                  struct bp_value *ret_value);
/* A generator over a finished list; `failure` is what bp_list_append() and its like have returned. */
int bp_generator_close(struct bp_evaluation *evaluation, struct bp_list_builder *list, int failure,
                       struct bp_value *ret_value);
/* A mapping under construction: keys of any kind, later entries replace earlier ones. */
struct bp_mapping_builder {
        struct bp_list_builder pairs;
        struct bp_object_builder object;
        bool text_only;
};
void bp_mapping_init(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping);
int bp_mapping_set(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping, const struct bp_value *key,
                   const struct bp_value *value);
int bp_mapping_close(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping, struct bp_value *ret_value);
/* The value as JSON knows it: tuples, generators and ranges are lists, undefined is "". */
int bp_value_export(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_value);

/* ---- iteration ---- */

/* Goes through anything that can be iterated, item by item. */
struct bp_iterator {
        struct bp_value source;
        uint64_t position;
};
int bp_iterator_open(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_iterator *ret_iterator);
/* `*ret_more` false at the end, with the value untouched. */
int bp_iterator_next(struct bp_evaluation *evaluation, struct bp_iterator *iterator, bool *ret_more,
                     struct bp_value *ret_value);
/* All items as a list: the value itself where it is one. */
int bp_value_items(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_list);
/* Python's len(). */
int bp_value_length(struct bp_evaluation *evaluation, const struct bp_value *value, uint64_t *ret_length);
/* A list of this, the other way round, as Python's reversed(); nothing that has no order. */
int bp_value_reversed(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_list);

/* ---- text ---- */

/* Appends Python's str() or repr() of a value. */
int bp_text_write(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value);
int bp_text_write_repr(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, const struct bp_value *value);
/* Python's str() as a value; a text stays what it is, markup too. */
int bp_text_of(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_text);
/* A text buffer within the limits, and its end. */
void bp_text_init(struct bp_evaluation *evaluation, struct bp_strbuf *buffer);
int bp_text_close(struct bp_evaluation *evaluation, struct bp_strbuf *buffer, struct bp_value *ret_text);
int bp_text_failure(struct bp_evaluation *evaluation, const struct bp_strbuf *buffer);
/* A text with its own copy of the bytes. */
int bp_text_copy(struct bp_evaluation *evaluation, const char *text, size_t size, struct bp_value *ret_text);
/* The part between two byte offsets; a copy, unless it is all of the text. Keeps markup. */
int bp_text_slice(struct bp_evaluation *evaluation, const struct bp_value *text, size_t start, size_t end,
                  struct bp_value *ret_text);
/* & < > ' " as HTML wants them. */
int bp_text_escape(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_markup);
/* Number of code points. */
size_t bp_text_length(const struct bp_value *text);

/* ---- operators ---- */

int bp_operate(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
               const struct bp_value *right, struct bp_value *ret_value);
int bp_operate_sign(struct bp_evaluation *evaluation, bool negate, const struct bp_value *value,
                    struct bp_value *ret_value);
int bp_compare(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
               const struct bp_value *right, bool *ret_result);
int bp_equal(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
             bool *ret_result);
int bp_less(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
            bool *ret_result);
int bp_eval_truth(struct bp_evaluation *evaluation, const struct bp_value *value, bool *ret_result);
/* Python's % on text: printf-like. */
int bp_format_percent(struct bp_evaluation *evaluation, const struct bp_value *format, const struct bp_value *values,
                      struct bp_value *ret_text);
/* Python's str.format(). */
int bp_format_braces(struct bp_evaluation *evaluation, const struct bp_value *format,
                     const struct bp_arguments *arguments, struct bp_value *ret_text);

/* ---- access ---- */

/* value.name */
int bp_access_attribute(struct bp_evaluation *evaluation, const struct bp_value *value, const char *name, size_t size,
                        struct bp_value *ret_value);
/* value[key] */
int bp_access_item(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value *key,
                   struct bp_value *ret_value);
/* value[start:stop:step]; absent borders have type BP_T_ABSENT or are null. */
int bp_access_slice(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value parts[3],
                    struct bp_value *ret_value);
/* A path such as "a.b.0", or a number: what `attribute=` means in filters. */
int bp_access_path(struct bp_evaluation *evaluation, const struct bp_value *value, const struct bp_value *path,
                   struct bp_value *ret_value);

/* ---- numbers from text ---- */

/* Python's int(text, base). @return 0 with *ret_valid */
int bp_number_parse_int(struct bp_evaluation *evaluation, const struct bp_value *text, int64_t base, bool *ret_valid,
                        int64_t *ret_integer);
/* Python's float(text). */
bool bp_number_parse_float(const char *text, size_t size, double *ret_number);

#endif
