/* SPDX-License-Identifier: Apache-2.0 */
#include "api/hub.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/backlog.h"
#include "api/follower.h"
#include "api/history.h"
#include "api/hub_item.h"
#include "api/json.h"
#include "api/logs.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "server/server.h"
#include "service/service.h"

enum {
        BUCKETS = 1024,
        QUEUE_BYTES = 8 * 1024 * 1024,   /* of events that the hub's thread has not come to; more are read back */
        BACKLOG_BYTES = 8 * 1024 * 1024, /* of events that some have not taken yet; more are read back */
        CATCH_UP_MS = 20,                /* how often it is seen whether clients that were behind take more */
        ARENA_BYTES = 256 * 1024 * 1024,
};

/* Those who follow the same: one execution, or all. Belongs to the hub's thread. */
struct topic {
        struct topic *next;
        struct bp_api_hub *hub;
        bool to_one;
        struct bp_id execution;
        struct bp_service_subscription *subscription;
        struct bp_api_follower *followers;
        struct bp_api_backlog backlog;
};

struct bp_api_hub {
        struct bp_api *api;
        pthread_mutex_t lock;
        pthread_cond_t something;
        pthread_t thread;
        bool has_thread, is_stopping;

        /* under the lock */
        struct bp_api_hub_item *first, **last;
        size_t queue_bytes;
        bool has_lost;   /* the queue was full: nothing more is queued until everybody reads back */
        bool has_closed; /* some client is gone */
        struct bp_api_follower *joining;

        /* of the thread */
        struct topic *topics[BUCKETS], *all;
        struct bp_api_backlog_space backlog_space;
        struct bp_arena *arena;
};

/* ---------------------------------------------------------------------------------------------------------------
 * From the engine's thread
 */

