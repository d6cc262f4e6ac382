/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What parameters and templates come to in an execution: for people who look at a run, and who write a template.
 *
 * Parameters of steps are not kept, since they follow from what is. A template that somebody tries out sees values
 * without secrets only: it could take one apart, so that nothing would know it on its way out.
 */
#include <errno.h>
#include <stdio.h>

#include "api/execution_json.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "sanitize/sanitize.h"
#include "service/service.h"

enum { STEP_WORK = 100000, ARENA_BYTES = 64 << 20 };

/* An execution as its records tell it, and memory for what is made of it. */
struct look {
        struct bp_execution_row row;
        struct bp_execution *execution;
        const struct bp_definition *definition;
        struct bp_arena *arena;
};

static void look_done(struct look *look) {
        bp_execution_free(look->execution);
        bp_arena_free(look->arena);
}

/* @return false: there is nothing to look at; the request has been answered. */
static bool look_open(struct bp_api *api, struct bp_request *request, struct look *look) {
        int r;

        *look = (struct look){0};
        if (!bp_api_find_execution(api, request, &look->row))
                return false;
        r = bp_service_execution(api->settings.service, &look->row, &look->execution);
        if (r == 0) {
                look->definition = bp_execution_view(look->execution).definition;
                look->arena = bp_arena_new(ARENA_BYTES);
                r = look->arena ? 0 : -ENOMEM;
        }
        if (r == 0)
                return true;
        look_done(look);
        bp_request_fail_errno(request, r);
        return false;
}

/* `ret_step`: BP_NO_STEP without an id. @return false: there is no such step; the request has been answered. */
static bool find_step(struct bp_request *request, const struct look *look, const char *step_id, uint32_t *ret_step) {
        const struct bp_step_definition *step = step_id ? bp_definition_step(look->definition, step_id) : NULL;

        if (step_id && !step) {
                bp_request_failf(request, 404, "UNKNOWN_STEP", "The execution has no step %s", step_id);
                return false;
        }
        *ret_step = step ? step->index : BP_NO_STEP;
        return true;
}

static void write_error(struct bp_writer *object, const char *code, const char *message, const char *pointer,
                        struct bp_arena *arena) {
        struct bp_writer error = bp_writer_open(bp_writer_key(object, "error"), '{');

        bp_writer_text(&error, "code", code);
        bp_api_write_safe_text(&error, "message", message, arena);
        if (pointer)
                bp_writer_text(&error, "pointer", pointer);
        bp_strbuf_add_char(object->buffer, '}');
}

/* ---------------------------------------------------------------------------------------------------------------
 * Parameters of a step
 */

static int resolve(const struct look *look, uint32_t step, struct bp_resolution *ret_resolution) {
        const struct bp_execution_view view = bp_execution_view(look->execution);
        struct bp_value inputs;
        int r = bp_execution_outputs(look->execution, step, look->arena, &inputs);

        if (r == 0)
                r = bp_step_resolve(&look->definition->steps[step], &view.params, &inputs, STEP_WORK, look->arena,
                                    ret_resolution);
        if (r > 0) {
                *ret_resolution = (struct bp_resolution){.failed = true, .code = "TEMPLATE_LIMIT"};
                snprintf(ret_resolution->message, sizeof(ret_resolution->message), "%s",
                         "The templates take more work than a look at them may");
                r = 0;
        }
        return r;
}

static void write_params(struct bp_strbuf *buffer, const struct look *look, uint32_t step,
                         const struct bp_resolution *resolution) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_writer_text(&object, "step_id", look->definition->steps[step].id);
        bp_writer_bool(&object, "runs", !resolution->skip);
        if (resolution->failed || resolution->skip)
                bp_writer_text(&object, "params", NULL);
        else
                bp_api_write_safe_value(&object, "params", &resolution->params, look->arena);
        if (resolution->failed)
                write_error(&object, resolution->code, resolution->message, NULL, look->arena);
        else
                bp_writer_text(&object, "error", NULL);
        bp_strbuf_add_char(buffer, '}');
}

static void get_params(struct bp_request *request, void *app) {
        struct bp_resolution resolution;
        struct bp_strbuf buffer;
        struct look look;
        uint32_t step;
        int r;

        if (!look_open(app, request, &look))
                return;
        if (find_step(request, &look, bp_request_text(request, "step_id"), &step)) {
                r = resolve(&look, step, &resolution);
                bp_api_begin(&buffer);
                if (r == 0)
                        write_params(&buffer, &look, step, &resolution);
                else
                        buffer.error = r;
                bp_api_answer(request, 200, &buffer);
        }
        look_done(&look);
}

