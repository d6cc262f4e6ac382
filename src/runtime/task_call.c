/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on whichever thread has the task. What it shares with others is atomic, or goes by letter. */
#include "runtime/task_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "invoke/invoke.h"
#include "registry/registry.h"
#include "runtime/deliver.h"
#include "runtime/live.h"
#include "runtime/release.h"
#include "runtime/task.h"
#include "runtime/task_http.h"

enum {
        ROUNDS_MAX = 1000, /* replies that one attempt may ask for */
        LINES_MAX = 65536, /* lines that wait for the engine thread or for durability, of all executions */
        EVENT_DEPTH_MAX = BP_VALUE_DEPTH_MAX,
        EFFECT_ARENA_BYTES = 1 << 20,
};

void bp_task_fail(struct bp_task *task, int outcome, const char *code, const char *message) {
        task->result = (struct bp_call_result){.outcome = outcome,
                                               .outputs = bp_value_empty_object,
                                               .code = code,
                                               .message = message,
                                               .percent = -1,
                                               .eta_minutes = -1};
}

/* ---------------------------------------------------------------------------------------------------------------
 * Services
 */

static struct bp_wall service_now(void *userdata) {
        struct bp_task *task = userdata;

        return bp_live_now(task->runtime, task->live);
}

static bool service_cancelled(void *userdata) {
        struct bp_task *task = userdata;

        return atomic_load(&task->stopped);
}

static struct bp_line *line_new(struct bp_task *task, enum bp_log_level level, const char *message) {
        size_t size = strlen(message);
        struct bp_line *line = bp_calloc(1, sizeof(*line) + size + 1);

        if (!line)
                return NULL;
        memcpy(line->message, message, size);
        line->letter.kind = BP_LETTER_LINE;
        line->live = task->live;
        line->step = task->step->index;
        line->attempt = task->attempt;
        line->at = bp_live_now(task->runtime, task->live);
        line->level = level;
        return line;
}

static void forward_line(struct bp_task *task, enum bp_log_level level, const char *message) {
        struct bp_line *line = line_new(task, level, message);

        if (!line) {
                task->lines_dropped++;
                return;
        }
        atomic_fetch_add_explicit(&task->runtime->n_lines, 1, memory_order_relaxed);
        if (task->on_engine_thread)
                bp_release_line(task->runtime, task->live, line);
        else
                bp_runtime_send(task->runtime, &line->letter);
}

static void service_log(void *userdata, enum bp_log_level level, const char *message) {
        struct bp_task *task = userdata;

        if (!task->runtime->observer.log)
                return;
        if (atomic_load_explicit(&task->runtime->n_lines, memory_order_relaxed) >= LINES_MAX)
                task->lines_dropped++;
        else
                forward_line(task, level, message);
}

void bp_task_report_dropped(struct bp_task *task) {
        char message[96];

        if (task->lines_dropped == 0)
                return;
        snprintf(message, sizeof(message), "%u lines were dropped: more was logged than could be forwarded",
                 task->lines_dropped);
        forward_line(task, BP_LOG_WARNING, message);
}

/* Only the latest progress counts, so one letter is on its way at a time. */
static void service_progress(void *userdata, double percent, double eta_minutes) {
        struct bp_task *task = userdata;

        atomic_store(&task->percent, percent);
        atomic_store(&task->eta_minutes, eta_minutes);
        if (task->on_engine_thread)
                bp_task_report_progress(task->runtime, task);
        else if (!atomic_exchange(&task->progress_queued, true))
                bp_runtime_send(task->runtime, &task->progress);
}

static int service_http(void *userdata, const struct bp_http_request *request, struct bp_arena *arena,
                        const struct bp_http_response **ret_response) {
        return bp_task_http_perform(userdata, request, arena, ret_response);
}

static const char *service_http_guard(void *userdata, const char *url, struct bp_arena *arena) {
        struct bp_task *task = userdata;

        return bp_invoker_guard(task->runtime->invoker, url, arena);
}

static const struct bp_host_services services = {
        .now = service_now,
        .cancelled = service_cancelled,
        .log = service_log,
        .progress = service_progress,
        .http = service_http,
        .http_guard = service_http_guard,
};

