/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file pipeline_json.h
 * What routes of pipelines share: finding the one that is meant, and writing it. Private to the room.
 */
#ifndef BP_API_PIPELINE_JSON_H
#define BP_API_PIPELINE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct bp_api;
struct bp_request;
struct bp_strbuf;
struct bp_writer;

/** Appends a pipeline. */
void bp_api_write_pipeline(struct bp_strbuf *buffer, const struct bp_pipeline_row *pipeline);

/** The next items of an object: what a revision has of its own (name, status, step_count, description, icon). */
void bp_api_write_revision_members(struct bp_writer *object, const struct bp_pipeline_row *pipeline);

/** Answers with a pipeline, its revision as ETag. */
void bp_api_answer_pipeline(struct bp_request *request, uint32_t status, const struct bp_pipeline_row *pipeline);

/** 404: {"detail":"Pipeline not found: ID"}, with the id as it was asked for. */
void bp_api_fail_no_pipeline(struct bp_request *request, const char *id);

/**
 * Reads the pipeline that the request names by `pipeline_id`, at `revision` (0: the current one), if its viewer may see
 * it. @return true; false: the request has been answered.
 */
bool bp_api_find_pipeline(struct bp_api *api, struct bp_request *request, uint32_t revision,
                          struct bp_pipeline_row *ret_pipeline);

#endif
