/* SPDX-License-Identifier: Apache-2.0 */
/* Built against each frozen header in turn: a request of that header's size, with what is no part of it behind it. */
#include <budpipeline/action.h>

#include <string.h>

static int execute(struct bp_action_context *context) {
        struct {
                struct bp_http_request request;
                unsigned char behind[64];
        } own;

        memset(&own, 0xff, sizeof(own));
        own.request = (struct bp_http_request){
                .struct_size = sizeof(own.request), .method = "PUT", .url = "http://h/", .body = "abc", .body_size = 3};
        own.request.headers = context->metadata;
        return bp_await_reply(context, &own.request, bp_param(context, "mode"));
}

static int on_reply(struct bp_action_context *context, const struct bp_http_response *reply) {
        bp_output_int(context, "status", reply->status);
        bp_output_string(context, "body", reply->body);
        bp_output_string(context, "message", reply->message);
        bp_output(context, "state", reply->state);
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(frozen_asks,
        .name = "Frozen, asks", .category = "Tests", .description = "Sends a request of a frozen header.",
        .effect = BP_ONCE,
        BP_PARAMS({.name = "mode", .label = "Mode", .type = BP_PARAM_STRING}),
        BP_OUTPUTS({"status", "number", "Of the answer"}),
        .execute = execute, .on_reply = on_reply);
/* clang-format on */
