/* SPDX-License-Identifier: Apache-2.0 */
/* Built against a newer header: a request that says more than an older host knows, and a reply and a context that may
 * hold less than it knows. */
#include "newer.h"

static bool is_told_the_tenant(const struct bp_action_context *context) {
        return context->struct_size >= sizeof(struct newer_context);
}

static bool says_how_long_it_took(const struct bp_http_response *reply) {
        return reply->struct_size >= sizeof(struct newer_response);
}

static int execute(struct bp_action_context *context) {
        const struct newer_request request = {.known = {.struct_size = sizeof(request),
                                                        .method = "POST",
                                                        .service = "budapp",
                                                        .url = "/models",
                                                        .json = bp_param(context, "body")},
                                              .priority = "high",
                                              .deadline = 4711};

        bp_output_bool(context, "knows_tenant", is_told_the_tenant(context));
        return bp_await_reply(context, &request.known, NULL);
}

static int on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        bp_output_int(context, "status", reply->status);
        bp_output_bool(context, "knows_time", says_how_long_it_took(reply));
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(newer_asks,
        .name = "Newer, asks", .category = "Tests", .description = "Sends a request of a newer header.",
        .effect = BP_ONCE,
        BP_PARAMS({.name = "body", .label = "Body", .type = BP_PARAM_JSON}),
        BP_OUTPUTS({"status", "number", "Of the answer"}),
        .execute = execute, .on_reply = on_reply);
/* clang-format on */
