/* SPDX-License-Identifier: Apache-2.0 */
/* A header of ABI 1 from before its structs grew: what the engine's structs had first, in the same order. */
#ifndef OLDER_ACTION_H
#define OLDER_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_action_context;
struct bp_value;
struct bp_builder;

struct bp_param_definition {
        const char *name;
        const char *label;
        uint32_t type;
        uint32_t required;
};

struct bp_output_definition {
        const char *name;
        const char *type;
};

struct bp_action {
        uint32_t struct_size, abi_version;
        uint32_t param_size, output_size;
        uint32_t example_size, reserved;
        const char *type, *name, *category, *description, *version, *icon, *color;
        const struct bp_param_definition *params;
        const struct bp_output_definition *outputs;
        const void *examples;
        uint32_t n_params, n_outputs, n_examples;
        uint32_t execution_mode, effect, idempotent, flags, timeout_seconds;
        const void *retry_policy;
        const char *const *required_services, *const *required_permissions;
        const char *docs_url, *deprecated, *routes;
        int (*execute)(struct bp_action_context *context);
};

struct bp_plugin {
        uint32_t struct_size, abi_version;
        const char *name, *version;
        const char *vendor, *license;
        const struct bp_action *const *actions;
};

enum { OLDER_ABI_VERSION = 1, OLDER_PARAM_STRING = 1, OLDER_PARAM_NUMBER = 2, OLDER_PURE = 1, OLDER_COMPLETED = 1 };

#endif
