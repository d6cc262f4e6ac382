/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline actions run: one action called alone, to try it out, for one set of parameters or for a batch. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "cli/action_call.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/jsonl.h"
#include "cli/outgoing.h"
#include "cli/show_problem.h"
#include "registry/registry.h"
#include "runtime/call_action.h"

#define ARENA_SIZE_MAX ((size_t)64 * 1024 * 1024)

struct session {
        struct bp_cli *cli;
        struct bp_catalogue catalogue;
        struct bp_outgoing outgoing;
        struct bp_invoker *invoker;
        bool virtual_time;
        struct bp_strbuf *calls; /* of the line at hand, told in its answer; or NULL */
};

/* ---------------------------------------------------------------------------------------------------------------
 * Batch
 */

static void write_error(struct bp_strbuf *buffer, const struct bp_action_answer *answer) {
        if (answer->success)
                bp_strbuf_add_text(buffer, "null");
        else if (answer->error.type != BP_NULL)
                bp_json_write(buffer, &answer->error);
        else
                bp_json_write_string(buffer, answer->message, strlen(answer->message));
}

/* In a batch the calls of a line belong into its answer. The call runs on this thread, and so its requests begin here.
 */
static void keep_call(void *userdata, const struct bp_http_request *request) {
        struct session *session = userdata;

        if (session->calls->size)
                bp_strbuf_add_char(session->calls, ',');
        bp_outgoing_write_call(session->calls, request);
}

static void write_answer(struct bp_strbuf *buffer, const struct bp_action_answer *answer,
                         const struct bp_strbuf *calls) {
        bp_strbuf_printf(buffer, "{\"success\":%s,\"outputs\":", answer->success ? "true" : "false");
        bp_json_write(buffer, &answer->outputs);
        bp_strbuf_add_text(buffer, ",\"error\":");
        write_error(buffer, answer);
        if (answer->awaiting_event) {
                bp_strbuf_add_text(buffer, ",\"awaiting_event\":true,\"external_workflow_id\":");
                bp_json_write_string(buffer, answer->external_id, strlen(answer->external_id));
        }
        if (answer->awaiting_event && answer->timeout_seconds)
                bp_strbuf_printf(buffer, ",\"timeout_seconds\":%lld", (long long)answer->timeout_seconds);
        if (calls)
                bp_strbuf_printf(buffer, ",\"calls\":[%s]", bp_strbuf_text(calls));
        bp_strbuf_add_char(buffer, '}');
}

/* {"errors": [text, ...]}: what the action's own check finds. */
static int answer_check(const struct bp_action_call *call, struct bp_arena *arena, struct bp_strbuf *answer) {
        struct bp_problem_list findings = {.arena = arena};
        int r;

        r = bp_check_action(NULL, call->entry, &call->params, &findings);
        if (r)
                return r;
        bp_strbuf_add_text(answer, "{\"errors\":[");
        for (size_t i = 0; i < findings.count; i++) {
                if (i)
                        bp_strbuf_add_char(answer, ',');
                bp_json_write_string(answer, findings.items[i]->message, strlen(findings.items[i]->message));
        }
        bp_strbuf_add_text(answer, "]}");
        return 0;
}

/* Where the action believes to run. */
static int read_place(const struct bp_value *line, struct bp_action_run *run, struct bp_problem *reterr_problem) {
        const struct bp_value *text;
        int r = 0;

        if (bp_value_get(line, "step_id") && (r = bp_jsonl_text(line, "step_id", &text, reterr_problem)) == 0)
                run->step_id = text->as.text;
        if (r == 0 && bp_value_get(line, "execution_id") &&
            (r = bp_jsonl_text(line, "execution_id", &text, reterr_problem)) == 0)
                run->execution_id = text->as.text;
        return r;
}

static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        struct session *session = userdata;
        struct bp_action_run run = {.invoker = session->invoker,
                                    .system_user_id = session->outgoing.system_user_id,
                                    .virtual_time = session->virtual_time};
        struct bp_action_answer came_to;
        struct bp_action_call call;
        int r;

        r = bp_action_call_of_line(&session->catalogue, line, &call, reterr_problem);
        if (r == 0 && bp_jsonl_flag(line, "validate"))
                return answer_check(&call, arena, answer);
        if (r == 0)
                r = bp_jsonl_object(line, "workflow_params", &run.workflow_params, reterr_problem);
        if (r == 0)
                r = bp_jsonl_object(line, "step_outputs", &run.step_outputs, reterr_problem);
        if (r == 0)
                r = read_place(line, &run, reterr_problem);
        if (r)
                return r;
        run.entry = call.entry;
        run.params = &call.params;
        if (session->calls)
                bp_strbuf_clear(session->calls);
        r = bp_run_action(&run, arena, &came_to);
        if (r == 0)
                write_answer(answer, &came_to, session->calls);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * One call
 */

static void show_log(void *userdata, enum bp_log_level level, const char *message) {
        static const char *const words[] = {[BP_LOG_DEBUG] = "debug",
                                            [BP_LOG_INFO] = "info",
                                            [BP_LOG_WARNING] = "warning",
                                            [BP_LOG_ERROR] = "error"};
        const struct bp_cli *cli = userdata;
        struct bp_strbuf line;

        bp_strbuf_init(&line, NULL, SIZE_MAX);
        bp_show_text(&line, message, 0);
        fprintf(cli->err, "log %s: %s\n", words[level], bp_strbuf_text(&line));
        bp_strbuf_done(&line);
}

