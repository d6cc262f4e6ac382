/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_benchmark: measures a model on a cluster. Four calls prepare and start it, one after the other, and events say
 * how it went; meanwhile the step holds nothing.
 *
 *   - cluster: GET budapp /clusters/{cluster_id}, the cluster's two ids; when that fails, it is looked for among all
 *     clusters, GET budapp /clusters/clusters, by the id it is provisioned under
 *   - nodes: GET budcluster /cluster/{provisioning id}/nodes, the machines
 *   - devices: POST budapp /benchmark/node-configurations, what the model can run on; when that fails, the hardware of
 *     the nodes tells
 *   - start: POST budapp /benchmark/run-workflow names the workflow whose events end the step
 *
 * What one call found out and later ones need goes along as the state of the reply.
 *
 * Effect: `once`. All calls but the last only read, so their failure is definite; of the last one it may not be known
 * whether a benchmark was started. The cleanup asks budapp to cancel the workflow.
 */
#include <budpipeline/action.h>
#include <budpipeline/service.h>

#include <ctype.h>

enum { WAIT_SECONDS = 1200, NAME_MAX_LENGTH = 50, READ_TIMEOUT_MS = 30 * 1000, START_TIMEOUT_MS = 60 * 1000 };

/* From the best; the first that there is will be used. */
static const char *const device_priority[] = {"cuda", "hpu", "cpu_high", "cpu"};

/* ---- outcomes ---- */

static void output_state(struct bp_action_context *context, bool success, const char *workflow_id, const char *status) {
        bp_output_bool(context, "success", success);
        bp_output_string(context, "benchmark_id", NULL);
        bp_output_string(context, "workflow_id", workflow_id);
        bp_output_string(context, "status", status);
        bp_output(context, "results", context->host->finish(context->host->object_new(context)));
}

static int fail_with(struct bp_action_context *context, const char *code, const char *message, bool is_known) {
        output_state(context, false, NULL, "failed");
        return bp_fail_message(context, code, message, is_known);
}

static int fail_read(struct bp_action_context *context, const char *message) {
        return fail_with(context, "SERVICE_FAILED", message, true);
}

/* ---- calls ---- */

enum stage { STAGE_CLUSTER = 1, STAGE_CLUSTER_LIST, STAGE_NODES, STAGE_DEVICES, STAGE_START, N_STAGES };

/* The state for the next reply: what is known so far, and one thing more. */
static const struct bp_value *state_with(struct bp_action_context *context, const struct bp_value *state,
                                         enum stage stage, const char *key, const struct bp_value *value) {
        struct bp_builder *next = context->host->object_new(context);
        const struct bp_value *known;
        const char *name;

        for (size_t i = 0; (known = context->host->member(state, i, &name)); i++)
                context->host->object_set(next, name, known);
        if (key)
                context->host->object_set(next, key, value);
        context->host->object_set(next, "stage", context->host->make_int(context, stage));
        return context->host->finish(next);
}

static const char *state_text(struct bp_action_context *context, const struct bp_value *state, const char *key) {
        return context->host->as_string(context->host->get(state, key), NULL);
}

static int get(struct bp_action_context *context, const char *service, const char *path, const struct bp_value *query,
               const struct bp_value *state) {
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = READ_TIMEOUT_MS,
                                                        .service = service,
                                                        .method = "GET",
                                                        .url = path,
                                                        .query = query},
                              state);
}

static int post(struct bp_action_context *context, const char *path, const struct bp_value *body,
                const struct bp_value *state) {
        return bp_await_reply(context,
                              &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                        .timeout_ms = START_TIMEOUT_MS,
                                                        .service = "budapp",
                                                        .method = "POST",
                                                        .url = path,
                                                        .query = bp_user_query(context, true),
                                                        .json = body},
                              state);
}

static const char *failure_of(struct bp_action_context *context, const struct bp_http_response *reply) {
        return bp_reply_ok(reply) ? "the answer is no JSON object" : bp_reply_status_error(context, reply);
}

