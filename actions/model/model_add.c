/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_add: has budapp bring in a model, from Hugging Face, a URL or a disk, and ends when budapp says how it went.
 * While that is under way, for hours maybe, the step waits for events and holds nothing.
 *
 * Call: POST budapp /models/local-model-workflow. What it answers names the workflow whose events end the step.
 *
 * Events, the first that matches:
 *   workflow_completed                                         ends the step, by its `status`
 *   model_extraction, event `results`                          ends it, by the status of its content
 *   notification about perform_model_extraction                FAILED ends it; so does COMPLETED of `save_model` and
 *                                                              `results`
 *   notification, event `eta`                                  the minutes that are left
 *
 * Effect: `once`. Without an answer that names a workflow it is not known whether one was started. The cleanup asks
 * budapp to cancel the workflow.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

enum { WAIT_SECONDS = 86400, TIMEOUT_MS = 60 * 1000 };

static const char *source_of(struct bp_action_context *context) {
        return bp_param_string(context, "model_source", "hugging_face");
}

static const char *uri_of(struct bp_action_context *context) {
        return bp_param_string(context, "model_uri", "");
}

static const char *last_segment(const char *uri) {
        const char *slash = strrchr(uri, '/');

        return slash ? slash + 1 : uri;
}

static const char *name_of(struct bp_action_context *context) {
        const char *name = bp_text_or_null(context, bp_param(context, "model_name"));

        return name ? name : last_segment(uri_of(context));
}

/* ---- starting ---- */

static void output_state(struct bp_action_context *context, bool success, const char *workflow_id, const char *status) {
        bp_output_bool(context, "success", success);
        bp_output_string(context, "model_id", NULL);
        bp_output_string(context, "model_name", name_of(context));
        bp_output_string(context, "workflow_id", workflow_id);
        bp_output_string(context, "status", status);
}

static int fail_to_add(struct bp_action_context *context, const char *reason, bool is_known) {
        output_state(context, false, NULL, "failed");
        return bp_fail_message(context, "SERVICE_FAILED", bp_format(context, "Failed to add model: %s", reason),
                               is_known);
}

static const struct bp_value *request_body(struct bp_action_context *context) {
        const struct bp_value *credential = bp_param(context, "credential_id");
        struct bp_builder *body = bp_workflow_body(context);

        bp_set_text(context, body, "provider_type", source_of(context));
        bp_set_text(context, body, "name", name_of(context));
        bp_set_text(context, body, "uri", uri_of(context));
        bp_set_text(context, body, "description", bp_param_string(context, "description", ""));
        bp_set_text(context, body, "author", bp_param_string(context, "author", ""));
        if (bp_truth(context, credential) && strcmp(source_of(context), "hugging_face") == 0)
                context->host->object_set(body, "proprietary_credential_id", credential);
        bp_set_text(context, body, "callback_topic", BP_CALLBACK_TOPIC);
        return context->host->finish(body);
}

static int model_add_execute(struct bp_action_context *context) {
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = TIMEOUT_MS,
                                                        .service = "budapp",
                                                        .method = "POST",
                                                        .url = "/models/local-model-workflow",
                                                        .query = bp_user_query(context, true),
                                                        .json = request_body(context)},
                              NULL);
}

static int model_add_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body;
        const char *workflow_id;

        if (!bp_reply_ok(reply))
                return fail_to_add(context, bp_reply_status_error(context, reply), bp_reply_known(reply));
        body = bp_reply_json(context, reply);
        workflow_id = bp_reply_workflow_id(context, body);
        if (!workflow_id)
                return fail_to_add(context, "the answer names no workflow_id", false);
        output_state(context, true, workflow_id, "running");
        bp_output_string(context, "message", bp_format(context, "Model workflow started: %s", workflow_id));
        return bp_await_event(context, workflow_id, bp_param_int(context, "max_wait_seconds", WAIT_SECONDS));
}