/* An action that runs on the engine thread must not wait there. */
static const struct bp_host_services inline_services = {
        .now = service_now,
        .cancelled = service_cancelled,
        .log = service_log,
        .progress = service_progress,
        .http_guard = service_http_guard,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Calls, one function for each kind of task. @return 0 or -ENOMEM
 */

static struct bp_call call_of(struct bp_task *task) {
        const struct bp_action_meta *meta = bp_action_entry_meta(task->step->entry);

        return (struct bp_call){
                .entry = task->step->entry,
                .arena = task->arena,
                .step_id = task->step->id,
                .execution_id = task->execution_id,
                .params = &task->params,
                .workflow_params = bp_execution_params(task->live->execution),
                .step_outputs = &task->step_outputs,
                .timeout_seconds =
                        task->step->timeout_seconds ? task->step->timeout_seconds : (int64_t)meta->timeout_seconds,
                .retry_count = task->attempt ? task->attempt - 1 : 0,
                .idempotency_key = task->idempotency_key,
                .metadata = &task->runtime->metadata,
                .services = task->on_engine_thread ? &inline_services : &services,
                .userdata = task,
        };
}

static int call_attempt(struct bp_task *task) {
        struct bp_call call = call_of(task);

        if (!task->reply)
                return bp_call_execute(&call, &task->result);
        task->outputs = task->result.outputs;
        call.outputs = &task->outputs;
        return bp_call_reply(&call, task->reply, &task->result);
}

static int call_cleanup(struct bp_task *task) {
        struct bp_call call = call_of(task);

        call.outputs = &task->outputs;
        return bp_call_cleanup(&call, &task->result);
}

static int call_resolve(struct bp_task *task) {
        task->resolution = bp_arena_alloc(task->arena, sizeof(*task->resolution));
        if (!task->resolution)
                return -ENOMEM;
        return bp_execution_resolve(task->live->execution, task->effect_item, task->resolution);
}

static const char *event_type_of(const struct bp_value *event) {
        const struct bp_value *type = bp_value_get(event, "type");

        return type && type->type == BP_STRING ? type->as.text : "unknown";
}

static int call_event(struct bp_task *task) {
        static const struct bp_json_limits limits = {.depth = EVENT_DEPTH_MAX};
        const struct bp_event_letter *event = task->event;
        struct bp_call call = call_of(task);
        struct bp_value data;
        struct bp_problem problem;
        char text[BP_ID_TEXT_SIZE + 1 + 512], id[BP_ID_TEXT_SIZE];
        const char *json;
        size_t json_size;
        int r, size;

        r = bp_deliver_text(task, &json, &json_size);
        if (r == 0)
                r = bp_json_parse(task->arena, json, json_size, &limits, &data, &problem);
        if (r < 0)
                return r;
        if (r > 0) {
                bp_task_fail(task, BP_EVENT_IGNORE, "EVENT_INVALID", "the event is not JSON, or not kept any more");
                return 0;
        }
        size = snprintf(text, sizeof(text), "%s/%s", task->execution_id, task->step->id);
        bp_id_format(bp_id_derive(text, (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1), id);
        call.outputs = &task->outputs;
        return bp_call_event(&call,
                             &(struct bp_event_context){.struct_size = sizeof(struct bp_event_context),
                                                        .step_execution_id = id,
                                                        .execution_id = task->execution_id,
                                                        .external_workflow_id = event->external_id,
                                                        .event_type = event_type_of(&data),
                                                        .event_data = &data,
                                                        .step_outputs = &task->outputs},
                             &task->result);
}

static int (*const calls[])(struct bp_task *task) = {
        [BP_TASK_RUN] = call_attempt,
        [BP_TASK_RESOLVE] = call_resolve,
        [BP_TASK_CLEANUP] = call_cleanup,
        [BP_TASK_EVENT] = call_event,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Rounds
 */

/* @return true when a reply has to come first. */
static bool awaits_reply(struct bp_task *task) {
        if (task->kind != BP_TASK_RUN || task->error < 0 || task->result.outcome != BP_AWAITING_REPLY)
                return false;
        if (++task->rounds <= ROUNDS_MAX)
                return true;
        bp_task_fail(task, BP_FAILED, "LIMIT", "The action asked for more than 1000 replies in one attempt.");
        return false;
}

bool bp_task_call(struct bp_task *task) {
        if (atomic_load(&task->stopped) && !task->reply && task->rounds == 0) {
                bp_task_fail(task, BP_FAILED, "CANCELLED", "The attempt was stopped before it began.");
                return true;
        }
        for (;;) {
                if (task->error == 0)
                        task->error = calls[task->kind](task);
                if (!awaits_reply(task))
                        return true;
                task->on_engine_thread = false;
                switch (bp_task_http_begin(task)) {
                case BP_TASK_HTTP_UNDER_WAY:
                        return false;
                case BP_TASK_HTTP_ANSWERED:
                        break;
                case BP_TASK_HTTP_REFUSED:
                        task->error = -ENOMEM;
                        return true;
                }
        }
}

bool bp_task_is_inline(struct bp_task *task) {
        struct bp_call call;

        if (task->kind != BP_TASK_RUN)
                return false;
        call = call_of(task);
        return bp_call_is_inline(&call);
}

/* Most actions have one effect; only the others need memory to be asked. */
enum bp_effect bp_task_effect_of(void *userdata, const struct bp_action_entry *entry, const struct bp_value *params) {
        static const struct bp_host_services none;
        const struct bp_action *executor = bp_action_entry_executor(entry);
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;

        (void)userdata;
        if (!executor || !executor->effect_of)
                return bp_action_entry_meta(entry)->effect;
        arena = bp_arena_new(EFFECT_ARENA_BYTES);
        if (!arena)
                return BP_ONCE; /* the one that can't do harm */
        return bp_call_effect(&(struct bp_call){.entry = entry, .arena = arena, .params = params, .services = &none});
}