/* ---- the cluster ---- */

static const char *cluster_of(struct bp_action_context *context) {
        const char *id = bp_text_or_null(context, bp_param(context, "cluster_id"));

        return id ? id : "";
}

/* 32 hexadecimal digits, hyphens wherever they stand, in braces and behind `urn:uuid:` if need be. */
static bool is_uuid(const char *text) {
        size_t n_digits = 0;

        if (strncmp(text, "urn:uuid:", 9) == 0)
                text += 9;
        text += strspn(text, "{");
        for (; *text && *text != '}'; text++) {
                if (*text == '-')
                        continue;
                if (!isxdigit((unsigned char)*text))
                        return false;
                n_digits++;
        }
        return n_digits == 32 && text[strspn(text, "}")] == '\0';
}

static int model_benchmark_execute(struct bp_action_context *context) {
        const char *cluster = cluster_of(context);

        if (!is_uuid(cluster))
                return fail_with(context, "PARAM_INVALID",
                                 bp_format(context, "Invalid cluster_id: '%s' is not a valid UUID", cluster), true);
        return get(context, "budapp", bp_format(context, "/clusters/%s", bp_path_segment(context, cluster)),
                   bp_user_query(context, true), state_with(context, NULL, STAGE_CLUSTER, NULL, NULL));
}

static int look_for_cluster(struct bp_action_context *context) {
        const struct bp_value *user = bp_user_id(context, true);
        struct bp_builder *query = context->host->object_new(context);

        context->host->object_set(query, "limit", context->host->make_int(context, 100));
        if (user)
                context->host->object_set(query, "user_id", user);
        return get(context, "budapp", "/clusters/clusters", context->host->finish(query),
                   state_with(context, NULL, STAGE_CLUSTER_LIST, NULL, NULL));
}

static int ask_for_nodes(struct bp_action_context *context, const struct bp_value *cluster) {
        const char *provisioned = bp_text_or_null(context, context->host->get(cluster, "cluster_id"));
        const char *business = bp_text_or_null(context, context->host->get(cluster, "id"));
        const struct bp_value *state;

        if (!provisioned)
                return fail_read(context, bp_format(context, "Could not find cluster %s", cluster_of(context)));
        state = state_with(context, NULL, STAGE_NODES, "bud_cluster_id", bp_make_text(context, provisioned));
        state = state_with(context, state, STAGE_NODES, "cluster_id",
                           bp_make_text(context, business ? business : cluster_of(context)));
        return get(context, "budcluster",
                   bp_format(context, "/cluster/%s/nodes", bp_path_segment(context, provisioned)), NULL, state);
}

static int on_cluster(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_object(context, reply), *cluster;

        if (!body)
                return look_for_cluster(context);
        cluster = context->host->get(body, "cluster");
        return ask_for_nodes(context, bp_type(context, cluster) == BP_OBJECT ? cluster : body);
}

static const struct bp_value *list_of_clusters(struct bp_action_context *context,
                                               const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_ok(reply) ? bp_reply_json(context, reply) : NULL;
        const struct bp_value *clusters = context->host->get(body, "clusters");

        if (!clusters)
                clusters = context->host->get(body, "data");
        return clusters ? clusters : body;
}

static int on_cluster_list(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *clusters = list_of_clusters(context, reply), *cluster;
        const char *wanted = cluster_of(context);

        if (!bp_reply_ok(reply) || !bp_reply_json(context, reply))
                return fail_read(context, bp_format(context, "Failed to look for cluster %s: %s", wanted,
                                                    failure_of(context, reply)));
        for (size_t i = 0; (cluster = context->host->item(clusters, i)); i++) {
                const char *id = bp_text_or_null(context, context->host->get(cluster, "cluster_id"));

                if (id && strcasecmp(id, wanted) == 0)
                        break;
        }
        return ask_for_nodes(context, cluster);
}

/* ---- the nodes ---- */

