/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file post.h
 * What other threads leave for the publisher's. It outlives the publisher while somebody may still leave something:
 * the bus an outcome, the store a write that is durable. Inside the room only.
 */
#ifndef BP_PUBLISHER_POST_H
#define BP_PUBLISHER_POST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "publisher/numbers.h"
#include "publisher/publisher.h"

/** Size of the words of a failure that are kept. */
#define BP_OUTCOME_MESSAGE_SIZE 256

/** What became of the event of a stream. */
struct bp_bus_outcome {
        uint32_t stream; /**< index */
        bool taken;
        const char *code; /**< constant */
        char message[BP_OUTCOME_MESSAGE_SIZE];
};

struct bp_post;

/** What goes with an event to the bus, one for each stream: it has one event on its way at most. */
struct bp_ticket {
        struct bp_post *post;
        uint32_t stream;
};

struct bp_post {
        pthread_mutex_t mutex;
        pthread_cond_t changed;          /**< monotonic clock */
        uint32_t owners;                 /**< under mutex: the publisher, each event on its way, a write under way */
        bool closing;                    /**< under mutex */
        bool walk;                       /**< under mutex: more has news than the queue has room for */
        struct bp_numbers news;          /**< under mutex: executions that have some */
        struct bp_bus_outcome *outcomes; /**< under mutex */
        uint32_t n_outcomes;
        bool saved;                /**< under mutex: the write under way is durable, or was refused: */
        int save_error;            /**< 0 or negative errno */
        struct bp_ticket *tickets; /**< one for each stream; constant */
};

/** One for so many streams. @return 0 or negative errno. */
int bp_post_new(uint32_t n_streams, struct bp_post **ret_post);

/** One owner more. */
void bp_post_ref(struct bp_post *post);

/** One owner fewer; the last one gives it back. */
void bp_post_unref(struct bp_post *post);

/** The words of a failure as they are kept: cut, and valid UTF-8 whatever they were. */
void bp_published_message(const struct bp_published *published, char message[BP_OUTCOME_MESSAGE_SIZE]);

/** For the bus: takes the outcome of the stream whose ticket this is, and one owner. */
void bp_post_outcome(void *ticket, const struct bp_published *published);

/** For the store: the write is done; takes one owner. `userdata` is the post. */
void bp_post_saved(void *userdata, int result, const void *row);

/** An execution has news. */
void bp_post_news(struct bp_post *post, uint64_t execution);

/** Waits until something is left (executions with news only where `wants_news`), or the time has come (`until` of 0:
 * none). The mutex is held. */
void bp_post_wait(struct bp_post *post, bool wants_news, struct bp_mono until);

#endif
