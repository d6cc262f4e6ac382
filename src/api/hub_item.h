/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file hub_item.h
 * What became durable, on its way from the engine's thread to the hub's. Private to the room.
 */
#ifndef BP_API_HUB_ITEM_H
#define BP_API_HUB_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include "service/service.h"

/** A copy of struct bp_service_event, its values left out: they are not shown. */
struct bp_api_hub_item {
        struct bp_api_hub_item *next;
        size_t size;
        bool to_one; /**< for the followers of the execution, else for those of all */
        bool is_line;
        struct bp_id execution;
        const struct bp_definition *definition; /**< a reference */
        struct bp_position position;
        double percent;
        struct bp_record record;   /**< unless is_line */
        struct bp_store_line line; /**< is_line */
        char texts[];
};

/** Copies an event. @return NULL when memory is short. */
struct bp_api_hub_item *bp_api_hub_item_new(const struct bp_service_event *event, bool to_one);

/** Gives it back, and those behind it. */
void bp_api_hub_items_free(struct bp_api_hub_item *item);

#endif