static void copy_member(struct bp_action_context *context, struct bp_builder *to, const struct bp_value *from,
                        const char *key, const struct bp_value *otherwise) {
        const struct bp_value *value = context->host->get(from, key);

        context->host->object_set(to, key, bp_type(context, value) == BP_NULL ? otherwise : value);
}

static const struct bp_value *node_of(struct bp_action_context *context, const struct bp_value *node) {
        const struct bp_value *none = context->host->make_int(context, 0);
        struct bp_builder *object = context->host->object_new(context);

        context->host->object_set(object, "hostname", context->host->get(node, "name"));
        copy_member(context, object, node, "type", context->host->make_null(context));
        copy_member(context, object, node, "total_workers", none);
        copy_member(context, object, node, "available_workers", none);
        copy_member(context, object, node, "hardware_info", context->host->finish(context->host->list_new(context)));
        return context->host->finish(object);
}

/* Those that have a name. */
static const struct bp_value *nodes_of(struct bp_action_context *context, const struct bp_value *body) {
        const struct bp_value *given = bp_field(context, body, "param", "nodes", (const char *)NULL), *node;
        struct bp_builder *nodes = context->host->list_new(context);

        if (!bp_truth(context, given))
                given = context->host->get(body, "nodes");
        for (size_t i = 0; (node = context->host->item(given, i)); i++)
                if (bp_truth(context, context->host->get(node, "name")))
                        context->host->list_add(nodes, node_of(context, node));
        return context->host->finish(nodes);
}

static const struct bp_value *hostnames_of(struct bp_action_context *context, const struct bp_value *nodes) {
        struct bp_builder *names = context->host->list_new(context);
        const struct bp_value *node;

        for (size_t i = 0; (node = context->host->item(nodes, i)); i++)
                context->host->list_add(names, context->host->get(node, "hostname"));
        return context->host->finish(names);
}

static const struct bp_value *param_or(struct bp_action_context *context, const char *name, int64_t otherwise) {
        const struct bp_value *value = bp_param(context, name);

        return value ? value : context->host->make_int(context, otherwise);
}

static const struct bp_value *devices_body(struct bp_action_context *context, const struct bp_value *state,
                                           const struct bp_value *nodes) {
        struct bp_builder *body = context->host->object_new(context);

        context->host->object_set(body, "model_id", bp_param_or_null(context, "model_id"));
        context->host->object_set(body, "cluster_id", context->host->get(state, "cluster_id"));
        context->host->object_set(body, "hostnames", hostnames_of(context, nodes));
        bp_set_text(context, body, "hardware_mode", bp_param_string(context, "hardware_mode", "dedicated"));
        context->host->object_set(body, "input_tokens", param_or(context, "max_input_tokens", 1024));
        context->host->object_set(body, "output_tokens", param_or(context, "max_output_tokens", 512));
        context->host->object_set(body, "concurrency", param_or(context, "concurrent_requests", 1));
        return context->host->finish(body);
}

static int on_nodes(struct bp_action_context *context, const struct bp_http_response *reply) {
        const struct bp_value *body = bp_reply_object(context, reply), *nodes;

        if (!body)
                return fail_read(context,
                                 bp_format(context, "Failed to get cluster nodes: %s", failure_of(context, reply)));
        nodes = nodes_of(context, body);
        if (!bp_truth(context, nodes))
                return fail_read(context, bp_format(context, "No nodes found in cluster %s", cluster_of(context)));
        return post(context, "/benchmark/node-configurations", devices_body(context, reply->state, nodes),
                    state_with(context, reply->state, STAGE_DEVICES, "nodes", nodes));
}

/* ---- the device ---- */

/* How the benchmark is to run. */
struct placement {
        const char *device;
        const struct bp_value *tp_size, *pp_size, *replicas;
};

/* A list of what is there, as people read it: ['cpu', 'cuda']. */
static const char *device_names(struct bp_action_context *context, const struct bp_value *devices) {
        struct bp_builder *names = context->host->list_new(context);
        const struct bp_value *device;

        for (size_t i = 0; (device = context->host->item(devices, i)); i++)
                context->host->list_add(names, bp_make_text(context, state_text(context, device, "device_type")));
        return context->host->to_text(context, context->host->finish(names), NULL);
}

