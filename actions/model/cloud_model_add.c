/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloud_model_add: registers a model of a cloud provider with budapp, which takes one call:
 * POST budapp /models/cloud-model-workflow.
 *
 * The model's id is the first there is of `workflow_steps.model_id`, `data.model_id`, `model_id` and `data.id`; without
 * any, an answer whose status is `completed` is a success all the same.
 *
 * Effect: `once`. After an answer that tells neither, it is not known whether the model was added.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 60 * 1000 };

static void output_state(struct bp_action_context *context, bool success, const char *model_id,
                         const char *workflow_id) {
        bp_output_bool(context, "success", success);
        bp_output_string(context, "model_id", model_id);
        bp_output(context, "model_name", bp_param_or_null(context, "model_name"));
        bp_output(context, "provider_id", bp_param_or_null(context, "provider_id"));
        bp_output_string(context, "workflow_id", workflow_id);
        bp_output_string(context, "status", success ? "completed" : "failed");
}

static int fail_to_add(struct bp_action_context *context, const char *workflow_id, const char *reason, bool is_known) {
        output_state(context, false, NULL, workflow_id);
        return bp_fail_message(context, "SERVICE_FAILED", bp_format(context, "Failed to add cloud model: %s", reason),
                               is_known);
}

static const struct bp_value *request_body(struct bp_action_context *context) {
        struct bp_builder *body = bp_workflow_body(context), *modality = context->host->list_new(context);

        context->host->list_add(modality, bp_make_text(context, "text_input"));
        context->host->list_add(modality, bp_make_text(context, "text_output"));
        bp_set_text(context, body, "provider_type", "cloud_model");
        context->host->object_set(body, "provider_id", bp_param_or_null(context, "provider_id"));
        context->host->object_set(body, "cloud_model_id", bp_param_or_null(context, "cloud_model_id"));
        context->host->object_set(body, "name", bp_param_or_null(context, "model_name"));
        context->host->object_set(body, "uri", bp_param_or_null(context, "model_uri"));
        context->host->object_set(body, "tags", context->host->finish(context->host->list_new(context)));
        context->host->object_set(body, "modality", context->host->finish(modality));
        return context->host->finish(body);
}

static int cloud_model_add_execute(struct bp_action_context *context) {
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = TIMEOUT_MS,
                                                        .service = "budapp",
                                                        .method = "POST",
                                                        .url = "/models/cloud-model-workflow",
                                                        .query = bp_user_query(context, true),
                                                        .json = request_body(context)},
                              NULL);
}

static const char *model_id_of(struct bp_action_context *context, const struct bp_value *body) {
        static const char *const places[][2] = {
                {"workflow_steps", "model_id"}, {"data", "model_id"}, {"model_id", NULL}, {"data", "id"}};
        const char *id = NULL;

        for (size_t i = 0; !id && i < BP_COUNT(places); i++)
                id = bp_text_or_null(context, bp_field(context, body, places[i][0], places[i][1], (const char *)NULL));
        return id;
}

static bool says_completed(struct bp_action_context *context, const struct bp_value *body) {
        const struct bp_value *status = bp_field(context, body, "data", "status", (const char *)NULL);

        if (!bp_truth(context, status))
                status = bp_field(context, body, "status", (const char *)NULL);
        return bp_is_word(context, status, "completed");
}

static int cloud_model_add_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body;
        const char *model_id, *workflow_id;

        if (!bp_reply_ok(reply))
                return fail_to_add(context, NULL, bp_reply_status_error(context, reply), bp_reply_known(reply));
        body = bp_reply_json(context, reply);
        model_id = model_id_of(context, body);
        workflow_id = bp_reply_workflow_id(context, body);
        if (!model_id && !says_completed(context, body))
                return fail_to_add(context, workflow_id, "the answer names no model_id", false);
        output_state(context, true, model_id, workflow_id);
        bp_output_string(context, "message",
                         bp_format(context, "Cloud model '%s' added successfully",
                                   context->host->to_text(context, bp_param_or_null(context, "model_name"), NULL)));
        return bp_complete(context);
}

static void cloud_model_add_validate(struct bp_action_context *context) {
        if (!bp_truth(context, bp_param(context, "provider_id")))
                bp_finding(context, "provider_id is required");
        if (!bp_truth(context, bp_param(context, "model_name")))
                bp_finding(context, "model_name is required");
}

/* clang-format off */
BP_ACTION(cloud_model_add,
        .name = "Add Cloud Model", .category = "Model Operations", .icon = "cloud-upload", .color = "#6366F1",
        .description = "Registers a model that a cloud provider serves.",
        .effect = BP_ONCE, .idempotent = BP_NO, .timeout_seconds = 120, .required_services = BP_STRINGS("budapp"),
        .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "provider_id", .label = "Provider", .type = BP_PARAM_PROVIDER_REF, .required = 1,
                 .description = "Who serves the model."},
                {.name = "cloud_model_id", .label = "Pre-seeded Model", .type = BP_PARAM_CLOUD_MODEL_REF,
                 .placeholder = "Select a cloud model...",
                 .description = "The model in the provider's catalogue, where it stands there."},
                {.name = "model_name", .label = "Model Name", .type = BP_PARAM_STRING, .required = 1,
                 .placeholder = "gpt-4o-mini", .description = "Name that people see."},
                {.name = "model_uri", .label = "Model Identifier", .type = BP_PARAM_STRING,
                 .placeholder = "gpt-4o-mini", .description = "What the provider calls the model."}),
        BP_OUTPUTS({"success", "boolean", "Whether the model was added"},
                   {"model_id", "string", "Id of the model's record"},
                   {"model_name", "string", "Name that people see"},
                   {"provider_id", "string", "The provider as given"},
                   {"workflow_id", "string", "Id of budapp's workflow, where it names one"},
                   {"status", "string", "completed or failed"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"A small model of a provider",
                     "{\"provider_id\": \"0d7e9f6a-5c1b-4b6e-9a55-3f0c8e1d2a77\", \"model_name\": \"gpt-4o-mini\","
                     " \"model_uri\": \"gpt-4o-mini\"}",
                     "Registers it under the provider's own name."}),
        .execute = cloud_model_add_execute, .on_reply = cloud_model_add_on_reply,
        .validate_params = cloud_model_add_validate);
/* clang-format on */