/* ---------------------------------------------------------------------------------------------------------------
 * A template that is tried out
 */

/* @return 0; BP_PROBLEM; negative errno */
static int evaluate(const struct look *look, uint32_t step, const struct bp_value *template, struct bp_value *ret_value,
                    struct bp_problem *reterr_problem) {
        const struct bp_execution_view view = bp_execution_view(look->execution);
        struct bp_value inputs, safe_inputs, safe_params;
        int r = bp_execution_outputs(look->execution, step, look->arena, &inputs);

        if (r == 0)
                r = bp_sanitize(look->arena, &inputs, &safe_inputs);
        if (r == 0)
                r = bp_sanitize(look->arena, &view.params, &safe_params);
        if (r == 0)
                r = bp_engine_preview(template, &safe_params, &safe_inputs, look->arena, ret_value, reterr_problem);
        return r;
}

static void preview(struct bp_request *request, void *app) {
        const struct bp_value *template = bp_value_get(bp_request_body(request), "template");
        const struct bp_value *step_id = bp_value_get(bp_request_body(request), "step_id");
        struct bp_problem problem = {0};
        struct bp_strbuf buffer;
        struct bp_writer object;
        struct bp_value value;
        struct look look;
        uint32_t step;
        int r;

        if (!look_open(app, request, &look))
                return;
        if (find_step(request, &look, step_id ? step_id->as.text : NULL, &step)) {
                r = evaluate(&look, step, template, &value, &problem);
                bp_api_begin(&buffer);
                object = bp_writer_open(&buffer, '{');
                if (r == 0)
                        bp_api_write_safe_value(&object, "value", &value, look.arena);
                else
                        bp_writer_text(&object, "value", NULL);
                if (r > 0)
                        write_error(&object, problem.code, problem.message, problem.pointer, look.arena);
                else
                        bp_writer_text(&object, "error", NULL);
                bp_strbuf_add_char(&buffer, '}');
                if (r < 0)
                        buffer.error = r;
                bp_api_answer(request, 200, &buffer);
        }
        look_done(&look);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Tables
 */

static const struct bp_field execution_field[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {0},
};

static const struct bp_field step_fields[] = {
        {.name = "execution_id", .type = BP_FIELD_UUID, .required = true, .description = "Id of an execution."},
        {.name = "step_id", .type = BP_FIELD_TEXT, .required = true, .description = "Id of a step of its pipeline."},
        {0},
};

static const struct bp_field preview_body[] = {
        {.name = "template",
         .type = BP_FIELD_ANY,
         .required = true,
         .description = "JSON; its texts may be templates."},
        {.name = "step_id",
         .type = BP_FIELD_TEXT,
         .nullable = true,
         .description = "See only what this step can: outputs of the steps before it."},
        {0},
};

const struct bp_route bp_api_preview_routes[] = {
        {.method = BP_GET,
         .path = "/executions/{execution_id}/steps/{step_id}/params",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/steps/{step_id}/params", NULL},
         .operation = "getStepParams",
         .tag = "executions",
         .summary = "Show what the parameters of a step come to",
         .description = "Resolved from the outputs that the steps before it have so far, without secrets.",
         .scope = BP_SCOPE_READ,
         .path_fields = step_fields,
         .answers = (const struct bp_answer_spec[]){{200, "Parameters, or why there are none", "StepParams", NULL},
                                                    {404, "No such execution or step", NULL, NULL},
                                                    {0}},
         .handler = get_params},
        {.method = BP_POST,
         .path = "/executions/{execution_id}/preview",
         .aliases = (const char *const[]){"/api/v1/executions/{execution_id}/preview", NULL},
         .operation = "previewTemplate",
         .tag = "executions",
         .summary = "Try a template out on what an execution came to",
         .description = "Changes nothing. The template sees parameters and outputs without secrets.",
         .scope = BP_SCOPE_READ,
         .path_fields = execution_field,
         .body = preview_body,
         .answers = (const struct bp_answer_spec[]){{200, "A value, or why there is none", "TemplatePreview", NULL},
                                                    {404, "No such execution or step", NULL, NULL},
                                                    {0}},
         .handler = preview},
        {0},
};
