/* SPDX-License-Identifier: Apache-2.0 */
/* Problems for a person. Nothing of the source or the message reaches the terminal unescaped. */
#include "cli/show_problem.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/input.h"

enum { SHOWN_COLUMNS = 160 };

static const struct {
        const char *code, *hint;
} hints[] = {
        {"ACTION_UNAVAILABLE", "'budpipeline actions show TYPE' tells where it comes from"},
        {"CYCLE", "remove one of these dependencies; 'budpipeline graph FILE' draws the rest"},
        {"FILE_UNREADABLE", "check the path; - reads standard input"},
        {"NOT_AN_ANCESTOR", "add the step to depends_on, so that it has ended before this one starts"},
        {"PARAM_REQUIRED", "give it as -p NAME=VALUE or in a --params-file"},
        {"PARAM_TYPE", "values that are not text are written as JSON: -p count=3 -p tags='[\"a\"]'"},
        {"RETRY_UNUSED", "write on_failure: retry, or remove the retry settings"},
        {"UNKNOWN_ACTION", "'budpipeline actions list' shows what is installed"},
        {"UNUSED_PARAMETER", "remove it, or read it as {{ params.NAME }}"},
};

static const char *hint_of(const char *code) {
        for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
                if (strcmp(hints[i].code, code) == 0)
                        return hints[i].hint;
        return NULL;
}

static void add_place(struct bp_strbuf *buffer, const struct bp_source *source, const struct bp_problem *problem) {
        bp_show_text(buffer, source->name, 0);
        if (problem->line)
                bp_strbuf_printf(buffer, ":%u:%u", problem->line, problem->column);
        else if (problem->pointer[0])
                bp_show_text(buffer, problem->pointer, 0);
        bp_strbuf_add_text(buffer, ": ");
}

static const char *find_line(const struct bp_source *source, uint32_t number, size_t *ret_size) {
        const char *line = source->text, *end = source->text + source->size, *next;

        for (; number > 1 && (next = memchr(line, '\n', (size_t)(end - line))); number--)
                line = next + 1;
        next = memchr(line, '\n', (size_t)(end - line));
        *ret_size = (size_t)((next ? next : end) - line);
        return number == 1 ? line : NULL;
}

/* Escapes take more room than what they stand for, so the mark is placed by what is shown of the text before it. */
static void add_mark(struct bp_strbuf *buffer, const char *line, size_t before) {
        char *text = bp_memdup_text(line, before);
        struct bp_strbuf shown;

        if (!text)
                return;
        bp_strbuf_init(&shown, NULL, SIZE_MAX);
        bp_show_text(&shown, text, 0);
        for (size_t i = bp_text_columns(bp_strbuf_text(&shown)); i > 0; i--)
                bp_strbuf_add_char(buffer, ' ');
        bp_strbuf_done(&shown);
        bp_freep(&text);
}

static void add_source_line(struct bp_strbuf *buffer, const struct bp_cli *cli, const struct bp_source *source,
                            const struct bp_problem *problem) {
        size_t size, before;
        const char *line = find_line(source, problem->line, &size);
        char *text;

        if (!line || !bp_utf8_valid(line, size))
                return;
        text = bp_memdup_text(line, size);
        if (!text)
                return;
        bp_strbuf_add_text(buffer, "    ");
        bp_show_text(buffer, text, SHOWN_COLUMNS);
        bp_strbuf_add_char(buffer, '\n');
        before = bp_utf8_offset(line, size, problem->column ? problem->column - 1 : 0);
        if (problem->column && problem->column < SHOWN_COLUMNS) {
                bp_strbuf_add_text(buffer, "    ");
                add_mark(buffer, text, before);
                bp_strbuf_printf(buffer, "%s^%s\n", bp_style_text(cli->err_colour, BP_STYLE_GREEN),
                                 bp_style_text(cli->err_colour, BP_STYLE_PLAIN));
        }
        bp_freep(&text);
}

void bp_report_problem(const struct bp_cli *cli, const struct bp_source *source, enum bp_severity severity,
                       const struct bp_problem *problem) {
        bool is_error = severity == BP_SEVERITY_ERROR;
        const char *hint = hint_of(problem->code);
        struct bp_strbuf text;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        add_place(&text, source, problem);
        bp_strbuf_printf(&text,
                         "%s%s%s %s: ", bp_style_text(cli->err_colour, is_error ? BP_STYLE_RED : BP_STYLE_YELLOW),
                         is_error ? "error" : "warning", bp_style_text(cli->err_colour, BP_STYLE_PLAIN), problem->code);
        bp_show_text(&text, problem->message, 0);
        if (problem->line && problem->pointer[0]) {
                bp_strbuf_add_text(&text, " (at ");
                bp_show_text(&text, problem->pointer, 0);
                bp_strbuf_add_char(&text, ')');
        }
        bp_strbuf_add_char(&text, '\n');
        if (cli->err_is_terminal && problem->line && source->text)
                add_source_line(&text, cli, source, problem);
        if (cli->err_is_terminal && hint)
                bp_strbuf_printf(&text, "    %shint:%s %s\n", bp_style_text(cli->err_colour, BP_STYLE_CYAN),
                                 bp_style_text(cli->err_colour, BP_STYLE_PLAIN), hint);
        fputs(bp_strbuf_text(&text), cli->err);
        bp_strbuf_done(&text);
}

void bp_report_problems(const struct bp_cli *cli, const struct bp_source *source, enum bp_severity severity,
                        const struct bp_problem_list *problems) {
        for (size_t i = 0; i < problems->count; i++)
                bp_report_problem(cli, source, severity, problems->items[i]);
        if (problems->dropped)
                fprintf(cli->err, "%s: and %zu more\n", source->name, problems->dropped);
}

int bp_report_input(const struct bp_cli *cli, int r, const struct bp_source *source, const struct bp_problem *problem) {
        if (r == -ENOMEM)
                return bp_cli_no_memory(cli);
        if (r < 0) {
                bp_cli_error(cli, "%s", strerror(-r));
                return BP_EXIT_FAILED;
        }
        bp_report_problem(cli, source, BP_SEVERITY_ERROR, problem);
        return BP_EXIT_INVALID;
}
