/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of values: building, reading, comparing. Their textual form is in value_text.c. */
#include "base/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/id.h"
#include "base/memory.h"

const struct bp_value bp_value_null = {.type = BP_NULL};
const struct bp_value bp_value_true = {.type = BP_BOOL, .as.boolean = true};
const struct bp_value bp_value_false = {.type = BP_BOOL, .as.boolean = false};
const struct bp_value bp_value_empty_text = {.type = BP_STRING, .as.text = ""};
const struct bp_value bp_value_empty_list = {.type = BP_LIST, .depth = 1};
const struct bp_value bp_value_empty_object = {.type = BP_OBJECT, .depth = 1};

int bp_value_text(struct bp_arena *arena, const char *text, size_t size, struct bp_value *ret_value) {
        char *copy;

        if (size > UINT32_MAX)
                return -E2BIG;
        copy = bp_arena_text(arena, text, size);
        if (!copy)
                return -ENOMEM;
        *ret_value = bp_value_text_borrow(copy, size);
        return 0;
}

int bp_value_text_z(struct bp_arena *arena, const char *text, struct bp_value *ret_value) {
        return bp_value_text(arena, text, strlen(text), ret_value);
}

double bp_value_as_float(const struct bp_value *value) {
        switch (value->type) {
        case BP_BOOL:
                return value->as.boolean ? 1.0 : 0.0;
        case BP_INT:
                return (double)value->as.integer;
        case BP_FLOAT:
                return value->as.number;
        default:
                return 0.0;
        }
}

bool bp_value_is_text(const struct bp_value *value, const char *text) {
        return value->type == BP_STRING && strlen(text) == value->count &&
               memcmp(value->as.text, text, value->count) == 0;
}

/*
 * Objects of more than SMALL_OBJECT members carry a hash index: open addressing, entries are member numbers plus one.
 * It stands right in front of the members, so that a value needs no further pointer.
 */
enum { SMALL_OBJECT = 16 };

static uint32_t index_size_for(uint32_t count) {
        uint32_t size = 64;

        while (size / 2 < count)
                size *= 2;
        return size;
}

/* Keys come from outsiders: the kernel's random bytes keep them from choosing collisions. */
static uint32_t key_slot(const char *key, size_t size, uint32_t index_size) {
        uint64_t seed;

        memcpy(&seed, (const void *)getauxval(AT_RANDOM), sizeof(seed)); /* NOLINT(performance-no-int-to-ptr) */
        return (uint32_t)bp_hash64(key, size, seed) & (index_size - 1);
}

static bool key_is(const struct bp_member *member, const char *key, size_t size) {
        return member->key_size == size && memcmp(member->key, key, size) == 0;
}

static const struct bp_member *find_indexed(const uint32_t *index, uint32_t index_size, const struct bp_member *members,
                                            const char *key, size_t size) {
        for (uint32_t slot = key_slot(key, size, index_size); index[slot]; slot = (slot + 1) & (index_size - 1)) {
                const struct bp_member *member = &members[index[slot] - 1];

                if (key_is(member, key, size))
                        return member;
        }
        return NULL;
}

static const struct bp_member *find_linear(const struct bp_member *members, uint32_t count, const char *key,
                                           size_t size) {
        for (uint32_t i = 0; i < count; i++)
                if (key_is(&members[i], key, size))
                        return &members[i];
        return NULL;
}

static void index_insert(uint32_t *index, uint32_t index_size, const struct bp_member *member, uint32_t number) {
        uint32_t slot = key_slot(member->key, member->key_size, index_size);

        while (index[slot])
                slot = (slot + 1) & (index_size - 1);
        index[slot] = number + 1;
}

const struct bp_value *bp_value_get_n(const struct bp_value *object, const char *key, size_t key_size) {
        const struct bp_member *member;

        if (object->type != BP_OBJECT || object->count == 0)
                return NULL;
        if (object->count > SMALL_OBJECT) {
                uint32_t index_size = index_size_for(object->count);
                const uint32_t *index = (const uint32_t *)(const void *)object->as.members - index_size;

                member = find_indexed(index, index_size, object->as.members, key, key_size);
        } else {
                member = find_linear(object->as.members, object->count, key, key_size);
        }
        return member ? &member->value : NULL;
}

