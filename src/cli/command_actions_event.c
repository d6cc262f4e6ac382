/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline actions event: what an action makes of an event it waits for, for one event or for a batch. */
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "cli/action_call.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/jsonl.h"
#include "cli/outgoing.h"
#include "registry/registry.h"
#include "runtime/call_action.h"

#define ARENA_SIZE_MAX ((size_t)64 * 1024 * 1024)

struct session {
        struct bp_cli *cli;
        struct bp_catalogue catalogue;
        struct bp_outgoing outgoing;
        struct bp_invoker *invoker;
};

static void add_text(struct bp_strbuf *buffer, const char *name, const char *text) {
        bp_strbuf_printf(buffer, ",\"%s\":", name);
        if (text)
                bp_json_write_string(buffer, text, strlen(text));
        else
                bp_strbuf_add_text(buffer, "null");
}

static void add_number(struct bp_strbuf *buffer, const char *name, double number) {
        bp_strbuf_printf(buffer, ",\"%s\":", name);
        if (number >= 0)
                bp_value_write_float(buffer, number);
        else
                bp_strbuf_add_text(buffer, "null");
}

static void write_answer(struct bp_strbuf *buffer, const struct bp_event_answer *answer) {
        static const char *const actions[] = {[BP_EVENT_COMPLETE] = "complete",
                                              [BP_EVENT_UPDATE_PROGRESS] = "update_progress",
                                              [BP_EVENT_IGNORE] = "ignore"};
        bool ends = answer->action == BP_EVENT_COMPLETE, fails = ends && !answer->success;

        bp_strbuf_printf(buffer, "{\"action\":\"%s\"", actions[answer->action]);
        add_text(buffer, "status", !ends ? NULL : fails ? "FAILED" : "COMPLETED");
        bp_strbuf_add_text(buffer, ",\"outputs\":");
        bp_json_write(buffer, &answer->outputs);
        add_text(buffer, "error", fails ? answer->message : NULL);
        add_number(buffer, "progress", answer->percent);
        add_number(buffer, "eta_minutes", answer->eta_minutes);
        bp_strbuf_add_char(buffer, '}');
}

/* ---------------------------------------------------------------------------------------------------------------
 * Batch
 */

static int read_line(const struct bp_value *line, struct bp_action_run *run, const struct bp_value **ret_event,
                     const char **ret_id, struct bp_problem *reterr_problem) {
        const struct bp_value *id = bp_value_get(line, "external_workflow_id");
        int r = bp_jsonl_object(line, "event", ret_event, reterr_problem);

        if (r == 0 && !*ret_event)
                r = bp_problem_set(reterr_problem, "LINE_INVALID", "'event' is missing");
        if (r == 0)
                r = bp_jsonl_object(line, "step_outputs", &run->step_outputs, reterr_problem);
        if (r == 0)
                r = bp_jsonl_object(line, "workflow_params", &run->workflow_params, reterr_problem);
        *ret_id = id && id->type == BP_STRING ? id->as.text : "";
        return r;
}

static int answer_line(void *userdata, const struct bp_value *line, struct bp_arena *arena, struct bp_strbuf *answer,
                       struct bp_problem *reterr_problem) {
        struct session *session = userdata;
        struct bp_action_run run = {.invoker = session->invoker, .system_user_id = session->outgoing.system_user_id};
        const struct bp_value *event = NULL;
        struct bp_event_answer came_to;
        struct bp_action_call call;
        const char *id;
        int r = bp_action_call_of_line(&session->catalogue, line, &call, reterr_problem);

        if (r == 0)
                r = read_line(line, &run, &event, &id, reterr_problem);
        if (r)
                return r;
        run.entry = call.entry;
        run.params = &call.params;
        r = bp_run_event(&run, event, id, arena, &came_to);
        if (r == 0)
                write_answer(answer, &came_to);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * One event
 */

static int read_object(const struct bp_cli *cli, const struct bp_arguments *arguments, enum bp_option_id option,
                       const char *name, struct bp_arena *arena, struct bp_value *ret_object) {
        const char *text = bp_arguments_text(arguments, option);
        struct bp_problem problem;
        int r;

        *ret_object = bp_value_empty_object;
        if (!text)
                return BP_EXIT_COMPLETED;
        r = bp_json_parse(arena, text, strlen(text), NULL, ret_object, &problem);
        if (r < 0)
                return bp_cli_no_memory(cli);
        if (r > 0)
                bp_cli_error(cli, "--%s: %s", name, problem.message);
        else if (ret_object->type != BP_OBJECT)
                bp_cli_error(cli, "--%s must be a JSON object", name);
        return r > 0 || ret_object->type != BP_OBJECT ? BP_EXIT_INVALID : BP_EXIT_COMPLETED;
}

static int show(const struct bp_cli *cli, const struct bp_event_answer *answer) {
        struct bp_strbuf text;
        int code;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        write_answer(&text, answer);
        bp_strbuf_add_char(&text, '\n');
        code = bp_cli_write(cli, &text);
        bp_strbuf_done(&text);
        return code;
}

static int call_once(const struct session *session, const struct bp_arguments *arguments, struct bp_arena *arena) {
        const char *id = bp_arguments_text(arguments, BP_OPTION_ID);
        struct bp_value event, outputs;
        struct bp_event_answer answer;
        struct bp_action_call call;
        int code = bp_action_call_read(session->cli, &session->catalogue, arguments, arena, &call);

        if (code == BP_EXIT_COMPLETED)
                code = read_object(session->cli, arguments, BP_OPTION_EVENT, "event", arena, &event);
        if (code == BP_EXIT_COMPLETED)
                code = read_object(session->cli, arguments, BP_OPTION_SET_BEFORE, "outputs", arena, &outputs);
        if (code)
                return code;
        if (bp_run_event(&(const struct bp_action_run){.entry = call.entry,
                                                       .params = &call.params,
                                                       .step_outputs = &outputs,
                                                       .invoker = session->invoker,
                                                       .system_user_id = session->outgoing.system_user_id},
                         &event, id ? id : "", arena, &answer))
                return bp_cli_no_memory(session->cli);
        return show(session->cli, &answer);
}

int bp_command_actions_event(struct bp_cli *cli, const struct bp_arguments *arguments) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        struct session session = {.cli = cli};
        int code = arena ? bp_outgoing_read(cli, arguments, arena, &session.outgoing) : bp_cli_no_memory(cli);

        if (code)
                return code;
        if (bp_catalogue_open(cli, &session.catalogue))
                return bp_cli_no_memory(cli);
        if (bp_invoker_new(&session.outgoing.invoke, &session.invoker))
                code = bp_cli_no_memory(cli);
        else
                code = bp_arguments_has(arguments, BP_OPTION_JSONL) ? bp_jsonl_run(cli, answer_line, &session)
                                                                    : call_once(&session, arguments, arena);
        bp_invoker_free(session.invoker);
        bp_catalogue_close(&session.catalogue);
        return code;
}