static void take_event(void *userdata, const struct bp_service_event *event) {
        const struct topic *topic = userdata;
        struct bp_api_hub *hub = topic->hub;
        struct bp_api_hub_item *item = bp_api_hub_item_new(event, topic->to_one);

        pthread_mutex_lock(&hub->lock);
        if (!item || hub->has_lost || hub->queue_bytes + item->size > QUEUE_BYTES) {
                hub->has_lost = true;
                bp_api_hub_items_free(item);
        } else {
                *hub->last = item;
                hub->last = &item->next;
                hub->queue_bytes += item->size;
        }
        pthread_cond_signal(&hub->something);
        pthread_mutex_unlock(&hub->lock);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Topics
 */

static struct topic **bucket_of(struct bp_api_hub *hub, bool to_one, struct bp_id execution) {
        return to_one ? &hub->topics[bp_hash64(execution.bytes, sizeof(execution.bytes), 0) % BUCKETS] : &hub->all;
}

static struct topic *find_topic(struct bp_api_hub *hub, bool to_one, struct bp_id execution) {
        struct topic *topic = *bucket_of(hub, to_one, execution);

        while (topic && to_one && memcmp(&topic->execution, &execution, sizeof(execution)) != 0)
                topic = topic->next;
        return topic;
}

static struct topic *make_topic(struct bp_api_hub *hub, bool to_one, struct bp_id execution) {
        struct topic **bucket = bucket_of(hub, to_one, execution), *topic = bp_calloc(1, sizeof(*topic));

        if (!topic)
                return NULL;
        *topic = (struct topic){
                .next = *bucket,
                .hub = hub,
                .to_one = to_one,
                .execution = execution,
                .backlog = {.space = &hub->backlog_space},
        };
        if (bp_service_subscribe(hub->api->settings.service, to_one ? &topic->execution : NULL, take_event, topic,
                                 &topic->subscription)) {
                free(topic);
                return NULL;
        }
        *bucket = topic;
        return topic;
}

static void drop_follower(struct bp_api_follower *follower) {
        if (!follower->is_ended)
                bp_stream_end(follower->stream);
        follower->is_ended = true;
        bp_api_follower_unref(follower);
}

static void drop_closed(struct topic *topic) {
        struct bp_api_follower **place = &topic->followers;

        while (*place) {
                struct bp_api_follower *follower = *place;

                if (!atomic_load(&follower->is_closed) && !follower->is_ended) {
                        place = &follower->next;
                        continue;
                }
                *place = follower->next;
                drop_follower(follower);
        }
}

/* Nobody follows any more: the engine's thread has nothing to hand over. */
static void drop_empty(struct bp_api_hub *hub, struct topic **place) {
        while (*place) {
                struct topic *topic = *place;

                drop_closed(topic);
                if (topic->followers) {
                        place = &topic->next;
                        continue;
                }
                bp_service_unsubscribe(hub->api->settings.service, topic->subscription);
                *place = topic->next;
                bp_api_backlog_done(&topic->backlog);
                free(topic);
        }
}

static void drop_all_empty(struct bp_api_hub *hub) {
        drop_empty(hub, &hub->all);
        for (size_t i = 0; i < BUCKETS; i++)
                drop_empty(hub, &hub->topics[i]);
}

/* It is subscribed first and read for afterwards, so that nothing falls between. */
static void admit(struct bp_api_hub *hub, struct bp_api_follower *follower) {
        struct topic *topic;

        while (follower) {
                struct bp_api_follower *next = follower->next;

                topic = find_topic(hub, follower->to_one, follower->execution);
                if (!topic)
                        topic = make_topic(hub, follower->to_one, follower->execution);
                if (topic) {
                        follower->next = topic->followers;
                        topic->followers = follower;
                } else {
                        drop_follower(follower);
                }
                follower = next;
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Telling
 */

static void tell_followers(struct topic *topic, const struct bp_api_told *told) {
        const uint64_t number = bp_api_backlog_end(&topic->backlog);
        bool is_missed = false;

        for (struct bp_api_follower *follower = topic->followers; follower; follower = follower->next)
                is_missed |= !bp_api_follower_tell(follower, told, number);
        if (is_missed)
                bp_api_backlog_add(&topic->backlog, told);
        else
                bp_api_backlog_pass(&topic->backlog);
}

static void name_record(const struct bp_api_hub_item *item, char *id, size_t size) {
        if (item->to_one)
                snprintf(id, size, "%" PRIu64, item->record.sequence);
        else
                snprintf(id, size, "%" PRIu64 ".%" PRIu64, item->position.row, item->position.sequence);
}

static void write_item(struct bp_strbuf *text, const struct bp_api_hub_item *item) {
        const struct bp_api_event event = {
                .execution = item->execution,
                .definition = item->definition,
                .record = &item->record,
                .percent = item->percent,
                .eta_seconds = -1,
        };

        if (item->is_line)
                bp_api_write_log_line(text, &item->line, item->definition, item->execution, text->arena);
        else
                bp_api_write_event(text, &event, text->arena);
}

/* Written once, however many follow. What cannot be written for want of memory, they read back. */
static int make_event(const struct bp_api_hub_item *item, struct bp_strbuf *text, struct bp_stream_event **ret_event) {
        char id[64];

        write_item(text, item);
        if (text->error)
                return text->error;
        if (item->is_line)
                return bp_stream_event_new(NULL, "log" /* lint: a word */, text->text, text->size, ret_event);
        name_record(item, id, sizeof(id));
        return bp_stream_event_new(id, bp_record_type_name(item->record.type), text->text, text->size, ret_event);
}

/* @return false: it could not be told */
static bool tell(struct bp_api_hub *hub, const struct bp_api_hub_item *item) {
        struct topic *topic = find_topic(hub, item->to_one, item->execution);
        struct bp_api_told told = {
                .is_line = item->is_line,
                .position = item->to_one ? (struct bp_position){.sequence = item->record.sequence} : item->position,
                .is_end = item->to_one && !item->is_line && item->record.type == BP_RECORD_EXECUTION_ENDED,
                .state = item->record.execution_state,
        };
        struct bp_strbuf text;

        if (!topic)
                return true;
        bp_arena_reset(hub->arena);
        bp_strbuf_init(&text, hub->arena, ARENA_BYTES);
        if (make_event(item, &text, &told.event))
                return false;
        told.size = text.size;
        tell_followers(topic, &told);
        bp_stream_event_unref(told.event);
        return true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The thread
 */

/* What was waiting when the lock was held. */
struct work {
        struct bp_api_hub_item *items;
        struct bp_api_follower *joining;
        bool has_lost, has_closed;
};

static bool catch_up(struct bp_api_hub *hub, struct topic *topic, struct bp_api_follower *follower) {
        if (follower->is_live || follower->is_ended || atomic_load(&follower->is_closed))
                return false;
        bp_arena_reset(hub->arena);
        return bp_api_follower_catch_up(follower, &topic->backlog, hub->api, hub->arena);
}

/* @return true: some of them miss something still */
static bool catch_up_all(struct bp_api_hub *hub, struct topic *topic) {
        uint64_t needed = UINT64_MAX;
        bool more = false;

        for (struct bp_api_follower *follower = topic->followers; follower; follower = follower->next) {
                more |= catch_up(hub, topic, follower);
                if (follower->in_backlog && !atomic_load(&follower->is_closed) && follower->next_told < needed)
                        needed = follower->next_told;
        }
        bp_api_backlog_trim(&topic->backlog, needed);
        return more;
}

/* Something was not told: everybody reads back. */
static bool put_behind(struct bp_api_hub *hub, struct topic *topic) {
        (void)hub;
        for (struct bp_api_follower *follower = topic->followers; follower; follower = follower->next)
                follower->is_live = follower->in_backlog = false;
        return false;
}

/* @return whether it was true of any */
static bool each_topic(struct bp_api_hub *hub, bool (*visit)(struct bp_api_hub *hub, struct topic *topic)) {
        bool any = false;

        for (size_t i = 0; i <= BUCKETS; i++) {
                for (struct topic *topic = i < BUCKETS ? hub->topics[i] : hub->all; topic; topic = topic->next)
                        any |= visit(hub, topic);
        }
        return any;
}

static bool has_work(const struct bp_api_hub *hub) {
        return hub->first || hub->joining || hub->has_lost || hub->has_closed || hub->is_stopping;
}

static struct timespec in_ms(int ms) {
        struct timespec at;

        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_nsec += (long)ms * 1000000;
        if (at.tv_nsec >= 1000000000) {
                at.tv_nsec -= 1000000000;
                at.tv_sec++;
        }
        return at;
}

/* @return false: the hub ends */
static bool wait_for_work(struct bp_api_hub *hub, bool somebody_is_behind, struct work *ret_work) {
        const struct timespec until = in_ms(CATCH_UP_MS);
        bool goes_on;

        pthread_mutex_lock(&hub->lock);
        while (!has_work(hub)) {
                if (!somebody_is_behind)
                        pthread_cond_wait(&hub->something, &hub->lock);
                else if (pthread_cond_timedwait(&hub->something, &hub->lock, &until))
                        break;
        }
        *ret_work = (struct work){hub->first, hub->joining, hub->has_lost, hub->has_closed};
        hub->first = NULL;
        hub->last = &hub->first;
        hub->queue_bytes = 0;
        hub->joining = NULL;
        hub->has_lost = hub->has_closed = false;
        goes_on = !hub->is_stopping;
        pthread_mutex_unlock(&hub->lock);
        return goes_on;
}

/* Events are told before newcomers are admitted: they are older than what these will read. None is told behind one that
 * was not: it would be taken for told. */
static bool do_work(struct bp_api_hub *hub, struct work *work) {
        bool is_told = true, more;

        for (const struct bp_api_hub_item *item = work->items; item && is_told; item = item->next)
                is_told = tell(hub, item);
        bp_api_hub_items_free(work->items);
        if (work->has_lost || !is_told)
                each_topic(hub, put_behind);
        admit(hub, work->joining);
        more = each_topic(hub, catch_up_all);
        drop_all_empty(hub);
        return more;
}

static void *run(void *userdata) {
        struct bp_api_hub *hub = userdata;
        bool more = false, goes_on;
        struct work work;

        do {
                goes_on = wait_for_work(hub, more, &work);
                more = do_work(hub, &work);
        } while (goes_on);
        return NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * From the server's threads
 */

static void closed(void *userdata) {
        struct bp_api_follower *follower = userdata;
        struct bp_api_hub *hub = follower->hub;

        atomic_store(&follower->is_closed, true);
        pthread_mutex_lock(&hub->lock);
        hub->has_closed = true;
        pthread_cond_signal(&hub->something);
        pthread_mutex_unlock(&hub->lock);
        bp_api_follower_unref(follower);
}

/* @return 0 or negative errno */
static int join(struct bp_api_hub *hub, struct bp_api_follower *follower) {
        int r = 0;

        pthread_mutex_lock(&hub->lock);
        if (!hub->has_thread)
                r = pthread_create(&hub->thread, NULL, run, hub);
        if (r == 0) {
                hub->has_thread = true;
                follower->next = hub->joining;
                hub->joining = follower;
                pthread_cond_signal(&hub->something);
        }
        pthread_mutex_unlock(&hub->lock);
        return -r;
}

void bp_api_hub_follow(struct bp_api_hub *hub, struct bp_request *request, const struct bp_api_interest *interest) {
        struct bp_api_follower *follower = bp_calloc(1, sizeof(*follower));
        struct bp_stream *stream;

        if (!follower) {
                bp_request_fail_errno(request, -ENOMEM);
                return;
        }
        atomic_init(&follower->owners, 2);
        follower->hub = hub;
        follower->to_one = interest->to_one;
        follower->with_logs = interest->with_logs;
        if (interest->to_one)
                follower->execution = interest->row->id;
        follower->is_placed = interest->to_one || interest->is_resumed;
        follower->after = interest->after;
        stream = bp_request_stream(request, closed, follower);
        if (!stream) {
                free(follower);
                return;
        }
        follower->stream = bp_stream_ref(stream);
        if (join(hub, follower)) {
                bp_stream_end(stream);
                bp_api_follower_unref(follower);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Life
 */

int bp_api_hub_new(struct bp_api *api, struct bp_api_hub **ret_hub) {
        struct bp_api_hub *hub = bp_calloc(1, sizeof(*hub));
        pthread_condattr_t attributes;

        if (!hub)
                return -ENOMEM;
        hub->arena = bp_arena_new(ARENA_BYTES);
        if (!hub->arena) {
                free(hub);
                return -ENOMEM;
        }
        hub->api = api;
        hub->last = &hub->first;
        hub->backlog_space.limit = BACKLOG_BYTES;
        pthread_mutex_init(&hub->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&hub->something, &attributes);
        pthread_condattr_destroy(&attributes);
        *ret_hub = hub;
        return 0;
}

static void stop_thread(struct bp_api_hub *hub) {
        pthread_mutex_lock(&hub->lock);
        hub->is_stopping = true;
        pthread_cond_signal(&hub->something);
        pthread_mutex_unlock(&hub->lock);
        if (hub->has_thread)
                pthread_join(hub->thread, NULL);
}

static void close_followers(struct topic *topic) {
        for (; topic; topic = topic->next) {
                for (struct bp_api_follower *follower = topic->followers; follower; follower = follower->next)
                        atomic_store(&follower->is_closed, true);
        }
}

struct bp_api_hub *bp_api_hub_free(struct bp_api_hub *hub) {
        if (!hub)
                return NULL;
        stop_thread(hub);
        close_followers(hub->all);
        for (size_t i = 0; i < BUCKETS; i++)
                close_followers(hub->topics[i]);
        drop_all_empty(hub);
        bp_api_hub_items_free(hub->first);
        pthread_cond_destroy(&hub->something);
        pthread_mutex_destroy(&hub->lock);
        bp_arena_free(hub->arena);
        free(hub);
        return NULL;
}
