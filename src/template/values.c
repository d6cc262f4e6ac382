/* SPDX-License-Identifier: Apache-2.0 */
/* The values of an evaluation: making them, taking them apart, and turning them into JSON when they leave. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "template/evaluation.h"

/* A value has room for one pointer, to constant data; the states of internal values change. */
union handle {
        const struct bp_value *items;
        void *state;
};

static void *state_of(const struct bp_value *value) {
        union handle handle = {.items = value->as.items};

        return handle.state;
}

struct bp_range *bp_value_range(const struct bp_value *value) {
        return state_of(value);
}

struct bp_generator *bp_value_generator(const struct bp_value *value) {
        return state_of(value);
}

struct bp_namespace *bp_value_namespace(const struct bp_value *value) {
        return state_of(value);
}

struct bp_cycler *bp_value_cycler(const struct bp_value *value) {
        return state_of(value);
}

struct bp_joiner *bp_value_joiner(const struct bp_value *value) {
        return state_of(value);
}

struct bp_loop *bp_value_loop(const struct bp_value *value) {
        return state_of(value);
}

struct bp_value bp_value_internal(struct bp_evaluation *evaluation, enum bp_internal_type type, void *state,
                                  unsigned depth) {
        union handle handle = {.state = state};

        evaluation->foreign = true;
        return (struct bp_value){.type = (uint8_t)type, .depth = (uint8_t)depth, .as.items = handle.items};
}

struct bp_value bp_value_undefined(const char *name, size_t size) {
        return (struct bp_value){.type = BP_T_UNDEFINED, .count = (uint32_t)size, .as.text = name};
}

struct bp_value bp_value_undefined_in(const struct bp_value *value, const char *name, size_t size) {
        return value->type == BP_T_UNDEFINED && value->unused == BP_SHAPE_NOTHING ? *value
                                                                                  : bp_value_undefined(name, size);
}

bool bp_value_integer(const struct bp_value *value, int64_t *ret_integer) {
        if (value->type == BP_INT)
                *ret_integer = value->as.integer;
        else if (value->type == BP_BOOL)
                *ret_integer = value->as.boolean;
        else
                return false;
        return true;
}

const char *bp_value_kind(const struct bp_value *value) {
        static const char *const shapes[] = {
                [BP_SHAPE_PLAIN] = "list",     [BP_SHAPE_TUPLE] = "tuple",        [BP_SHAPE_GROUP] = "tuple",
                [BP_SHAPE_KEYS] = "dict_keys", [BP_SHAPE_VALUES] = "dict_values", [BP_SHAPE_ITEMS] = "dict_items",
                [BP_SHAPE_MARKUP] = "str",
        };
        static const char *const internal[] = {
                [0] = "undefined",
                [BP_T_DICT - BP_T_UNDEFINED] = "dict",
                [BP_T_RANGE - BP_T_UNDEFINED] = "range",
                [BP_T_GENERATOR - BP_T_UNDEFINED] = "generator",
                [BP_T_NAMESPACE - BP_T_UNDEFINED] = "namespace",
                [BP_T_CYCLER - BP_T_UNDEFINED] = "cycler",
                [BP_T_JOINER - BP_T_UNDEFINED] = "joiner",
                [BP_T_LOOP - BP_T_UNDEFINED] = "loop",
        };

        if (value->type == BP_LIST)
                return shapes[value->unused];
        if (value->type >= BP_T_UNDEFINED)
                return internal[value->type - BP_T_UNDEFINED];
        return bp_value_python_type(value);
}

static int check_depth(struct bp_evaluation *evaluation, unsigned depth) {
        return depth > evaluation->limits->depth ? bp_eval_limit(evaluation, "depth") : 0;
}

