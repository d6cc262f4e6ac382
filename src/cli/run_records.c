/* SPDX-License-Identifier: Apache-2.0 */
/* A run as JSON lines: every record, and every line an action logged, in the order they happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/run_view.h"
#include "cli/run_words.h"
#include "pipeline/definition.h"

struct records {
        const struct bp_cli *cli;
        const struct bp_definition *definition;
};

static void *records_new(const struct bp_cli *cli, const struct bp_definition *definition, bool virtual_time) {
        struct records *records = bp_calloc(1, sizeof(*records));

        (void)virtual_time;
        if (records)
                *records = (struct records){cli, definition};
        return records;
}

static void add_text(struct bp_strbuf *line, const char *key, const char *text) {
        if (!text)
                return;
        bp_strbuf_printf(line, ",\"%s\":", key);
        bp_json_write_string(line, text, strlen(text));
}

static void add_value(struct bp_strbuf *line, const char *key, const struct bp_value *value) {
        if (value->type <= BP_NULL)
                return;
        bp_strbuf_printf(line, ",\"%s\":", key);
        bp_json_write(line, value);
}

static void add_time(struct bp_strbuf *line, const char *key, struct bp_wall time) {
        char text[BP_WALL_TEXT_SIZE];

        if (time.us)
                add_text(line, key, bp_wall_format(time, text));
}

static void add_step(struct bp_strbuf *line, const struct records *records, uint32_t step, uint32_t attempt) {
        if (step == BP_NO_STEP)
                return;
        add_text(line, "step", records->definition->steps[step].id);
        if (attempt)
                bp_strbuf_printf(line, ",\"attempt\":%u", attempt);
}

static void add_status(struct bp_strbuf *line, const struct bp_record *record) {
        char word[BP_STATE_WORD_SIZE];

        if (record->type == BP_RECORD_STEP_ENDED)
                add_text(line, "status", bp_step_word(record->step_state, word));
        if (record->type == BP_RECORD_EXECUTION_ENDED)
                add_text(line, "status", bp_execution_word(record->execution_state, word));
}

static void add_progress(struct bp_strbuf *line, const struct bp_record *record) {
        if (record->type != BP_RECORD_STEP_PROGRESS)
                return;
        if (record->percent >= 0)
                bp_strbuf_printf(line, ",\"percent\":%.2f", record->percent);
        if (record->eta_minutes >= 0)
                bp_strbuf_printf(line, ",\"eta_minutes\":%.2f", record->eta_minutes);
}

static void begin_line(struct bp_strbuf *line, const char *type, const struct bp_execution *execution) {
        char id[BP_ID_TEXT_SIZE];

        bp_strbuf_init(line, NULL, SIZE_MAX);
        bp_strbuf_printf(line, "{\"type\":\"%s\",\"execution_id\":\"%s\"", type,
                         bp_id_format(bp_execution_view(execution).id, id));
}

static void end_line(const struct records *records, struct bp_strbuf *line) {
        bp_strbuf_add_text(line, "}\n");
        if (!line->error)
                fputs(bp_strbuf_text(line), records->cli->out);
        (void)fflush(records->cli->out);
        bp_strbuf_done(line);
}

static void write_record(const struct records *records, const struct bp_execution *execution,
                         const struct bp_record *record) {
        struct bp_strbuf line;

        begin_line(&line, bp_record_type_name(record->type), execution);
        bp_strbuf_printf(&line, ",\"sequence\":%llu", (unsigned long long)record->sequence);
        add_time(&line, "at", record->at);
        add_step(&line, records, record->step, record->attempt);
        add_status(&line, record);
        add_text(&line, "code", record->code);
        add_text(&line, "message", record->message);
        add_text(&line, "external_id", record->external_id);
        add_time(&line, "deadline", record->deadline);
        add_progress(&line, record);
        add_value(&line, "data", &record->data);
        add_value(&line, "error", &record->error);
        end_line(records, &line);
}

static void records_records(void *view, const struct bp_execution *execution, const struct bp_record *records,
                            size_t n_records) {
        for (size_t i = 0; i < n_records; i++)
                write_record(view, execution, &records[i]);
}

static void records_log(void *view, const struct bp_execution *execution, const struct bp_run_log *log) {
        const struct records *records = view;
        struct bp_strbuf line;

        begin_line(&line, "step_log", execution);
        add_time(&line, "at", log->at);
        add_step(&line, records, log->step, log->attempt);
        add_text(&line, "level", bp_log_level_word(log->level));
        add_text(&line, "message", log->message);
        end_line(records, &line);
}

const struct bp_run_view_kind bp_run_view_records = {
        .new = records_new,
        .free = free,
        .records = records_records,
        .log = records_log,
};
