/* SPDX-License-Identifier: Apache-2.0 */
#include "publisher/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/utf8.h"

static int init_cond(pthread_cond_t *cond) {
        pthread_condattr_t attributes;
        int r = pthread_condattr_init(&attributes);

        if (r)
                return r;
        r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        if (!r)
                r = pthread_cond_init(cond, &attributes);
        pthread_condattr_destroy(&attributes);
        return r;
}

static void free_memory(struct bp_post *post) {
        bp_numbers_done(&post->news);
        free(post->outcomes);
        free(post->tickets);
        free(post);
}

static int init(struct bp_post *post) {
        int r = init_cond(&post->changed);

        if (r)
                return r;
        r = pthread_mutex_init(&post->mutex, NULL);
        if (r)
                pthread_cond_destroy(&post->changed);
        return r;
}

int bp_post_new(uint32_t n_streams, struct bp_post **ret_post) {
        struct bp_post *post = bp_calloc(1, sizeof(*post));
        int r = post ? bp_numbers_init(&post->news) : -ENOMEM;

        if (r) {
                free(post);
                return r;
        }
        post->owners = 1;
        post->outcomes = bp_calloc(n_streams, sizeof(*post->outcomes));
        post->tickets = bp_calloc(n_streams, sizeof(*post->tickets));
        r = post->outcomes && post->tickets ? -init(post) : -ENOMEM;
        if (r) {
                free_memory(post);
                return r;
        }
        for (uint32_t i = 0; i < n_streams; i++)
                post->tickets[i] = (struct bp_ticket){.post = post, .stream = i};
        *ret_post = post;
        return 0;
}

void bp_post_ref(struct bp_post *post) {
        pthread_mutex_lock(&post->mutex);
        post->owners++;
        pthread_mutex_unlock(&post->mutex);
}

/* The mutex is held, and is not any more. */
static void unref_locked(struct bp_post *post) {
        bool is_last = --post->owners == 0;

        pthread_cond_signal(&post->changed);
        pthread_mutex_unlock(&post->mutex);
        if (!is_last)
                return;
        pthread_cond_destroy(&post->changed);
        pthread_mutex_destroy(&post->mutex);
        free_memory(post);
}

void bp_post_unref(struct bp_post *post) {
        pthread_mutex_lock(&post->mutex);
        unref_locked(post);
}

void bp_published_message(const struct bp_published *published, char message[BP_OUTCOME_MESSAGE_SIZE]) {
        snprintf(message, BP_OUTCOME_MESSAGE_SIZE, "%s", published->message);
        bp_utf8_mend(message, strlen(message));
}

void bp_post_outcome(void *ticket, const struct bp_published *published) {
        const struct bp_ticket *place = ticket;
        struct bp_post *post = place->post;
        struct bp_bus_outcome *outcome;

        pthread_mutex_lock(&post->mutex);
        outcome = &post->outcomes[post->n_outcomes++];
        outcome->stream = place->stream;
        outcome->taken = published->taken;
        outcome->code = published->code;
        outcome->message[0] = 0;
        if (!published->taken)
                bp_published_message(published, outcome->message);
        unref_locked(post);
}

void bp_post_saved(void *userdata, int result, const void *row) {
        struct bp_post *post = userdata;

        (void)row;
        pthread_mutex_lock(&post->mutex);
        post->saved = true;
        post->save_error = result;
        unref_locked(post);
}

void bp_post_news(struct bp_post *post, uint64_t execution) {
        pthread_mutex_lock(&post->mutex);
        if (!bp_numbers_add(&post->news, execution))
                post->walk = true;
        pthread_cond_signal(&post->changed);
        pthread_mutex_unlock(&post->mutex);
}

static bool is_empty(const struct bp_post *post, bool wants_news) {
        bool has_news = wants_news && (post->walk || bp_numbers_count(&post->news));

        return !has_news && !post->closing && !post->n_outcomes && !post->saved;
}

void bp_post_wait(struct bp_post *post, bool wants_news, struct bp_mono until) {
        const struct timespec time = {.tv_sec = until.us / 1000000, .tv_nsec = until.us % 1000000 * 1000};
        int r = 0;

        while (is_empty(post, wants_news) && r != ETIMEDOUT)
                r = until.us ? pthread_cond_timedwait(&post->changed, &post->mutex, &time)
                             : pthread_cond_wait(&post->changed, &post->mutex);
}
