/* SPDX-License-Identifier: Apache-2.0 */
/* Growth doubles, so that appending costs amortised constant time. */
#include "base/strbuf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void bp_strbuf_init(struct bp_strbuf *buffer, struct bp_arena *arena, size_t limit) {
        *buffer = (struct bp_strbuf){.arena = arena, .limit = limit};
}

void bp_strbuf_done(struct bp_strbuf *buffer) {
        if (!buffer->arena)
                free(buffer->text);
        *buffer = (struct bp_strbuf){.arena = buffer->arena, .limit = buffer->limit};
}

void bp_strbuf_clear(struct bp_strbuf *buffer) {
        buffer->size = 0;
        buffer->error = 0;
        if (buffer->text)
                buffer->text[0] = '\0';
}

static bool reserve(struct bp_strbuf *buffer, size_t more) {
        size_t needed, capacity = buffer->capacity;
        char *text;

        if (buffer->error)
                return false;
        if (more > buffer->limit - buffer->size) {
                buffer->error = -E2BIG;
                return false;
        }
        needed = buffer->size + more + 1;
        if (buffer->text && needed <= capacity)
                return true;
        if (capacity < 64)
                capacity = 64;
        while (capacity < needed)
                capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
        text = buffer->arena ? bp_arena_grow(buffer->arena, buffer->text, buffer->capacity, capacity)
                             : bp_realloc(buffer->text, capacity, 1);
        if (!text) {
                buffer->error = -ENOMEM;
                return false;
        }
        buffer->text = text;
        buffer->capacity = capacity;
        return true;
}

void bp_strbuf_add(struct bp_strbuf *buffer, const char *bytes, size_t size) {
        if (!reserve(buffer, size))
                return;
        if (size)
                memcpy(buffer->text + buffer->size, bytes, size);
        buffer->size += size;
        buffer->text[buffer->size] = '\0';
}

void bp_strbuf_add_text(struct bp_strbuf *buffer, const char *text) {
        bp_strbuf_add(buffer, text, strlen(text));
}

void bp_strbuf_add_char(struct bp_strbuf *buffer, char byte) {
        bp_strbuf_add(buffer, &byte, 1);
}

void bp_strbuf_printf(struct bp_strbuf *buffer, const char *format, ...) {
        va_list arguments;
        char small[256];
        int size;

        va_start(arguments, format);
        size = vsnprintf(small, sizeof(small), format, arguments);
        va_end(arguments);
        if (size < 0) {
                buffer->error = -EINVAL;
                return;
        }
        if ((size_t)size < sizeof(small)) {
                bp_strbuf_add(buffer, small, (size_t)size);
                return;
        }
        if (!reserve(buffer, (size_t)size))
                return;
        va_start(arguments, format);
        vsnprintf(buffer->text + buffer->size, (size_t)size + 1, format, arguments);
        va_end(arguments);
        buffer->size += (size_t)size;
}

const char *bp_strbuf_text(const struct bp_strbuf *buffer) {
        return buffer->text ? buffer->text : "";
}

char *bp_strbuf_steal(struct bp_strbuf *buffer) {
        char *text;

        if (!buffer->text)
                bp_strbuf_add(buffer, "", 0);
        if (buffer->error || buffer->arena)
                return NULL;
        text = buffer->text;
        buffer->text = NULL;
        bp_strbuf_done(buffer);
        return text;
}
