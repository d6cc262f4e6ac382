/* SPDX-License-Identifier: Apache-2.0 */
/* What Python's operators do: arithmetic within 64 bits, joining and repeating, comparing, membership, truth. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "template/evaluation.h"

static bool is_numeric(const struct bp_value *value) {
        return value->type == BP_INT || value->type == BP_FLOAT || value->type == BP_BOOL;
}

static int overflow(struct bp_evaluation *evaluation) {
        return bp_eval_fail(evaluation, "TEMPLATE_ARITHMETIC", "the result is beyond 64 bits");
}

static int division_by_zero(struct bp_evaluation *evaluation) {
        return bp_eval_fail(evaluation, "TEMPLATE_ARITHMETIC", "division by zero");
}

static int give_finite(struct bp_evaluation *evaluation, double number, struct bp_value *ret_value) {
        if (!isfinite(number))
                return bp_eval_fail(evaluation, "TEMPLATE_ARITHMETIC", "the result is not a finite number");
        *ret_value = bp_value_float(number);
        return 0;
}

static int power_integers(struct bp_evaluation *evaluation, int64_t base, int64_t exponent,
                          struct bp_value *ret_value) {
        int64_t result = 1;

        if (exponent < 0) {
                if (base == 0)
                        return division_by_zero(evaluation);
                return give_finite(evaluation, pow((double)base, (double)exponent), ret_value);
        }
        for (;;) {
                if (exponent & 1 && __builtin_mul_overflow(result, base, &result))
                        return overflow(evaluation);
                exponent >>= 1;
                if (!exponent)
                        break;
                if (__builtin_mul_overflow(base, base, &base))
                        return overflow(evaluation);
        }
        *ret_value = bp_value_int(result);
        return 0;
}

/* Rounds towards negative infinity, as Python does; the remainder has the sign of the divisor. */
static int divide_integers(struct bp_evaluation *evaluation, bool modulo, int64_t left, int64_t right,
                           struct bp_value *ret_value) {
        int64_t quotient, remainder;

        if (right == 0)
                return division_by_zero(evaluation);
        if (right == -1) {
                if (!modulo && left == INT64_MIN)
                        return overflow(evaluation);
                *ret_value = bp_value_int(modulo ? 0 : -left);
                return 0;
        }
        quotient = left / right;
        remainder = left % right;
        if (remainder != 0 && (remainder < 0) != (right < 0)) {
                quotient--;
                remainder += right;
        }
        *ret_value = bp_value_int(modulo ? remainder : quotient);
        return 0;
}

static int operate_integers(struct bp_evaluation *evaluation, enum bp_operator operation, int64_t left, int64_t right,
                            struct bp_value *ret_value) {
        int64_t result;
        bool overflowed;

        switch (operation) {
        case BP_OP_ADD:
                overflowed = __builtin_add_overflow(left, right, &result);
                break;
        case BP_OP_SUBTRACT:
                overflowed = __builtin_sub_overflow(left, right, &result);
                break;
        case BP_OP_MULTIPLY:
                overflowed = __builtin_mul_overflow(left, right, &result);
                break;
        case BP_OP_DIVIDE:
                if (right == 0)
                        return division_by_zero(evaluation);
                return give_finite(evaluation, (double)((long double)left / (long double)right), ret_value);
        case BP_OP_POWER:
                return power_integers(evaluation, left, right, ret_value);
        default:
                return divide_integers(evaluation, operation == BP_OP_MODULO, left, right, ret_value);
        }
        if (overflowed)
                return overflow(evaluation);
        *ret_value = bp_value_int(result);
        return 0;
}

/* Python's float_divmod. */
static int divide_floats(struct bp_evaluation *evaluation, bool modulo, double left, double right,
                         struct bp_value *ret_value) {
        double remainder, quotient, whole;

        if (right == 0.0)
                return division_by_zero(evaluation);
        remainder = fmod(left, right);
        quotient = (left - remainder) / right;
        if (remainder != 0.0) {
                if ((right < 0) != (remainder < 0)) {
                        remainder += right;
                        quotient -= 1.0;
                }
        } else {
                remainder = copysign(0.0, right);
        }
        if (quotient != 0.0) {
                whole = floor(quotient);
                if (quotient - whole > 0.5)
                        whole += 1.0;
        } else {
                whole = copysign(0.0, left / right);
        }
        return give_finite(evaluation, modulo ? remainder : whole, ret_value);
}

