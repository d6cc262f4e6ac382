/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file starting.h
 * The start of an execution, from the request that asks for it to the answer once it is durable. Private to the room.
 */
#ifndef BP_API_STARTING_H
#define BP_API_STARTING_H

#include "service/service.h"

struct bp_api_starting;
struct bp_problem_list;
struct bp_request;

/**
 * Lets the request sleep until a start is durable, and with `Prefer: wait` until the execution has ended.
 * @param workflow_id of the answer; lives as long as the request
 * @param retry_of the execution that is run again, or NULL; copied
 * @return NULL when memory is short: the request has been answered
 */
struct bp_api_starting *bp_api_starting_begin(struct bp_request *request, const char *workflow_id,
                                              const struct bp_id *retry_of);

/** Where the problems of the start go. They live as long as the request. */
struct bp_problem_list *bp_api_starting_errors(struct bp_api_starting *start);

/** Where the service tells what was started. */
struct bp_service_started *bp_api_starting_started(struct bp_api_starting *start);

/** The bp_service_done of the start. */
void bp_api_starting_done(void *starting, const struct bp_service_answer *answer);

/** What bp_service_start() or bp_service_retry() returned; to be called once. A start that was refused is answered. */
void bp_api_starting_handed(struct bp_api_starting *start, int result);

#endif
