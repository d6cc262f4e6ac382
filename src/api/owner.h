/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file owner.h
 * Whose things a request may see: a user their own and the system's; without a user everything, or, where users are
 * isolated, nothing that has an owner. Private to the room.
 */
#ifndef BP_API_OWNER_H
#define BP_API_OWNER_H

#include <stdbool.h>

#include "base/id.h"

struct bp_api;
struct bp_pipeline_row;
struct bp_request;

/** Who looks. */
struct bp_api_viewer {
        bool has_user;
        struct bp_id user;
        bool only_unowned; /**< without a user, where users are isolated */
};

/** The viewer behind a request. */
struct bp_api_viewer bp_api_viewer_of(const struct bp_api *api, const struct bp_request *request);

/** True when the viewer may see and change the pipeline. */
bool bp_api_may_see(const struct bp_api_viewer *viewer, const struct bp_pipeline_row *pipeline);

/** Who is said to have saved something: the user where there is one, else the name of the principal. `text` is where a
 * user's id is written. */
const char *bp_api_author(const struct bp_request *request, char text[BP_ID_TEXT_SIZE]);

#endif
