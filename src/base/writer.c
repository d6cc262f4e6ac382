/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "base/value.h"

struct bp_writer bp_writer_open(struct bp_strbuf *buffer, char bracket) {
        bp_strbuf_add_char(buffer, bracket);
        return (struct bp_writer){.buffer = buffer};
}

void bp_writer_next(struct bp_writer *writer) {
        if (writer->has_members)
                bp_strbuf_add_char(writer->buffer, ',');
        writer->has_members = true;
}

struct bp_strbuf *bp_writer_key(struct bp_writer *writer, const char *name) {
        bp_writer_next(writer);
        bp_json_write_string(writer->buffer, name, strlen(name));
        bp_strbuf_add_char(writer->buffer, ':');
        return writer->buffer;
}

void bp_writer_text_or_null(struct bp_strbuf *buffer, const char *text) {
        if (text)
                bp_json_write_string(buffer, text, strlen(text));
        else
                bp_strbuf_add_text(buffer, "null");
}

void bp_writer_text(struct bp_writer *writer, const char *name, const char *text) {
        bp_writer_text_or_null(bp_writer_key(writer, name), text);
}

void bp_writer_text_if_any(struct bp_writer *writer, const char *name, const char *text) {
        if (text)
                bp_writer_text(writer, name, text);
}

void bp_writer_bool(struct bp_writer *writer, const char *name, bool value) {
        bp_strbuf_add_text(bp_writer_key(writer, name), value ? "true" : "false");
}

void bp_writer_count(struct bp_writer *writer, const char *name, uint64_t value) {
        bp_strbuf_printf(bp_writer_key(writer, name), "%" PRIu64, value);
}

void bp_writer_float(struct bp_writer *writer, const char *name, double value) {
        const struct bp_value number = bp_value_float(value);

        bp_json_write(bp_writer_key(writer, name), &number);
}

void bp_writer_value(struct bp_writer *writer, const char *name, const struct bp_value *value) {
        bp_json_write(bp_writer_key(writer, name), value);
}

void bp_writer_texts(struct bp_writer *writer, const char *name, const char *const *texts) {
        struct bp_writer list = bp_writer_open(bp_writer_key(writer, name), '[');

        for (size_t i = 0; texts[i]; i++) {
                bp_writer_next(&list);
                bp_writer_text_or_null(list.buffer, texts[i]);
        }
        bp_strbuf_add_char(list.buffer, ']');
}
