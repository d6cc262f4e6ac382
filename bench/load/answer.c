/* SPDX-License-Identifier: Apache-2.0 */
/* Reads HTTP/1.1 answers: a head, then a body of known size or in chunks, decoded where it lies. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "load.h"

/* The value of a header within the head, or NULL. Ends with a CR. */
static const char *header_value(const char *head, const char *name) {
        size_t size = strlen(name);

        for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n"))
                if (strncasecmp(line + 2, name, size) == 0 && line[2 + size] == ':')
                        return line + 3 + size + strspn(line + 3 + size, " ");
        return NULL;
}

static bool read_head(struct load_connection *connection) {
        char *end;
        const char *value;

        connection->in[connection->in_size] = 0;
        end = strstr(connection->in, "\r\n\r\n");
        if (!end)
                return true;
        if (strncmp(connection->in, "HTTP/1.1 ", 9) != 0)
                return false;
        connection->status = (unsigned)strtoul(connection->in + 9, NULL, 10);
        connection->head_size = (size_t)(end - connection->in) + 4;
        end[2] = 0;
        value = header_value(connection->in, "Connection");
        connection->close = value && strncasecmp(value, "close", 5) == 0;
        value = header_value(connection->in, "Transfer-Encoding");
        connection->chunked = value && strncasecmp(value, "chunked", 7) == 0;
        value = header_value(connection->in, "Content-Length");
        connection->body_size = value ? strtoull(value, NULL, 10) : 0;
        connection->chunk_at = connection->chunk_to = connection->head_size;
        return value || connection->chunked || connection->status == 204 || connection->status == 304;
}

/* Moves whole chunks together behind the head. */
static enum load_took read_chunks(struct load_connection *connection) {
        for (;;) {
                char *at = connection->in + connection->chunk_at, *end;
                size_t left = connection->in_size - connection->chunk_at;
                const char *line = memchr(at, '\n', left);
                size_t size;

                if (!line)
                        return LOAD_MORE;
                size = strtoull(at, &end, 16);
                if (end == at || !(*end == '\r' || *end == ';' || *end == '\n') || size > SIZE_MAX / 4)
                        return LOAD_BROKEN;
                if (left < (size_t)(line + 1 - at) + size + 2)
                        return LOAD_MORE;
                if (!size) {
                        connection->in[connection->chunk_to] = 0;
                        return LOAD_COMPLETE;
                }
                memmove(connection->in + connection->chunk_to, line + 1, size);
                connection->chunk_to += size;
                connection->chunk_at += (size_t)(line + 1 - at) + size + 2;
        }
}

/* What has been decoded of a body that does not end, and forgets it. */
static enum load_took take_piece(struct load_connection *connection, struct load_answer *ret_answer) {
        enum load_took took = read_chunks(connection);

        *ret_answer = (struct load_answer){connection->status, connection->in + connection->head_size,
                                           connection->chunk_to - connection->head_size};
        return took == LOAD_MORE && ret_answer->size ? LOAD_STREAMING : took;
}

enum load_took load_take(struct load_connection *connection, bool streaming, struct load_answer *ret_answer) {
        enum load_took took;

        if (!connection->head_size && !read_head(connection))
                return LOAD_BROKEN;
        if (!connection->head_size)
                return LOAD_MORE;
        if (streaming && connection->chunked)
                return take_piece(connection, ret_answer);
        if (connection->chunked) {
                took = read_chunks(connection);
                if (took != LOAD_COMPLETE)
                        return took;
                connection->body_size = connection->chunk_to - connection->head_size;
        } else if (connection->in_size < connection->head_size + connection->body_size) {
                return LOAD_MORE;
        }
        connection->in[connection->head_size + connection->body_size] = 0;
        *ret_answer =
                (struct load_answer){connection->status, connection->in + connection->head_size, connection->body_size};
        return LOAD_COMPLETE;
}

void load_forget(struct load_connection *connection) {
        if (connection->chunked && connection->chunk_to > connection->head_size && connection->body_size == 0) {
                size_t left = connection->in_size - connection->chunk_at; /* the rest of a stream */

                memmove(connection->in + connection->head_size, connection->in + connection->chunk_at, left);
                connection->in_size = connection->head_size + left;
                connection->chunk_at = connection->chunk_to = connection->head_size;
                return;
        }
        connection->in_size = connection->head_size = connection->body_size = 0;
        connection->chunked = false;
}

bool load_member(const char *json, const char *name, char *ret_text, size_t capacity) {
        char wanted[64];
        const char *at;
        size_t size;
        bool text;

        snprintf(wanted, sizeof(wanted), "\"%s\":", name);
        at = strstr(json, wanted);
        if (!at)
                return false;
        at += strlen(wanted);
        at += strspn(at, " ");
        text = *at == '"';
        at += text;
        size = text ? strcspn(at, "\"") : strcspn(at, ",}] ");
        if (size >= capacity)
                return false;
        memcpy(ret_text, at, size);
        ret_text[size] = 0;
        return true;
}
