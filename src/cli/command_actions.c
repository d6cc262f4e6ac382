/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline actions list, show, schema: what the registry knows, for people and for programs. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "registry/registry.h"

/* Wire words, by enum value. */
static const char *const param_types[] = {
        [BP_PARAM_STRING] = "string",
        [BP_PARAM_NUMBER] = "number",
        [BP_PARAM_BOOLEAN] = "boolean",
        [BP_PARAM_SELECT] = "select",
        [BP_PARAM_MULTISELECT] = "multiselect",
        [BP_PARAM_JSON] = "json",
        [BP_PARAM_TEMPLATE] = "template",
        [BP_PARAM_BRANCHES] = "branches",
        [BP_PARAM_RANGE] = "range",
        [BP_PARAM_MODEL_REF] = "model_ref",
        [BP_PARAM_CLUSTER_REF] = "cluster_ref",
        [BP_PARAM_PROJECT_REF] = "project_ref",
        [BP_PARAM_ENDPOINT_REF] = "endpoint_ref",
        [BP_PARAM_PROVIDER_REF] = "provider_ref",
        [BP_PARAM_CREDENTIAL_REF] = "credential_ref",
        [BP_PARAM_CLOUD_MODEL_REF] = "cloud_model_ref",
};

static const char *const effects[] = {[BP_PURE] = "pure", [BP_IDEMPOTENT] = "idempotent", [BP_ONCE] = "once"};

typedef int writer(const struct bp_cli *cli, const struct bp_arguments *arguments, const struct bp_catalogue *catalogue,
                   struct bp_strbuf *buffer);

/* Opens the catalogue, lets `write` fill a text, and prints it. */
static int print(struct bp_cli *cli, const struct bp_arguments *arguments, writer *write) {
        struct bp_catalogue catalogue;
        struct bp_strbuf text;
        int code;

        if (bp_catalogue_open(cli, &catalogue))
                return bp_cli_no_memory(cli);
        bp_strbuf_init(&text, NULL, SIZE_MAX);
        code = write(cli, arguments, &catalogue, &text);
        if (code == BP_EXIT_COMPLETED)
                code = bp_cli_write(cli, &text);
        bp_strbuf_done(&text);
        bp_catalogue_close(&catalogue);
        return code;
}

static bool is_format(const struct bp_arguments *arguments, const char *format) {
        return strcmp(bp_arguments_text(arguments, BP_OPTION_FORMAT), format) == 0;
}

static void add_column(struct bp_strbuf *buffer, const char *text, size_t columns) {
        size_t used = bp_utf8_length(text, strlen(text));

        bp_strbuf_add_text(buffer, text);
        do
                bp_strbuf_add_char(buffer, ' ');
        while (++used < columns);
}

static void add_heading(struct bp_strbuf *buffer, const struct bp_cli *cli, const char *heading) {
        bp_strbuf_printf(buffer, "%s%s%s\n", bp_style_text(cli->out_colour, BP_STYLE_BOLD), heading,
                         bp_style_text(cli->out_colour, BP_STYLE_PLAIN));
}

/* ---------------------------------------------------------------------------------------------------------------
 * list
 */

enum { TYPE_COLUMNS = 22 };

static void add_names(struct bp_strbuf *buffer, const struct bp_registry_snapshot *snapshot) {
        for (size_t i = 0; i < bp_registry_count(snapshot); i++)
                bp_strbuf_printf(buffer, "%s\n", bp_action_entry_meta(bp_registry_at(snapshot, i))->type);
}

static void add_row(struct bp_strbuf *buffer, const struct bp_cli *cli, const struct bp_action_entry *entry) {
        const struct bp_action_meta *meta = bp_action_entry_meta(entry);

        bp_strbuf_add_text(buffer, "  ");
        add_column(buffer, meta->type, TYPE_COLUMNS);
        bp_show_text(buffer, meta->description, 0);
        if (meta->deprecated)
                bp_strbuf_printf(buffer, " %s(deprecated)%s", bp_style_text(cli->out_colour, BP_STYLE_YELLOW),
                                 bp_style_text(cli->out_colour, BP_STYLE_PLAIN));
        if (bp_action_entry_unavailable(entry))
                bp_strbuf_printf(buffer, " %s(cannot run)%s", bp_style_text(cli->out_colour, BP_STYLE_YELLOW),
                                 bp_style_text(cli->out_colour, BP_STYLE_PLAIN));
        bp_strbuf_add_char(buffer, '\n');
}

