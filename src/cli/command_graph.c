/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline graph: the graph of a definition, to be drawn. */
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/graph_text.h"
#include "cli/load_definition.h"

#define ARENA_SIZE_MAX ((size_t)256 * 1024 * 1024)

static const struct {
        const char *format;
        void (*write)(struct bp_strbuf *buffer, const struct bp_definition *definition);
} writers[] = {
        {"dot", bp_graph_write_dot},
        {"mermaid", bp_graph_write_mermaid},
        {"json", bp_graph_write_json},
};

static int write_graph(const struct bp_cli *cli, const char *format, const struct bp_definition *definition) {
        struct bp_strbuf text;
        int code;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
                if (strcmp(writers[i].format, format) == 0)
                        writers[i].write(&text, definition);
        code = bp_cli_write(cli, &text);
        bp_strbuf_done(&text);
        return code;
}

static int draw(const struct bp_cli *cli, const struct bp_arguments *arguments, const struct bp_catalogue *catalogue) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        int code = BP_EXIT_INVALID;
        struct bp_checked checked;

        if (!arena || bp_load_file(catalogue, bp_arguments_operand(arguments, 0), arena, &checked))
                return bp_cli_no_memory(cli);
        bp_checked_report(cli, &checked, false);
        if (checked.definition)
                code = write_graph(cli, bp_arguments_text(arguments, BP_OPTION_FORMAT), checked.definition);
        bp_checked_done(&checked);
        return code;
}

int bp_command_graph(struct bp_cli *cli, const struct bp_arguments *arguments) {
        struct bp_catalogue catalogue;
        int code;

        if (bp_catalogue_open(cli, &catalogue))
                return bp_cli_no_memory(cli);
        code = draw(cli, arguments, &catalogue);
        bp_catalogue_close(&catalogue);
        return code;
}