static const struct bp_value *find_device(struct bp_action_context *context, const struct bp_value *devices,
                                          const char *type) {
        const struct bp_value *device;

        for (size_t i = 0; (device = context->host->item(devices, i)); i++)
                if (strcmp(state_text(context, device, "device_type"), type) == 0)
                        return device;
        return NULL;
}

/* The one that is asked for, else the best, else the first. */
static const struct bp_value *choose_device(struct bp_action_context *context, const struct bp_value *devices) {
        const char *wanted = bp_param_string(context, "selected_device_type", "");
        const struct bp_value *device = NULL;

        if (*wanted)
                return find_device(context, devices, wanted);
        for (size_t i = 0; !device && i < BP_COUNT(device_priority); i++)
                device = find_device(context, devices, device_priority[i]);
        return device ? device : context->host->item(devices, 0);
}

static const char *no_device(struct bp_action_context *context, const struct bp_value *devices) {
        const char *wanted = bp_param_string(context, "selected_device_type", "");

        if (!*wanted || context->host->count(devices) == 0)
                return "No device configurations available for the selected nodes";
        return bp_format(context, "Device type '%s' not available. Available: %s", wanted,
                         device_names(context, devices));
}

static const struct bp_value *find_option(struct bp_action_context *context, const struct bp_value *options,
                                          const struct bp_value *tp, const struct bp_value *pp) {
        const struct bp_value *option, *option_tp, *option_pp;

        for (size_t i = 0; (option = context->host->item(options, i)); i++) {
                option_tp = context->host->get(option, "tp_size");
                option_pp = context->host->get(option, "pp_size");
                if (option_tp && option_pp && context->host->equal(option_tp, tp) &&
                    context->host->equal(option_pp, pp))
                        return option;
        }
        return NULL;
}

static const struct bp_value *number_or_one(struct bp_action_context *context, const struct bp_value *value) {
        return bp_type(context, value) == BP_NULL ? context->host->make_int(context, 1) : value;
}

/* @return NULL with the placement filled, else what is wrong */
static const char *place_on(struct bp_action_context *context, const struct bp_value *device,
                            struct placement *ret_placement) {
        const struct bp_value *options = context->host->get(device, "tp_pp_options"), *option;
        const struct bp_value *tp = bp_param(context, "tp_size"), *pp = bp_param(context, "pp_size");
        const struct bp_value *replicas = bp_param(context, "replicas");
        const char *type = state_text(context, device, "device_type");

        if (context->host->count(options) == 0)
                return bp_format(context, "No TP/PP options available for device type '%s'", type);
        option = tp && pp ? find_option(context, options, tp, pp) : context->host->item(options, 0);
        if (!option)
                return bp_format(context, "TP=%s, PP=%s is not available for device type '%s'",
                                 context->host->to_text(context, tp, NULL), context->host->to_text(context, pp, NULL),
                                 type);
        ret_placement->device = type;
        ret_placement->tp_size = number_or_one(context, context->host->get(option, "tp_size"));
        ret_placement->pp_size = number_or_one(context, context->host->get(option, "pp_size"));
        ret_placement->replicas =
                number_or_one(context, replicas ? replicas : context->host->get(option, "max_replicas"));
        return NULL;
}

/* ---- the device when nobody tells: what the nodes have free ---- */

static const char *lower(struct bp_action_context *context, const struct bp_value *text) {
        size_t size;
        const char *value = context->host->as_string(text, &size);

        return context->host->change_case(context, value, size, false, NULL);
}

