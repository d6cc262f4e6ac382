/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file finding.h
 * What is wrong with a request: collected in the reference's shape ({"type","loc","msg","input","ctx"}) and as problems
 * with JSON Pointers, so that both kinds of clients are told everything at once. Private to the room.
 */
#ifndef BP_SERVER_FINDING_H
#define BP_SERVER_FINDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "base/value.h"

struct bp_request;

/** Where a value stands in the request. */
struct bp_place {
        const char *part; /**< "body", "query", "path", "header" */
        const char *name; /**< of the field; NULL: the part itself */
        int64_t index;    /**< of an item of the field, or -1 */
};

/** All that was found so far. */
struct bp_findings {
        struct bp_list_builder details;
        struct bp_problem_list problems;
        int error; /**< -ENOMEM sticks */
};

/** What a finding says. */
struct bp_finding {
        const char *type; /**< the reference's word: "string_too_short" */
        const char *code; /**< ours: "FIELD_LENGTH" */
        const char *message;
        const struct bp_value *input; /**< what was given; NULL: null */
        const char *context;          /**< name of the one member of `ctx`, or NULL */
        struct bp_value context_value;
};

/** Nothing found yet. */
void bp_findings_init(struct bp_findings *findings, struct bp_arena *arena);

/** Adds one. */
void bp_request_findings_add(struct bp_findings *findings, const struct bp_place *place,
                             const struct bp_finding *finding);

/** Answers with 422 when anything was found. @return 0 when nothing was, else 1: an answer is there. */
int bp_findings_answer(struct bp_findings *findings, struct bp_request *request);

#endif
