/* SPDX-License-Identifier: Apache-2.0 */
/* Built against an older header: fewer members, smaller elements. */
#include "older.h"

__attribute__((visibility("default"))) const struct bp_plugin *bp_plugin_entry(void);

static int execute(struct bp_action_context *context) {
        (void)context;
        return OLDER_COMPLETED;
}

static const struct bp_param_definition params[] = {
        {"first", "First", OLDER_PARAM_STRING, 1},
        {"second", "Second", OLDER_PARAM_NUMBER, 0},
        {"third", "Third", OLDER_PARAM_STRING, 0},
};

static const struct bp_output_definition outputs[] = {{"one", "string"}, {"two", "number"}};

static const struct bp_action action = {
        .struct_size = sizeof(struct bp_action),
        .abi_version = OLDER_ABI_VERSION,
        .param_size = sizeof(struct bp_param_definition),
        .output_size = sizeof(struct bp_output_definition),
        .type = "older",
        .name = "Older",
        .category = "Tests",
        .description = "Built against an older header.",
        .params = params,
        .outputs = outputs,
        .n_params = 3,
        .n_outputs = 2,
        .effect = OLDER_PURE,
        .execute = execute,
};

const struct bp_plugin *bp_plugin_entry(void) {
        static const struct bp_action *const actions[] = {&action, NULL};
        static const struct bp_plugin plugin = {.struct_size = sizeof(struct bp_plugin),
                                                .abi_version = OLDER_ABI_VERSION,
                                                .name = "older",
                                                .version = "0.9.0",
                                                .actions = actions};

        return &plugin;
}
