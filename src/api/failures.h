/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file failures.h
 * The shapes in which the reference's API says no, for what more than one resource says. A failure without a shape of
 * its own is bp_request_failf(), whose `detail` is the message. Private to the room.
 */
#ifndef BP_API_FAILURES_H
#define BP_API_FAILURES_H

#include <stdint.h>

#include "base/id.h"

struct bp_problem;
struct bp_problem_list;
struct bp_request;

/** 404 of the executions API: {"detail":{"error":{"code":"NOT_FOUND","message"},"correlation_id"}}. */
void bp_api_fail_no_execution(struct bp_request *request, struct bp_id id);

/** 404: no action is of this type. */
void bp_api_fail_no_action(struct bp_request *request, const char *type);

/**
 * `status` with {"detail":{"error":TITLE,"errors":[sentence, ...]}}, and the problems with their pointers for clients
 * that take problem+json.
 * @param member of the body, which holds the definition that the pointers lead into; NULL: they lead into the body.
 *               Pointers into `/params` always do.
 */
void bp_api_fail_problems(struct bp_request *request, uint32_t status, const char *title, const char *member,
                          const struct bp_problem_list *problems);

/** `status` with {"detail":{"error":TITLE,"message"}}. */
void bp_api_fail_titled(struct bp_request *request, uint32_t status, const char *code, const char *title,
                        const char *message);

/** 503: the store cannot write, or too much waits. The last problem says why. */
void bp_api_fail_unavailable(struct bp_request *request, const struct bp_problem_list *problems);

/** 503: what was handed over did not become durable in time; it may still. */
void bp_api_fail_late(struct bp_request *request);

#endif
