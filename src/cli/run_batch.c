/* SPDX-License-Identifier: Apache-2.0 */
/* Executions one after another on one runtime: a line in, a result out. */
#include "cli/run_batch.h"

#include <errno.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/jsonl.h"
#include "cli/load_definition.h"
#include "cli/outgoing.h"
#include "cli/run_result.h"
#include "pipeline/definition.h"
#include "runtime/runtime.h"

struct batch {
        const struct bp_catalogue *catalogue;
        struct bp_runtime *runtime;
        struct bp_run_result result; /* of the line at hand */
        int error;                   /* why the runtime gave its execution up */
};

static void take_records(void *userdata, const struct bp_execution *execution, const struct bp_record *records,
                         size_t n_records) {
        struct batch *batch = userdata;

        (void)execution;
        bp_run_result_take_records(&batch->result, records, n_records);
}

static void take_end(void *userdata, const struct bp_execution *execution) {
        struct batch *batch = userdata;

        bp_run_result_take_end(&batch->result, execution);
}

static void take_break(void *userdata, const struct bp_execution *execution, int error) {
        struct batch *batch = userdata;

        (void)execution;
        batch->error = error;
}

static void write_refusal(struct bp_strbuf *answer, const struct bp_problem_list *errors) {
        bp_strbuf_add_text(answer, "{\"error\":");
        bp_jsonl_write_problem(answer, errors->items[0], true);
        bp_strbuf_add_text(answer, ",\"errors\":[");
        for (size_t i = 0; i < errors->count; i++) {
                if (i)
                        bp_strbuf_add_char(answer, ',');
                bp_jsonl_write_problem(answer, errors->items[i], true);
        }
        bp_strbuf_add_text(answer, "]}");
}

static int run(struct batch *batch, const struct bp_definition *definition, const struct bp_value *params,
               struct bp_strbuf *answer) {
        const struct bp_execution_start start = {
                .id = bp_id_new(bp_wall_now()), .definition = definition, .params = params, .origin = "cli"};
        int r;

        bp_run_result_clear(&batch->result);
        batch->error = 0;
        r = bp_runtime_start(batch->runtime, &start);
        if (r == 0)
                r = bp_runtime_run(batch->runtime, true);
        if (r == 0)
                r = batch->error;
        if (r)
                return r;
        if (!batch->result.state)
                return -EIO;
        bp_strbuf_add(answer, bp_strbuf_text(&batch->result.json), batch->result.json.size);
        return batch->result.json.error;
}

static int start(struct batch *batch, struct bp_checked *checked, const struct bp_value *given, struct bp_arena *arena,
                 struct bp_strbuf *answer) {
        struct bp_value params;
        int r;

        if (!checked->definition) {
                write_refusal(answer, &checked->errors);
                return 0;
        }
        r = bp_definition_merge_params(checked->definition, given ? given : &bp_value_empty_object, arena, &params);
        if (r == 0)
                r = bp_definition_check_start(checked->definition, &params, &checked->errors);
        if (r < 0)
                return r;
        if (r > 0) {
                write_refusal(answer, &checked->errors);
                return 0;
        }
        return run(batch, checked->definition, &params, answer);
}

static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        struct batch *batch = userdata;
        const struct bp_value *given;
        struct bp_checked checked;
        int r;

        r = bp_jsonl_object(line, "params", &given, reterr_problem);
        if (r == 0)
                r = bp_load_line(batch->catalogue, line, arena, &checked, reterr_problem);
        if (r)
                return r;
        r = start(batch, &checked, given, arena, answer);
        bp_checked_done(&checked);
        return r;
}

int bp_run_batch(struct bp_cli *cli, const struct bp_arguments *arguments, const struct bp_catalogue *catalogue) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct batch batch = {.catalogue = catalogue};
        const struct bp_observer observer = {
                .records = take_records, .ended = take_end, .broken = take_break, .userdata = &batch};
        struct bp_runtime_settings settings = {.virtual_time = bp_arguments_has(arguments, BP_OPTION_VIRTUAL_TIME),
                                               .observer = &observer};
        struct bp_outgoing outgoing = {0};
        int code = arena ? bp_outgoing_read(cli, arguments, arena, &outgoing) : bp_cli_no_memory(cli);

        if (code)
                return code;
        settings.invoke = &outgoing.invoke;
        settings.system_user_id = outgoing.system_user_id;
        if (bp_runtime_new(&settings, &batch.runtime))
                return bp_cli_no_memory(cli);
        bp_run_result_init(&batch.result);
        code = bp_jsonl_run(cli, answer_line, &batch);
        bp_run_result_done(&batch.result);
        bp_runtime_free(batch.runtime);
        return code;
}
