/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline run: a pipeline run here and now, shown while it goes on. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/similar.h"
#include "base/strbuf.h"
#include "cli/attendant.h"
#include "cli/catalogue.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/load_definition.h"
#include "cli/outgoing.h"
#include "cli/run_batch.h"
#include "cli/run_durable.h"
#include "cli/run_plan.h"
#include "cli/run_result.h"
#include "cli/run_view.h"
#include "cli/run_words.h"
#include "cli/show_problem.h"
#include "pipeline/definition.h"
#include "runtime/runtime.h"

#define ARENA_SIZE_MAX ((size_t)256 * 1024 * 1024)

/* One run of the program. */
struct session {
        struct bp_cli *cli;
        const struct bp_arguments *arguments;
        struct bp_arena *arena;
        struct bp_catalogue catalogue;
        struct bp_checked checked;
        struct bp_value given, params;
        struct bp_outgoing outgoing;
        struct bp_runtime *runtime;     /* of a run without a store */
        struct bp_durable_run *durable; /* of one with a store */
        struct bp_id execution;
        const struct bp_run_view_kind *kind;
        void *view;
        struct bp_run_result result;
        int error; /* why the runtime gave the execution up */
};

static bool is_format(const struct session *session, const char *format) {
        return strcmp(bp_arguments_text(session->arguments, BP_OPTION_FORMAT), format) == 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Before it runs
 */

/* --timeout is written into the document, so that it counts as if its author had stated it. */
static int state_timeout(struct bp_arena *arena, const struct bp_value *document, int64_t seconds,
                         struct bp_value *ret_document) {
        const struct bp_value *old = bp_value_get(document, "settings");
        struct bp_object_builder settings, changed;
        struct bp_value value;
        int r;

        bp_object_init(&settings, arena);
        if (old && old->type == BP_OBJECT)
                bp_object_merge(&settings, old);
        bp_object_set_z(&settings, "timeout_seconds", bp_value_int(seconds));
        r = bp_object_finish(&settings, &value);
        if (r)
                return r;
        bp_object_init(&changed, arena);
        bp_object_merge(&changed, document);
        bp_object_set_z(&changed, "settings", value);
        return bp_object_finish(&changed, ret_document);
}

static int apply_timeout(struct session *session) {
        const char *timeout = bp_arguments_text(session->arguments, BP_OPTION_TIMEOUT);
        struct bp_checked changed;
        struct bp_value document;
        int r;

        if (!timeout)
                return 0;
        r = state_timeout(session->arena, &session->checked.definition->source, strtoll(timeout, NULL, 10), &document);
        if (r == 0)
                r = bp_load_value(&session->catalogue, &document, session->arena, &changed);
        if (r)
                return r;
        bp_definition_unref(session->checked.definition);
        session->checked.definition = changed.definition;
        return session->checked.definition ? 0 : -EINVAL;
}

static int load(struct session *session) {
        int r;

        r = bp_load_file(&session->catalogue, bp_arguments_operand(session->arguments, 0), session->arena,
                         &session->checked);
        if (r)
                return bp_cli_no_memory(session->cli);
        bp_checked_report(session->cli, &session->checked, false);
        if (!session->checked.definition)
                return BP_EXIT_INVALID;
        r = apply_timeout(session);
        return r ? bp_report_input(session->cli, r, &session->checked.source, NULL) : BP_EXIT_COMPLETED;
}

static const struct bp_parameter *find_parameter(const struct bp_definition *definition, const char *name) {
        for (size_t i = 0; i < definition->n_parameters; i++)
                if (strcmp(definition->parameters[i].name, name) == 0)
                        return &definition->parameters[i];
        return NULL;
}

/* Text and references to other things are text, whatever their value looks like. */
static bool is_text(const void *userdata, const char *name) {
        const struct bp_parameter *parameter = find_parameter(userdata, name);
        size_t size = parameter ? strlen(parameter->type) : 0;

        if (!parameter)
                return false;
        return strcmp(parameter->type, "string") == 0 || (size > 4 && strcmp(parameter->type + size - 4, "_ref") == 0);
}

static void warn_of_unknown(const struct session *session, const struct bp_value *given) {
        const struct bp_definition *definition = session->checked.definition;

        for (uint32_t i = 0; i < given->count; i++) {
                struct bp_similar similar;

                if (find_parameter(definition, given->as.members[i].key))
                        continue;
                bp_similar_init(&similar, given->as.members[i].key);
                for (size_t j = 0; j < definition->n_parameters; j++)
                        bp_similar_offer(&similar, definition->parameters[j].name);
                bp_cli_warning(session->cli, "the pipeline declares no parameter '%s'%s%s%s", given->as.members[i].key,
                               similar.nearest ? "; did you mean '" : "", similar.nearest ? similar.nearest : "",
                               similar.nearest ? "'?" : "");
        }
}

static int read_params(struct session *session) {
        struct bp_problem_list errors = {.arena = session->arena};
        struct bp_problem problem = {0};
        struct bp_source source;
        int r;

        r = bp_parameters_read(session->arguments, is_text, session->checked.definition, session->arena,
                               &session->given, &source, &problem);
        if (r)
                return bp_report_input(session->cli, r, &source, &problem);
        warn_of_unknown(session, &session->given);
        r = bp_definition_merge_params(session->checked.definition, &session->given, session->arena, &session->params);
        if (r == 0)
                r = bp_definition_check_start(session->checked.definition, &session->params, &errors);
        if (r < 0)
                return bp_report_input(session->cli, r, &source, &problem);
        bp_report_problems(session->cli, &session->checked.source, BP_SEVERITY_ERROR, &errors);
        return r ? BP_EXIT_INVALID : BP_EXIT_COMPLETED;
}

static int show_plan(struct session *session) {
        struct bp_strbuf text;
        int r, code;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        r = is_format(session, "text")
                    ? bp_run_plan_write_text(&text, session->checked.definition, &session->params, session->arena)
                    : bp_run_plan_write_json(&text, session->checked.definition, &session->params, session->arena);
        code = r ? bp_cli_no_memory(session->cli) : bp_cli_write(session->cli, &text);
        bp_strbuf_done(&text);
        return code;
}

/* ---------------------------------------------------------------------------------------------------------------
 * While it runs
 */

/* A store may hold other executions, which go on meanwhile and are not shown. */
static bool is_ours(const struct session *session, const struct bp_execution *execution) {
        struct bp_id id = bp_execution_view(execution).id;

        return memcmp(&id, &session->execution, sizeof(id)) == 0;
}

static void take_records(void *userdata, const struct bp_execution *execution, const struct bp_record *records,
                         size_t n_records) {
        struct session *session = userdata;

        if (!is_ours(session, execution))
                return;
        bp_run_result_take_records(&session->result, records, n_records);
        if (session->kind->records)
                session->kind->records(session->view, execution, records, n_records);
}

static void take_log(void *userdata, const struct bp_execution *execution, uint32_t step, uint32_t attempt,
                     struct bp_wall at, enum bp_log_level level, const char *message) {
        const struct bp_run_log log = {.step = step, .attempt = attempt, .at = at, .level = level, .message = message};
        struct session *session = userdata;

        if (session->kind->log && is_ours(session, execution))
                session->kind->log(session->view, execution, &log);
}

static void take_end(void *userdata, const struct bp_execution *execution) {
        struct session *session = userdata;

        if (!is_ours(session, execution))
                return;
        bp_run_result_take_end(&session->result, execution);
        if (session->durable)
                bp_durable_stop(session->durable);
}

static void take_break(void *userdata, const struct bp_execution *execution, int error) {
        struct session *session = userdata;

        if (!is_ours(session, execution))
                return;
        session->error = error;
        if (session->durable)
                bp_durable_stop(session->durable);
}

static void tick(void *userdata) {
        struct session *session = userdata;

        session->kind->tick(session->view);
}

static void cancel(void *userdata) {
        static const char reason[] = "cancelled by a signal";
        struct session *session = userdata;
        int r;

        if (session->kind->cancelling)
                session->kind->cancelling(session->view);
        if (session->durable)
                r = bp_durable_cancel(session->durable, session->execution, reason);
        else
                r = bp_runtime_cancel(session->runtime, session->execution, reason, NULL);
        if (r)
                bp_cli_no_memory(session->cli);
}

static void leave(void *userdata) {
        struct session *session = userdata;

        if (session->kind->leave)
                session->kind->leave(session->view);
}

static int start(struct session *session) {
        const struct bp_execution_start start = {.id = session->execution,
                                                 .definition = session->checked.definition,
                                                 .params = &session->params,
                                                 .origin = "cli"};

        if (session->durable)
                return bp_durable_start(session->durable, session->checked.definition, &session->given,
                                        &session->execution);
        return bp_runtime_start(session->runtime, &start);
}

static int run_to_end(struct session *session) {
        const struct bp_attendant_calls calls = {
                .tick = session->kind->tick ? tick : NULL, .cancel = cancel, .leave = leave, .userdata = session};
        struct bp_attendant *attendant = NULL;
        int r = start(session);

        if (r == 0)
                r = bp_attendant_start(&calls, &attendant);
        if (r == 0)
                r = session->durable ? bp_durable_go(session->durable) : bp_runtime_run(session->runtime, true);
        bp_attendant_stop(attendant);
        leave(session);
        return r;
}

/* @return 0; 1: it cannot be opened, which has been said; negative errno */
static int open_engine(struct session *session, const struct bp_runtime_settings *settings) {
        const struct bp_durable_order order = {.cli = session->cli,
                                               .store = bp_arguments_text(session->arguments, BP_OPTION_STORE),
                                               .registry = session->catalogue.registry,
                                               .outgoing = &session->outgoing,
                                               .observer = settings->observer,
                                               .arena = session->arena};

        return order.store ? bp_durable_new(&order, &session->durable) : bp_runtime_new(settings, &session->runtime);
}

/* Signals are kept from the threads of the runtime, so that only the attendant hears them. */
static int run_with_view(struct session *session) {
        const struct bp_observer observer = {
                .records = take_records, .log = take_log, .ended = take_end, .broken = take_break, .userdata = session};
        const struct bp_runtime_settings settings = {
                .virtual_time = bp_arguments_has(session->arguments, BP_OPTION_VIRTUAL_TIME),
                .invoke = &session->outgoing.invoke,
                .system_user_id = session->outgoing.system_user_id,
                .observer = &observer};
        int r;

        r = bp_attendant_block_signals();
        if (r == 0)
                r = open_engine(session, &settings);
        if (r)
                return r;
        if (session->kind->new) {
                session->view = session->kind->new (session->cli, session->checked.definition, settings.virtual_time);
                r = session->view ? 0 : -ENOMEM;
        }
        if (r == 0)
                r = run_to_end(session);
        session->runtime = bp_runtime_free(session->runtime);
        session->durable = bp_durable_free(session->durable);
        if (session->kind->free)
                session->kind->free(session->view);
        return r;
}

static const struct bp_run_view_kind *choose_view(const struct session *session) {
        if (is_format(session, "jsonl"))
                return &bp_run_view_records;
        if (is_format(session, "json"))
                return &bp_run_view_none;
        return session->cli->out_is_terminal ? &bp_run_view_live : &bp_run_view_lines;
}

/* ---------------------------------------------------------------------------------------------------------------
 * After it has run
 */

static void add_counts(struct bp_strbuf *text, const struct bp_run_result *result) {
        const char *separator = ": ";
        char word[BP_STATE_WORD_SIZE];

        for (enum bp_step_state state = BP_STEP_PENDING; state <= BP_STEP_INTERRUPTED; state++) {
                if (!result->n_steps_in[state])
                        continue;
                bp_strbuf_printf(text, "%s%zu %s", separator, result->n_steps_in[state], bp_step_word(state, word));
                separator = ", ";
        }
        bp_strbuf_add_char(text, '\n');
}

/* JSON leaves some characters alone that steer a terminal. */
static void add_outputs(struct bp_strbuf *text, const struct session *session) {
        const char *line = bp_strbuf_text(&session->result.outputs);

        bp_strbuf_add_text(text, "outputs: ");
        if (!session->cli->out_is_terminal) {
                bp_strbuf_printf(text, "%s\n", line);
                return;
        }
        while (*line) {
                size_t size = strcspn(line, "\n");
                char *copy = bp_memdup_text(line, size);

                bp_show_text(text, copy ? copy : "", 0);
                bp_strbuf_add_char(text, '\n');
                free(copy);
                line += size + (line[size] == '\n');
        }
}

static int show_summary(const struct session *session) {
        const struct bp_run_result *result = &session->result;
        bool colour = session->cli->out_colour;
        char word[BP_STATE_WORD_SIZE], duration[BP_DURATION_TEXT_SIZE];
        struct bp_strbuf text;
        int code;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        bp_strbuf_printf(&text, "\n%s%s%s in %s", bp_style_text(colour, bp_execution_style(result->state)),
                         bp_execution_word(result->state, word), bp_style_text(colour, BP_STYLE_PLAIN),
                         bp_duration_text(result->duration_us, duration));
        add_counts(&text, result);
        if (result->error.size) {
                bp_strbuf_add_text(&text, "error: ");
                bp_show_text(&text, bp_strbuf_text(&result->error), 0);
                bp_strbuf_add_char(&text, '\n');
        }
        if (result->outputs.size)
                add_outputs(&text, session);
        code = bp_cli_write(session->cli, &text);
        bp_strbuf_done(&text);
        return code;
}

static int show_json(const struct session *session) {
        int code = bp_cli_write(session->cli, &session->result.json);

        fputc('\n', session->cli->out);
        return code;
}

static int show_result(const struct session *session) {
        int code = BP_EXIT_COMPLETED;

        if (is_format(session, "json"))
                code = show_json(session);
        else if (is_format(session, "text"))
                code = show_summary(session);
        return code ? code : bp_run_result_exit(&session->result);
}

static int perform(struct session *session) {
        int r;

        session->kind = choose_view(session);
        session->execution = bp_id_new(bp_wall_now());
        r = run_with_view(session);
        if (r > 0)
                return BP_EXIT_INVALID;
        if (r == 0)
                r = session->error;
        if (r == 0 && session->result.state)
                return show_result(session);
        bp_cli_error(session->cli, "the run could not be completed: %s", strerror(r ? -r : EIO));
        return BP_EXIT_FAILED;
}

/* A durable deadline is a time of day: it cannot be skipped. */
static int check_options(const struct session *session) {
        static const enum bp_option_id excluded[] = {BP_OPTION_VIRTUAL_TIME, BP_OPTION_DRY_RUN, BP_OPTION_JSONL};
        static const char *const names[] = {"--virtual-time", "--dry-run", "--jsonl"};

        if (!bp_arguments_has(session->arguments, BP_OPTION_STORE))
                return BP_EXIT_COMPLETED;
        for (size_t i = 0; i < sizeof(excluded) / sizeof(*excluded); i++)
                if (bp_arguments_has(session->arguments, excluded[i])) {
                        bp_cli_error(session->cli, "--store and %s exclude each other", names[i]);
                        return BP_EXIT_INVALID;
                }
        return BP_EXIT_COMPLETED;
}

static int run_file(struct session *session) {
        int code = load(session);

        if (code == BP_EXIT_COMPLETED)
                code = read_params(session);
        if (code == BP_EXIT_COMPLETED)
                code = bp_outgoing_read(session->cli, session->arguments, session->arena, &session->outgoing);
        if (code)
                return code;
        if (bp_arguments_has(session->arguments, BP_OPTION_DRY_RUN))
                return show_plan(session);
        bp_run_result_init(&session->result);
        code = perform(session);
        bp_run_result_done(&session->result);
        return code;
}

int bp_command_run(struct bp_cli *cli, const struct bp_arguments *arguments) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(ARENA_SIZE_MAX);
        struct session session = {.cli = cli, .arguments = arguments, .arena = arena};
        int code;

        if (!arena || bp_catalogue_open(cli, &session.catalogue))
                return bp_cli_no_memory(cli);
        /* A reader that goes away (`| head`) must not kill a run on its way. */
        (void)signal(SIGPIPE, SIG_IGN);
        code = check_options(&session);
        if (code == BP_EXIT_COMPLETED)
                code = bp_arguments_has(arguments, BP_OPTION_JSONL) ? bp_run_batch(cli, arguments, &session.catalogue)
                                                                    : run_file(&session);
        bp_checked_done(&session.checked);
        bp_catalogue_close(&session.catalogue);
        return code;
}
