/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline events correlate: which correlation id events carry, for a batch. For tests. */
#include "base/strbuf.h"
#include "base/value.h"
#include "base/writer.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/jsonl.h"
#include "events/events.h"

static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        const struct bp_value *event = bp_value_get(line, "event");
        const char *id;
        struct bp_writer object;
        int r;

        (void)userdata;
        (void)reterr_problem;
        r = bp_event_correlation(arena, event ? event : &bp_value_null, &id);
        if (r)
                return r;
        object = bp_writer_open(answer, '{');
        bp_writer_text(&object, "workflow_id", id);
        bp_strbuf_add_char(answer, '}');
        return 0;
}

int bp_command_events_correlate(struct bp_cli *cli, const struct bp_arguments *arguments) {
        (void)arguments;
        return bp_jsonl_run(cli, answer_line, NULL);
}