int bp_value_list(struct bp_evaluation *evaluation, enum bp_shape shape, const struct bp_value *items, uint32_t count,
                  struct bp_value *ret_value) {
        unsigned depth = 0;

        for (uint32_t i = 0; i < count; i++) {
                if (items[i].depth > depth)
                        depth = items[i].depth;
                evaluation->foreign |= items[i].type >= BP_T_UNDEFINED;
        }
        evaluation->foreign |= shape != BP_SHAPE_PLAIN;
        *ret_value = (struct bp_value){.type = BP_LIST,
                                       .depth = (uint8_t)(depth + 1),
                                       .unused = (uint16_t)shape,
                                       .count = count,
                                       .as.items = items};
        return check_depth(evaluation, depth + 1);
}

int bp_value_pair(struct bp_evaluation *evaluation, const struct bp_value *first, const struct bp_value *second,
                  struct bp_value *ret_value) {
        struct bp_value *items = bp_arena_array(evaluation->arena, 2, sizeof(*items));

        if (!items)
                return -ENOMEM;
        items[0] = *first;
        items[1] = *second;
        return bp_value_list(evaluation, BP_SHAPE_TUPLE, items, 2, ret_value);
}

void bp_mapping_entry(const struct bp_value *mapping, uint32_t number, struct bp_value *ret_key,
                      struct bp_value *ret_value) {
        if (mapping->type == BP_T_DICT) {
                *ret_key = mapping->as.items[2 * (size_t)number];
                *ret_value = mapping->as.items[2 * (size_t)number + 1];
                return;
        }
        *ret_key = bp_value_text_borrow(mapping->as.members[number].key, mapping->as.members[number].key_size);
        *ret_value = mapping->as.members[number].value;
}

/* What Python cannot use as a key. */
static int check_key(struct bp_evaluation *evaluation, const struct bp_value *key) {
        if (key->type == BP_OBJECT || key->type == BP_T_DICT || (key->type == BP_LIST && !bp_value_is_tuple(key)))
                return bp_eval_type_error(evaluation, "unhashable type: '%s'", bp_value_kind(key));
        if (key->type == BP_LIST)
                for (uint32_t i = 0; i < key->count; i++) {
                        int r = check_key(evaluation, &key->as.items[i]);

                        if (r != 0)
                                return r;
                }
        if (bp_eval_is_forbidden(evaluation, key))
                return bp_eval_undefined_error(evaluation, key);
        return 0;
}

static int find_pair(struct bp_evaluation *evaluation, const struct bp_value *pairs, uint32_t count,
                     const struct bp_value *key, uint32_t *ret_number) {
        for (uint32_t i = 0; i < count; i++) {
                bool equal;
                int r = bp_equal(evaluation, &pairs[2 * (size_t)i], key, &equal);

                if (r != 0)
                        return r;
                if (equal) {
                        *ret_number = i;
                        return 0;
                }
        }
        *ret_number = UINT32_MAX;
        return 0;
}

int bp_mapping_get(struct bp_evaluation *evaluation, const struct bp_value *mapping, const struct bp_value *key,
                   bool *ret_found, struct bp_value *ret_value) {
        uint32_t number;
        int r = check_key(evaluation, key);

        if (r != 0)
                return r;
        if (mapping->type == BP_OBJECT) {
                const struct bp_value *found =
                        key->type == BP_STRING ? bp_value_get_n(mapping, key->as.text, key->count) : NULL;

                *ret_found = found != NULL;
                if (found)
                        *ret_value = *found;
                return 0;
        }
        r = find_pair(evaluation, mapping->as.items, mapping->count, key, &number);
        if (r != 0)
                return r;
        *ret_found = number != UINT32_MAX;
        if (*ret_found)
                *ret_value = mapping->as.items[2 * (size_t)number + 1];
        return 0;
}

int bp_list_append(struct bp_evaluation *evaluation, struct bp_list_builder *list, const struct bp_value *value) {
        int r;

        if (list->count >= evaluation->limits->result_items)
                return bp_eval_limit(evaluation, "items");
        r = check_depth(evaluation, value->depth + 1u);
        if (r == 0)
                r = bp_eval_work(evaluation, 1);
        if (r != 0)
                return r;
        bp_list_add(list, *value);
        return list->error == -E2BIG ? bp_eval_limit(evaluation, "depth") : list->error;
}