static void add_categories(struct bp_strbuf *buffer, const struct bp_cli *cli,
                           const struct bp_registry_snapshot *snapshot) {
        const struct bp_registry_category *categories;
        size_t count;

        categories = bp_registry_categories(snapshot, &count);
        for (size_t i = 0; i < count; i++) {
                if (i)
                        bp_strbuf_add_char(buffer, '\n');
                add_heading(buffer, cli, categories[i].name);
                for (size_t j = 0; j < categories[i].n_entries; j++)
                        add_row(buffer, cli, categories[i].entries[j]);
        }
}

static int write_list(const struct bp_cli *cli, const struct bp_arguments *arguments,
                      const struct bp_catalogue *catalogue, struct bp_strbuf *buffer) {
        if (is_format(arguments, "json")) {
                bp_registry_write(buffer, catalogue->snapshot);
                bp_strbuf_add_char(buffer, '\n');
        } else if (is_format(arguments, "names")) {
                add_names(buffer, catalogue->snapshot);
        } else {
                add_categories(buffer, cli, catalogue->snapshot);
        }
        return BP_EXIT_COMPLETED;
}

int bp_command_actions_list(struct bp_cli *cli, const struct bp_arguments *arguments) {
        return print(cli, arguments, write_list);
}

/* ---------------------------------------------------------------------------------------------------------------
 * show
 */

static void add_options(struct bp_strbuf *buffer, const struct bp_param_meta *param) {
        for (size_t i = 0; i < param->n_options; i++)
                bp_strbuf_printf(buffer, "%s%s", i ? ", " : "  one of: ", param->options[i].value);
}

static void add_bounds(struct bp_strbuf *buffer, const struct bp_param_meta *param) {
        if (param->rules & BP_RULE_MIN)
                bp_strbuf_printf(buffer, "  at least %g", param->min);
        if (param->rules & BP_RULE_MAX)
                bp_strbuf_printf(buffer, "  at most %g", param->max);
        if (param->rules & BP_RULE_MIN_LENGTH)
                bp_strbuf_printf(buffer, "  at least %u characters", param->min_length);
        if (param->rules & BP_RULE_MAX_LENGTH)
                bp_strbuf_printf(buffer, "  at most %u characters", param->max_length);
}

static void add_param(struct bp_strbuf *buffer, const struct bp_param_meta *param) {
        bp_strbuf_add_text(buffer, "  ");
        add_column(buffer, param->name, TYPE_COLUMNS);
        add_column(buffer, param_types[param->type], 12);
        if (param->required)
                bp_strbuf_add_text(buffer, "required  ");
        if (param->description)
                bp_show_text(buffer, param->description, 0);
        add_options(buffer, param);
        add_bounds(buffer, param);
        if (param->has_default) {
                bp_strbuf_add_text(buffer, "  default: ");
                bp_json_write(buffer, &param->default_value);
        }
        bp_strbuf_add_char(buffer, '\n');
}

static void add_facts(struct bp_strbuf *buffer, const struct bp_action_entry *entry) {
        const struct bp_action_meta *meta = bp_action_entry_meta(entry);

        bp_strbuf_printf(buffer, "Version    %s, from %s\n", meta->version, bp_action_entry_publisher(entry));
        bp_strbuf_printf(buffer, "Category   %s\n", meta->category);
        bp_strbuf_printf(buffer, "Effect     %s\n", effects[meta->effect]);
        bp_strbuf_printf(buffer, "Mode       %s\n", meta->execution_mode == BP_EVENT_DRIVEN ? "event_driven" : "sync");
        if (meta->timeout_seconds)
                bp_strbuf_printf(buffer, "Timeout    %u s\n", meta->timeout_seconds);
        if (bp_action_entry_source(entry))
                bp_strbuf_printf(buffer, "File       %s\n", bp_action_entry_source(entry));
        if (bp_action_entry_unavailable(entry))
                bp_strbuf_printf(buffer, "Cannot run %s\n", bp_action_entry_unavailable(entry));
        if (meta->deprecated)
                bp_strbuf_printf(buffer, "Deprecated %s\n", meta->deprecated);
        if (meta->docs_url)
                bp_strbuf_printf(buffer, "Read       %s\n", meta->docs_url);
}