/* A list of {device_type}, each with something available. */
static const struct bp_value *devices_of_nodes(struct bp_action_context *context, const struct bp_value *nodes) {
        struct bp_builder *devices = context->host->list_new(context);
        const struct bp_value *node, *hardware;

        for (size_t i = 0; (node = context->host->item(nodes, i)); i++) {
                const struct bp_value *all = context->host->get(node, "hardware_info");

                for (size_t j = 0; (hardware = context->host->item(all, j)); j++) {
                        struct bp_builder *device = context->host->object_new(context);
                        const char *type = lower(context, context->host->get(hardware, "type"));

                        if (!*type || context->host->as_int(context->host->get(hardware, "available_count")) <= 0)
                                continue;
                        bp_set_text(context, device, "device_type", type);
                        context->host->list_add(devices, context->host->finish(device));
                }
        }
        return context->host->finish(devices);
}

static const char *place_by_hardware(struct bp_action_context *context, const struct bp_value *nodes,
                                     const char *call_error, struct placement *ret_placement) {
        const struct bp_value *devices = devices_of_nodes(context, nodes), *device = choose_device(context, devices);
        const struct bp_value *one = context->host->make_int(context, 1);

        if (!device)
                return bp_format(context, "Failed to get node configurations: %s. Fallback failed: %s", call_error,
                                 context->host->count(devices) ? no_device(context, devices)
                                                               : "no available hardware found on the nodes");
        *ret_placement = (struct placement){.device = state_text(context, device, "device_type"), one, one, one};
        return NULL;
}

/* ---- starting ---- */

static void set_if_given(struct bp_action_context *context, struct bp_builder *body, const char *name) {
        const struct bp_value *value = bp_param(context, name);

        if (bp_truth(context, value))
                context->host->object_set(body, name, value);
}

static const struct bp_value *start_body(struct bp_action_context *context, const struct bp_value *state,
                                         const struct placement *placement) {
        struct bp_builder *body = bp_workflow_body(context);

        context->host->object_set(body, "model_id", bp_param_or_null(context, "model_id"));
        context->host->object_set(body, "cluster_id", context->host->get(state, "cluster_id"));
        context->host->object_set(body, "bud_cluster_id", context->host->get(state, "bud_cluster_id"));
        context->host->object_set(body, "nodes", context->host->get(state, "nodes"));
        bp_set_text(context, body, "name", bp_param_string(context, "benchmark_name", "auto-benchmark"));
        context->host->object_set(body, "tags", context->host->finish(context->host->list_new(context)));
        bp_set_text(context, body, "description",
                    bp_format(context, "Automated benchmark from workflow step %s", context->step_id));
        bp_set_text(context, body, "eval_with", "configuration");
        context->host->object_set(body, "concurrent_requests", param_or(context, "concurrent_requests", 1));
        context->host->object_set(body, "max_input_tokens", param_or(context, "max_input_tokens", 1024));
        context->host->object_set(body, "max_output_tokens", param_or(context, "max_output_tokens", 512));
        bp_set_text(context, body, "hardware_mode", bp_param_string(context, "hardware_mode", "dedicated"));
        bp_set_text(context, body, "selected_device_type", placement->device);
        context->host->object_set(body, "tp_size", placement->tp_size);
        context->host->object_set(body, "pp_size", placement->pp_size);
        context->host->object_set(body, "replicas", placement->replicas);
        context->host->object_set(body, "num_prompts", param_or(context, "num_prompts", 10));
        context->host->object_set(body, "user_confirmation", context->host->make_bool(context, true));
        context->host->object_set(body, "run_as_simulation", context->host->make_bool(context, false));
        bp_set_text(context, body, "callback_topic", BP_CALLBACK_TOPIC);
        set_if_given(context, body, "prompt");
        set_if_given(context, body, "prompt_tokens");
        return context->host->finish(body);
}

/* Services say no in the body of a good answer, too. @return what is wrong, or NULL */
static const char *refusal_of(struct bp_action_context *context, const struct bp_value *body) {
        const struct bp_value *code = context->host->get(body, "code");
        const char *message;

        if (bp_type(context, code) != BP_INT || context->host->as_int(code) < 400)
                return NULL;
        message = bp_text_or_null(context, context->host->get(body, "message"));
        return message ? message
                       : bp_format(context, "the answer has code %lld", (long long)context->host->as_int(code));
}

