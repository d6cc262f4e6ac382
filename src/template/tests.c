/* SPDX-License-Identifier: Apache-2.0 */
/* Jinja2's tests: what may follow `is`. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "template/evaluation.h"
#include "template/functions.h"

#define CHECK(name)                                                                               \
        static int check_##name(struct bp_evaluation *evaluation, const struct bp_value *subject, \
                                const struct bp_value *bound, bool *ret_result)

/* Tests that only look at the kind of a value. */
#define CHECK_KIND(name, condition)            \
        CHECK(name) {                          \
                (void)evaluation, (void)bound; \
                *ret_result = (condition);     \
                return 0;                      \
        }                                      \
        _Static_assert(1, "a semicolon follows")

CHECK_KIND(defined, !bp_value_is_undefined(subject));
CHECK_KIND(undefined, bp_value_is_undefined(subject));
CHECK_KIND(none, subject->type == BP_NULL);
CHECK_KIND(boolean, subject->type == BP_BOOL);
CHECK_KIND(truth, subject->type == BP_BOOL && subject->as.boolean);
CHECK_KIND(falsehood, subject->type == BP_BOOL && !subject->as.boolean);
CHECK_KIND(integer, subject->type == BP_INT);
CHECK_KIND(float, subject->type == BP_FLOAT);
CHECK_KIND(number, subject->type == BP_INT || subject->type == BP_FLOAT || subject->type == BP_BOOL);
CHECK_KIND(string, subject->type == BP_STRING);
CHECK_KIND(mapping, bp_value_is_mapping(subject));
CHECK_KIND(escaped, bp_value_is_markup(subject));
CHECK_KIND(callable, subject->type == BP_T_JOINER || subject->type == BP_T_LOOP);

/* Undefined has a length and items, as far as Python can tell; in strict mode asking for the length fails. */
CHECK(sequence) {
        (void)bound;
        *ret_result = subject->type == BP_STRING || bp_value_is_sequence(subject) || bp_value_is_mapping(subject) ||
                      subject->type == BP_T_RANGE ||
                      (bp_value_is_undefined(subject) && !bp_eval_is_forbidden(evaluation, subject));
        return 0;
}

CHECK(iterable) {
        (void)bound;
        if (bp_eval_is_forbidden(evaluation, subject))
                return bp_eval_undefined_error(evaluation, subject);
        switch (subject->type) {
        case BP_STRING:
        case BP_LIST:
        case BP_OBJECT:
        case BP_T_DICT:
        case BP_T_RANGE:
        case BP_T_GENERATOR:
        case BP_T_LOOP:
        case BP_T_UNDEFINED:
                *ret_result = true;
                break;
        default:
                *ret_result = false;
        }
        return 0;
}

static int check_remainder(struct bp_evaluation *evaluation, const struct bp_value *subject, int64_t divisor,
                           int64_t remainder, bool *ret_result) {
        struct bp_value by = bp_value_int(divisor), wanted = bp_value_int(remainder), rest;
        int r = bp_operate(evaluation, BP_OP_MODULO, subject, &by, &rest);

        return r != 0 ? r : bp_equal(evaluation, &rest, &wanted, ret_result);
}

CHECK(odd) {
        (void)bound;
        return check_remainder(evaluation, subject, 2, 1, ret_result);
}

CHECK(even) {
        (void)bound;
        return check_remainder(evaluation, subject, 2, 0, ret_result);
}

CHECK(divisibleby) {
        struct bp_value zero = bp_value_int(0), rest;
        int r = bp_operate(evaluation, BP_OP_MODULO, subject, &bound[0], &rest);

        return r != 0 ? r : bp_equal(evaluation, &rest, &zero, ret_result);
}

/* True when there is a letter of the case and none of the other one. */
static int check_case(struct bp_evaluation *evaluation, const struct bp_value *subject, bool upper, bool *ret_result) {
        struct bp_value text;
        bool found = false;
        int r = bp_text_of(evaluation, subject, &text);

        if (r == 0)
                r = bp_eval_work_bytes(evaluation, text.count);
        if (r != 0)
                return r;
        *ret_result = false;
        for (size_t at = 0, step; at < text.count; at += step) {
                uint32_t code_point = bp_utf8_decode(text.as.text + at, &step);

                if (upper ? bp_utf8_is_lower(code_point) : bp_utf8_is_upper(code_point))
                        return 0;
                found |= upper ? bp_utf8_is_upper(code_point) : bp_utf8_is_lower(code_point);
        }
        *ret_result = found;
        return 0;
}

CHECK(lower) {
        (void)bound;
        return check_case(evaluation, subject, false, ret_result);
}

CHECK(upper) {
        (void)bound;
        return check_case(evaluation, subject, true, ret_result);
}