static int operate_floats(struct bp_evaluation *evaluation, enum bp_operator operation, double left, double right,
                          struct bp_value *ret_value) {
        switch (operation) {
        case BP_OP_ADD:
                return give_finite(evaluation, left + right, ret_value);
        case BP_OP_SUBTRACT:
                return give_finite(evaluation, left - right, ret_value);
        case BP_OP_MULTIPLY:
                return give_finite(evaluation, left * right, ret_value);
        case BP_OP_DIVIDE:
                if (right == 0.0)
                        return division_by_zero(evaluation);
                return give_finite(evaluation, left / right, ret_value);
        case BP_OP_POWER:
                if (left == 0.0 && right < 0)
                        return division_by_zero(evaluation);
                return give_finite(evaluation, pow(left, right), ret_value);
        default:
                return divide_floats(evaluation, operation == BP_OP_MODULO, left, right, ret_value);
        }
}

static int operate_numbers(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
                           const struct bp_value *right, struct bp_value *ret_value) {
        int64_t a, b;

        if (bp_value_integer(left, &a) && bp_value_integer(right, &b))
                return operate_integers(evaluation, operation, a, b, ret_value);
        return operate_floats(evaluation, operation, bp_value_as_float(left), bp_value_as_float(right), ret_value);
}

/* Markup stays markup, and what is not markup is escaped when it is joined to it. */
static int join_texts(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
                      struct bp_value *ret_value) {
        bool markup = bp_value_is_markup(left) || bp_value_is_markup(right);
        struct bp_value a = *left, b = *right;
        char *text;
        int r = 0;

        if (markup) {
                r = bp_text_escape(evaluation, left, &a);
                if (r == 0)
                        r = bp_text_escape(evaluation, right, &b);
        }
        if (r == 0)
                r = bp_eval_check_bytes(evaluation, (uint64_t)a.count + b.count);
        if (r == 0)
                r = bp_eval_work_bytes(evaluation, (uint64_t)a.count + b.count);
        if (r != 0)
                return r;
        text = bp_arena_alloc(evaluation->arena, (size_t)a.count + b.count + 1);
        if (!text)
                return -ENOMEM;
        memcpy(text, a.as.text, a.count);
        memcpy(text + a.count, b.as.text, b.count);
        *ret_value = bp_value_text_borrow(text, (size_t)a.count + b.count);
        ret_value->unused = markup ? BP_SHAPE_MARKUP : BP_SHAPE_PLAIN;
        return 0;
}

static int join_lists(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
                      struct bp_value *ret_value) {
        uint64_t count = (uint64_t)left->count + right->count;
        struct bp_value *items;
        int r = bp_eval_check_items(evaluation, count);

        if (r == 0)
                r = bp_eval_work(evaluation, count);
        if (r != 0)
                return r;
        items = bp_arena_array(evaluation->arena, count, sizeof(*items));
        if (!items)
                return -ENOMEM;
        if (left->count)
                memcpy(items, left->as.items, left->count * sizeof(*items));
        if (right->count)
                memcpy(items + left->count, right->as.items, right->count * sizeof(*items));
        return bp_value_list(evaluation, bp_value_is_tuple(left) ? BP_SHAPE_TUPLE : BP_SHAPE_PLAIN, items,
                             (uint32_t)count, ret_value);
}

static int repeat_text(struct bp_evaluation *evaluation, const struct bp_value *text, uint64_t times,
                       struct bp_value *ret_value) {
        uint64_t size = text->count ? text->count * times : 0;
        char *copy;
        int r = bp_eval_check_bytes(evaluation, size);

        if (r == 0)
                r = bp_eval_work_bytes(evaluation, size);
        if (r != 0)
                return r;
        copy = bp_arena_alloc(evaluation->arena, size + 1);
        if (!copy)
                return -ENOMEM;
        for (uint64_t at = 0; at < size; at += text->count)
                memcpy(copy + at, text->as.text, text->count);
        *ret_value = bp_value_text_borrow(copy, size);
        ret_value->unused = text->unused;
        return 0;
}