int bp_list_close(struct bp_evaluation *evaluation, struct bp_list_builder *list, enum bp_shape shape,
                  struct bp_value *ret_value) {
        return bp_value_list(evaluation, shape, list->items, list->count, ret_value);
}

/* What failed while an item was made is only told to whom asks for that item, as Python's generators do. */
int bp_generator_close(struct bp_evaluation *evaluation, struct bp_list_builder *list, int failure,
                       struct bp_value *ret_value) {
        struct bp_generator *generator = bp_arena_alloc(evaluation->arena, sizeof(*generator));
        int r;

        if (failure < 0)
                return failure;
        if (!generator)
                return -ENOMEM;
        if (failure) {
                if (strcmp(evaluation->problem->code, "TEMPLATE_LIMIT") == 0)
                        return failure;
                generator->code = evaluation->problem->code;
                generator->message = bp_arena_text(evaluation->arena, evaluation->problem->message,
                                                   strlen(evaluation->problem->message));
                if (!generator->message)
                        return -ENOMEM;
                evaluation->failed = false;
        }
        r = bp_list_close(evaluation, list, BP_SHAPE_PLAIN, &generator->items);
        if (r == 0)
                *ret_value = bp_value_internal(evaluation, BP_T_GENERATOR, generator, generator->items.depth);
        return r;
}

void bp_mapping_init(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping) {
        bp_list_init(&mapping->pairs, evaluation->arena);
        bp_object_init(&mapping->object, evaluation->arena);
        mapping->text_only = true;
}

static int set_in_object(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping,
                         const struct bp_value *key, const struct bp_value *value) {
        int r;

        if (mapping->object.count >= evaluation->limits->result_items)
                return bp_eval_limit(evaluation, "items");
        r = check_depth(evaluation, value->depth + 1u);
        if (r == 0)
                r = bp_eval_work(evaluation, 1);
        if (r != 0)
                return r;
        bp_object_set(&mapping->object, key->as.text, key->count, *value);
        return mapping->object.error == -E2BIG ? bp_eval_limit(evaluation, "depth") : mapping->object.error;
}

static int set_in_pairs(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping,
                        const struct bp_value *key, const struct bp_value *value) {
        struct bp_list_builder *pairs = &mapping->pairs;
        uint32_t number;
        int r = bp_eval_work(evaluation, pairs->count / 2);

        if (r == 0)
                r = find_pair(evaluation, pairs->items, pairs->count / 2, key, &number);
        if (r != 0)
                return r;
        if (number != UINT32_MAX) {
                pairs->items[2 * (size_t)number + 1] = *value;
                return check_depth(evaluation, value->depth + 1u);
        }
        r = bp_list_append(evaluation, pairs, key);
        return r != 0 ? r : bp_list_append(evaluation, pairs, value);
}

static int move_to_pairs(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping) {
        int r = 0;

        for (uint32_t i = 0; r == 0 && i < mapping->object.count; i++) {
                const struct bp_member *member = &mapping->object.members[i];
                struct bp_value key = bp_value_text_borrow(member->key, member->key_size);

                r = bp_list_append(evaluation, &mapping->pairs, &key);
                if (r == 0)
                        r = bp_list_append(evaluation, &mapping->pairs, &member->value);
        }
        mapping->text_only = false;
        return r;
}

int bp_mapping_set(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping, const struct bp_value *key,
                   const struct bp_value *value) {
        int r = check_key(evaluation, key);

        if (r != 0)
                return r;
        if (mapping->text_only && key->type == BP_STRING)
                return set_in_object(evaluation, mapping, key, value);
        if (mapping->text_only)
                r = move_to_pairs(evaluation, mapping);
        return r != 0 ? r : set_in_pairs(evaluation, mapping, key, value);
}