static const struct bp_value *configurations_of(struct bp_action_context *context, const struct bp_value *body) {
        const struct bp_value *devices = context->host->get(body, "device_configurations");

        return devices ? devices : bp_field(context, body, "data", "device_configurations", (const char *)NULL);
}

static const char *place(struct bp_action_context *context, const struct bp_http_response *reply,
                         struct placement *ret_placement) {
        const struct bp_value *body = bp_reply_object(context, reply), *devices, *device;
        const char *call_error = body ? refusal_of(context, body) : failure_of(context, reply);

        if (call_error)
                return place_by_hardware(context, context->host->get(reply->state, "nodes"), call_error, ret_placement);
        devices = configurations_of(context, body);
        device = choose_device(context, devices);
        return device ? place_on(context, device, ret_placement) : no_device(context, devices);
}

static int on_devices(struct bp_action_context *context, const struct bp_http_response *reply) {
        struct placement placement = {0};
        const char *message = place(context, reply, &placement);

        if (message)
                return fail_read(context, message);
        return post(context, "/benchmark/run-workflow", start_body(context, reply->state, &placement),
                    state_with(context, NULL, STAGE_START, NULL, NULL));
}

static int fail_to_start(struct bp_action_context *context, const char *reason, bool is_known) {
        return fail_with(context, "SERVICE_FAILED", bp_format(context, "Failed to start benchmark: %s", reason),
                         is_known);
}

static int on_start(struct bp_action_context *context, const struct bp_http_response *reply) {
        const char *id;

        if (!bp_reply_ok(reply))
                return fail_to_start(context, bp_reply_status_error(context, reply), bp_reply_known(reply));
        id = bp_reply_workflow_id(context, bp_reply_json(context, reply));
        if (!id)
                return fail_to_start(context, "the answer names no workflow_id", false);
        output_state(context, true, id, "running");
        bp_output_string(context, "message", bp_format(context, "Benchmark workflow started: %s", id));
        return bp_await_event(context, id, bp_param_int(context, "max_wait_seconds", WAIT_SECONDS));
}

static int model_benchmark_on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        static int (*const stages[N_STAGES])(struct bp_action_context *, const struct bp_http_response *) = {
                [STAGE_CLUSTER] = on_cluster, [STAGE_CLUSTER_LIST] = on_cluster_list,
                [STAGE_NODES] = on_nodes,     [STAGE_DEVICES] = on_devices,
                [STAGE_START] = on_start,
        };

        return stages[context->host->as_int(context->host->get(reply->state, "stage"))](context, reply);
}

/* ---- events ---- */

static void output_end(struct bp_action_context *context, const struct bp_event_context *event, bool success,
                       const struct bp_value *result) {
        const struct bp_value *id = context->host->get(result, "benchmark_id");

        bp_output_bool(context, "success", success);
        bp_output(context, "benchmark_id", id ? id : context->host->make_null(context));
        bp_output_string(context, "workflow_id", event->external_workflow_id);
        bp_output_string(context, "status", success ? "completed" : "failed");
        bp_output(context, "results",
                  bp_type(context, result) == BP_NULL ? context->host->finish(context->host->object_new(context))
                                                      : result);
}

static int end_completed(struct bp_action_context *context, const struct bp_event_context *event,
                         const struct bp_value *result) {
        output_end(context, event, true, result);
        bp_output_string(context, "message", "Benchmark completed successfully");
        return bp_event_complete(context);
}

static int end_failed(struct bp_action_context *context, const struct bp_event_context *event, const char *message) {
        output_end(context, event, false, NULL);
        return bp_event_fail_message(context, "BENCHMARK_FAILED", message);
}

static const char *content_text(struct bp_action_context *context, const struct bp_event_context *event,
                                const char *member, const char *otherwise) {
        const char *text = bp_text_or_null(context, context->host->get(bp_event_content(context, event), member));

        return text ? text : otherwise;
}