static int repeat_list(struct bp_evaluation *evaluation, const struct bp_value *list, uint64_t times,
                       struct bp_value *ret_value) {
        uint64_t count = list->count ? list->count * times : 0;
        struct bp_value *items;
        int r = bp_eval_check_items(evaluation, count);

        if (r == 0)
                r = bp_eval_work(evaluation, count);
        if (r != 0)
                return r;
        items = bp_arena_array(evaluation->arena, count, sizeof(*items));
        if (!items)
                return -ENOMEM;
        for (uint64_t at = 0; at < count; at += list->count)
                memcpy(items + at, list->as.items, list->count * sizeof(*items));
        return bp_value_list(evaluation, bp_value_is_tuple(list) ? BP_SHAPE_TUPLE : BP_SHAPE_PLAIN, items,
                             (uint32_t)count, ret_value);
}

/* text or list times integer. @return -1 when it is not that */
static int repeat(struct bp_evaluation *evaluation, const struct bp_value *what, const struct bp_value *times,
                  bool *ret_done, struct bp_value *ret_value) {
        int64_t count;

        *ret_done = (what->type == BP_STRING || bp_value_is_sequence(what)) && bp_value_integer(times, &count);
        if (!*ret_done)
                return 0;
        if (count < 0)
                count = 0;
        if (count > UINT32_MAX)
                count = UINT32_MAX;
        return what->type == BP_STRING ? repeat_text(evaluation, what, (uint64_t)count, ret_value)
                                       : repeat_list(evaluation, what, (uint64_t)count, ret_value);
}

static int operate_others(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
                          const struct bp_value *right, struct bp_value *ret_value) {
        static const char *const signs[] = {
                [BP_OP_ADD] = "+",           [BP_OP_SUBTRACT] = "-", [BP_OP_MULTIPLY] = "*", [BP_OP_DIVIDE] = "/",
                [BP_OP_FLOOR_DIVIDE] = "//", [BP_OP_MODULO] = "%",   [BP_OP_POWER] = "**"};
        bool done = false;
        int r = 0;

        if (operation == BP_OP_ADD && left->type == BP_STRING && right->type == BP_STRING)
                return join_texts(evaluation, left, right, ret_value);
        if (operation == BP_OP_ADD && bp_value_is_sequence(left) && bp_value_is_sequence(right) &&
            bp_value_is_tuple(left) == bp_value_is_tuple(right))
                return join_lists(evaluation, left, right, ret_value);
        if (operation == BP_OP_MULTIPLY) {
                r = repeat(evaluation, left, right, &done, ret_value);
                if (r == 0 && !done)
                        r = repeat(evaluation, right, left, &done, ret_value);
                if (r != 0 || done)
                        return r;
        }
        return bp_eval_type_error(evaluation, "unsupported operand types for %s: '%s' and '%s'", signs[operation],
                                  bp_value_kind(left), bp_value_kind(right));
}

int bp_operate(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
               const struct bp_value *right, struct bp_value *ret_value) {
        if (is_numeric(left) && is_numeric(right))
                return operate_numbers(evaluation, operation, left, right, ret_value);
        if (operation == BP_OP_MODULO && left->type == BP_STRING)
                return bp_format_percent(evaluation, left, right, ret_value);
        if (bp_value_is_undefined(left))
                return bp_eval_undefined_error(evaluation, left);
        if (bp_value_is_undefined(right))
                return bp_eval_undefined_error(evaluation, right);
        return operate_others(evaluation, operation, left, right, ret_value);
}

int bp_operate_sign(struct bp_evaluation *evaluation, bool negate, const struct bp_value *value,
                    struct bp_value *ret_value) {
        int64_t integer;

        if (bp_value_is_undefined(value))
                return bp_eval_undefined_error(evaluation, value);
        if (value->type == BP_FLOAT) {
                *ret_value = bp_value_float(negate ? -value->as.number : value->as.number);
                return 0;
        }
        if (!bp_value_integer(value, &integer))
                return bp_eval_type_error(evaluation, "bad operand type for unary %c: '%s'", negate ? '-' : '+',
                                          bp_value_kind(value));
        if (negate && __builtin_sub_overflow((int64_t)0, integer, &integer))
                return overflow(evaluation);
        *ret_value = bp_value_int(integer);
        return 0;
}

