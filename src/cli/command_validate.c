/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline validate: everything that is wrong with definitions, all at once. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/jsonl.h"
#include "cli/load_definition.h"
#include "pipeline/definition.h"
#include "pipeline/graph.h"

#define ARENA_SIZE_MAX ((size_t)256 * 1024 * 1024)

struct validation {
        struct bp_cli *cli;
        struct bp_catalogue catalogue;
        bool strict, as_json;
        struct bp_strbuf json; /* of all files */
        bool invalid;          /* one of the files is */
};

/* ---------------------------------------------------------------------------------------------------------------
 * As JSON
 */

static void write_problems(struct bp_strbuf *buffer, const struct bp_problem_list *problems) {
        bp_strbuf_add_char(buffer, '[');
        for (size_t i = 0; i < problems->count; i++) {
                if (i)
                        bp_strbuf_add_char(buffer, ',');
                bp_jsonl_write_problem(buffer, problems->items[i], true);
        }
        bp_strbuf_add_char(buffer, ']');
}

static int write_graph(struct bp_strbuf *buffer, const struct bp_definition *definition, struct bp_arena *arena) {
        struct bp_value normalized;
        int r;

        r = bp_definition_normalize(definition, arena, &normalized);
        if (r)
                return r;
        bp_definition_write_order(buffer, definition);
        bp_strbuf_add_text(buffer, ",\"normalized\":");
        bp_json_write(buffer, &normalized);
        bp_strbuf_add_char(buffer, ',');
        return 0;
}

/* Members without the braces around them. */
static int write_report(struct bp_strbuf *buffer, const struct bp_checked *checked, bool strict,
                        struct bp_arena *arena) {
        bp_strbuf_printf(buffer, "\"valid\":%s,", bp_checked_is_valid(checked, strict) ? "true" : "false");
        if (checked->definition) {
                int r = write_graph(buffer, checked->definition, arena);

                if (r)
                        return r;
        }
        bp_strbuf_add_text(buffer, "\"errors\":");
        write_problems(buffer, &checked->errors);
        bp_strbuf_add_text(buffer, ",\"warnings\":");
        write_problems(buffer, &checked->warnings);
        return buffer->error;
}

static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        struct validation *validation = userdata;
        struct bp_checked checked;
        int r;

        r = bp_load_line(&validation->catalogue, line, arena, &checked, reterr_problem);
        if (r)
                return r;
        bp_strbuf_add_char(answer, '{');
        r = write_report(answer, &checked, validation->strict || bp_jsonl_flag(line, "strict"), arena);
        bp_strbuf_add_char(answer, '}');
        bp_checked_done(&checked);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Files
 */

static int add_json(struct validation *validation, const struct bp_checked *checked, struct bp_arena *arena) {
        int r;

        bp_strbuf_add_text(&validation->json, validation->json.size ? ",\n" : "[");
        bp_strbuf_add_text(&validation->json, "{\"file\":");
        bp_json_write_string(&validation->json, checked->source.name, strlen(checked->source.name));
        bp_strbuf_add_char(&validation->json, ',');
        r = write_report(&validation->json, checked, validation->strict, arena);
        bp_strbuf_add_char(&validation->json, '}');
        return r;
}

static void say(const struct validation *validation, const struct bp_checked *checked) {
        const struct bp_cli *cli = validation->cli;
        bool valid = bp_checked_is_valid(checked, validation->strict);
        struct bp_strbuf name;

        bp_checked_report(cli, checked, validation->strict);
        bp_strbuf_init(&name, NULL, SIZE_MAX);
        bp_show_text(&name, checked->source.name, 0);
        fprintf(cli->out, "%s: %s%s%s", bp_strbuf_text(&name),
                bp_style_text(cli->out_colour, valid ? BP_STYLE_GREEN : BP_STYLE_RED), valid ? "valid" : "invalid",
                bp_style_text(cli->out_colour, BP_STYLE_PLAIN));
        if (checked->definition)
                fprintf(cli->out, ", %u step%s", checked->definition->n_steps,
                        checked->definition->n_steps == 1 ? "" : "s");
        if (checked->errors.count)
                fprintf(cli->out, ", %zu error%s", checked->errors.count, checked->errors.count == 1 ? "" : "s");
        if (checked->warnings.count)
                fprintf(cli->out, ", %zu warning%s", checked->warnings.count, checked->warnings.count == 1 ? "" : "s");
        fputc('\n', cli->out);
        bp_strbuf_done(&name);
}

static int validate_file(struct validation *validation, const char *path) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        struct bp_checked checked;
        int r;

        r = arena ? bp_load_file(&validation->catalogue, path, arena, &checked) : -ENOMEM;
        if (r)
                return r;
        if (!bp_checked_is_valid(&checked, validation->strict))
                validation->invalid = true;
        if (validation->as_json)
                r = add_json(validation, &checked, arena);
        else
                say(validation, &checked);
        bp_checked_done(&checked);
        return r;
}

static int validate_files(struct validation *validation, const struct bp_arguments *arguments) {
        for (size_t i = 0; i < arguments->n_operands; i++) {
                int r = validate_file(validation, arguments->operands[i]);

                if (r)
                        return bp_cli_no_memory(validation->cli);
        }
        if (validation->as_json) {
                int code;

                bp_strbuf_add_text(&validation->json, "]\n");
                code = bp_cli_write(validation->cli, &validation->json);
                if (code)
                        return code;
        }
        return validation->invalid ? BP_EXIT_INVALID : BP_EXIT_COMPLETED;
}

int bp_command_validate(struct bp_cli *cli, const struct bp_arguments *arguments) {
        struct validation validation = {
                .cli = cli,
                .strict = bp_arguments_has(arguments, BP_OPTION_STRICT),
                .as_json = strcmp(bp_arguments_text(arguments, BP_OPTION_FORMAT), "json") == 0,
        };
        int code;

        if (bp_catalogue_open(cli, &validation.catalogue))
                return bp_cli_no_memory(cli);
        validation.catalogue.structure_only = bp_arguments_has(arguments, BP_OPTION_STRUCTURE);
        bp_strbuf_init(&validation.json, NULL, SIZE_MAX);
        code = bp_arguments_has(arguments, BP_OPTION_JSONL) ? bp_jsonl_run(cli, answer_line, &validation)
                                                            : validate_files(&validation, arguments);
        bp_strbuf_done(&validation.json);
        bp_catalogue_close(&validation.catalogue);
        return code;
}
