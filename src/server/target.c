/* SPDX-License-Identifier: Apache-2.0 */
#include "server/target.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "server/route.h"

static int hex_digit(char byte) {
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        byte |= 0x20;
        return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

int bp_target_decode(struct bp_arena *arena, const char *text, size_t size, bool plus_is_space, const char **ret_text) {
        char *decoded = bp_arena_alloc(arena, size + 1);
        size_t n = 0;

        if (!decoded)
                return -ENOMEM;
        for (size_t i = 0; i < size; i++) {
                char byte = text[i];

                if (byte == '%') {
                        if (size - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
                                return BP_TARGET_MALFORMED;
                        byte = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
                        i += 2;
                } else if (byte == '+' && plus_is_space) {
                        byte = ' ';
                }
                decoded[n++] = byte;
        }
        if (!bp_utf8_valid(decoded, n))
                return BP_TARGET_MALFORMED;
        *ret_text = decoded;
        return 0;
}

int bp_target_split(struct bp_arena *arena, const char *target, const char **ret_path, const char **ret_query) {
        const char *path = target, *query = NULL;
        size_t size;

        if (strncasecmp(path, "http://", 7) == 0 || strncasecmp(path, "https://", 8) == 0) {
                path = strchr(path, ':') + 3;
                path += strcspn(path, "/?");
        }
        if (*path != '/')
                return BP_TARGET_MALFORMED;
        size = strcspn(path, "?#");
        if (path[size] == '?') {
                query = bp_arena_text(arena, path + size + 1, strcspn(path + size + 1, "#"));
                if (!query)
                        return -ENOMEM;
        }
        path = bp_arena_text(arena, path, size);
        if (!path)
                return -ENOMEM;
        *ret_path = path;
        *ret_query = query;
        return 0;
}

int bp_target_segments(struct bp_arena *arena, const char *path, struct bp_segments *ret_segments,
                       bool *ret_trailing_slash) {
        struct bp_segments segments = {.count = 0};
        bool trailing_slash = false, is_lost = false;

        while (*path == '/' && path[1]) {
                size_t size = strcspn(path + 1, "/");
                const char *text;
                int r = bp_target_decode(arena, path + 1, size, false, &text);

                if (r)
                        return r;
                if (!size || segments.count == BP_PATH_SEGMENTS)
                        is_lost = true;
                else
                        segments.texts[segments.count++] = text;
                path += 1 + size;
                trailing_slash = *path == '/' && !path[1];
        }
        if (is_lost)
                segments.count = SIZE_MAX;
        *ret_segments = segments;
        *ret_trailing_slash = trailing_slash;
        return 0;
}

/* Takes the next parameter off a query; `*query` is then behind it. */
static int next_parameter(struct bp_arena *arena, const char **query, const char **ret_name, const char **ret_value) {
        size_t size = strcspn(*query, "&"), name_size = strcspn(*query, "=&");
        bool has_value = name_size < size;
        int r;

        r = bp_target_decode(arena, *query, name_size, true, ret_name);
        if (!r)
                r = bp_target_decode(arena, *query + name_size + has_value, size - name_size - has_value, true,
                                     ret_value);
        *query += size;
        if (**query == '&')
                ++*query;
        return r;
}

int bp_target_query(struct bp_arena *arena, const char *query, struct bp_parameter **ret_first) {
        struct bp_parameter *first = NULL;

        while (query && *query) {
                struct bp_parameter *parameter = bp_arena_alloc(arena, sizeof(*parameter));
                int r;

                if (!parameter)
                        return -ENOMEM;
                r = next_parameter(arena, &query, &parameter->name, &parameter->value);
                if (r)
                        return r;
                parameter->next = first;
                first = parameter;
        }
        *ret_first = first;
        return 0;
}

const char *bp_target_parameter(const struct bp_parameter *first, const char *name) {
        for (; first; first = first->next) {
                if (strcmp(first->name, name) == 0)
                        return first->value;
        }
        return NULL;
}
