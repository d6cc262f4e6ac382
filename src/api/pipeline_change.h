/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file pipeline_change.h
 * A change of a pipeline that becomes durable while the request sleeps, and the answer then. Private to the room.
 */
#ifndef BP_API_PIPELINE_CHANGE_H
#define BP_API_PIPELINE_CHANGE_H

#include <stdint.h>

struct bp_api_change;
struct bp_problem_list;
struct bp_request;

/**
 * Lets the request sleep until the change is durable; then it is answered with `status` and the pipeline (204: without
 * a body), or with what went wrong. @return NULL when memory is short: the request has been answered.
 */
struct bp_api_change *bp_api_change_begin(struct bp_request *request, uint32_t status);

/** Where the errors of the change go. They live as long as the request. */
struct bp_problem_list *bp_api_change_errors(struct bp_api_change *change);

/** The bp_store_done of a change, which is its userdata. */
void bp_api_change_done(void *userdata, int result, const void *data);

/** What handing the change over returned. Unless it is 0, the request is answered now; the change is then gone. */
void bp_api_change_handed(struct bp_api_change *change, int result);

#endif
