/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/writer.h"
#include "sanitize/sanitize.h"

enum { LONGEST_LINE = 64 * 1024, SCRATCH_BYTES = 1 << 20 };

struct bp_log {
        int fd;
        enum bp_log_level level;
        enum bp_log_format format;
        pthread_mutex_t lock; /* guards what follows */
        struct bp_arena *scratch;
};

static const char *const level_names[] = {
        [BP_LOG_DEBUG] = "debug", [BP_LOG_INFO] = "info", [BP_LOG_WARNING] = "warning", [BP_LOG_ERROR] = "error"};

struct bp_log *bp_log_new(int fd, enum bp_log_level level, enum bp_log_format format) {
        struct bp_log *log = bp_calloc(1, sizeof(*log));

        if (!log)
                return NULL;
        *log = (struct bp_log){.fd = fd, .level = level, .format = format, .scratch = bp_arena_new(SCRATCH_BYTES)};
        if (!log->scratch) {
                free(log);
                return NULL;
        }
        pthread_mutex_init(&log->lock, NULL);
        return log;
}

struct bp_log *bp_log_free(struct bp_log *log) {
        if (!log)
                return NULL;
        pthread_mutex_destroy(&log->lock);
        bp_arena_free(log->scratch);
        free(log);
        return NULL;
}

bool bp_log_takes(const struct bp_log *log, enum bp_log_level level) {
        return level >= log->level;
}

enum bp_log_level bp_log_level_of(const char *name) {
        for (enum bp_log_level level = BP_LOG_DEBUG; level < BP_LOG_ERROR; level++)
                if (strcasecmp(level_names[level], name) == 0)
                        return level;
        return BP_LOG_ERROR;
}

/* What may leave: no secrets, and what is no text said so. */
static const char *clean(struct bp_log *log, const char *text) {
        const char *cleaned;
        size_t size = strlen(text);

        if (!bp_utf8_valid(text, size))
                return "(text that is not UTF-8)";
        if (bp_sanitize_text(log->scratch, text, size, &cleaned, &size))
                return "(left out: too long)";
        return cleaned;
}

/* ---------------------------------------------------------------------------------------------------------------
 * JSON
 */

static bool is_left_out(const struct bp_log_field *field) {
        return !field->text && !(fabs(field->number) > 0);
}

static void write_json(struct bp_log *log, struct bp_strbuf *line, const char *time, enum bp_log_level level,
                       const char *logger, const struct bp_log_field *fields, size_t n_fields, const char *message) {
        struct bp_writer writer = bp_writer_open(line, '{');

        bp_writer_text(&writer, "time", time);
        bp_writer_text(&writer, "level", level_names[level]);
        bp_writer_text(&writer, "logger", logger);
        bp_writer_text(&writer, "message", clean(log, message));
        for (size_t i = 0; i < n_fields; i++) {
                if (fields[i].text)
                        bp_writer_text(&writer, fields[i].name, clean(log, fields[i].text));
                else if (!is_left_out(&fields[i]))
                        bp_strbuf_printf(bp_writer_key(&writer, fields[i].name), "%.15g", fields[i].number);
        }
        bp_strbuf_add_text(line, "}\n");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Text
 */

/* Nothing in a line may steer the terminal or begin another line. */
static void add_visible(struct bp_strbuf *line, const char *text) {
        size_t taken, size = strlen(text);

        for (size_t at = 0; at < size; at += taken) {
                uint32_t code_point = bp_utf8_decode(text + at, &taken);

                if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
                    (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069))
                        bp_strbuf_printf(line, "\\x%02x", (unsigned int)code_point);
                else
                        bp_strbuf_add(line, text + at, taken);
        }
}

static void write_text(struct bp_log *log, struct bp_strbuf *line, const char *time, enum bp_log_level level,
                       const char *logger, const struct bp_log_field *fields, size_t n_fields, const char *message) {
        bp_strbuf_printf(line, "%.12s %-7s %s: ", time + sizeof("2026-01-17T") - 1, level_names[level], logger);
        add_visible(line, clean(log, message));
        for (size_t i = 0; i < n_fields; i++) {
                if (is_left_out(&fields[i]))
                        continue;
                bp_strbuf_printf(line, " %s=", fields[i].name);
                if (fields[i].text)
                        add_visible(line, clean(log, fields[i].text));
                else
                        bp_strbuf_printf(line, "%.15g", fields[i].number);
        }
        bp_strbuf_add_char(line, '\n');
}

/* ---------------------------------------------------------------------------------------------------------------
 * Writing
 */

/* A log that cannot be written stops nobody. */
static void put(int fd, const char *text, size_t size) {
        while (size) {
                ssize_t written = write(fd, text, size);

                if (written < 0 && errno != EINTR)
                        return;
                if (written > 0) {
                        text += written;
                        size -= (size_t)written;
                }
        }
}

static void write_line(struct bp_log *log, enum bp_log_level level, const char *logger,
                       const struct bp_log_field *fields, size_t n_fields, const char *message) {
        char time[BP_WALL_TEXT_SIZE];
        struct bp_strbuf line;

        bp_wall_format(bp_wall_now(), time);
        pthread_mutex_lock(&log->lock);
        bp_strbuf_init(&line, log->scratch, LONGEST_LINE);
        if (log->format == BP_LOG_JSON)
                write_json(log, &line, time, level, logger, fields, n_fields, message);
        else
                write_text(log, &line, time, level, logger, fields, n_fields, message);
        if (!line.error)
                put(log->fd, line.text, line.size);
        bp_arena_reset(log->scratch);
        pthread_mutex_unlock(&log->lock);
}

void bp_log_write(struct bp_log *log, enum bp_log_level level, const char *logger, const struct bp_log_field *fields,
                  size_t n_fields, const char *message) {
        if (bp_log_takes(log, level))
                write_line(log, level, logger, fields, n_fields, message);
}

void bp_log_announce(struct bp_log *log, const char *logger, const char *message) {
        write_line(log, BP_LOG_INFO, logger, NULL, 0, message);
}

void bp_logf(struct bp_log *log, enum bp_log_level level, const char *logger, const char *format, ...) {
        char message[2048];
        va_list arguments;

        if (!bp_log_takes(log, level))
                return;
        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        bp_log_write(log, level, logger, NULL, 0, message);
}
