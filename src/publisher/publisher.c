/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn of the thread: take what others left; look at executions with news, at subscriptions whose time has come, and
 * (after a start, or when there was more news than room) at all that are active; send; write where the streams stand.
 * Whoever finds no room waits in the store, where he is found again.
 */
#include "publisher/publisher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "metrics/metrics.h"
#include "publisher/state.h"
#include "service/service.h"

enum {
        IN_FLIGHT = 256,
        QUEUE_BYTES = 16 << 20,
        MAX_ATTEMPTS = 10,
        BACKOFF_SECONDS = 1,
        MAX_BACKOFF_SECONDS = 300,
        DEAD_LETTERS = 10000,
        WALK_AT_ONCE = 64,
        SAVE_US = 50000,     /* cursors are written this often, unless somebody waits for it */
        PAUSE_US = 1000000,  /* after the store could not be read */
        FINISH_US = 2000000, /* for what is on its way at the end */
};

/* ---------------------------------------------------------------------------------------------------------------
 * Streams
 */

static void notice(const struct bp_publisher *publisher, enum bp_log_level level, const char *message) {
        if (publisher->settings.notice)
                publisher->settings.notice(publisher->settings.userdata, level, message);
}

/* A place for a stream: a free one, else that of the one that has been idle longest. NULL: none. */
static struct bp_told_stream *find_room(struct bp_publisher *publisher) {
        struct bp_told_stream *oldest = NULL;

        for (uint32_t i = 0; i < publisher->settings.in_flight; i++) {
                struct bp_told_stream *stream = &publisher->streams[i];

                if (stream->phase == BP_TOLD_FREE)
                        return stream;
                if (stream->phase == BP_TOLD_IDLE && !stream->unsaved && !stream->saving &&
                    (!oldest || stream->used_at < oldest->used_at))
                        oldest = stream;
        }
        if (oldest)
                bp_told_stream_close(publisher, oldest);
        return oldest;
}

static bool has_room(const struct bp_publisher *publisher) {
        for (uint32_t i = 0; i < publisher->settings.in_flight; i++) {
                const struct bp_told_stream *stream = &publisher->streams[i];

                if (stream->phase == BP_TOLD_FREE ||
                    (stream->phase == BP_TOLD_IDLE && !stream->unsaved && !stream->saving))
                        return true;
        }
        return false;
}

static struct bp_told_stream *find_stream(const struct bp_publisher *publisher, uint64_t subscription) {
        for (uint32_t i = 0; i < publisher->settings.in_flight; i++)
                if (publisher->streams[i].phase != BP_TOLD_FREE && publisher->streams[i].subscription == subscription)
                        return &publisher->streams[i];
        return NULL;
}

/* The store could not be read: everything is looked at again a little later. */
static void rest(struct bp_publisher *publisher, int error) {
        char message[160];

        snprintf(message, sizeof(message), "events cannot be read for publishing, trying again in a second: %s",
                 strerror(-error));
        notice(publisher, BP_LOG_WARNING, message);
        publisher->paused_until.us = bp_mono_now().us + PAUSE_US;
        publisher->walking = true;
        publisher->walked = 0;
}

