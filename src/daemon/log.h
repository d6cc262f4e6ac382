/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file log.h
 * The log of the service: a line an event, readable on a terminal, JSON elsewhere. Texts are sanitised here, so that no
 * secret leaves whoever wrote the line.
 */
#ifndef BP_DAEMON_LOG_H
#define BP_DAEMON_LOG_H

#include <budpipeline/action.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_log;

/** How lines look. */
enum bp_log_format {
        BP_LOG_TEXT = 1,
        BP_LOG_JSON,
};

/** One more thing about an event. A text, or a number where `text` is NULL. */
struct bp_log_field {
        const char *name;
        const char *text;
        double number;
};

/** A log that writes to a descriptor. @return NULL when memory is exhausted. */
struct bp_log *bp_log_new(int fd, enum bp_log_level level, enum bp_log_format format);

/** Gives it back; the descriptor stays open. NULL is allowed. Always returns NULL. */
struct bp_log *bp_log_free(struct bp_log *log);

/** True when lines of this level are written. */
bool bp_log_takes(const struct bp_log *log, enum bp_log_level level);

/** The level with this name ("warning"), which must be one. */
enum bp_log_level bp_log_level_of(const char *name);

/**
 * Writes a line, whole or not at all. Any thread.
 * @param logger  part of the program: "http", "service"
 * @param fields  or NULL; those without text and with the number 0 are left out
 */
void bp_log_write(struct bp_log *log, enum bp_log_level level, const char *logger, const struct bp_log_field *fields,
                  size_t n_fields, const char *message);

/** Writes a line of level info, whatever the level of the log: where the service listens. */
void bp_log_announce(struct bp_log *log, const char *logger, const char *message);

/** bp_log_write() without fields, formatted. */
__attribute__((format(printf, 4, 5))) void bp_logf(struct bp_log *log, enum bp_log_level level, const char *logger,
                                                   const char *format, ...);

#endif