int bp_mapping_close(struct bp_evaluation *evaluation, struct bp_mapping_builder *mapping, struct bp_value *ret_value) {
        int r;

        evaluation->foreign = true;
        if (mapping->text_only) {
                r = bp_object_finish(&mapping->object, ret_value);
                if (r != 0)
                        return r == -E2BIG ? bp_eval_limit(evaluation, "depth") : r;
                ret_value->unused = BP_SHAPE_OWN;
                return 0;
        }
        r = bp_list_close(evaluation, &mapping->pairs, BP_SHAPE_PLAIN, ret_value);
        if (r != 0)
                return r;
        ret_value->type = BP_T_DICT;
        ret_value->count /= 2;
        return 0;
}

static int export_list(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_value *items = bp_arena_array(evaluation->arena, value->count, sizeof(*items));

        if (!items)
                return -ENOMEM;
        for (uint32_t i = 0; i < value->count; i++) {
                int r = bp_value_export(evaluation, &value->as.items[i], &items[i]);

                if (r != 0)
                        return r;
        }
        return bp_value_list(evaluation, BP_SHAPE_PLAIN, items, value->count, ret_value);
}

static int export_items(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_value list;
        int r = bp_value_items(evaluation, value, &list);

        return r != 0 ? r : export_list(evaluation, &list, ret_value);
}

/* As Python's json module names keys that are not text. */
static int export_key(struct bp_evaluation *evaluation, const struct bp_value *key, struct bp_value *ret_text) {
        switch (key->type) {
        case BP_NULL:
                *ret_text = bp_value_text_borrow("null", 4);
                return 0;
        case BP_BOOL:
                *ret_text = key->as.boolean ? bp_value_text_borrow("true", 4) : bp_value_text_borrow("false", 5);
                return 0;
        case BP_INT:
        case BP_FLOAT:
        case BP_STRING:
                return bp_text_of(evaluation, key, ret_text);
        default:
                return bp_eval_type_error(evaluation, "a key of an object must be a text, not '%s'",
                                          bp_value_kind(key));
        }
}

static int export_mapping(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_object_builder object;

        bp_object_init(&object, evaluation->arena);
        for (uint32_t i = 0; i < value->count; i++) {
                struct bp_value key, name = bp_value_null, member;
                int r;

                bp_mapping_entry(value, i, &key, &member);
                r = export_key(evaluation, &key, &name);
                if (r == 0)
                        r = bp_value_export(evaluation, &member, &member);
                if (r != 0)
                        return r;
                bp_object_set(&object, name.as.text, name.count, member);
        }
        return bp_object_finish(&object, ret_value);
}

int bp_value_export(struct bp_evaluation *evaluation, const struct bp_value *value, struct bp_value *ret_value) {
        int r = bp_eval_work(evaluation, 1);

        if (r != 0)
                return r;
        switch (value->type) {
        case BP_FLOAT:
                if (!isfinite(value->as.number))
                        return bp_eval_fail(evaluation, "TEMPLATE_ARITHMETIC", "the result is not a finite number");
                break;
        case BP_STRING:
                *ret_value = *value;
                ret_value->unused = BP_SHAPE_PLAIN;
                return 0;
        case BP_LIST:
                return export_list(evaluation, value, ret_value);
        case BP_OBJECT:
        case BP_T_DICT:
                return export_mapping(evaluation, value, ret_value);
        case BP_T_UNDEFINED:
                if (bp_eval_is_forbidden(evaluation, value))
                        return bp_eval_undefined_error(evaluation, value);
                *ret_value = bp_value_empty_text;
                return 0;
        case BP_T_RANGE:
        case BP_T_GENERATOR:
                return export_items(evaluation, value, ret_value);
        case BP_T_NAMESPACE:
        case BP_T_CYCLER:
        case BP_T_JOINER:
        case BP_T_LOOP:
                return bp_eval_type_error(evaluation, "a %s is not a JSON value", bp_value_kind(value));
        default:
                break;
        }
        *ret_value = *value;
        return 0;
}