/* @return false: there is no room, or (see paused_until) the store cannot be read */
static bool open_stream(struct bp_publisher *publisher, const struct bp_subscription_row *row, uint64_t n_siblings) {
        struct bp_told_stream *stream = find_room(publisher);
        int r;

        if (!stream)
                return false;
        r = bp_told_stream_open(publisher, stream, row);
        if (r == BP_STORE_NOT_FOUND) /* deleted meanwhile, and its subscriptions with it */
                return true;
        if (r) {
                rest(publisher, r);
                return false;
        }
        stream->n_siblings = n_siblings;
        stream->used_at = ++publisher->clock;
        return true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Executions that have news
 */

/* Wakes the streams of an execution that are here. @return true: all of its subscriptions are */
static bool wake_streams(struct bp_publisher *publisher, uint64_t execution) {
        uint64_t n = 0, n_siblings = 0;

        for (uint32_t i = 0; i < publisher->settings.in_flight; i++) {
                struct bp_told_stream *stream = &publisher->streams[i];

                if (stream->phase == BP_TOLD_FREE || stream->execution != execution)
                        continue;
                n++;
                n_siblings = stream->n_siblings;
                if (stream->phase == BP_TOLD_IDLE)
                        stream->phase = BP_TOLD_READY;
        }
        return n > 0 && n == n_siblings;
}

static uint64_t count_active(const struct bp_subscription_row *rows, size_t n_rows) {
        uint64_t n = 0;

        for (size_t i = 0; i < n_rows; i++)
                n += rows[i].state == BP_SUBSCRIPTION_ACTIVE;
        return n;
}

/* Opens a subscription that has news and does not wait for another try. @return as open_stream() */
static bool look_at_row(struct bp_publisher *publisher, const struct bp_subscription_row *row, uint64_t n_siblings) {
        struct bp_told_stream *stream = find_stream(publisher, row->number);

        if (stream)
                stream->n_siblings = n_siblings;
        else if (row->state == BP_SUBSCRIPTION_ACTIVE && row->next_at.us == 0)
                return open_stream(publisher, row, n_siblings);
        return true;
}

/* @return false: it is to be looked at again */
static bool look_at_execution(struct bp_publisher *publisher, uint64_t execution) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct bp_subscription_row *rows;
        bool opened = true;
        size_t n_rows;
        int r;

        if (wake_streams(publisher, execution))
                return true;
        if (!has_room(publisher))
                return false;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        r = arena ? bp_store_subscriptions(publisher->store, execution, arena, &rows, &n_rows) : -ENOMEM;
        if (r) {
                rest(publisher, r);
                return false;
        }
        for (size_t i = 0; i < n_rows && opened; i++)
                opened = look_at_row(publisher, &rows[i], count_active(rows, n_rows));
        return opened;
}

static bool is_paused(const struct bp_publisher *publisher) {
        return publisher->paused_until.us != 0;
}