static int end_step_failed(struct bp_action_context *context, const struct bp_event_context *event) {
        const char *failed = BP_EVENT_TEXT(context, event, "payload", "event");
        const char *unsaid = bp_format(context, "Benchmark step '%s' failed", failed);

        bp_output_string(context, "failed_step", failed);
        return end_failed(context, event,
                          bp_format(context, "%s: %s", content_text(context, event, "title", "Benchmark failed"),
                                    content_text(context, event, "message", unsaid)));
}

static int on_workflow_completed(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_value *data = event->event_data;
        const char *reason = bp_text_or_null(context, context->host->get(data, "reason"));

        if (bp_is_word(context, context->host->get(data, "status"), "COMPLETED"))
                return end_completed(context, event, context->host->get(data, "result"));
        return end_failed(context, event, reason ? reason : "Benchmark workflow failed");
}

/* @return true when the event ends the step, with the ending in `ret_ending` */
static bool ends_by_report(struct bp_action_context *context, const struct bp_event_context *event, int *ret_ending) {
        bool is_result = bp_event_is(context, event, "results");

        if (is_result && bp_event_status_is(context, event, "COMPLETED"))
                *ret_ending = end_completed(context, event, bp_event_result(context, event));
        else if (!bp_event_status_is(context, event, "FAILED"))
                return false;
        else if (is_result)
                *ret_ending = end_failed(context, event, content_text(context, event, "message", "Benchmark failed"));
        else
                *ret_ending = end_step_failed(context, event);
        return true;
}

static int on_progress(struct bp_action_context *context, const struct bp_event_context *event) {
        int64_t minutes;

        if (bp_event_eta(context, event, &minutes))
                return bp_event_progress(context, -1, (double)minutes);
        if (!bp_event_status_is(context, event, "STARTED"))
                return bp_event_ignore(context);
        if (bp_event_is(context, event, "deploy_model"))
                return bp_event_progress(context, 20, -1);
        if (bp_event_is(context, event, "run_benchmark"))
                return bp_event_progress(context, 50, -1);
        return bp_event_ignore(context);
}

static int model_benchmark_on_event(struct bp_action_context *context, const struct bp_event_context *event) {
        int ending;

        if (strcmp(event->event_type, "workflow_completed") == 0)
                return on_workflow_completed(context, event);
        if ((strcmp(event->event_type, "performance_benchmark") == 0 ||
             strcmp(event->event_type, "notification") == 0) &&
            ends_by_report(context, event, &ending))
                return ending;
        return on_progress(context, event);
}

/* ---- the rest ---- */

static size_t length_of(const char *text) {
        size_t length = 0;

        for (; *text; text++)
                length += ((unsigned char)*text & 0xC0) != 0x80;
        return length;
}

static void model_benchmark_validate(struct bp_action_context *context) {
        if (!bp_truth(context, bp_param(context, "model_id")))
                bp_finding(context, "model_id is required");
        if (!*cluster_of(context))
                bp_finding(context, "cluster_id is required");
        if (length_of(bp_param_string(context, "benchmark_name", "")) > NAME_MAX_LENGTH)
                bp_finding(context, "benchmark_name must be at most 50 characters");
}

static int model_benchmark_cleanup(struct bp_action_context *context) {
        return bp_cancel_workflow(context, "budapp", true);
}

