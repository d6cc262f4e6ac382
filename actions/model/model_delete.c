/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_delete: has budapp delete a model. Call: DELETE budapp /models/{model_id}.
 *
 * Effect: `idempotent`: a model that was deleted twice is as gone as one that was deleted once.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { TIMEOUT_MS = 30 * 1000 };

static const char *id_of(struct bp_action_context *context) {
        const char *id = bp_text_or_null(context, bp_param(context, "model_id"));

        return id ? id : "";
}

/* The word for yes or no in lower case, whatever the parameter is written as. */
static const struct bp_value *force_of(struct bp_action_context *context) {
        const struct bp_value *force = bp_param(context, "force");
        size_t size = 5;
        const char *text = force ? context->host->to_text(context, force, &size) : "False";

        return bp_make_text(context, context->host->change_case(context, text, size, false, NULL));
}

static const struct bp_value *query_of(struct bp_action_context *context) {
        const struct bp_value *user = bp_user_id(context, true);
        struct bp_builder *query = context->host->object_new(context);

        context->host->object_set(query, "force", force_of(context));
        if (user)
                context->host->object_set(query, "user_id", user);
        return context->host->finish(query);
}

static int model_delete_execute(struct bp_action_context *context) {
        return bp_await_reply(context,
                              &(struct bp_http_request){
                                      .struct_size = sizeof(struct bp_http_request),
                                      .timeout_ms = TIMEOUT_MS,
                                      .service = "budapp",
                                      .method = "DELETE",
                                      .url = bp_format(context, "/models/%s", bp_path_segment(context, id_of(context))),
                                      .query = query_of(context)},
                              NULL);
}

static int model_delete_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        bool ok = bp_reply_object(context, reply) != NULL, is_refused = !bp_reply_ok(reply);
        const char *reason = is_refused ? bp_reply_status_error(context, reply) : "the answer is no JSON object";

        bp_output_bool(context, "success", ok);
        bp_output_string(context, "model_id", id_of(context));
        if (!ok)
                return bp_fail_message(context, "SERVICE_FAILED",
                                       bp_format(context, "Failed to delete model: %s", reason),
                                       is_refused && bp_reply_known(reply));
        bp_output_string(context, "message", bp_format(context, "Model %s deleted successfully", id_of(context)));
        return bp_complete(context);
}

static void model_delete_validate(struct bp_action_context *context) {
        if (!*id_of(context))
                bp_finding(context, "model_id is required for deletion");
}

/* clang-format off */
BP_ACTION(model_delete,
        .name = "Delete Model", .category = "Model Operations", .icon = "trash", .color = "#EF4444",
        .description = "Deletes a model from the platform.",
        .effect = BP_IDEMPOTENT, .idempotent = BP_YES, .timeout_seconds = 60,
        .required_services = BP_STRINGS("budapp"),
        .also_accepts = BP_STRINGS("user_id"),
        BP_PARAMS(
                {.name = "model_id", .label = "Model ID", .type = BP_PARAM_MODEL_REF, .required = 1,
                 .description = "Which model."},
                {.name = "force", .label = "Force Delete", .type = BP_PARAM_BOOLEAN, .default_json = "false",
                 .description = "Deletes it even while it is in use."}),
        BP_OUTPUTS({"success", "boolean", "Whether the model was deleted"},
                   {"model_id", "string", "The model as given"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"A model that nobody uses any more",
                     "{\"model_id\": \"1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b\"}",
                     "Fails when a deployment still uses it."}),
        .execute = model_delete_execute, .on_reply = model_delete_on_reply, .validate_params = model_delete_validate);
/* clang-format on */
