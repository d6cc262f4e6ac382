/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline sanitize: values as they would leave, for a batch. For tests. */
#include "base/json.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/jsonl.h"
#include "sanitize/sanitize.h"

static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        const struct bp_value *value = bp_value_get(line, "value");
        struct bp_value safe;
        int r;

        (void)userdata;
        (void)reterr_problem;
        r = bp_sanitize(arena, value ? value : &bp_value_null, &safe);
        if (r)
                return r;
        bp_strbuf_add_text(answer, "{\"value\":");
        bp_json_write(answer, &safe);
        bp_strbuf_add_char(answer, '}');
        return 0;
}

int bp_command_sanitize(struct bp_cli *cli, const struct bp_arguments *arguments) {
        (void)arguments;
        return bp_jsonl_run(cli, answer_line, NULL);
}