int bp_eval_truth(struct bp_evaluation *evaluation, const struct bp_value *value, bool *ret_result) {
        switch (value->type) {
        case BP_T_UNDEFINED:
                if (bp_eval_is_forbidden(evaluation, value))
                        return bp_eval_undefined_error(evaluation, value);
                *ret_result = false;
                return 0;
        case BP_T_DICT:
                *ret_result = value->count > 0;
                return 0;
        case BP_T_RANGE:
                *ret_result = bp_value_range(value)->count > 0;
                return 0;
        case BP_T_LOOP:
        case BP_T_GENERATOR:
        case BP_T_NAMESPACE:
        case BP_T_CYCLER:
        case BP_T_JOINER:
                *ret_result = true;
                return 0;
        default:
                *ret_result = bp_value_truth(value);
                return 0;
        }
}

static int equal_lists(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
                       bool *ret_result) {
        *ret_result = false;
        if (left->count != right->count)
                return 0;
        for (uint32_t i = 0; i < left->count; i++) {
                int r = bp_equal(evaluation, &left->as.items[i], &right->as.items[i], ret_result);

                if (r != 0 || !*ret_result)
                        return r;
        }
        *ret_result = true;
        return 0;
}

static int equal_mappings(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
                          bool *ret_result) {
        *ret_result = false;
        if (left->count != right->count)
                return 0;
        for (uint32_t i = 0; i < left->count; i++) {
                struct bp_value key, value, other;
                bool found;
                int r;

                bp_mapping_entry(left, i, &key, &value);
                r = bp_mapping_get(evaluation, right, &key, &found, &other);
                if (r != 0 || !found)
                        return r;
                r = bp_equal(evaluation, &value, &other, ret_result);
                if (r != 0 || !*ret_result)
                        return r;
                *ret_result = false;
        }
        *ret_result = true;
        return 0;
}

static bool equal_ranges(const struct bp_range *left, const struct bp_range *right) {
        if (left->count != right->count)
                return false;
        return left->count == 0 || (left->start == right->start && (left->count == 1 || left->step == right->step));
}

static int equal_internal(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
                          bool *ret_result) {
        bool same = left->type == right->type;

        if (bp_value_is_undefined(left) || bp_value_is_undefined(right)) {
                if (bp_eval_is_forbidden(evaluation, left))
                        return bp_eval_undefined_error(evaluation, left);
                if (bp_eval_is_forbidden(evaluation, right))
                        return bp_eval_undefined_error(evaluation, right);
                *ret_result = same;
                return 0;
        }
        if (same && left->type == BP_T_RANGE)
                *ret_result = equal_ranges(bp_value_range(left), bp_value_range(right));
        else
                *ret_result = same && left->as.items == right->as.items;
        return 0;
}

int bp_equal(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
             bool *ret_result) {
        int r = bp_eval_work(evaluation, 1);

        if (r != 0)
                return r;
        if (bp_value_is_mapping(left) && bp_value_is_mapping(right))
                return equal_mappings(evaluation, left, right, ret_result);
        if (left->type >= BP_T_UNDEFINED || right->type >= BP_T_UNDEFINED)
                return equal_internal(evaluation, left, right, ret_result);
        if (left->type == BP_LIST && right->type == BP_LIST) {
                *ret_result = false;
                if (bp_value_is_tuple(left) != bp_value_is_tuple(right) ||
                    bp_value_is_sequence(left) != bp_value_is_sequence(right))
                        return 0;
                return equal_lists(evaluation, left, right, ret_result);
        }
        if (left->type == BP_STRING && right->type == BP_STRING)
                r = bp_eval_work_bytes(evaluation, left->count);
        *ret_result = bp_value_equal(left, right);
        return r;
}

static bool holds(enum bp_operator operation, int order) {
        switch (operation) {
        case BP_OP_LESS:
                return order < 0;
        case BP_OP_LESS_EQUAL:
                return order <= 0;
        case BP_OP_GREATER:
                return order > 0;
        default:
                return order >= 0;
        }
}

static int order_lists(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
                       const struct bp_value *right, bool *ret_result) {
        uint32_t common = left->count < right->count ? left->count : right->count;

        for (uint32_t i = 0; i < common; i++) {
                bool equal = false;
                int r = bp_equal(evaluation, &left->as.items[i], &right->as.items[i], &equal);

                if (r != 0)
                        return r;
                if (!equal)
                        return bp_compare(evaluation, operation, &left->as.items[i], &right->as.items[i], ret_result);
        }
        *ret_result = holds(operation, left->count < right->count ? -1 : left->count > right->count);
        return 0;
}

