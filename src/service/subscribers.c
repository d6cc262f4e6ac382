/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told of an execution: the topics that its caller named, and the operator's where it names subscribers. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "service/state.h"

static bool is_named(const char *const *topics, size_t n, const char *topic) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(topics[i], topic) == 0)
                        return true;
        return false;
}

static size_t add(const char **topics, size_t n, const char *topic) {
        if (is_named(topics, n, topic))
                return n;
        topics[n] = topic;
        return n + 1;
}

static bool has_subscribers(const struct bp_value *options) {
        const struct bp_value *ids = bp_value_get(options, "subscriber_ids");

        return ids && ids->type == BP_STRING && ids->count > 0;
}

int bp_subscribers_find(struct bp_service *service, struct bp_arena *arena, struct bp_store_new_execution *row) {
        const struct bp_value *named = row->options ? bp_value_get(row->options, "callback_topics") : NULL;
        uint32_t most = named && named->type == BP_LIST ? named->count : 0;
        const char **topics;
        size_t n = 0;

        if (!row->options)
                return 0;
        topics = bp_arena_array(arena, most + 2, sizeof(*topics));
        if (!topics)
                return -ENOMEM;
        for (uint32_t i = 0; i < most; i++)
                if (named->as.items[i].type == BP_STRING)
                        n = add(topics, n, named->as.items[i].as.text);
        if (service->telling.notify_topic && has_subscribers(row->options))
                n = add(topics, n, service->telling.notify_topic);
        if (n == 0)
                return 0;
        row->topics = topics;
        if (!service->telling.durable)
                row->topics_refused = "NO_BUS: the service has no bus to publish events to";
        if (service->telling.lifetime_seconds)
                row->topics_expire_at.us = row->created_at.us + (int64_t)service->telling.lifetime_seconds * 1000000;
        return 0;
}