const struct bp_value *bp_value_get(const struct bp_value *object, const char *key) {
        return bp_value_get_n(object, key, strlen(key));
}

static size_t unescape_token(const char *pointer, size_t size, char *token) {
        size_t used = 0;

        for (size_t i = 0; i < size; i++) {
                if (pointer[i] == '~' && i + 1 < size && (pointer[i + 1] == '0' || pointer[i + 1] == '1'))
                        token[used++] = pointer[++i] == '0' ? '~' : '/';
                else
                        token[used++] = pointer[i];
        }
        return used;
}

bool bp_pointer_index(const char *token, size_t *ret_index) {
        size_t index = 0;

        if (!*token || (token[0] == '0' && token[1]))
                return false;
        for (; *token; token++) {
                if (*token < '0' || *token > '9' || index > UINT32_MAX)
                        return false;
                index = index * 10 + (size_t)(*token - '0');
        }
        *ret_index = index;
        return true;
}

const struct bp_value *bp_value_at(const struct bp_value *root, const char *pointer) {
        const struct bp_value *value = root;

        if (*pointer && *pointer != '/')
                return NULL;
        while (value && *pointer) {
                size_t size = strcspn(++pointer, "/");
                char token[256];
                size_t token_size;

                if (size >= sizeof(token))
                        return NULL;
                token_size = unescape_token(pointer, size, token);
                token[token_size] = '\0';
                pointer += size;
                if (value->type == BP_LIST) {
                        size_t index;

                        value = bp_pointer_index(token, &index) && index < value->count ? &value->as.items[index]
                                                                                        : NULL;
                } else {
                        value = bp_value_get_n(value, token, token_size);
                }
        }
        return value;
}

bool bp_value_truth(const struct bp_value *value) {
        switch (value->type) {
        case BP_BOOL:
                return value->as.boolean;
        case BP_INT:
                return value->as.integer != 0;
        case BP_FLOAT:
                return value->as.number != 0.0;
        case BP_STRING:
        case BP_LIST:
        case BP_OBJECT:
                return value->count != 0;
        default:
                return false;
        }
}

static bool is_numeric(const struct bp_value *value) {
        return value->type == BP_INT || value->type == BP_FLOAT || value->type == BP_BOOL;
}

/* Exact, also where an integer has more digits than a double can hold. @return -1, 0, 1, or 2 for nan. */
static int order_int_float(int64_t integer, double number) {
        int64_t whole;

        if (isnan(number))
                return 2;
        if (number >= 9223372036854775808.0)
                return -1;
        if (number < -9223372036854775808.0)
                return 1;
        whole = (int64_t)number;
        if (integer != whole)
                return integer < whole ? -1 : 1;
        return (number > (double)whole) ? -1 : (number < (double)whole) ? 1 : 0;
}

static int64_t as_integer(const struct bp_value *value) {
        return value->type == BP_BOOL ? (value->as.boolean ? 1 : 0) : value->as.integer;
}

static int order_numbers(const struct bp_value *a, const struct bp_value *b) {
        int order;

        if (a->type == BP_FLOAT && b->type == BP_FLOAT) {
                if (isnan(a->as.number) || isnan(b->as.number))
                        return 2;
                return a->as.number < b->as.number ? -1 : a->as.number > b->as.number;
        }
        if (b->type == BP_FLOAT)
                return order_int_float(as_integer(a), b->as.number);
        if (a->type == BP_FLOAT) {
                order = order_int_float(as_integer(b), a->as.number);
                return order == 2 ? 2 : -order;
        }
        return as_integer(a) < as_integer(b) ? -1 : as_integer(a) > as_integer(b);
}