static int show_answer(const struct bp_cli *cli, const char *format, const struct bp_action_answer *answer) {
        struct bp_strbuf text;
        int code;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        if (strcmp(format, "json") == 0)
                write_answer(&text, answer, NULL);
        else
                bp_json_write_pretty(&text, &answer->outputs);
        bp_strbuf_add_char(&text, '\n');
        code = bp_cli_write(cli, &text);
        bp_strbuf_done(&text);
        if (answer->awaiting_event)
                bp_cli_warning(cli, "the action waits for an event with id %s", answer->external_id);
        if (!answer->success)
                bp_cli_error(cli, "%s: %s", answer->code ? answer->code : "FAILED", answer->message);
        return answer->success ? code : BP_EXIT_FAILED;
}

static bool are_params_right(const struct bp_cli *cli, const struct bp_action_call *call, struct bp_arena *arena) {
        const struct bp_source source = {.name = bp_action_entry_meta(call->entry)->type};
        const struct bp_params_check how = {.unknown_names = true};
        struct bp_problem_list findings = {.arena = arena};

        if (bp_params_check(bp_action_entry_meta(call->entry), &call->params, &how, &findings))
                return bp_cli_no_memory(cli), false;
        bp_report_problems(cli, &source, BP_SEVERITY_ERROR, &findings);
        return findings.count == 0;
}

static int read_steps(const struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_arena *arena,
                      struct bp_value *ret_steps) {
        const char *path = bp_arguments_text(arguments, BP_OPTION_STEPS_FILE);
        struct bp_problem problem = {0};
        struct bp_source source;
        int r;

        *ret_steps = bp_value_empty_object;
        r = path ? bp_object_read(arena, path, &source, ret_steps, &problem) : 0;
        return r ? bp_report_input(cli, r, &source, &problem) : BP_EXIT_COMPLETED;
}

static int call_once(const struct session *session, const struct bp_arguments *arguments, struct bp_arena *arena) {
        const char *unavailable;
        struct bp_action_answer answer;
        struct bp_action_call call;
        struct bp_value steps;
        int code;

        code = bp_action_call_read(session->cli, &session->catalogue, arguments, arena, &call);
        if (code == BP_EXIT_COMPLETED)
                code = read_steps(session->cli, arguments, arena, &steps);
        if (code)
                return code;
        unavailable = bp_action_entry_unavailable(call.entry);
        if (unavailable) {
                bp_cli_error(session->cli, "%s cannot be run: %s", bp_action_entry_meta(call.entry)->type, unavailable);
                return BP_EXIT_INVALID;
        }
        if (!are_params_right(session->cli, &call, arena))
                return BP_EXIT_INVALID;
        if (bp_run_action(&(const struct bp_action_run){.entry = call.entry,
                                                        .params = &call.params,
                                                        .step_outputs = &steps,
                                                        .invoker = session->invoker,
                                                        .system_user_id = session->outgoing.system_user_id,
                                                        .virtual_time = session->virtual_time,
                                                        .log = show_log,
                                                        .userdata = session->cli},
                          arena, &answer))
                return bp_cli_no_memory(session->cli);
        return show_answer(session->cli, bp_arguments_text(arguments, BP_OPTION_FORMAT), &answer);
}

static int run_batch(struct session *session) {
        struct bp_strbuf calls;
        int code;

        bp_strbuf_init(&calls, NULL, SIZE_MAX);
        session->calls = session->outgoing.invoke.trace ? &calls : NULL;
        if (session->calls) {
                session->outgoing.invoke.trace = keep_call;
                session->outgoing.invoke.trace_userdata = session;
        }
        if (bp_invoker_new(&session->outgoing.invoke, &session->invoker))
                code = bp_cli_no_memory(session->cli);
        else
                code = bp_jsonl_run(session->cli, answer_line, session);
        bp_strbuf_done(&calls);
        return code;
}

static int run_once(struct session *session, const struct bp_arguments *arguments, struct bp_arena *arena) {
        if (bp_invoker_new(&session->outgoing.invoke, &session->invoker))
                return bp_cli_no_memory(session->cli);
        return call_once(session, arguments, arena);
}

int bp_command_actions_run(struct bp_cli *cli, const struct bp_arguments *arguments) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        struct session session = {.cli = cli, .virtual_time = bp_arguments_has(arguments, BP_OPTION_VIRTUAL_TIME)};
        int code = arena ? bp_outgoing_read(cli, arguments, arena, &session.outgoing) : bp_cli_no_memory(cli);

        if (code)
                return code;
        /* Each call is tried out for itself: what the one before it came to is none of its business. */
        session.outgoing.invoke.breaker.failures = UINT32_MAX;
        if (bp_catalogue_open(cli, &session.catalogue))
                return bp_cli_no_memory(cli);
        code = bp_arguments_has(arguments, BP_OPTION_JSONL) ? run_batch(&session)
                                                            : run_once(&session, arguments, arena);
        bp_invoker_free(session.invoker);
        bp_catalogue_close(&session.catalogue);
        return code;
}
