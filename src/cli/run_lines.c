/* SPDX-License-Identifier: Apache-2.0 */
/* A run as plain lines, one per transition, for pipes, files and logs of other programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/run_view.h"
#include "cli/run_words.h"
#include "pipeline/definition.h"

struct lines {
        const struct bp_cli *cli;
        const struct bp_definition *definition;
        int64_t began_us;
        int64_t *step_began_us;
};

const struct bp_run_view_kind bp_run_view_none = {0};

const char *bp_log_level_word(enum bp_log_level level) {
        static const char *const words[] = {[BP_LOG_DEBUG] = "debug",
                                            [BP_LOG_INFO] = "info",
                                            [BP_LOG_WARNING] = "warning",
                                            [BP_LOG_ERROR] = "error"};

        return words[level];
}

static void lines_free(void *view) {
        struct lines *lines = view;

        if (lines)
                free(lines->step_began_us);
        free(lines);
}

static void *lines_new(const struct bp_cli *cli, const struct bp_definition *definition, bool virtual_time) {
        struct lines *lines = bp_calloc(1, sizeof(*lines));

        (void)virtual_time;
        if (!lines)
                return NULL;
        lines->cli = cli;
        lines->definition = definition;
        lines->step_began_us = bp_calloc(definition->n_steps, sizeof(*lines->step_began_us));
        if (lines->step_began_us)
                return lines;
        lines_free(lines);
        return NULL;
}

static void begin_line(const struct lines *lines, struct bp_strbuf *line, struct bp_wall at, uint32_t step) {
        bp_strbuf_init(line, NULL, SIZE_MAX);
        bp_strbuf_printf(line, "%8.3fs  ", (double)(at.us - lines->began_us) / 1e6);
        if (step != BP_NO_STEP) {
                bp_show_text(line, lines->definition->steps[step].id, 0);
                bp_strbuf_add_text(line, ": ");
        }
}

static void end_line(const struct lines *lines, struct bp_strbuf *line) {
        bp_strbuf_add_char(line, '\n');
        fputs(bp_strbuf_text(line), lines->cli->out);
        (void)fflush(lines->cli->out);
        bp_strbuf_done(line);
}

static void add_reason(struct bp_strbuf *line, const struct bp_record *record) {
        if (!record->message && !record->code)
                return;
        bp_strbuf_add_text(line, ": ");
        if (record->code)
                bp_show_text(line, record->code, 0);
        if (record->code && record->message)
                bp_strbuf_add_text(line, ": ");
        if (record->message)
                bp_show_text(line, record->message, 0);
}

static void add_attempt(struct bp_strbuf *line, uint32_t attempt) {
        if (attempt > 1)
                bp_strbuf_printf(line, " (attempt %u)", attempt);
}

static void execution_started(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        (void)record;
        bp_show_text(line, lines->definition->name, 0);
        bp_strbuf_printf(line, ": started, %u step%s", lines->definition->n_steps,
                         lines->definition->n_steps == 1 ? "" : "s");
}

static void cancel_requested(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        bp_show_text(line, lines->definition->name, 0);
        bp_strbuf_add_text(line, ": cancelling");
        add_reason(line, record);
}

static void execution_ended(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        char word[BP_STATE_WORD_SIZE];

        bp_show_text(line, lines->definition->name, 0);
        bp_strbuf_printf(line, ": %s", bp_execution_word(record->execution_state, word));
        add_reason(line, record);
}

static void step_started(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        lines->step_began_us[record->step] = record->at.us;
        bp_strbuf_add_text(line, "started");
        add_attempt(line, record->attempt);
}

static void step_waiting(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        char duration[BP_DURATION_TEXT_SIZE];

        (void)lines;
        bp_duration_text(record->deadline.us - record->at.us, duration);
        if (!record->external_id) {
                bp_strbuf_printf(line, "sleeping for %s", duration);
                return;
        }
        bp_strbuf_add_text(line, "waiting for event ");
        bp_show_text(line, record->external_id, 0);
        if (record->deadline.us)
                bp_strbuf_printf(line, ", at most %s", duration);
}

static void step_retrying(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        char duration[BP_DURATION_TEXT_SIZE];

        (void)lines;
        bp_strbuf_printf(line, "attempt %u failed, next in %s", record->attempt,
                         bp_duration_text(record->deadline.us - record->at.us, duration));
        add_reason(line, record);
}

static void step_progress(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        (void)lines;
        bp_strbuf_add_text(line, "progress");
        if (record->percent >= 0)
                bp_strbuf_printf(line, " %.0f %%", record->percent);
        if (record->eta_minutes >= 0)
                bp_strbuf_printf(line, ", %.0f min left", record->eta_minutes);
}

static void step_ended(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        char word[BP_STATE_WORD_SIZE], duration[BP_DURATION_TEXT_SIZE];

        bp_strbuf_add_text(line, bp_step_word(record->step_state, word));
        if (lines->step_began_us[record->step])
                bp_strbuf_printf(line, " in %s",
                                 bp_duration_text(record->at.us - lines->step_began_us[record->step], duration));
        add_attempt(line, record->attempt);
        add_reason(line, record);
}

static void cleanup_started(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        (void)lines;
        bp_strbuf_add_text(line, "cleaning up");
        add_attempt(line, record->attempt);
}

static void cleanup_ended(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) {
        (void)lines;
        bp_strbuf_add_text(line, record->code ? "cleanup failed" : "cleaned up");
        add_reason(line, record);
}

/* Kinds without an entry are not worth a line. */
static void (*const sayers[])(struct lines *lines, const struct bp_record *record, struct bp_strbuf *line) = {
        [BP_RECORD_EXECUTION_STARTED] = execution_started, [BP_RECORD_CANCEL_REQUESTED] = cancel_requested,
        [BP_RECORD_EXECUTION_ENDED] = execution_ended,     [BP_RECORD_STEP_STARTED] = step_started,
        [BP_RECORD_STEP_WAITING] = step_waiting,           [BP_RECORD_STEP_RETRYING] = step_retrying,
        [BP_RECORD_STEP_PROGRESS] = step_progress,         [BP_RECORD_STEP_ENDED] = step_ended,
        [BP_RECORD_CLEANUP_STARTED] = cleanup_started,     [BP_RECORD_CLEANUP_ENDED] = cleanup_ended,
};