static bool equal_objects(const struct bp_value *a, const struct bp_value *b) {
        if (a->count != b->count)
                return false;
        for (uint32_t i = 0; i < a->count; i++) {
                const struct bp_member *member = &a->as.members[i];
                const struct bp_value *other = bp_value_get_n(b, member->key, member->key_size);

                if (!other || !bp_value_equal(&member->value, other))
                        return false;
        }
        return true;
}

bool bp_value_equal(const struct bp_value *a, const struct bp_value *b) {
        if (is_numeric(a) && is_numeric(b))
                return order_numbers(a, b) == 0;
        if (a->type != b->type)
                return false;
        switch (a->type) {
        case BP_STRING:
                return a->count == b->count && memcmp(a->as.text, b->as.text, a->count) == 0;
        case BP_LIST:
                if (a->count != b->count)
                        return false;
                for (uint32_t i = 0; i < a->count; i++)
                        if (!bp_value_equal(&a->as.items[i], &b->as.items[i]))
                                return false;
                return true;
        case BP_OBJECT:
                return equal_objects(a, b);
        default:
                return true;
        }
}

static int order_texts(const struct bp_value *a, const struct bp_value *b) {
        uint32_t common = a->count < b->count ? a->count : b->count;
        int order = common ? memcmp(a->as.text, b->as.text, common) : 0;

        if (order == 0)
                order = a->count < b->count ? -1 : a->count > b->count;
        return order < 0 ? -1 : order > 0;
}

int bp_value_compare(const struct bp_value *a, const struct bp_value *b, int *ret_order) {
        if (is_numeric(a) && is_numeric(b)) {
                int order = order_numbers(a, b);

                if (order == 2)
                        return 1;
                *ret_order = order;
                return 0;
        }
        if (a->type == BP_STRING && b->type == BP_STRING) {
                *ret_order = order_texts(a, b);
                return 0;
        }
        if (a->type != BP_LIST || b->type != BP_LIST)
                return 1;
        for (uint32_t i = 0; i < a->count && i < b->count; i++)
                if (!bp_value_equal(&a->as.items[i], &b->as.items[i]))
                        return bp_value_compare(&a->as.items[i], &b->as.items[i], ret_order);
        *ret_order = a->count < b->count ? -1 : a->count > b->count;
        return 0;
}

static int copy_list(struct bp_arena *arena, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_list_builder list;

        bp_list_init(&list, arena);
        for (uint32_t i = 0; i < value->count; i++) {
                struct bp_value item;
                int r = bp_value_copy(arena, &value->as.items[i], &item);

                if (r < 0)
                        return r;
                bp_list_add(&list, item);
        }
        return bp_list_finish(&list, ret_value);
}

static int copy_object(struct bp_arena *arena, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_object_builder object;

        bp_object_init(&object, arena);
        for (uint32_t i = 0; i < value->count; i++) {
                const struct bp_member *member = &value->as.members[i];
                struct bp_value copy;
                int r = bp_value_copy(arena, &member->value, &copy);

                if (r < 0)
                        return r;
                bp_object_set(&object, member->key, member->key_size, copy);
        }
        return bp_object_finish(&object, ret_value);
}

int bp_value_copy(struct bp_arena *arena, const struct bp_value *value, struct bp_value *ret_value) {
        switch (value->type) {
        case BP_STRING:
                return bp_value_text(arena, value->as.text, value->count, ret_value);
        case BP_LIST:
                return copy_list(arena, value, ret_value);
        case BP_OBJECT:
                return copy_object(arena, value, ret_value);
        default:
                *ret_value = *value;
                return 0;
        }
}

/* Parts of a packed value start at multiples of 8, as in an arena. */
static size_t packed(size_t size) {
        return (size + 7) & ~(size_t)7;
}

/* An empty text needs no memory. */
static size_t text_bytes(uint32_t size) {
        return size > 0 ? packed((size_t)size + 1) : 0;
}

static size_t index_bytes_of(const struct bp_value *object) {
        return object->count > SMALL_OBJECT ? index_size_for(object->count) * sizeof(uint32_t) : 0;
}

