/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file value.h
 * JSON values as the whole program keeps them: immutable, in an arena, shared freely.
 *
 * A value is 16 bytes and is copied by assignment; what it points to (text, items, members) belongs to the arena it
 * was built in and is never changed afterwards. Text is valid UTF-8 without NUL and is NUL-terminated. Every value
 * knows its depth, which the builders bound, so that code may recurse over a value.
 */
#ifndef BP_BASE_VALUE_H
#define BP_BASE_VALUE_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_member;
struct bp_strbuf;

/** Deepest nesting a value can have; a list of scalars has depth 1. */
#define BP_VALUE_DEPTH_MAX 128

/** One JSON value. Read `as` by `type`. */
struct bp_value {
        uint8_t type;  /**< enum bp_type */
        uint8_t depth; /**< 0 for scalars, else 1 + that of the deepest child */
        uint16_t unused;
        uint32_t count; /**< bytes of a text, items of a list, members of an object */
        union {
                bool boolean;
                int64_t integer;
                double number;
                const char *text;
                const struct bp_value *items;
                const struct bp_member *members; /**< in insertion order */
        } as;
};

/** One member of an object. */
struct bp_member {
        const char *key; /**< NUL-terminated */
        uint32_t key_size;
        uint32_t unused;
        struct bp_value value;
};

/** The constants. */
extern const struct bp_value bp_value_null, bp_value_true, bp_value_false, bp_value_empty_text, bp_value_empty_list,
        bp_value_empty_object;

/** A boolean. */
static inline struct bp_value bp_value_bool(bool value) {
        return (struct bp_value){.type = BP_BOOL, .as.boolean = value};
}

/** An integer. */
static inline struct bp_value bp_value_int(int64_t value) {
        return (struct bp_value){.type = BP_INT, .as.integer = value};
}

/** A float; the caller has checked that it is finite where it will leave the process. */
static inline struct bp_value bp_value_float(double value) {
        return (struct bp_value){.type = BP_FLOAT, .as.number = value};
}

/** A text that borrows NUL-terminated bytes, which must live as long as the value. */
static inline struct bp_value bp_value_text_borrow(const char *text, size_t size) {
        return (struct bp_value){.type = BP_STRING, .count = (uint32_t)size, .as.text = text};
}

/** A text with its own copy of the bytes. @return 0, -ENOMEM, or -E2BIG from 4 GiB on. */
int bp_value_text(struct bp_arena *arena, const char *text, size_t size, struct bp_value *ret_value);

/** A text from a NUL-terminated one. @return as bp_value_text(). */
int bp_value_text_z(struct bp_arena *arena, const char *text, struct bp_value *ret_value);

/** True for an integer or a float. */
static inline bool bp_value_is_number(const struct bp_value *value) {
        return value->type == BP_INT || value->type == BP_FLOAT;
}

/** An integer, float or boolean as a double. */
double bp_value_as_float(const struct bp_value *value);

/** True when `value` is the text `text`. */
bool bp_value_is_text(const struct bp_value *value, const char *text);

/** The member of an object, or NULL when there is none, or when it is no object. Constant time on large objects. */
const struct bp_value *bp_value_get(const struct bp_value *object, const char *key);

/** Same for a key of known size. */
const struct bp_value *bp_value_get_n(const struct bp_value *object, const char *key, size_t key_size);

/** The value a JSON Pointer names ("" for the root), or NULL. Tokens of more than 255 bytes name nothing. */
const struct bp_value *bp_value_at(const struct bp_value *root, const char *pointer);

/** Reads a token of a JSON Pointer as the index of an item: digits without a leading zero. @return false when it is
 * none. */
bool bp_pointer_index(const char *token, size_t *ret_index);

/** Python's truth: null, false, 0, "", [] and {} are false. */
bool bp_value_truth(const struct bp_value *value);

/** Python's equality: 1 == 1.0 == true, objects without regard to order. */
bool bp_value_equal(const struct bp_value *a, const struct bp_value *b);

/**
 * Python's order: numbers (booleans as 0 and 1) by size, text by code points, lists item by item.
 * @return 0, or 1 when the two have no order (other kinds, text with number); `ret_order` is then untouched.
 */
int bp_value_compare(const struct bp_value *a, const struct bp_value *b, int *ret_order);

/** A copy, everything below included, in another arena. @return 0 or -ENOMEM. */
int bp_value_copy(struct bp_arena *arena, const struct bp_value *value, struct bp_value *ret_value);

/** Bytes that bp_value_pack() fills: a multiple of 8, 0 for what has nothing below it. */
size_t bp_value_pack_size(const struct bp_value *value);

/**
 * Copies a value, everything below included, into one block of bp_value_pack_size() bytes aligned to 8: for values
 * that live long and are thrown away one by one. The copy is good in this process only.
 * @return the first byte behind what was filled
 */
void *bp_value_pack(void *memory, const struct bp_value *value, struct bp_value *ret_value);

/** Python's name of the kind: str int float bool dict list NoneType. */
const char *bp_value_python_type(const struct bp_value *value);

/** Appends a float in its shortest form that reads back the same, as Python writes it: 3.0, 1e-07, nan, inf. */
void bp_value_write_float(struct bp_strbuf *buffer, double number);

/** Appends the textual form (Python's str): text as it is, True, None, 2.0, ['a', 1], {'k': 'v'}. */
void bp_value_write_text(struct bp_strbuf *buffer, const struct bp_value *value);

/** Appends the textual form with quotes around text (Python's repr). */
void bp_value_write_repr(struct bp_strbuf *buffer, const struct bp_value *value);

/** A list under construction. A failure sticks. */
struct bp_list_builder {
        struct bp_arena *arena;
        struct bp_value *items;
        uint32_t count, capacity;
        uint8_t depth;
        int error;
};

/** An empty list under construction. */
void bp_list_init(struct bp_list_builder *list, struct bp_arena *arena);

/** Appends a value; what it points to must live as long as the list. */
void bp_list_add(struct bp_list_builder *list, struct bp_value value);

/** The finished list. The builder must not be used any more. @return 0, -ENOMEM, or -E2BIG when too deep. */
int bp_list_finish(struct bp_list_builder *list, struct bp_value *ret_value);

/** An object under construction. A failure sticks. */
struct bp_object_builder {
        struct bp_arena *arena;
        struct bp_member *members;
        uint32_t *index;
        uint32_t count, capacity, index_size;
        uint8_t depth;
        int error;
};

/** An empty object under construction. */
void bp_object_init(struct bp_object_builder *object, struct bp_arena *arena);

/** Sets a member and copies the key; an existing key keeps its place and gets the new value. */
void bp_object_set(struct bp_object_builder *object, const char *key, size_t key_size, struct bp_value value);

/** Same for a NUL-terminated key that lives as long as the object and is not copied. */
void bp_object_set_z(struct bp_object_builder *object, const char *key, struct bp_value value);

/** Sets every member of another object. */
void bp_object_merge(struct bp_object_builder *object, const struct bp_value *other);

/** True when the key is there. */
bool bp_object_has(const struct bp_object_builder *object, const char *key, size_t key_size);

/** The finished object. The builder must not be used any more. @return as bp_list_finish(). */
int bp_object_finish(struct bp_object_builder *object, struct bp_value *ret_value);

#endif
