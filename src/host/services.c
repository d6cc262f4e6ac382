/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services of a call. Most are handed in; the judging of conditions is done here, since what they see (parameters
 * and step outputs of the execution) is known to the call.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/zone.h"
#include "host/state.h"

enum { LOG_LINES_MAX = 10000 };

static const struct bp_host_services *services_of(struct bp_host_state *state) {
        static const struct bp_host_services none = {0};

        return state->call->services ? state->call->services : &none;
}

int64_t bp_host_now_us(struct bp_action_context *context) {
        struct bp_host_state *state = bp_host_state_of(context);
        const struct bp_host_services *services = services_of(state);

        return services->now ? services->now(state->call->userdata).us : bp_wall_now().us;
}

bool bp_host_cancelled(struct bp_action_context *context) {
        struct bp_host_state *state = bp_host_state_of(context);
        const struct bp_host_services *services = services_of(state);

        return services->cancelled && services->cancelled(state->call->userdata);
}

void bp_host_log(struct bp_action_context *context, uint32_t level, const char *message) {
        struct bp_host_state *state = bp_host_state_of(context);
        const struct bp_host_services *services = services_of(state);
        uint32_t most = state->call->log_lines_max ? state->call->log_lines_max : LOG_LINES_MAX;

        if (!services->log)
                return;
        if (state->n_log_lines == most) {
                state->n_log_lines_dropped++;
                return;
        }
        message = bp_host_text(state, message, message ? strlen(message) : 0, NULL);
        if (!message)
                return;
        state->n_log_lines++;
        services->log(state->call->userdata,
                      level >= BP_LOG_DEBUG && level <= BP_LOG_ERROR ? (enum bp_log_level)level : BP_LOG_INFO, message);
}

void bp_host_end_log(struct bp_host_state *state) {
        char text[64];

        if (!state->n_log_lines_dropped || !services_of(state)->log)
                return;
        snprintf(text, sizeof(text), "%u further lines were left out", state->n_log_lines_dropped);
        services_of(state)->log(state->call->userdata, BP_LOG_WARNING, text);
}

void bp_host_progress(struct bp_action_context *context, double percent, double eta_minutes) {
        struct bp_host_state *state = bp_host_state_of(context);
        const struct bp_host_services *services = services_of(state);

        if (services->progress && !isnan(percent) && percent <= 100 && !isnan(eta_minutes))
                services->progress(state->call->userdata, percent, eta_minutes);
}

/* Templates see `steps.ID.outputs`; the call has the outputs by step id. */
static int build_scope(struct bp_host_state *state) {
        const struct bp_value *outputs = state->context.step_outputs;
        struct bp_object_builder steps;
        int r;

        if (state->has_scope)
                return 0;
        bp_object_init(&steps, state->arena);
        for (uint32_t i = 0; outputs->type == BP_OBJECT && i < outputs->count; i++) {
                const struct bp_member *member = &outputs->as.members[i];
                struct bp_object_builder step;
                struct bp_value value;

                bp_object_init(&step, state->arena);
                bp_object_set_z(&step, "outputs", member->value);
                r = bp_object_finish(&step, &value);
                if (r < 0)
                        return r;
                bp_object_set(&steps, member->key, member->key_size, value);
        }
        r = bp_object_finish(&steps, &state->scope_steps);
        if (r < 0)
                return r;
        state->scope =
                (struct bp_template_scope){.params = state->context.workflow_params, .steps = &state->scope_steps};
        state->has_scope = true;
        return 0;
}

static int judge_text(struct bp_host_state *state, const struct bp_value *text, bool *ret_result,
                      struct bp_problem *reterr_problem) {
        const struct bp_condition *condition;
        int r = build_scope(state);

        if (r < 0)
                return r;
        r = bp_condition_compile(state->arena, text->as.text, text->count, NULL, &condition, reterr_problem);
        return r ? r
                 : bp_condition_evaluate(condition, &state->scope, state->arena, &state->condition_work, ret_result,
                                         reterr_problem);
}