static int order(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
                 const struct bp_value *right, bool *ret_result) {
        static const char *const signs[] = {
                [BP_OP_LESS] = "<", [BP_OP_LESS_EQUAL] = "<=", [BP_OP_GREATER] = ">", [BP_OP_GREATER_EQUAL] = ">="};
        bool numbers = is_numeric(left) && is_numeric(right);
        bool texts = left->type == BP_STRING && right->type == BP_STRING;
        int sign = 0;
        int r = bp_eval_work(evaluation, 1);

        if (r == 0 && texts)
                r = bp_eval_work_bytes(evaluation, left->count);
        if (r != 0)
                return r;
        if (bp_value_is_undefined(left))
                return bp_eval_undefined_error(evaluation, left);
        if (bp_value_is_undefined(right))
                return bp_eval_undefined_error(evaluation, right);
        if (numbers || texts) {
                *ret_result = bp_value_compare(left, right, &sign) == 0 && holds(operation, sign);
                return 0;
        }
        if (bp_value_is_sequence(left) && bp_value_is_sequence(right) &&
            bp_value_is_tuple(left) == bp_value_is_tuple(right))
                return order_lists(evaluation, operation, left, right, ret_result);
        return bp_eval_type_error(evaluation, "'%s' not supported between '%s' and '%s'", signs[operation],
                                  bp_value_kind(left), bp_value_kind(right));
}

static int text_contains(struct bp_evaluation *evaluation, const struct bp_value *text, const struct bp_value *part,
                         bool *ret_result) {
        int r;

        if (part->type != BP_STRING)
                return bp_eval_type_error(evaluation, "'in' on a text needs a text on its left, not '%s'",
                                          bp_value_kind(part));
        r = bp_eval_work_bytes(evaluation, text->count);
        *ret_result = memmem(text->as.text, text->count, part->as.text, part->count) != NULL;
        return r;
}

static bool range_contains(const struct bp_range *range, int64_t integer) {
        uint64_t distance, step;

        if (range->count == 0 || (range->step > 0 ? integer < range->start : integer > range->start))
                return false;
        distance = range->step > 0 ? (uint64_t)integer - (uint64_t)range->start
                                   : (uint64_t)range->start - (uint64_t)integer;
        step = range->step > 0 ? (uint64_t)range->step : 0 - (uint64_t)range->step;
        return distance % step == 0 && distance / step < range->count;
}

static int items_contain(struct bp_evaluation *evaluation, const struct bp_value *container,
                         const struct bp_value *value, bool *ret_result) {
        struct bp_iterator iterator;
        struct bp_value item;
        bool more = true;
        int r = bp_iterator_open(evaluation, container, &iterator);

        *ret_result = false;
        while (r == 0 && !*ret_result) {
                r = bp_iterator_next(evaluation, &iterator, &more, &item);
                if (r != 0 || !more)
                        break;
                r = bp_equal(evaluation, value, &item, ret_result);
        }
        return r;
}

static int contains(struct bp_evaluation *evaluation, const struct bp_value *container, const struct bp_value *value,
                    bool *ret_result) {
        struct bp_value unused;
        int64_t integer;

        if (container->type == BP_STRING)
                return text_contains(evaluation, container, value, ret_result);
        if (bp_value_is_mapping(container))
                return bp_mapping_get(evaluation, container, value, ret_result, &unused);
        if (container->type == BP_T_RANGE && bp_value_integer(value, &integer)) {
                *ret_result = range_contains(bp_value_range(container), integer);
                return 0;
        }
        return items_contain(evaluation, container, value, ret_result);
}

int bp_compare(struct bp_evaluation *evaluation, enum bp_operator operation, const struct bp_value *left,
               const struct bp_value *right, bool *ret_result) {
        int r;

        switch (operation) {
        case BP_OP_EQUAL:
                return bp_equal(evaluation, left, right, ret_result);
        case BP_OP_NOT_EQUAL:
                r = bp_equal(evaluation, left, right, ret_result);
                *ret_result = r == 0 && !*ret_result;
                return r;
        case BP_OP_IN:
                return contains(evaluation, right, left, ret_result);
        case BP_OP_NOT_IN:
                r = contains(evaluation, right, left, ret_result);
                *ret_result = r == 0 && !*ret_result;
                return r;
        default:
                return order(evaluation, operation, left, right, ret_result);
        }
}

int bp_less(struct bp_evaluation *evaluation, const struct bp_value *left, const struct bp_value *right,
            bool *ret_result) {
        return order(evaluation, BP_OP_LESS, left, right, ret_result);
}