size_t bp_value_pack_size(const struct bp_value *value) {
        size_t size = 0;

        switch (value->type) {
        case BP_STRING:
                return text_bytes(value->count);
        case BP_LIST:
                for (uint32_t i = 0; i < value->count; i++)
                        size += sizeof(struct bp_value) + bp_value_pack_size(&value->as.items[i]);
                return size;
        case BP_OBJECT:
                for (uint32_t i = 0; i < value->count; i++)
                        size += sizeof(struct bp_member) + text_bytes(value->as.members[i].key_size) +
                                bp_value_pack_size(&value->as.members[i].value);
                return size + index_bytes_of(value);
        default:
                return 0;
        }
}

static unsigned char *pack_text(unsigned char *memory, const char *text, uint32_t size, const char **ret_text) {
        if (size == 0) {
                *ret_text = "";
                return memory;
        }
        memcpy(memory, text, size);
        memory[size] = '\0';
        *ret_text = (const char *)memory;
        return memory + text_bytes(size);
}

static unsigned char *pack(unsigned char *memory, const struct bp_value *value, struct bp_value *ret_value);

static unsigned char *pack_list(unsigned char *memory, const struct bp_value *value, struct bp_value *ret_value) {
        struct bp_value *items = (struct bp_value *)(void *)memory;

        memory += value->count * sizeof(*items);
        for (uint32_t i = 0; i < value->count; i++)
                memory = pack(memory, &value->as.items[i], &items[i]);
        *ret_value = *value;
        ret_value->as.items = items;
        return memory;
}

static unsigned char *pack_object(unsigned char *memory, const struct bp_value *value, struct bp_value *ret_value) {
        size_t index_bytes = index_bytes_of(value);
        struct bp_member *members = (struct bp_member *)(void *)(memory + index_bytes);

        if (index_bytes)
                memcpy(memory, (const unsigned char *)value->as.members - index_bytes, index_bytes);
        memory += index_bytes + value->count * sizeof(*members);
        for (uint32_t i = 0; i < value->count; i++) {
                const struct bp_member *member = &value->as.members[i];

                members[i] = *member;
                memory = pack_text(memory, member->key, member->key_size, &members[i].key);
                memory = pack(memory, &member->value, &members[i].value);
        }
        *ret_value = *value;
        ret_value->as.members = members;
        return memory;
}

static unsigned char *pack(unsigned char *memory, const struct bp_value *value, struct bp_value *ret_value) {
        switch (value->type) {
        case BP_STRING:
                *ret_value = *value;
                return pack_text(memory, value->as.text, value->count, &ret_value->as.text);
        case BP_LIST:
                return pack_list(memory, value, ret_value);
        case BP_OBJECT:
                return pack_object(memory, value, ret_value);
        default:
                *ret_value = *value;
                return memory;
        }
}

void *bp_value_pack(void *memory, const struct bp_value *value, struct bp_value *ret_value) {
        return pack(memory, value, ret_value);
}

void bp_list_init(struct bp_list_builder *list, struct bp_arena *arena) {
        *list = (struct bp_list_builder){.arena = arena};
}

void bp_list_add(struct bp_list_builder *list, struct bp_value value) {
        if (list->error)
                return;
        if (value.depth >= BP_VALUE_DEPTH_MAX || list->count == UINT32_MAX / 2) {
                list->error = -E2BIG;
                return;
        }
        if (list->count == list->capacity) {
                uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
                struct bp_value *items = bp_arena_grow(list->arena, list->items, list->capacity * sizeof(*items),
                                                       capacity * sizeof(*items));

                if (!items) {
                        list->error = -ENOMEM;
                        return;
                }
                list->items = items;
                list->capacity = capacity;
        }
        if (value.depth > list->depth)
                list->depth = value.depth;
        list->items[list->count++] = value;
}

int bp_list_finish(struct bp_list_builder *list, struct bp_value *ret_value) {
        if (list->error)
                return list->error;
        *ret_value = (struct bp_value){
                .type = BP_LIST, .depth = (uint8_t)(list->depth + 1), .count = list->count, .as.items = list->items};
        return 0;
}