static void look_at_news(struct bp_publisher *publisher) {
        uint64_t execution;

        while (!is_paused(publisher) && bp_numbers_peek(&publisher->news, &execution)) {
                if (!look_at_execution(publisher, execution))
                        return;
                bp_numbers_pop(&publisher->news);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Subscriptions whose time has come, and all
 */

/* @return how many were dealt with before there was no room */
static size_t open_rows(struct bp_publisher *publisher, const struct bp_subscription_row *rows, size_t n_rows) {
        size_t i = 0;

        while (i < n_rows && (find_stream(publisher, rows[i].number) || open_stream(publisher, &rows[i], 0)))
                i++;
        return i;
}

static void find_next_due(struct bp_publisher *publisher, struct bp_wall now) {
        int r = bp_store_subscriptions_next(publisher->store, now, &publisher->due, &publisher->n_waiting);

        if (r)
                rest(publisher, r);
}

static void look_at_due(struct bp_publisher *publisher) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        uint32_t limit = publisher->settings.in_flight + WALK_AT_ONCE;
        struct bp_wall now = bp_wall_now();
        struct bp_subscription_row *rows;
        size_t n_rows, n_opened;
        int r;

        if (is_paused(publisher) || publisher->due.us == 0 || publisher->due.us > now.us || !has_room(publisher))
                return;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        r = arena ? bp_store_subscriptions_due(publisher->store, now, limit, arena, &rows, &n_rows) : -ENOMEM;
        if (r) {
                rest(publisher, r);
                return;
        }
        n_opened = open_rows(publisher, rows, n_rows);
        if (n_opened == n_rows && n_rows < limit)
                find_next_due(publisher, now);
}

static void walk_on(struct bp_publisher *publisher) {
        while (!is_paused(publisher) && publisher->walking && has_room(publisher)) {
                _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
                struct bp_subscription_row *rows;
                size_t n_rows, n_opened;
                int r = arena ? bp_store_subscriptions_active(publisher->store, publisher->walked, WALK_AT_ONCE, arena,
                                                              &rows, &n_rows)
                              : -ENOMEM;

                if (r) {
                        rest(publisher, r);
                        return;
                }
                n_opened = open_rows(publisher, rows, n_rows);
                if (n_opened)
                        publisher->walked = rows[n_opened - 1].number;
                if (n_opened < n_rows)
                        return;
                publisher->walking = n_rows == WALK_AT_ONCE;
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Sending
 */

static void send_item(struct bp_publisher *publisher, struct bp_told_stream *stream, const struct bp_told_item *item) {
        uint32_t index = (uint32_t)(stream - publisher->streams);
        const struct bp_published failed = {.code = "NO_MEMORY", .message = "it could not be handed to the bus"};
        int r;

        stream->phase = BP_TOLD_SENDING;
        stream->used_at = ++publisher->clock;
        bp_post_ref(publisher->post);
        r = publisher->settings.bus.publish(publisher->settings.bus.userdata, stream->facts.topic, &item->told.event,
                                            bp_post_outcome, &publisher->post->tickets[index]);
        if (r)
                bp_post_outcome(&publisher->post->tickets[index], &failed);
}

/* A stream that could not be read to its end is in no state to go on; the walk finds its subscription again. */
static void give_back(struct bp_publisher *publisher, struct bp_told_stream *stream, int error) {
        rest(publisher, error);
        if (stream->unsaved || stream->saving)
                stream->phase = BP_TOLD_LEAVING;
        else
                bp_told_stream_close(publisher, stream);
}

static void send_next(struct bp_publisher *publisher, struct bp_told_stream *stream) {
        const struct bp_told_item *item;
        int r;

        if (!stream->batch && publisher->n_batches && publisher->batch_bytes >= publisher->settings.queue_bytes)
                return; /* when others have sent theirs */
        item = bp_told_stream_next(publisher, stream, &r);
        if (item)
                send_item(publisher, stream, item);
        else if (r)
                give_back(publisher, stream, r);
}

static void send_all(struct bp_publisher *publisher) {
        for (uint32_t i = 0; !is_paused(publisher) && i < publisher->settings.in_flight; i++)
                if (publisher->streams[i].phase == BP_TOLD_READY)
                        send_next(publisher, &publisher->streams[i]);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Writing where the streams stand
 */

static struct bp_delivery delivery_of(const struct bp_told_stream *stream) {
        return (struct bp_delivery){.subscription = stream->subscription,
                                    .state = stream->state,
                                    .cursor = stream->cursor,
                                    .attempts = stream->attempts,
                                    .next_at = stream->next_at,
                                    .error = stream->error[0] ? stream->error : NULL,
                                    .dead_letter = stream->has_letter ? &stream->letter : NULL};
}

static void save(struct bp_publisher *publisher) {
        size_t n = 0;

        publisher->saved_at = bp_mono_now();
        for (uint32_t i = 0; i < publisher->settings.in_flight; i++)
                if (publisher->streams[i].phase != BP_TOLD_FREE && publisher->streams[i].unsaved)
                        publisher->deliveries[n++] = delivery_of(&publisher->streams[i]);
        bp_post_ref(publisher->post);
        if (bp_store_deliveries_save(publisher->store, publisher->deliveries, n, publisher->settings.dead_letters,
                                     bp_post_saved, publisher->post)) {
                bp_post_unref(publisher->post);
                return;
        }
        publisher->is_saving = true;
        for (uint32_t i = 0; i < publisher->settings.in_flight; i++) {
                struct bp_told_stream *stream = &publisher->streams[i];

                stream->saving = stream->phase != BP_TOLD_FREE && stream->unsaved;
                stream->unsaved = false;
        }
}

static void leave(struct bp_publisher *publisher, struct bp_told_stream *stream) {
        if (stream->next_at.us) {
                publisher->n_waiting++;
                if (publisher->due.us == 0 || stream->next_at.us < publisher->due.us)
                        publisher->due = stream->next_at;
        } else if (stream->state == BP_SUBSCRIPTION_ACTIVE) { /* it was given back */
                publisher->walking = true;
                publisher->walked = 0;
        }
        bp_told_stream_close(publisher, stream);
}

static void take_saved(struct bp_publisher *publisher, int error) {
        publisher->is_saving = false;
        for (uint32_t i = 0; i < publisher->settings.in_flight; i++) {
                struct bp_told_stream *stream = &publisher->streams[i];

                if (!stream->saving)
                        continue;
                stream->saving = false;
                if (error) {
                        stream->unsaved = true;
                        continue;
                }
                if (stream->unsaved) /* it moved on meanwhile; without a letter, which it waits for */
                        continue;
                stream->has_letter = false;
                if (stream->phase == BP_TOLD_GIVEN_UP)
                        stream->phase = BP_TOLD_READY;
                else if (stream->phase == BP_TOLD_LEAVING)
                        leave(publisher, stream);
        }
}

/* Whether there is something to write, and somebody who waits for it. */
static bool has_unsaved(const struct bp_publisher *publisher, bool *ret_is_urgent) {
        bool is_full = true, found = false, waits = false;

        for (uint32_t i = 0; i < publisher->settings.in_flight; i++) {
                const struct bp_told_stream *stream = &publisher->streams[i];

                is_full = is_full && stream->phase != BP_TOLD_FREE;
                found = found || (stream->phase != BP_TOLD_FREE && stream->unsaved);
                waits = waits || stream->phase == BP_TOLD_GIVEN_UP;
        }
        *ret_is_urgent = waits || is_full;
        return found;
}

/* @return when the next write is due; 0: there is nothing to write, or a write is under way */
static struct bp_mono save_if_due(struct bp_publisher *publisher) {
        struct bp_mono at = {publisher->saved_at.us + SAVE_US};
        bool is_urgent;

        if (publisher->is_saving || !has_unsaved(publisher, &is_urgent))
                return (struct bp_mono){0};
        if (!is_urgent && bp_mono_now().us < at.us)
                return at;
        save(publisher);
        return publisher->is_saving ? (struct bp_mono){0} : (struct bp_mono){publisher->saved_at.us + SAVE_US};
}

/* ---------------------------------------------------------------------------------------------------------------
 * The thread
 */

static void show_backlog(const struct bp_publisher *publisher) {
        int64_t n = (int64_t)publisher->n_waiting + bp_numbers_count(&publisher->news);

        for (uint32_t i = 0; i < publisher->settings.in_flight; i++)
                n += publisher->streams[i].phase == BP_TOLD_READY || publisher->streams[i].phase == BP_TOLD_SENDING;
        bp_metrics_set(publisher->settings.metrics, BP_METRIC_EVENTS_BACKLOG, n);
}

static void take_news(struct bp_publisher *publisher) {
        struct bp_post *post = publisher->post;

        if (bp_numbers_count(&publisher->news) == 0) {
                struct bp_numbers empty = publisher->news;

                publisher->news = post->news;
                post->news = empty;
        }
        if (post->walk) {
                publisher->walking = true;
                publisher->walked = 0;
        }
        post->walk = false;
}

static struct bp_mono earlier(struct bp_mono a, struct bp_mono b) {
        if (a.us == 0 || b.us == 0)
                return a.us ? a : b;
        return a.us < b.us ? a : b;
}

/* When there is something to do although nobody leaves anything. */
static struct bp_mono next_time(const struct bp_publisher *publisher, struct bp_mono save_at) {
        struct bp_mono until = earlier(save_at, publisher->paused_until), due = {0};
        int64_t now_us = bp_wall_now().us;

        if (publisher->due.us > now_us)
                due.us = bp_mono_now().us + (publisher->due.us - now_us);
        return earlier(until, due);
}

/* Waits, and takes what was left. @return false: it is to end */
static bool take(struct bp_publisher *publisher, struct bp_mono until) {
        bool wants_news = !is_paused(publisher) && bp_numbers_count(&publisher->news) == 0 && !publisher->walking;
        struct bp_post *post = publisher->post;
        bool closing, saved;
        uint32_t n_outcomes;
        int save_error;

        pthread_mutex_lock(&post->mutex);
        bp_post_wait(post, wants_news, until);
        closing = post->closing;
        post->closing = false;
        saved = post->saved;
        save_error = post->save_error;
        post->saved = false;
        n_outcomes = post->n_outcomes;
        memcpy(publisher->outcomes, post->outcomes, n_outcomes * sizeof(*post->outcomes));
        post->n_outcomes = 0;
        take_news(publisher);
        pthread_mutex_unlock(&post->mutex);
        for (uint32_t i = 0; i < n_outcomes; i++)
                bp_bus_outcome_apply(publisher, &publisher->outcomes[i]);
        if (saved)
                take_saved(publisher, save_error);
        return !closing;
}

static bool is_sending(const struct bp_publisher *publisher) {
        for (uint32_t i = 0; i < publisher->settings.in_flight; i++)
                if (publisher->streams[i].phase == BP_TOLD_SENDING)
                        return true;
        return false;
}

/* What is on its way gets a moment, so that it need not be told again after the next start. */
static void finish(struct bp_publisher *publisher) {
        struct bp_mono until = {bp_mono_now().us + FINISH_US};

        while (is_sending(publisher) && bp_mono_now().us < until.us)
                take(publisher, until);
        if (has_unsaved(publisher, &(bool){false}))
                save(publisher);
}

static void *run(void *userdata) {
        struct bp_publisher *publisher = userdata;
        struct bp_mono save_at = {bp_mono_now().us};

        while (take(publisher, next_time(publisher, save_at))) {
                if (bp_mono_now().us >= publisher->paused_until.us)
                        publisher->paused_until.us = 0;
                look_at_news(publisher);
                look_at_due(publisher);
                walk_on(publisher);
                send_all(publisher);
                save_at = save_if_due(publisher);
                show_backlog(publisher);
        }
        finish(publisher);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Life
 */

static void fill_in(struct bp_publisher_settings *settings) {
        if (!settings->envelope)
                settings->envelope = BP_ENVELOPE_NOTIFICATION;
        if (!settings->source)
                settings->source = "budpipeline";
        if (!settings->in_flight)
                settings->in_flight = IN_FLIGHT;
        if (!settings->queue_bytes)
                settings->queue_bytes = QUEUE_BYTES;
        if (!settings->max_attempts)
                settings->max_attempts = MAX_ATTEMPTS;
        if (!settings->backoff_seconds)
                settings->backoff_seconds = BACKOFF_SECONDS;
        if (!settings->max_backoff_seconds)
                settings->max_backoff_seconds = MAX_BACKOFF_SECONDS;
        if (!settings->dead_letters)
                settings->dead_letters = DEAD_LETTERS;
}

static int start_thread(struct bp_publisher *publisher) {
        sigset_t all, before;
        int r;

        sigfillset(&all); /* signals are for the program's own threads */
        pthread_sigmask(SIG_BLOCK, &all, &before);
        r = pthread_create(&publisher->thread, NULL, run, publisher);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        publisher->has_thread = r == 0;
        return -r;
}

static int init(struct bp_publisher *publisher, const struct bp_publisher_settings *settings) {
        int r;

        publisher->settings = *settings;
        fill_in(&publisher->settings);
        publisher->source = bp_memdup_text(publisher->settings.source, strlen(publisher->settings.source));
        publisher->settings.source = publisher->source;
        publisher->store = bp_service_store(settings->service);
        publisher->scratch = bp_arena_new(BP_ARENA_UNLIMITED);
        publisher->streams = bp_calloc(publisher->settings.in_flight, sizeof(*publisher->streams));
        publisher->outcomes = bp_calloc(publisher->settings.in_flight, sizeof(*publisher->outcomes));
        publisher->deliveries = bp_calloc(publisher->settings.in_flight, sizeof(*publisher->deliveries));
        publisher->walking = true;
        publisher->due.us = 1; /* whatever waits in the store is looked at */
        if (!publisher->source || !publisher->scratch || !publisher->streams || !publisher->outcomes ||
            !publisher->deliveries)
                return -ENOMEM;
        r = bp_numbers_init(&publisher->news);
        if (r == 0)
                r = bp_post_new(publisher->settings.in_flight, &publisher->post);
        return r ? r : start_thread(publisher);
}

int bp_publisher_new(const struct bp_publisher_settings *settings, struct bp_publisher **ret_publisher) {
        struct bp_publisher *publisher = bp_calloc(1, sizeof(*publisher));
        int r = publisher ? init(publisher, settings) : -ENOMEM;

        if (r)
                bp_publisher_free(publisher);
        else
                *ret_publisher = publisher;
        return r;
}

void bp_publisher_wake(struct bp_publisher *publisher, uint64_t execution) {
        if (publisher)
                bp_post_news(publisher->post, execution);
}

static void stop_thread(struct bp_publisher *publisher) {
        pthread_mutex_lock(&publisher->post->mutex);
        publisher->post->closing = true;
        pthread_cond_signal(&publisher->post->changed);
        pthread_mutex_unlock(&publisher->post->mutex);
        pthread_join(publisher->thread, NULL);
}

struct bp_publisher *bp_publisher_free(struct bp_publisher *publisher) {
        if (!publisher)
                return NULL;
        if (publisher->has_thread)
                stop_thread(publisher);
        for (uint32_t i = 0; publisher->streams && i < publisher->settings.in_flight; i++)
                bp_told_stream_close(publisher, &publisher->streams[i]);
        if (publisher->post)
                bp_post_unref(publisher->post);
        bp_numbers_done(&publisher->news);
        free(publisher->deliveries);
        free(publisher->outcomes);
        free(publisher->streams);
        bp_arena_free(publisher->scratch);
        free(publisher->source);
        free(publisher);
        return NULL;
}
