/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file writer.h
 * JSON text written member by member, with the commas put right.
 */
#ifndef BP_BASE_WRITER_H
#define BP_BASE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

struct bp_strbuf;
struct bp_value;

/** An object or list under way. Whoever opened it closes it by appending the bracket. */
struct bp_writer {
        struct bp_strbuf *buffer;
        bool has_members;
};

/** Opens an object or a list. */
struct bp_writer bp_writer_open(struct bp_strbuf *buffer, char bracket);

/** Goes to the next item of a list; the caller appends it. */
void bp_writer_next(struct bp_writer *writer);

/** Begins a member of an object. @return the buffer, to append the value to. */
struct bp_strbuf *bp_writer_key(struct bp_writer *writer, const char *name);

/** Appends a text, or null for NULL. */
void bp_writer_text_or_null(struct bp_strbuf *buffer, const char *text);

/** A member that is a text, or null for NULL. */
void bp_writer_text(struct bp_writer *writer, const char *name, const char *text);

/** A member that is a text; nothing for NULL. */
void bp_writer_text_if_any(struct bp_writer *writer, const char *name, const char *text);

/** A boolean member. */
void bp_writer_bool(struct bp_writer *writer, const char *name, bool value);

/** A whole number as member. */
void bp_writer_count(struct bp_writer *writer, const char *name, uint64_t value);

/** A number as member, always with a fraction: 1.0. */
void bp_writer_float(struct bp_writer *writer, const char *name, double value);

/** Any value as member. */
void bp_writer_value(struct bp_writer *writer, const char *name, const struct bp_value *value);

/** A NULL-terminated list of texts as member. */
void bp_writer_texts(struct bp_writer *writer, const char *name, const char *const *texts);

#endif