/* Python's `is`: the same thing, which for small values is an equal one of the same kind. */
CHECK(sameas) {
        const struct bp_value *other = &bound[0];

        (void)evaluation;
        *ret_result = false;
        if (subject->type != other->type)
                return 0;
        switch (subject->type) {
        case BP_NULL:
        case BP_BOOL:
        case BP_INT:
        case BP_FLOAT:
        case BP_STRING:
                *ret_result = bp_value_equal(subject, other);
                break;
        default:
                *ret_result = subject->count == other->count && subject->as.items == other->as.items;
        }
        return 0;
}

CHECK(filter) {
        (void)evaluation, (void)bound;
        *ret_result = subject->type == BP_STRING && bp_filter_find(subject->as.text, subject->count);
        return 0;
}

CHECK(test) {
        (void)evaluation, (void)bound;
        *ret_result = subject->type == BP_STRING && bp_test_find(subject->as.text, subject->count);
        return 0;
}

CHECK(in) {
        return bp_compare(evaluation, BP_OP_IN, subject, &bound[0], ret_result);
}

CHECK(equal) {
        return bp_compare(evaluation, BP_OP_EQUAL, subject, &bound[0], ret_result);
}

CHECK(not_equal) {
        return bp_compare(evaluation, BP_OP_NOT_EQUAL, subject, &bound[0], ret_result);
}

CHECK(less) {
        return bp_compare(evaluation, BP_OP_LESS, subject, &bound[0], ret_result);
}

CHECK(less_equal) {
        return bp_compare(evaluation, BP_OP_LESS_EQUAL, subject, &bound[0], ret_result);
}

CHECK(greater) {
        return bp_compare(evaluation, BP_OP_GREATER, subject, &bound[0], ret_result);
}

CHECK(greater_equal) {
        return bp_compare(evaluation, BP_OP_GREATER_EQUAL, subject, &bound[0], ret_result);
}

/* clang-format off */
static const struct bp_test tests[] = {
        {.name = "defined", .check = check_defined, .may_be_undefined = true},
        {.name = "undefined", .check = check_undefined, .may_be_undefined = true},
        {.name = "none", .check = check_none},
        {.name = "boolean", .check = check_boolean},
        {.name = "true", .check = check_truth},
        {.name = "false", .check = check_falsehood},
        {.name = "integer", .check = check_integer},
        {.name = "float", .check = check_float},
        {.name = "number", .check = check_number},
        {.name = "string", .check = check_string},
        {.name = "mapping", .check = check_mapping},
        {.name = "sequence", .check = check_sequence},
        {.name = "iterable", .check = check_iterable},
        {.name = "callable", .check = check_callable},
        {.name = "escaped", .check = check_escaped},
        {.name = "odd", .check = check_odd},
        {.name = "even", .check = check_even},
        {.name = "divisibleby", .check = check_divisibleby, .signature = {{"num"}, 1, false}},
        {.name = "lower", .check = check_lower},
        {.name = "upper", .check = check_upper},
        {.name = "sameas", .check = check_sameas, .signature = {{"other"}, 1, false}},
        {.name = "filter", .check = check_filter},
        {.name = "test", .check = check_test},
        {.name = "in", .check = check_in, .signature = {{"seq"}, 1, false}},
        {.name = "==", .check = check_equal, .signature = {{"other"}, 1, false}},
        {.name = "eq", .check = check_equal, .signature = {{"other"}, 1, false}},
        {.name = "equalto", .check = check_equal, .signature = {{"other"}, 1, false}},
        {.name = "!=", .check = check_not_equal, .signature = {{"other"}, 1, false}},
        {.name = "ne", .check = check_not_equal, .signature = {{"other"}, 1, false}},
        {.name = "<", .check = check_less, .signature = {{"other"}, 1, false}},
        {.name = "lt", .check = check_less, .signature = {{"other"}, 1, false}},
        {.name = "lessthan", .check = check_less, .signature = {{"other"}, 1, false}},
        {.name = "<=", .check = check_less_equal, .signature = {{"other"}, 1, false}},
        {.name = "le", .check = check_less_equal, .signature = {{"other"}, 1, false}},
        {.name = ">", .check = check_greater, .signature = {{"other"}, 1, false}},
        {.name = "gt", .check = check_greater, .signature = {{"other"}, 1, false}},
        {.name = "greaterthan", .check = check_greater, .signature = {{"other"}, 1, false}},
        {.name = ">=", .check = check_greater_equal, .signature = {{"other"}, 1, false}},
        {.name = "ge", .check = check_greater_equal, .signature = {{"other"}, 1, false}},
};
/* clang-format on */

const struct bp_test *bp_test_find(const char *name, size_t size) {
        for (size_t i = 0; i < BP_COUNT(tests); i++)
                if (strlen(tests[i].name) == size && memcmp(tests[i].name, name, size) == 0)
                        return &tests[i];
        return NULL;
}
