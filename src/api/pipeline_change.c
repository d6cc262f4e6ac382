/* SPDX-License-Identifier: Apache-2.0 */
#include "api/pipeline_change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/failures.h"
#include "api/pipeline_json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/problem.h"
#include "server/server.h"
#include "service/service.h"

enum { DURABLE_WITHIN_MS = 30000 };

struct bp_api_change {
        struct bp_deferred *deferred;
        uint32_t status;
        int result;
        struct bp_id id;
        uint32_t revision;
        struct bp_problem_list errors; /* in the request's arena */
};

/* What was saved is read back at its revision: another change may have followed. */
static void answer_saved(struct bp_request *request, struct bp_api *api, const struct bp_api_change *change) {
        struct bp_pipeline_row row;
        char text[BP_ID_TEXT_SIZE], location[64];
        int r;

        r = bp_store_pipeline(bp_service_store(api->settings.service), change->id, change->revision,
                              bp_request_arena(request), &row);
        bp_id_format(change->id, text);
        if (r < 0) {
                bp_request_fail_errno(request, r);
        } else if (r) {
                bp_api_fail_no_pipeline(request, text);
        } else {
                snprintf(location, sizeof(location), "/pipelines/%s", text);
                if (change->status == 201)
                        bp_request_add_header(request, "Location", location);
                bp_api_answer_pipeline(request, change->status, &row);
        }
}

static void answer_refused(struct bp_request *request, const struct bp_api_change *change) {
        switch (change->result) {
        case BP_STORE_NOT_FOUND:
                bp_api_fail_no_pipeline(request, bp_request_text(request, "pipeline_id"));
                break;
        case BP_STORE_CONFLICT:
                bp_request_failf(request, 409, "VERSION_CONFLICT",
                                 "The pipeline was changed meanwhile: load it again and repeat what you did");
                break;
        case BP_STORE_DUPLICATE:
                bp_api_fail_titled(request, 409, "DUPLICATE_NAME", "Duplicate pipeline name",
                                   "Its owner has a pipeline of this name already");
                break;
        case BP_SERVICE_INVALID:
                bp_api_fail_problems(request, 400, "Validation failed",
                                     bp_request_member(request, "dag") ? "dag" : NULL, &change->errors);
                break;
        case BP_SERVICE_UNAVAILABLE:
        case -ECANCELED: /* the store is being closed */
                bp_api_fail_unavailable(request, &change->errors);
                break;
        default:
                bp_request_fail_errno(request, change->result < 0 ? change->result : -EPROTO);
        }
}

static void finish(struct bp_request *request, void *app, void *data) {
        const struct bp_api_change *change = data;

        if (!change)
                bp_api_fail_late(request);
        else if (change->result)
                answer_refused(request, change);
        else if (change->status == 204)
                bp_request_answer_empty(request, 204);
        else
                answer_saved(request, app, change);
}

struct bp_api_change *bp_api_change_begin(struct bp_request *request, uint32_t status) {
        struct bp_api_change *change = bp_calloc(1, sizeof(*change));

        if (!change) {
                bp_request_fail_errno(request, -ENOMEM);
                return NULL;
        }
        change->status = status;
        change->errors.arena = bp_request_arena(request);
        change->deferred = bp_request_defer(request, DURABLE_WITHIN_MS, finish);
        if (change->deferred)
                return change;
        free(change);
        return NULL;
}

struct bp_problem_list *bp_api_change_errors(struct bp_api_change *change) {
        return &change->errors;
}

void bp_api_change_done(void *userdata, int result, const void *data) {
        const struct bp_pipeline_row *row = data;
        struct bp_api_change *change = userdata;

        change->result = result;
        if (row) {
                change->id = row->id;
                change->revision = row->revision;
        }
        bp_deferred_complete(change->deferred, change, free);
}

void bp_api_change_handed(struct bp_api_change *change, int result) {
        if (result)
                bp_api_change_done(change, result, NULL);
}