/* ---- events ---- */

static void output_end(struct bp_action_context *context, const struct bp_event_context *event, bool success,
                       const struct bp_value *id, const struct bp_value *name) {
        bp_output_bool(context, "success", success);
        bp_output(context, "model_id", id ? id : context->host->make_null(context));
        bp_output(context, "model_name", name ? name : context->host->make_null(context));
        bp_output_string(context, "workflow_id", event->external_workflow_id);
        bp_output_string(context, "status", success ? "completed" : "failed");
}

static int end_added(struct bp_action_context *context, const struct bp_event_context *event,
                     const struct bp_value *result, const struct bp_value *other_name) {
        const struct bp_value *name = context->host->get(result, "model_name");

        if (!bp_truth(context, name))
                name = other_name ? other_name : name;
        output_end(context, event, true, context->host->get(result, "model_id"), name);
        bp_output_string(context, "message",
                         bp_format(context, "Model '%s' added successfully",
                                   name ? context->host->to_text(context, name, NULL) : "None"));
        return bp_event_complete(context);
}

static int end_failed(struct bp_action_context *context, const struct bp_event_context *event, const char *message) {
        output_end(context, event, false, NULL, context->host->get(event->step_outputs, "model_name"));
        return bp_event_fail_message(context, "MODEL_ADD_FAILED", message);
}

static int on_workflow_completed(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_value *data = event->event_data;
        const char *reason = bp_text_or_null(context, context->host->get(data, "reason"));

        if (bp_is_word(context, context->host->get(data, "status"), "COMPLETED"))
                return end_added(context, event, context->host->get(data, "result"), NULL);
        return end_failed(context, event, reason ? reason : "Model workflow failed");
}

static const char *content_text(struct bp_action_context *context, const struct bp_event_context *event,
                                const char *member) {
        return bp_text_or_null(context, context->host->get(bp_event_content(context, event), member));
}

static int on_model_extraction(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *message = content_text(context, event, "message");

        if (!bp_event_is(context, event, "results"))
                return bp_event_ignore(context);
        if (bp_event_status_is(context, event, "COMPLETED"))
                return end_added(context, event, bp_event_result(context, event), NULL);
        if (bp_event_status_is(context, event, "FAILED"))
                return end_failed(context, event, message ? message : "Model extraction failed");
        return bp_event_ignore(context);
}

static int end_extraction_failed(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *message = content_text(context, event, "message");

        if (!message)
                message = content_text(context, event, "error");
        if (!message)
                message = bp_format(context, "Model extraction failed at step: %s",
                                    BP_EVENT_TEXT(context, event, "payload", "event"));
        return end_failed(context, event, message);
}

static bool ends_extraction(struct bp_action_context *context, const struct bp_event_context *event) {
        return (bp_event_is(context, event, "save_model") || bp_event_is(context, event, "results")) &&
               bp_event_status_is(context, event, "COMPLETED");
}

static int on_notification(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *about = BP_EVENT_TEXT(context, event, "payload", "type");
        int64_t minutes;

        if (strcmp(about, "perform_model_extraction") == 0) {
                if (bp_event_status_is(context, event, "FAILED"))
                        return end_extraction_failed(context, event);
                if (ends_extraction(context, event))
                        return end_added(context, event, bp_event_result(context, event),
                                         context->host->get(event->step_outputs, "model_name"));
        }
        if (bp_event_eta(context, event, &minutes))
                return bp_event_progress(context, -1, (double)minutes);
        return bp_event_ignore(context);
}

static int model_add_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        if (strcmp(event->event_type, "workflow_completed") == 0)
                return on_workflow_completed(context, event);
        if (strcmp(event->event_type, "model_extraction") == 0)
                return on_model_extraction(context, event);
        if (strcmp(event->event_type, "notification") == 0)
                return on_notification(context, event);
        return bp_event_ignore(context);
}

