/* SPDX-License-Identifier: Apache-2.0 */
/* The setting `services`: what each entry says. Inside the room only. */
#ifndef BP_DAEMON_CONFIG_SERVICES_H
#define BP_DAEMON_CONFIG_SERVICES_H

#include <stddef.h>

#include "daemon/config_value.h"
#include "invoke/invoke.h"

struct bp_problem_list;

/** What is read, and where to. */
struct bp_config_services {
        struct bp_arena *arena; /**< of the configuration */
        const struct bp_config_value *value;
        const char *const *environment; /**< NAME=VALUE, for `token_variable`; NULL-terminated, or NULL */
        struct bp_problem_list *problems;
        size_t n_problems; /**< added to them */
        struct bp_invoker_service *services;
        size_t count;
};

/** Reads the entries; what is wrong with them is a problem. @return 0 or -ENOMEM. */
int bp_config_services_read(struct bp_config_services *reading);

#endif
