/* SPDX-License-Identifier: Apache-2.0 */
#include "options/source.h"

#include <stddef.h>

/* clang-format off */
#define BUDAPP .service = "budapp", .search = "search", .size = "limit", .total = "/total_record", .value = "/id", .label = "/name"

static const struct bp_options_source sources[] = {
        {BP_PARAM_MODEL_REF, BUDAPP, .path = "/models", .list = "/models", .description = "/uri"},
        {BP_PARAM_CLUSTER_REF, BUDAPP, .path = "/clusters/clusters", .list = "/clusters", .description = "/status"},
        {BP_PARAM_PROJECT_REF, BUDAPP, .path = "/projects", .list = "/projects", .description = "/description"},
        {BP_PARAM_ENDPOINT_REF, BUDAPP, .path = "/endpoints", .list = "/endpoints", .description = "/status"},
        {BP_PARAM_PROVIDER_REF, BUDAPP, .path = "/models/providers", .list = "/providers", .description = "/type"},
        {BP_PARAM_CREDENTIAL_REF, BUDAPP, .path = "/credentials", .list = "/credentials", .description = "/type"},
        {BP_PARAM_CLOUD_MODEL_REF, BUDAPP, .path = "/models/cloud-models", .list = "/cloud_models", .description = "/uri",
         .within = "provider_id"},
};
/* clang-format on */

const struct bp_options_source *bp_options_source_of(enum bp_param_type type) {
        for (size_t i = 0; i < BP_COUNT(sources); i++)
                if (sources[i].type == type)
                        return &sources[i];
        return NULL;
}