/* ---- the rest ---- */

static bool starts_with(const char *text, const char *start) {
        return strncmp(text, start, strlen(start)) == 0;
}

static void model_add_validate(struct bp_action_context *context) {
        const char *source = source_of(context), *uri = uri_of(context);

        if (!*uri)
                bp_finding(context, "model_uri is required");
        if (strcmp(source, "hugging_face") == 0 && !strchr(uri, '/'))
                bp_finding(context, "HuggingFace model_uri must be in format 'org/model-name'");
        if (strcmp(source, "url") == 0 && !starts_with(uri, "http://") && !starts_with(uri, "https://"))
                bp_finding(context, "URL model_uri must start with http:// or https://");
        if (strcmp(source, "disk") == 0 && *uri != '/')
                bp_finding(context, "Disk model_uri must be an absolute path starting with /");
}

static int model_add_cleanup(struct bp_action_context *context) {
        return bp_cancel_workflow(context, "budapp", true);
}

/* clang-format off */
BP_ACTION(model_add,
        .name = "Add Model", .category = "Model Operations", .version = "1.2.0",
        .icon = "database-plus", .color = "#10B981",
        .description = "Brings a model into the platform and waits until it is there.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_ONCE, .idempotent = BP_NO, .timeout_seconds = 86400,
        .required_services = BP_STRINGS("budapp", "budmodel"),
        .also_accepts = BP_STRINGS("user_id", "modality", "project_id"),
        BP_PARAMS(
                {.name = "model_source", .label = "Model Source", .type = BP_PARAM_SELECT,
                 .default_json = "\"hugging_face\"", .description = "Where the model comes from.",
                 BP_OPTIONS({"hugging_face", "HuggingFace"}, {"url", "URL (Direct Download)"},
                            {"disk", "Disk (Local Path)"})},
                {.name = "model_uri", .label = "Model URI", .type = BP_PARAM_STRING, .required = 1,
                 .alias = "huggingface_id",
                 .placeholder = "meta-llama/Llama-2-7b or https://... or /path/to/model",
                 .description = "Hugging Face id, URL or absolute path, as the source demands."},
                {.name = "credential_id", .label = "HuggingFace Credential", .type = BP_PARAM_CREDENTIAL_REF,
                 .description = "Stored credential for a model that Hugging Face does not give to everybody."},
                {.name = "model_name", .label = "Model Name", .type = BP_PARAM_STRING,
                 .description = "Name that people see; without one the last part of the URI."},
                {.name = "description", .label = "Description", .type = BP_PARAM_STRING,
                 .description = "What the model is for."},
                {.name = "author", .label = "Author", .type = BP_PARAM_STRING,
                 .description = "Who made the model."},
                {.name = "max_wait_seconds", .label = "Max Wait Time", .type = BP_PARAM_NUMBER,
                 .default_json = "86400", BP_BETWEEN(300, 172800),
                 .description = "How long to wait, in seconds, until the model is there."}),
        BP_OUTPUTS({"success", "boolean", "Whether the model was added"},
                   {"model_id", "string", "Id of the model's record"},
                   {"model_name", "string", "Name that people see"},
                   {"workflow_id", "string", "Id of budapp's workflow"},
                   {"status", "string", "running, completed or failed"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"From Hugging Face",
                     "{\"model_uri\": \"meta-llama/Llama-2-7b\", \"author\": \"meta-llama\"}",
                     "Adds the model under the name Llama-2-7b."},
                    {"From a disk of the platform",
                     "{\"model_source\": \"disk\", \"model_uri\": \"/models/answers\","
                     " \"model_name\": \"answers\", \"max_wait_seconds\": 3600}",
                     "Waits an hour at most."}),
        .execute = model_add_execute, .on_reply = model_add_on_reply, .on_event = model_add_on_event,
        .validate_params = model_add_validate, .cleanup = model_add_cleanup);
/* clang-format on */
