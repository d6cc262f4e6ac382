/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions for commands: every way in leads to the same report. */
#include "cli/load_definition.h"

#include <errno.h>

#include "base/memory.h"
#include "base/value.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/jsonl.h"
#include "cli/show_problem.h"
#include "pipeline/definition.h"
#include "runtime/call_action.h"

static struct bp_definition_options options_of(const struct bp_catalogue *catalogue) {
        return (struct bp_definition_options){.registry = catalogue->snapshot,
                                              .check_action = bp_check_action,
                                              .structure_only = catalogue->structure_only};
}

static struct bp_definition_report report_of(struct bp_checked *checked) {
        return (struct bp_definition_report){.errors = &checked->errors, .warnings = &checked->warnings};
}

static void begin(struct bp_checked *checked, struct bp_arena *arena, const char *name) {
        *checked = (struct bp_checked){.source.name = name, .errors.arena = arena, .warnings.arena = arena};
}

static int read_text(const struct bp_catalogue *catalogue, enum bp_definition_format format,
                     struct bp_checked *checked) {
        const struct bp_definition_options options = options_of(catalogue);
        const struct bp_definition_report report = report_of(checked);
        int r;

        r = bp_definition_read(checked->source.text, checked->source.size, format, &options, &report,
                               &checked->definition);
        return r == BP_PROBLEM ? 0 : r;
}

int bp_load_file(const struct bp_catalogue *catalogue, const char *path, struct bp_arena *arena,
                 struct bp_checked *ret_checked) {
        struct bp_problem problem;
        int r;

        begin(ret_checked, arena, path);
        r = bp_source_read(arena, path, &ret_checked->source, &problem);
        if (r == BP_PROBLEM)
                return bp_problem_list_add(&ret_checked->errors, &problem);
        if (r)
                return r;
        return read_text(catalogue, bp_source_is_json(&ret_checked->source) ? BP_FORMAT_JSON : BP_FORMAT_YAML,
                         ret_checked);
}

int bp_load_value(const struct bp_catalogue *catalogue, const struct bp_value *document, struct bp_arena *arena,
                  struct bp_checked *ret_checked) {
        const struct bp_definition_options options = options_of(catalogue);
        struct bp_definition_report report;
        int r;

        begin(ret_checked, arena, "definition");
        report = report_of(ret_checked);
        r = bp_definition_load(document, &options, &report, &ret_checked->definition);
        return r == BP_PROBLEM ? 0 : r;
}

static int load_text(const struct bp_catalogue *catalogue, const struct bp_value *line, const char *key,
                     enum bp_definition_format format, struct bp_arena *arena, struct bp_checked *ret_checked,
                     struct bp_problem *reterr_problem) {
        const struct bp_value *text;
        int r;

        r = bp_jsonl_text(line, key, &text, reterr_problem);
        if (r)
                return r;
        begin(ret_checked, arena, key);
        ret_checked->source.text = text->as.text;
        ret_checked->source.size = text->count;
        return read_text(catalogue, format, ret_checked);
}

int bp_load_line(const struct bp_catalogue *catalogue, const struct bp_value *line, struct bp_arena *arena,
                 struct bp_checked *ret_checked, struct bp_problem *reterr_problem) {
        const struct bp_value *document = bp_value_get(line, "dag");

        if (document)
                return bp_load_value(catalogue, document, arena, ret_checked);
        if (bp_value_get(line, "yaml"))
                return load_text(catalogue, line, "yaml", BP_FORMAT_YAML, arena, ret_checked, reterr_problem);
        if (bp_value_get(line, "json"))
                return load_text(catalogue, line, "json", BP_FORMAT_JSON, arena, ret_checked, reterr_problem);
        return bp_problem_set(reterr_problem, "LINE_INVALID", "one of \"dag\", \"yaml\" and \"json\" must be there");
}

void bp_checked_done(struct bp_checked *checked) {
        checked->definition = bp_definition_unref(checked->definition);
}

bool bp_checked_is_valid(const struct bp_checked *checked, bool strict) {
        return checked->definition && checked->errors.count == 0 && (!strict || checked->warnings.count == 0);
}

void bp_checked_report(const struct bp_cli *cli, const struct bp_checked *checked, bool strict) {
        bp_report_problems(cli, &checked->source, BP_SEVERITY_ERROR, &checked->errors);
        bp_report_problems(cli, &checked->source, strict ? BP_SEVERITY_ERROR : BP_SEVERITY_WARNING, &checked->warnings);
}
