/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file strbuf.h
 * Text under construction. A failure sticks: append freely, ask once at the end.
 */
#ifndef BP_BASE_STRBUF_H
#define BP_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;

/** Text that grows. With an arena, its memory belongs to the arena; without one, bp_strbuf_done() frees it. */
struct bp_strbuf {
        struct bp_arena *arena; /**< or NULL */
        char *text;             /**< NUL-terminated once something was appended, else NULL */
        size_t size;            /**< bytes, without the NUL */
        size_t capacity;
        size_t limit; /**< largest size allowed */
        int error;    /**< 0, -ENOMEM, or -E2BIG once the limit was reached */
};

/** An empty text in an arena (NULL: in malloc'ed memory) of at most `limit` bytes. */
void bp_strbuf_init(struct bp_strbuf *buffer, struct bp_arena *arena, size_t limit);

/** Frees malloc'ed text. */
void bp_strbuf_done(struct bp_strbuf *buffer);

/** Forgets the text and any error, keeps the memory. */
void bp_strbuf_clear(struct bp_strbuf *buffer);

/** Appends bytes. */
void bp_strbuf_add(struct bp_strbuf *buffer, const char *bytes, size_t size);

/** Appends a NUL-terminated text. */
void bp_strbuf_add_text(struct bp_strbuf *buffer, const char *text);

/** Appends one byte. */
void bp_strbuf_add_char(struct bp_strbuf *buffer, char byte);

/** Appends formatted text, as printf. */
__attribute__((format(printf, 2, 3))) void bp_strbuf_printf(struct bp_strbuf *buffer, const char *format, ...);

/** The text, "" when nothing was appended. Valid until the next change. */
const char *bp_strbuf_text(const struct bp_strbuf *buffer);

/** Hands malloc'ed text to the caller, who frees it; the buffer is empty again. NULL after an error. */
char *bp_strbuf_steal(struct bp_strbuf *buffer);

#endif
