/* SPDX-License-Identifier: Apache-2.0 */
#include "api/owner.h"

#include <string.h>

#include "api/private.h"
#include "store/store.h"

struct bp_api_viewer bp_api_viewer_of(const struct bp_api *api, const struct bp_request *request) {
        const struct bp_principal *principal = bp_request_principal(request);

        return (struct bp_api_viewer){
                .has_user = principal->has_user,
                .user = principal->user,
                .only_unowned = !principal->has_user && api->settings.isolate_users,
        };
}

bool bp_api_may_see(const struct bp_api_viewer *viewer, const struct bp_pipeline_row *pipeline) {
        if (pipeline->system_owned)
                return true;
        if (viewer->has_user)
                return pipeline->has_user && memcmp(&pipeline->user, &viewer->user, sizeof(viewer->user)) == 0;
        return !viewer->only_unowned || !pipeline->has_user;
}

const char *bp_api_author(const struct bp_request *request, char text[BP_ID_TEXT_SIZE]) {
        const struct bp_principal *principal = bp_request_principal(request);

        return principal->has_user ? bp_id_format(principal->user, text) : principal->name;
}
