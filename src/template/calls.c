/* SPDX-License-Identifier: Apache-2.0 */
/* How calls reach functions: finding them by name, binding arguments to parameters, and the rules of methods. */
#include <string.h>

#include "base/value.h"
#include "template/evaluation.h"
#include "template/functions.h"

static bool is_named(const char *entry, const char *name, size_t size) {
        return strlen(entry) == size && memcmp(entry, name, size) == 0;
}

const struct bp_filter *bp_filter_find(const char *name, size_t size) {
        static const struct bp_filter *const tables[] = {bp_filters_text,   bp_filters_layout, bp_filters_list,
                                                         bp_filters_select, bp_filters_number, bp_filters_markup};

        for (size_t i = 0; i < BP_COUNT(tables); i++)
                for (const struct bp_filter *filter = tables[i]; filter->name; filter++)
                        if (is_named(filter->name, name, size))
                                return filter;
        return NULL;
}

const struct bp_method *bp_method_find(const struct bp_method *methods, const char *name, size_t size) {
        for (; methods->name; methods++)
                if (is_named(methods->name, name, size))
                        return methods;
        return NULL;
}

static uint32_t parameter_count(const struct bp_signature *signature) {
        uint32_t count = 0;

        while (count < BP_PARAMETERS_MAX && signature->parameters[count])
                count++;
        return count;
}

static int bind_named(struct bp_evaluation *evaluation, const char *function, const struct bp_signature *signature,
                      uint32_t count, const struct bp_named_argument *argument,
                      struct bp_value bound[BP_PARAMETERS_MAX]) {
        for (uint32_t i = 0; i < count; i++) {
                if (!is_named(signature->parameters[i], argument->name, argument->name_size))
                        continue;
                if (bound[i].type != BP_T_ABSENT)
                        return bp_eval_type_error(evaluation, "%s got two values for '%s'", function,
                                                  signature->parameters[i]);
                bound[i] = *argument->value;
                return 0;
        }
        return bp_eval_type_error(evaluation, "%s takes no argument named '%.*s'", function, (int)argument->name_size,
                                  argument->name);
}

int bp_arguments_bind(struct bp_evaluation *evaluation, const char *function, const struct bp_signature *signature,
                      const struct bp_arguments *arguments, struct bp_value bound[BP_PARAMETERS_MAX]) {
        uint32_t count = parameter_count(signature);

        memset(bound, 0, BP_PARAMETERS_MAX * sizeof(*bound));
        if (arguments->n_items > count)
                return bp_eval_type_error(evaluation, "%s takes at most %u arguments, not %u", function, count,
                                          arguments->n_items);
        for (uint32_t i = 0; i < arguments->n_items; i++)
                bound[i] = arguments->items[i];
        for (uint32_t i = 0; i < arguments->n_named; i++) {
                int r = bind_named(evaluation, function, signature, count, &arguments->named[i], bound);

                if (r != 0)
                        return r;
        }
        for (uint32_t i = 0; i < signature->n_required; i++)
                if (bound[i].type == BP_T_ABSENT)
                        return bp_eval_type_error(evaluation, "%s needs the argument '%s'", function,
                                                  signature->parameters[i]);
        return 0;
}

int bp_filter_apply(struct bp_evaluation *evaluation, const struct bp_filter *filter, const struct bp_value *subject,
                    const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_value bound[BP_PARAMETERS_MAX];
        int r;

        if (filter->signature.open)
                return filter->apply(evaluation, subject, NULL, arguments, ret_value);
        r = bp_arguments_bind(evaluation, filter->name, &filter->signature, arguments, bound);
        return r != 0 ? r : filter->apply(evaluation, subject, bound, arguments, ret_value);
}

int bp_test_check(struct bp_evaluation *evaluation, const struct bp_test *test, const struct bp_value *subject,
                  const struct bp_arguments *arguments, bool *ret_result) {
        struct bp_value bound[BP_PARAMETERS_MAX];
        int r = bp_arguments_bind(evaluation, test->name, &test->signature, arguments, bound);

        return r != 0 ? r : test->check(evaluation, subject, bound, ret_result);
}

/* Methods that Python has and that would change what they are called on. */
static bool changes(const struct bp_value *subject, const char *name, size_t size) {
        static const char *const list_methods[] = {"append", "extend", "insert", "pop",
                                                   "remove", "clear",  "sort",   "reverse"};
        static const char *const object_methods[] = {"update", "setdefault", "pop", "popitem", "clear"};
        bool object = bp_value_is_mapping(subject);
        const char *const *methods = object ? object_methods : list_methods;
        size_t count = object ? BP_COUNT(object_methods) : BP_COUNT(list_methods);

        if (!object && (!bp_value_is_sequence(subject) || bp_value_is_tuple(subject)))
                return false;
        for (size_t i = 0; i < count; i++)
                if (is_named(methods[i], name, size))
                        return true;
        return false;
}

static int next_of_cycler(struct bp_evaluation *evaluation, const struct bp_value *subject,
                          const struct bp_value *bound, const struct bp_arguments *arguments,
                          struct bp_value *ret_value) {
        struct bp_cycler *cycler = bp_value_cycler(subject);

        (void)evaluation, (void)bound, (void)arguments;
        *ret_value = cycler->items.as.items[cycler->position];
        cycler->position = (cycler->position + 1) % cycler->items.count;
        return 0;
}

