/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file services.h
 * Which service is reached how, as the settings say or as follows from them. Inside the room only.
 */
#ifndef BP_INVOKE_SERVICES_H
#define BP_INVOKE_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "invoke/breaker.h"
#include "invoke/invoke.h"

/** Services that are known by name; those that come after share one entry, without a breaker. */
#define BP_SERVICES_MAX 256

/** Size of "host:port" of a base URL. */
#define BP_BASE_TARGET_SIZE 280

/** A base URL, taken apart. */
struct bp_base_url {
        const char *text;         /**< without the slashes at its end */
        const char *const *hosts; /**< the one named target that calls to it may reach; NULL-terminated */
};

/** One service. */
struct bp_service_entry {
        struct bp_invoker_service given; /**< the settings' texts are copies */
        struct bp_base_url base;         /**< base.text is NULL: through Dapr */
        bool has_breaker;
        struct bp_breaker breaker;
};

/** All of them. */
struct bp_services {
        struct bp_arena *arena;
        struct bp_service_entry entries[BP_SERVICES_MAX];
        size_t count;
        struct bp_service_entry others; /**< named "other" */
        struct bp_base_url dapr;        /**< text NULL: none */
        struct bp_base_url bus_url;     /**< text NULL: none */
        struct bp_service_entry bus;
};

/** Copies what the settings say. @return 0, -ENOMEM, or -EINVAL for a URL that is none. */
int bp_services_init(struct bp_services *services, struct bp_arena *arena, const struct bp_invoker_settings *settings);

/** The entry of a service, made when it is asked for first. The caller holds the invoker's lock. */
struct bp_service_entry *bp_services_find(struct bp_services *services, const char *name);

#endif