static void add_outputs(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        for (size_t i = 0; i < meta->n_outputs; i++) {
                bp_strbuf_add_text(buffer, "  ");
                add_column(buffer, meta->outputs[i].name, TYPE_COLUMNS);
                add_column(buffer, meta->outputs[i].type, 12);
                if (meta->outputs[i].description)
                        bp_show_text(buffer, meta->outputs[i].description, 0);
                bp_strbuf_add_char(buffer, '\n');
        }
}

static void add_examples(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        for (size_t i = 0; i < meta->n_examples; i++) {
                bp_strbuf_add_text(buffer, "  ");
                bp_show_text(buffer, meta->examples[i].title, 0);
                bp_strbuf_add_text(buffer, ": ");
                bp_json_write(buffer, &meta->examples[i].params);
                bp_strbuf_add_char(buffer, '\n');
        }
}

static void add_action(struct bp_strbuf *buffer, const struct bp_cli *cli, const struct bp_action_entry *entry) {
        const struct bp_action_meta *meta = bp_action_entry_meta(entry);

        bp_strbuf_printf(buffer, "%s%s%s: %s\n", bp_style_text(cli->out_colour, BP_STYLE_BOLD), meta->type,
                         bp_style_text(cli->out_colour, BP_STYLE_PLAIN), meta->name);
        bp_show_text(buffer, meta->description, 0);
        bp_strbuf_add_text(buffer, "\n\n");
        add_facts(buffer, entry);
        bp_strbuf_add_char(buffer, '\n');
        add_heading(buffer, cli, "Parameters");
        for (size_t i = 0; i < meta->n_params; i++)
                add_param(buffer, &meta->params[i]);
        bp_strbuf_add_char(buffer, '\n');
        add_heading(buffer, cli, "Outputs");
        add_outputs(buffer, meta);
        if (meta->n_examples) {
                bp_strbuf_add_char(buffer, '\n');
                add_heading(buffer, cli, "Examples");
                add_examples(buffer, meta);
        }
}

static int write_action(const struct bp_cli *cli, const struct bp_arguments *arguments,
                        const struct bp_catalogue *catalogue, struct bp_strbuf *buffer) {
        const struct bp_action_entry *entry = bp_catalogue_find(cli, catalogue, bp_arguments_operand(arguments, 0));

        if (!entry)
                return BP_EXIT_INVALID;
        if (is_format(arguments, "json")) {
                bp_action_meta_write(buffer, entry);
                bp_strbuf_add_char(buffer, '\n');
        } else {
                add_action(buffer, cli, entry);
        }
        return BP_EXIT_COMPLETED;
}

int bp_command_actions_show(struct bp_cli *cli, const struct bp_arguments *arguments) {
        return print(cli, arguments, write_action);
}

/* ---------------------------------------------------------------------------------------------------------------
 * schema
 */

static int write_schema(const struct bp_cli *cli, const struct bp_arguments *arguments,
                        const struct bp_catalogue *catalogue, struct bp_strbuf *buffer) {
        const struct bp_action_entry *entry = bp_catalogue_find(cli, catalogue, bp_arguments_operand(arguments, 0));

        if (!entry)
                return BP_EXIT_INVALID;
        if (bp_arguments_has(arguments, BP_OPTION_OUTPUTS))
                bp_action_meta_write_outputs_schema(buffer, bp_action_entry_meta(entry));
        else
                bp_action_meta_write_params_schema(buffer, bp_action_entry_meta(entry));
        bp_strbuf_add_char(buffer, '\n');
        return BP_EXIT_COMPLETED;
}

int bp_command_actions_schema(struct bp_cli *cli, const struct bp_arguments *arguments) {
        return print(cli, arguments, write_schema);
}
