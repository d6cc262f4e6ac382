/* SPDX-License-Identifier: Apache-2.0 */
#include "api/failures.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/problem.h"
#include "base/value.h"
#include "server/server.h"

enum { RETRY_AFTER_SECONDS = 1 };

/* Ends the object and answers with it as `detail`. */
static void fail_with(struct bp_request *request, struct bp_failure *failure, struct bp_object_builder *detail) {
        struct bp_value value;

        if (bp_object_finish(detail, &value)) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        failure->detail = &value;
        bp_request_fail(request, failure);
        failure->detail = NULL;
}

static void set_text(struct bp_object_builder *object, const char *name, const char *text) {
        struct bp_value value;

        if (bp_value_text_z(object->arena, text, &value))
                object->error = -ENOMEM;
        else
                bp_object_set_z(object, name, value);
}

void bp_api_fail_no_execution(struct bp_request *request, struct bp_id id) {
        struct bp_failure failure = {.status = 404, .code = "NOT_FOUND"};
        char text[BP_ID_TEXT_SIZE], message[128];
        struct bp_object_builder detail, error;
        struct bp_value value;

        snprintf(message, sizeof(message), "Execution not found: %s", bp_id_format(id, text));
        failure.message = message;
        bp_object_init(&error, bp_request_arena(request));
        set_text(&error, "code", failure.code);
        set_text(&error, "message", message);
        bp_object_init(&detail, bp_request_arena(request));
        if (bp_object_finish(&error, &value))
                detail.error = -ENOMEM;
        else
                bp_object_set_z(&detail, "error", value);
        set_text(&detail, "correlation_id", bp_request_correlation_id(request));
        fail_with(request, &failure, &detail);
}

void bp_api_fail_no_action(struct bp_request *request, const char *type) {
        bp_request_failf(request, 404, "UNKNOWN_ACTION", "Action '%s' not found", type);
}

/* Those of the request's parameters have their place in the body already. */
static int place_problems(const struct bp_problem_list *problems, const char *member,
                          struct bp_problem_list *ret_placed) {
        for (size_t i = 0; i < problems->count; i++) {
                struct bp_problem problem = *problems->items[i];

                if (member && strncmp(problem.pointer, "/params", 7) != 0)
                        bp_problem_prefix(&problem, member);
                if (bp_problem_list_add(ret_placed, &problem))
                        return -ENOMEM;
        }
        return 0;
}

void bp_api_fail_problems(struct bp_request *request, uint32_t status, const char *title, const char *member,
                          const struct bp_problem_list *problems) {
        struct bp_problem_list placed = {.arena = bp_request_arena(request)};
        struct bp_failure failure = {.status = status, .code = "INVALID", .message = title, .problems = &placed};
        struct bp_object_builder detail;
        struct bp_list_builder errors;
        struct bp_value value;
        char text[BP_PROBLEM_SENTENCE_BYTES];

        if (problems->count) {
                failure.code = problems->items[0]->code;
                failure.message = problems->items[0]->message;
        }
        bp_list_init(&errors, bp_request_arena(request));
        for (size_t i = 0; i < problems->count; i++) {
                if (bp_value_text_z(errors.arena, bp_problem_sentence(problems->items[i], text), &value))
                        errors.error = -ENOMEM;
                else
                        bp_list_add(&errors, value);
        }
        bp_object_init(&detail, bp_request_arena(request));
        set_text(&detail, "error", title);
        if (place_problems(problems, member, &placed) || bp_list_finish(&errors, &value))
                detail.error = -ENOMEM;
        else
                bp_object_set_z(&detail, "errors", value);
        fail_with(request, &failure, &detail);
}

void bp_api_fail_titled(struct bp_request *request, uint32_t status, const char *code, const char *title,
                        const char *message) {
        struct bp_failure failure = {.status = status, .code = code, .message = message};
        struct bp_object_builder detail;

        bp_object_init(&detail, bp_request_arena(request));
        set_text(&detail, "error", title);
        set_text(&detail, "message", message);
        fail_with(request, &failure, &detail);
}

void bp_api_fail_unavailable(struct bp_request *request, const struct bp_problem_list *problems) {
        const struct bp_problem *last = problems->count ? problems->items[problems->count - 1] : NULL;

        bp_request_fail(request,
                        &(struct bp_failure){
                                .status = 503,
                                .code = last ? last->code : "UNAVAILABLE",
                                .message = last ? last->message : "the service takes no new work at the moment",
                                .retry_after_seconds = RETRY_AFTER_SECONDS,
                        });
}

void bp_api_fail_late(struct bp_request *request) {
        bp_request_fail(request, &(struct bp_failure){
                                         .status = 503,
                                         .code = "NOT_YET_DURABLE",
                                         .message = "it was taken but is not durable yet; ask again, or repeat the "
                                                    "request with the same Idempotency-Key",
                                         .retry_after_seconds = RETRY_AFTER_SECONDS,
                                 });
}
