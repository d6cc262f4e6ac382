/* SPDX-License-Identifier: Apache-2.0 */
#include "sanitize/sanitize.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "sanitize/secret.h"

enum { KEY_SIZE_MAX = 21 };

bool bp_sanitize_key(const char *key, size_t size) {
        static const struct {
                const char *text;
                size_t size;
        } keys[] = {
#define KEY(word) {word, sizeof(word) - 1}
                KEY("password"),
                KEY("passwd"),
                KEY("pwd"),
                KEY("secret"),
                KEY("token"),
                KEY("api_key"),
                KEY("apikey"),
                KEY("auth_token"),
                KEY("access_token"),
                KEY("refresh_token"),
                KEY("private_key"),
                KEY("secret_key"),
                KEY("credential"),
                KEY("credentials"),
                KEY("bearer"),
                KEY("authorization"),
                KEY("db_password"),
                KEY("aws_secret_access_key"),
                KEY("database_password"),
                KEY("aws_session_token"),
                KEY("connection_string"),
#undef KEY
        };
        char lower[KEY_SIZE_MAX];

        if (size < 3 || size > KEY_SIZE_MAX)
                return false;
        for (size_t i = 0; i < size; i++) {
                char byte = key[i];

                lower[i] = byte == '-' ? '_' : byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
        }
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                if (keys[i].size == size && memcmp(keys[i].text, lower, size) == 0)
                        return true;
        }
        return false;
}

static bool is_same(const struct bp_value *a, const struct bp_value *b) {
        return a->type == b->type && a->count == b->count && memcmp(&a->as, &b->as, sizeof(a->as)) == 0;
}

static int sanitize_list(struct bp_arena *arena, const struct bp_value *list, struct bp_value *ret_value) {
        struct bp_value *items = NULL, item;
        int r;

        for (uint32_t i = 0; i < list->count; i++) {
                r = bp_sanitize(arena, &list->as.items[i], &item);
                if (r)
                        return r;
                if (!items && is_same(&item, &list->as.items[i]))
                        continue;
                if (!items) {
                        items = bp_arena_array(arena, list->count, sizeof(*items));
                        if (!items)
                                return -ENOMEM;
                        memcpy(items, list->as.items, i * sizeof(*items));
                }
                items[i] = item;
        }
        *ret_value = *list;
        if (items)
                ret_value->as.items = items;
        return 0;
}

static int sanitize_member(struct bp_arena *arena, const struct bp_member *member, struct bp_value *ret_value) {
        if (bp_sanitize_key(member->key, member->key_size)) {
                *ret_value = bp_value_text_borrow(BP_REDACTED, sizeof(BP_REDACTED) - 1);
                return 0;
        }
        return bp_sanitize(arena, &member->value, ret_value);
}

/* Large objects carry an index, which a copy of their members alone would lose: the builder makes it again. */
static void start_copy(struct bp_object_builder *copy, struct bp_arena *arena, const struct bp_value *object,
                       uint32_t n_members) {
        bp_object_init(copy, arena);
        for (uint32_t i = 0; i < n_members; i++)
                bp_object_set(copy, object->as.members[i].key, object->as.members[i].key_size,
                              object->as.members[i].value);
}

static int sanitize_object(struct bp_arena *arena, const struct bp_value *object, struct bp_value *ret_value) {
        struct bp_object_builder copy;
        bool is_copied = false;
        struct bp_value value;
        int r;

        for (uint32_t i = 0; i < object->count; i++) {
                const struct bp_member *member = &object->as.members[i];

                r = sanitize_member(arena, member, &value);
                if (r)
                        return r;
                if (!is_copied && is_same(&value, &member->value))
                        continue;
                if (!is_copied)
                        start_copy(&copy, arena, object, i);
                is_copied = true;
                bp_object_set(&copy, member->key, member->key_size, value);
        }
        if (is_copied)
                return bp_object_finish(&copy, ret_value);
        *ret_value = *object;
        return 0;
}

int bp_sanitize(struct bp_arena *arena, const struct bp_value *value, struct bp_value *ret_value) {
        const char *text;
        size_t size;
        int r;

        switch (value->type) {
        case BP_STRING:
                r = bp_sanitize_text(arena, value->as.text, value->count, &text, &size);
                if (r == 0)
                        *ret_value = bp_value_text_borrow(text, size);
                return r;
        case BP_LIST:
                return sanitize_list(arena, value, ret_value);
        case BP_OBJECT:
                return sanitize_object(arena, value, ret_value);
        default:
                *ret_value = *value;
                return 0;
        }
}
