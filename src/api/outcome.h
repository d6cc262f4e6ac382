/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file outcome.h
 * What the service told of an execution, kept until the request that waits for it is answered. Private to the room.
 */
#ifndef BP_API_OUTCOME_H
#define BP_API_OUTCOME_H

#include "service/service.h"

/** A copy of struct bp_service_answer. Plain data with one block of memory, which may be handed on by assignment. */
struct bp_api_outcome {
        struct bp_service_answer answer; /**< texts and values lie in `memory` */
        struct bp_value outputs;         /**< an object, empty before the end */
        void *memory;
};

/** Copies an answer; when memory is short, the outcome is that. Any thread. */
void bp_api_outcome_init(struct bp_api_outcome *outcome, const struct bp_service_answer *answer);

/** Gives its memory back. */
void bp_api_outcome_done(struct bp_api_outcome *outcome);

#endif
