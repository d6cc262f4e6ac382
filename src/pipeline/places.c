/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document may have a thousand problems, so their places are found in one pass, not with one search each. JSON is
 * walked only when there is something to report; YAML collects its places while it is read.
 */
#include "pipeline/places.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/value.h"

struct scan {
        struct bp_arena *arena;
        const char *at, *end;
        uint32_t line, column;
};

static void step(struct scan *scan) {
        if (*scan->at == '\n') {
                scan->line++;
                scan->column = 1;
        } else if (((unsigned char)*scan->at & 0xC0) != 0x80) {
                scan->column++;
        }
        scan->at++;
}

static void skip_to(struct scan *scan, const char *before) {
        while (scan->at < scan->end && strchr(before, *scan->at) == NULL)
                step(scan);
}

static void skip_over(struct scan *scan, const char *set) {
        while (scan->at < scan->end && strchr(set, *scan->at) != NULL)
                step(scan);
}

static void skip_text(struct scan *scan) {
        step(scan);
        while (scan->at < scan->end && *scan->at != '"') {
                if (*scan->at == '\\')
                        step(scan);
                if (scan->at < scan->end)
                        step(scan);
        }
        if (scan->at < scan->end)
                step(scan);
}

static int scan_value(struct scan *scan, const struct bp_value *value, struct bp_place *place);

/* Objects keep the order of the text, so the n-th key met is that of the n-th member. */
static int scan_children(struct scan *scan, const struct bp_value *value, struct bp_place *place) {
        struct bp_place *children = bp_arena_array(scan->arena, value->count, sizeof(*children));

        if (!children)
                return -ENOMEM;
        step(scan);
        for (uint32_t i = 0; i < value->count; i++) {
                const struct bp_value *child =
                        value->type == BP_LIST ? &value->as.items[i] : &value->as.members[i].value;
                struct bp_place key;
                int r;

                skip_over(scan, " \t\r\n,");
                key = (struct bp_place){.line = scan->line, .column = scan->column};
                if (value->type == BP_OBJECT) {
                        skip_text(scan);
                        skip_over(scan, " \t\r\n:");
                }
                r = scan_value(scan, child, &children[i]);
                if (r < 0)
                        return r;
                children[i].line = key.line;
                children[i].column = key.column;
        }
        skip_over(scan, " \t\r\n");
        if (scan->at < scan->end)
                step(scan);
        place->children = children;
        return 0;
}

static int scan_value(struct scan *scan, const struct bp_value *value, struct bp_place *place) {
        skip_over(scan, " \t\r\n");
        *place = (struct bp_place){.line = scan->line, .column = scan->column};
        switch (value->type) {
        case BP_STRING:
                skip_text(scan);
                return 0;
        case BP_LIST:
        case BP_OBJECT:
                return scan_children(scan, value, place);
        default:
                skip_to(scan, " \t\r\n,]}");
                return 0;
        }
}

int bp_places_of_json(struct bp_arena *arena, const char *text, size_t size, const struct bp_value *value,
                      struct bp_place *ret_root) {
        struct scan scan = {.arena = arena, .at = text, .end = text + size, .line = 1, .column = 1};
        struct bp_place root;
        int r = scan_value(&scan, value, &root);

        if (r == 0)
                *ret_root = root;
        return r;
}

/* Reads one token of a pointer and moves past it. @return false when it is longer than any pointer of ours. */
static bool next_token(const char **pointer, char token[static 256]) {
        size_t used = 0;

        for (++*pointer; **pointer && **pointer != '/'; ++*pointer) {
                char byte = **pointer;

                if (byte == '~' && ((*pointer)[1] == '0' || (*pointer)[1] == '1'))
                        byte = *++*pointer == '0' ? '~' : '/';
                if (used == 255)
                        return false;
                token[used++] = byte;
        }
        token[used] = '\0';
        return true;
}

/* @return the number of the child, or -1 */
static int64_t child_number(const struct bp_value *value, const char *token) {
        const struct bp_value *found;
        size_t index;

        if (value->type == BP_OBJECT) {
                found = bp_value_get(value, token);
                if (!found)
                        return -1;
                return (const struct bp_member *)(const void *)((const char *)found -
                                                                offsetof(struct bp_member, value)) -
                       value->as.members;
        }
        return value->type == BP_LIST && bp_pointer_index(token, &index) && index < value->count ? (int64_t)index : -1;
}

const struct bp_place *bp_places_find(const struct bp_place *root, const struct bp_value *value, const char *pointer) {
        const struct bp_place *place = root;
        char token[256];

        while (*pointer == '/' && next_token(&pointer, token)) {
                int64_t number = place->children ? child_number(value, token) : -1;

                if (number < 0)
                        break;
                value = value->type == BP_LIST ? &value->as.items[number] : &value->as.members[number].value;
                place = &place->children[number];
        }
        return place;
}