void bp_object_init(struct bp_object_builder *object, struct bp_arena *arena) {
        *object = (struct bp_object_builder){.arena = arena};
}

static struct bp_member *find_in_builder(const struct bp_object_builder *object, const char *key, size_t size) {
        const struct bp_member *found;

        if (object->index)
                found = find_indexed(object->index, object->index_size, object->members, key, size);
        else
                found = find_linear(object->members, object->count, key, size);
        return found ? &object->members[found - object->members] : NULL;
}

bool bp_object_has(const struct bp_object_builder *object, const char *key, size_t key_size) {
        return find_in_builder(object, key, key_size) != NULL;
}

static int reserve_member(struct bp_object_builder *object) {
        if (object->count == UINT32_MAX / 4)
                return -E2BIG;
        if (!object->members || object->count == object->capacity) {
                uint32_t capacity = object->capacity ? object->capacity * 2 : 4;
                struct bp_member *members =
                        bp_arena_grow(object->arena, object->members, object->capacity * sizeof(*members),
                                      capacity * sizeof(*members));

                if (!members)
                        return -ENOMEM;
                object->members = members;
                object->capacity = capacity;
        }
        if (object->count >= SMALL_OBJECT && index_size_for(object->count + 1) != object->index_size) {
                uint32_t index_size = index_size_for(object->count + 1);
                uint32_t *index = bp_arena_array(object->arena, index_size, sizeof(*index));

                if (!index)
                        return -ENOMEM;
                for (uint32_t i = 0; i < object->count; i++)
                        index_insert(index, index_size, &object->members[i], i);
                object->index = index;
                object->index_size = index_size;
        }
        return 0;
}

static void set_member(struct bp_object_builder *object, const char *key, size_t key_size, bool copy_key,
                       struct bp_value value) {
        struct bp_member *member;

        if (object->error)
                return;
        if (value.depth >= BP_VALUE_DEPTH_MAX || key_size > UINT32_MAX) {
                object->error = -E2BIG;
                return;
        }
        if (value.depth > object->depth)
                object->depth = value.depth;
        member = find_in_builder(object, key, key_size);
        if (member) {
                member->value = value;
                return;
        }
        if (copy_key) {
                key = bp_arena_text(object->arena, key, key_size);
                if (!key) {
                        object->error = -ENOMEM;
                        return;
                }
        }
        object->error = reserve_member(object);
        if (object->error)
                return;
        member = &object->members[object->count];
        *member = (struct bp_member){.key = key, .key_size = (uint32_t)key_size, .value = value};
        if (object->index)
                index_insert(object->index, object->index_size, member, object->count);
        object->count++;
}

void bp_object_set(struct bp_object_builder *object, const char *key, size_t key_size, struct bp_value value) {
        set_member(object, key, key_size, true, value);
}

void bp_object_set_z(struct bp_object_builder *object, const char *key, struct bp_value value) {
        set_member(object, key, strlen(key), false, value);
}

void bp_object_merge(struct bp_object_builder *object, const struct bp_value *other) {
        for (uint32_t i = 0; i < other->count; i++) {
                const struct bp_member *member = &other->as.members[i];

                set_member(object, member->key, member->key_size, false, member->value);
        }
}

int bp_object_finish(struct bp_object_builder *object, struct bp_value *ret_value) {
        const struct bp_member *members = object->members;

        if (object->error)
                return object->error;
        if (object->index) {
                size_t index_bytes = object->index_size * sizeof(uint32_t);
                size_t member_bytes = object->count * sizeof(struct bp_member);
                unsigned char *block = bp_arena_alloc(object->arena, index_bytes + member_bytes);

                if (!block)
                        return -ENOMEM;
                memcpy(block, object->index, index_bytes);
                memcpy(block + index_bytes, object->members, member_bytes);
                members = (const struct bp_member *)(void *)(block + index_bytes);
        }
        *ret_value = (struct bp_value){.type = BP_OBJECT,
                                       .depth = (uint8_t)(object->depth + 1),
                                       .count = object->count,
                                       .as.members = members};
        return 0;
}