/* clang-format off */
BP_ACTION(model_benchmark,
        .name = "Model Benchmark", .category = "Model Operations", .icon = "chart-bar", .color = "#3B82F6",
        .description = "Measures how a model performs on a cluster.",
        .execution_mode = BP_EVENT_DRIVEN, .effect = BP_ONCE, .idempotent = BP_YES, .timeout_seconds = 1200,
        .required_services = BP_STRINGS("budapp", "budcluster"),
        .also_accepts = BP_STRINGS("user_id", "prompt", "prompt_tokens", "run_as_simulation"),
        BP_PARAMS(
                {.name = "model_id", .label = "Model", .type = BP_PARAM_MODEL_REF, .required = 1,
                 .description = "Which model."},
                {.name = "cluster_id", .label = "Cluster", .type = BP_PARAM_CLUSTER_REF, .required = 1,
                 .description = "Where it is to run; a UUID."},
                {.name = "benchmark_name", .label = "Benchmark Name", .type = BP_PARAM_STRING,
                 .default_json = "\"auto-benchmark\"", .description = "Name under which the run is found later.",
                 BP_RULES(.rules = BP_RULE_MAX_LENGTH, .max_length = 50)},
                {.name = "concurrent_requests", .label = "Concurrent Requests", .type = BP_PARAM_NUMBER,
                 .default_json = "1", BP_BETWEEN(1, 100), .description = "Requests that are under way at once."},
                {.name = "max_input_tokens", .label = "Max Input Tokens", .type = BP_PARAM_NUMBER,
                 .default_json = "1024", BP_BETWEEN(1, 128000), .description = "Longest prompt, in tokens."},
                {.name = "max_output_tokens", .label = "Max Output Tokens", .type = BP_PARAM_NUMBER,
                 .default_json = "512", BP_BETWEEN(1, 32000), .description = "Longest answer, in tokens."},
                {.name = "num_prompts", .label = "Number of Prompts", .type = BP_PARAM_NUMBER, .default_json = "10",
                 BP_BETWEEN(1, 1000), .description = "Prompts that are sent in all."},
                {.name = "hardware_mode", .label = "Hardware Mode", .type = BP_PARAM_SELECT,
                 .default_json = "\"dedicated\"", .description = "A whole device, or a share of its time.",
                 BP_OPTIONS({"dedicated", "Dedicated"}, {"shared", "Shared"})},
                {.name = "selected_device_type", .label = "Device Type", .type = BP_PARAM_SELECT,
                 .description = "Which kind of device; without one the best there is.",
                 BP_OPTIONS({"cuda", "NVIDIA GPU (CUDA)"}, {"hpu", "Habana Gaudi (HPU)"}, {"cpu", "CPU"})},
                {.name = "tp_size", .label = "Tensor Parallelism Size", .type = BP_PARAM_NUMBER, BP_BETWEEN(1, 16),
                 .description = "Devices that share a layer. Counts together with the pipeline's size only."},
                {.name = "pp_size", .label = "Pipeline Parallelism Size", .type = BP_PARAM_NUMBER, BP_BETWEEN(1, 16),
                 .description = "Stages that the layers are spread over."},
                {.name = "replicas", .label = "Replicas", .type = BP_PARAM_NUMBER, BP_BETWEEN(1, 32),
                 .description = "Copies of the model; without a number as many as fit."},
                {.name = "max_wait_seconds", .label = "Max Wait Time", .type = BP_PARAM_NUMBER,
                 .default_json = "1200", BP_BETWEEN(60, 7200),
                 .description = "How long to wait, in seconds, until the results are there."}),
        BP_OUTPUTS({"success", "boolean", "Whether the benchmark was completed"},
                   {"benchmark_id", "string", "Id of the benchmark's record"},
                   {"workflow_id", "string", "Id of budapp's workflow"},
                   {"status", "string", "running, completed or failed"},
                   {"results", "object", "What was measured"},
                   {"message", "string", "What happened, for a person"}),
        BP_EXAMPLES({"A short run with four requests at once",
                     "{\"model_id\": \"1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b\","
                     " \"cluster_id\": \"7d444840-9dc0-41d1-b245-5ffdce74fad2\", \"concurrent_requests\": 4,"
                     " \"num_prompts\": 100}",
                     "Runs on the best device that the cluster has."}),
        .execute = model_benchmark_execute, .on_reply = model_benchmark_on_reply,
        .on_event = model_benchmark_on_event, .validate_params = model_benchmark_validate,
        .cleanup = model_benchmark_cleanup);
/* clang-format on */