int bp_host_condition(struct bp_action_context *context, const struct bp_value *condition, bool *ret_result,
                      const char **ret_error) {
        struct bp_host_state *state = bp_host_state_of(context);
        struct bp_problem problem = {0};
        int r;

        if (!condition || condition->type == BP_NULL) {
                *ret_result = true;
                return 0;
        }
        if (condition->type != BP_STRING) {
                *ret_result = bp_value_truth(condition);
                return 0;
        }
        r = judge_text(state, condition, ret_result, &problem);
        if (r == 0)
                return 0;
        if (r < 0)
                bp_host_spoil(state, r, NULL);
        *ret_error = r < 0 ? NULL : bp_host_text(state, problem.message, strlen(problem.message), NULL);
        if (!*ret_error)
                *ret_error = "not enough memory";
        return 1;
}

static const struct bp_http_response *no_response(struct bp_host_state *state, enum bp_http_failure failure,
                                                  const char *message) {
        static const struct bp_http_response out_of_memory = {.struct_size = sizeof(out_of_memory),
                                                              .failure = BP_HTTP_LIMIT,
                                                              .headers = &bp_value_empty_object,
                                                              .body = "",
                                                              .message = "not enough memory for the answer"};
        struct bp_http_response *response = message ? bp_arena_alloc(state->arena, sizeof(*response)) : NULL;

        if (!response) {
                bp_host_spoil(state, -ENOMEM, NULL);
                return &out_of_memory;
        }
        *response = out_of_memory;
        response->failure = failure;
        response->message = message;
        return response;
}

const struct bp_http_response *bp_host_http(struct bp_action_context *context, const struct bp_http_request *request) {
        struct bp_host_state *state = bp_host_state_of(context);
        const struct bp_host_services *services = services_of(state);
        const struct bp_http_response *response;
        struct bp_http_request known;

        if (state->action->effect == BP_PURE)
                return no_response(state, BP_HTTP_BLOCKED, "an action whose effect is pure has no network");
        if (!services->http)
                return no_response(state, BP_HTTP_UNSENT, "this host makes no HTTP requests");
        if (!request)
                return no_response(state, BP_HTTP_UNSENT, "there is no request");
        known = bp_host_request(request);
        if (services->http(state->call->userdata, &known, state->arena, &response) < 0)
                return no_response(state, BP_HTTP_LIMIT, NULL);
        return response;
}

const char *bp_host_http_guard(struct bp_action_context *context, const char *url) {
        struct bp_host_state *state = bp_host_state_of(context);
        const struct bp_host_services *services = services_of(state);

        if (!url)
                return "URL has no hostname";
        return services->http_guard ? services->http_guard(state->call->userdata, url, state->arena) : NULL;
}

/* ---- later services ---- */

/* @return 0, or 1 with none; the call is spoilt when memory is exhausted. */
static int find_zone(struct bp_host_state *state, const char *name, const struct bp_zone **ret_zone) {
        int r = name ? bp_zone_load(state->arena, BP_ZONE_FOLDER, name, ret_zone) : 1;

        if (r < 0)
                bp_host_spoil(state, r, NULL);
        return r == 0 ? 0 : 1;
}

static int zone_to_civil(struct bp_action_context *context, const char *name, int64_t unix_seconds,
                         struct bp_civil *ret_civil) {
        const struct bp_zone *zone;

        if (find_zone(bp_host_state_of(context), name, &zone))
                return 1;
        *ret_civil = bp_zone_civil(zone, unix_seconds);
        return 0;
}

static int zone_to_unix(struct bp_action_context *context, const char *name, const struct bp_civil *civil,
                        int64_t *ret_unix_seconds) {
        const struct bp_zone *zone;

        if (find_zone(bp_host_state_of(context), name, &zone))
                return 1;
        if (!bp_civil_is_valid(civil))
                return 2;
        *ret_unix_seconds = bp_zone_unix(zone, civil);
        return 0;
}

const void *bp_host_service(struct bp_action_context *context, const char *name, uint32_t revision) {
        static const struct bp_zone_service zone = {
                .struct_size = sizeof(zone), .to_civil = zone_to_civil, .to_unix = zone_to_unix};

        (void)context;
        return name && strcmp(name, "zone") == 0 && revision == 1 ? &zone : NULL;
}