static void lines_records(void *view, const struct bp_execution *execution, const struct bp_record *records,
                          size_t n_records) {
        struct lines *lines = view;

        (void)execution;
        for (size_t i = 0; i < n_records; i++) {
                struct bp_strbuf line;

                if (records[i].type == BP_RECORD_EXECUTION_STARTED)
                        lines->began_us = records[i].at.us;
                if (records[i].type >= sizeof(sayers) / sizeof(sayers[0]) || !sayers[records[i].type])
                        continue;
                begin_line(lines, &line, records[i].at, records[i].step);
                sayers[records[i].type](lines, &records[i], &line);
                end_line(lines, &line);
        }
}

static void lines_log(void *view, const struct bp_execution *execution, const struct bp_run_log *log) {
        const struct lines *lines = view;
        struct bp_strbuf line;

        (void)execution;
        begin_line(lines, &line, log->at, log->step);
        bp_strbuf_printf(&line, "%s: ", bp_log_level_word(log->level));
        bp_show_text(&line, log->message, 0);
        end_line(lines, &line);
}

static void lines_cancelling(void *view) {
        const struct lines *lines = view;

        fputs("cancelling; press Ctrl-C again to stop at once\n", lines->cli->err);
}

const struct bp_run_view_kind bp_run_view_lines = {
        .new = lines_new,
        .free = lines_free,
        .records = lines_records,
        .log = lines_log,
        .cancelling = lines_cancelling,
};