static int reset_cycler(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                        const struct bp_arguments *arguments, struct bp_value *ret_value) {
        (void)evaluation, (void)bound, (void)arguments;
        bp_value_cycler(subject)->position = 0;
        *ret_value = bp_value_null;
        return 0;
}

static int cycle_in_loop(struct bp_evaluation *evaluation, const struct bp_value *subject, const struct bp_value *bound,
                         const struct bp_arguments *arguments, struct bp_value *ret_value) {
        (void)bound;
        if (arguments->n_items == 0 || arguments->n_named)
                return bp_eval_type_error(evaluation, "loop.cycle() needs items without names");
        *ret_value = arguments->items[bp_value_loop(subject)->index0 % arguments->n_items];
        return 0;
}

static int changed_in_loop(struct bp_evaluation *evaluation, const struct bp_value *subject,
                           const struct bp_value *bound, const struct bp_arguments *arguments,
                           struct bp_value *ret_value) {
        struct bp_loop *loop = bp_value_loop(subject);
        struct bp_value now;
        bool same = false;
        int r;

        (void)bound;
        if (arguments->n_named)
                return bp_eval_type_error(evaluation, "loop.changed() takes no named arguments");
        r = bp_value_list(evaluation, BP_SHAPE_TUPLE, arguments->items, arguments->n_items, &now);
        if (r == 0 && loop->changed.type != BP_T_ABSENT)
                r = bp_equal(evaluation, &loop->changed, &now, &same);
        if (r != 0)
                return r;
        loop->changed = now;
        *ret_value = bp_value_bool(!same);
        return 0;
}

static const struct bp_method methods_of_cycler[] = {
        {"next", next_of_cycler, {{0}, 0, false}},
        {"reset", reset_cycler, {{0}, 0, false}},
        {0},
};

static const struct bp_method methods_of_loop[] = {
        {"cycle", cycle_in_loop, {{0}, 0, true}},
        {"changed", changed_in_loop, {{0}, 0, true}},
        {0},
};

/*
 * Objects of the scope: their entries come first, and where the text is one expression they have no methods at all,
 * which is what the conformance vectors say (`items`, `dictsort` and `list` are filters for the same purpose).
 */
static const struct bp_method *method_of_object(const struct bp_evaluation *evaluation, const struct bp_value *object,
                                                const char *name, size_t size) {
        if (object->type == BP_OBJECT && object->unused != BP_SHAPE_OWN && !evaluation->template->object_methods)
                return NULL;
        return bp_method_find(bp_methods_object, name, size);
}

static const struct bp_method *find_method(const struct bp_evaluation *evaluation, const struct bp_value *subject,
                                           const char *name, size_t size) {
        const struct bp_method *method;

        switch (subject->type) {
        case BP_STRING:
                method = bp_method_find(bp_methods_text, name, size);
                return method ? method : bp_method_find(bp_methods_text_tests, name, size);
        case BP_LIST:
                return bp_value_is_sequence(subject) ? bp_method_find(bp_methods_list, name, size) : NULL;
        case BP_OBJECT:
        case BP_T_DICT:
                return method_of_object(evaluation, subject, name, size);
        case BP_T_CYCLER:
                return bp_method_find(methods_of_cycler, name, size);
        case BP_T_LOOP:
                return bp_method_find(methods_of_loop, name, size);
        default:
                return NULL;
        }
}

static int call_attribute(struct bp_evaluation *evaluation, const struct bp_value *attribute,
                          struct bp_value *ret_value) {
        if (attribute->type != BP_T_JOINER)
                return bp_eval_type_error(evaluation, "'%s' object is not callable", bp_value_kind(attribute));
        *ret_value = bp_value_joiner(attribute)->used ? bp_value_joiner(attribute)->separator : bp_value_empty_text;
        bp_value_joiner(attribute)->used = true;
        return 0;
}

int bp_method_call(struct bp_evaluation *evaluation, const struct bp_value *subject, const char *name, size_t name_size,
                   const struct bp_arguments *arguments, struct bp_value *ret_value) {
        struct bp_value bound[BP_PARAMETERS_MAX], attribute;
        const struct bp_method *method;
        int r = bp_access_attribute(evaluation, subject, name, name_size, &attribute);

        if (r != 0)
                return r;
        if (!bp_value_is_undefined(&attribute))
                return call_attribute(evaluation, &attribute, ret_value);
        method = find_method(evaluation, subject, name, name_size);
        if (!method && changes(subject, name, name_size) &&
            (!bp_value_is_mapping(subject) || evaluation->template->object_methods))
                return bp_eval_type_error(evaluation, "'%.*s' would change a value; values never change",
                                          (int)name_size, name);
        if (!method)
                return bp_eval_undefined_error(evaluation, &attribute);
        if (method->signature.open)
                return method->call(evaluation, subject, NULL, arguments, ret_value);
        r = bp_arguments_bind(evaluation, method->name, &method->signature, arguments, bound);
        return r != 0 ? r : method->call(evaluation, subject, bound, arguments, ret_value);
}
