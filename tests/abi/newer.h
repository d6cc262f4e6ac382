/* SPDX-License-Identifier: Apache-2.0 */
/* A later header of ABI 1: everything of today's, and members appended to its structs. */
#ifndef NEWER_ACTION_H
#define NEWER_ACTION_H

#include <budpipeline/action.h>

struct newer_option {
        struct bp_select_option known;
        const char *icon;
};

struct newer_rules {
        struct bp_validation_rules known;
        const char *format, *unit;
};

struct newer_param {
        struct bp_param_definition known;
        const char *unit;
        uint32_t columns, rows;
};

struct newer_output {
        struct bp_output_definition known;
        const char *unit;
};

struct newer_example {
        struct bp_action_example known;
        const char *picture;
};

struct newer_action {
        struct bp_action known;
        const char *licence;
        int (*on_pause)(struct bp_action_context *context);
};

struct newer_plugin {
        struct bp_plugin known;
        const char *homepage;
};

struct newer_request {
        struct bp_http_request known;
        const char *priority;
        int64_t deadline;
};

struct newer_response {
        struct bp_http_response known;
        double seconds;
};

struct newer_context {
        struct bp_action_context known;
        const char *tenant;
};

struct newer_host {
        struct bp_host known;
        int (*celebrate)(struct bp_action_context *context);
};

#endif
