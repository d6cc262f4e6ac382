/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file publisher.h
 * Tells subscribers what happens in executions: at least once, in order for each execution and topic, nothing before it
 * is durable. One thread of its own; no thread is held by an event that is on its way, and the engine waits for nobody.
 *
 * Whatever is to be told stands in the store: the records, and how far each subscription was told. The publisher only
 * has to be woken. A repeated event carries the same id.
 */
#ifndef BP_PUBLISHER_PUBLISHER_H
#define BP_PUBLISHER_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/value.h"
#include "envelope/envelope.h"
#include "runtime/runtime.h"

struct bp_metrics;
struct bp_publisher;
struct bp_service;

/** What became of an event that was handed to the bus. */
struct bp_published {
        bool taken;          /**< the bus has it */
        const char *code;    /**< else why: constant, "UNREACHABLE" */
        const char *message; /**< and in words; borrowed */
};

/** Receives the outcome, once, on any thread; must not block. */
typedef void bp_published_done(void *userdata, const struct bp_published *published);

/** The bus, as the publisher sees it. */
struct bp_publisher_bus {
        /** Publishes; the arguments are borrowed during the call. `done` may be called before it returns.
         * @return 0, or a negative errno: `done` is not called. */
        int (*publish)(void *userdata, const char *topic, const struct bp_value *event, bp_published_done *done,
                       void *done_userdata);
        void *userdata;
};

/** How a publisher works. 0 and NULL mean the default named beside the member. */
struct bp_publisher_settings {
        struct bp_service *service;   /**< mandatory; borrowed */
        struct bp_publisher_bus bus;  /**< mandatory */
        enum bp_envelope envelope;    /**< BP_ENVELOPE_NOTIFICATION */
        const char *source;           /**< `source` of every event; "budpipeline"; copied */
        uint32_t in_flight;           /**< subscriptions being told at once, each one event at a time; 256 */
        size_t queue_bytes;           /**< events read and not sent yet; 16 MiB */
        uint32_t max_attempts;        /**< tries of an event before it is given up; 10 */
        uint32_t backoff_seconds;     /**< before the second try, doubled for each further one; 1 */
        uint32_t max_backoff_seconds; /**< 300 */
        uint64_t dead_letters;        /**< events given up that are kept; 10,000 */
        struct bp_metrics *metrics;   /**< or NULL */
        void (*notice)(void *userdata, enum bp_log_level level, const char *message); /**< its thread; or NULL */
        void *userdata;
};

/** Starts it, with everything that is still to be told. @return 0 or negative errno. */
int bp_publisher_new(const struct bp_publisher_settings *settings, struct bp_publisher **ret_publisher);

/** An execution with subscriptions has new durable records. Any thread; does not block. NULL is allowed. */
void bp_publisher_wake(struct bp_publisher *publisher, uint64_t execution);

/**
 * Ends it. What is on its way may still be answered; the cursors of what was answered are handed to the store. The
 * service must still be there. NULL is allowed. Always returns NULL.
 */
struct bp_publisher *bp_publisher_free(struct bp_publisher *publisher);

/** What became of an event that was to be published again. Borrowed during the call. */
struct bp_replayed {
        int result; /**< 0: published, and no dead letter any more; BP_STORE_NOT_FOUND: deleted meanwhile;
                       negative errno: published, but it may still be listed */
        const char *code, *message; /**< it was refused again, and why; or NULL */
};

/** Receives it, once, on any thread. */
typedef void bp_replayed_done(void *userdata, const struct bp_replayed *replayed);

/** Publishes a dead letter again, once. Any thread. @return 0, BP_STORE_NOT_FOUND, negative errno: `done` is called
 * only after 0. */
int bp_publisher_replay(struct bp_publisher *publisher, struct bp_id event, bp_replayed_done *done, void *userdata);

#endif
