/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that drives all exchanges. It sleeps in epoll on libcurl's sockets and on an eventfd, until the earlier of
 * libcurl's own timer and the first deadline. Other threads only put exchanges into the inbox or mark them cancelled,
 * under the lock; no callback runs with the lock held. Deadlines are kept here and not in libcurl, because an exchange
 * that waits for its turn must end in time too: libcurl knows only those that have it.
 */
#include "http/client.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/value.h"
#include "http/deadlines.h"
#include "http/exchange.h"
#include "http/lanes.h"

enum {
        TABLE_SIZE = 4096,
        EVENTS_AT_ONCE = 64,
        DEFAULT_RESPONSE_BYTES = 1 << 20,
        DEFAULT_HEADER_BYTES = 64 << 10,
        DEFAULT_CONNECT_TIMEOUT_MS = 10000,
        DEFAULT_CONNECTIONS = 1000,
        DEFAULT_PER_HOST = 100,
        DEFAULT_WAITING = 100000,
        REFUSAL_BYTES = 256,
        NO_TIMER = -1,
};

LIST_HEAD(bucket, bp_http_exchange);
TAILQ_HEAD(exchange_list, bp_http_exchange);

struct bp_http_client {
        struct bp_arena *arena; /* the settings' texts */
        struct bp_http_client_settings settings;
        pthread_t thread;
        int epoll_fd, wake_fd;

        pthread_mutex_t lock; /* what follows, down to `multi` */
        struct bucket table[TABLE_SIZE];
        struct exchange_list inbox, cancelled;
        uint64_t last_number;
        bool is_closing;

        CURLM *multi; /* the thread's own, from here on */
        struct bp_http_deadlines deadlines;
        struct bp_http_lanes lanes;
        struct bp_mono curl_timer; /* NO_TIMER: none */
};

/* ---- under the lock ---- */

static struct bucket *bucket_of(struct bp_http_client *client, uint64_t number) {
        return &client->table[number % TABLE_SIZE];
}

static void wake(struct bp_http_client *client) {
        uint64_t one = 1;
        ssize_t written;

        /* It can only fail because the counter is full, and then the thread is being woken anyway. */
        do
                written = write(client->wake_fd, &one, sizeof(one));
        while (written < 0 && errno == EINTR);
}

static struct bp_http_exchange *find_exchange(struct bp_http_client *client, uint64_t number) {
        struct bp_http_exchange *exchange;

        LIST_FOREACH(exchange, bucket_of(client, number), in_table) {
                if (exchange->number == number)
                        return exchange;
        }
        return NULL;
}

/* ---- the thread ---- */

static struct bp_http_exchange *take_begun(struct bp_http_client *client) {
        struct bp_http_exchange *exchange;

        pthread_mutex_lock(&client->lock);
        exchange = TAILQ_FIRST(&client->inbox);
        if (exchange) {
                TAILQ_REMOVE(&client->inbox, exchange, in_list);
                exchange->stage = BP_HTTP_LIVE;
        }
        pthread_mutex_unlock(&client->lock);
        return exchange;
}

static struct bp_http_exchange *peek_cancelled(struct bp_http_client *client) {
        struct bp_http_exchange *exchange;

        pthread_mutex_lock(&client->lock);
        exchange = TAILQ_FIRST(&client->cancelled);
        pthread_mutex_unlock(&client->lock);
        return exchange;
}

static struct bp_http_exchange *peek_any(struct bp_http_client *client) {
        struct bp_http_exchange *exchange = NULL;

        pthread_mutex_lock(&client->lock);
        for (size_t i = 0; i < TABLE_SIZE && !exchange; i++)
                exchange = LIST_FIRST(&client->table[i]);
        pthread_mutex_unlock(&client->lock);
        return exchange;
}

static bool is_closing(struct bp_http_client *client) {
        bool closing;

        pthread_mutex_lock(&client->lock);
        closing = client->is_closing;
        pthread_mutex_unlock(&client->lock);
        return closing;
}

/* From here on no other thread can name the exchange. */
static void forget_exchange(struct bp_http_client *client, struct bp_http_exchange *exchange) {
        pthread_mutex_lock(&client->lock);
        LIST_REMOVE(exchange, in_table);
        if (exchange->stage == BP_HTTP_QUEUED)
                TAILQ_REMOVE(&client->inbox, exchange, in_list);
        if (exchange->stage == BP_HTTP_CANCELLED)
                TAILQ_REMOVE(&client->cancelled, exchange, in_list);
        pthread_mutex_unlock(&client->lock);
}

/* Until it is due it is in no lane. Since it is among the deadlines already, this cannot fail. */
static void delay_exchange(struct bp_http_client *client, struct bp_http_exchange *exchange, int64_t delay_ms) {
        exchange->is_delayed = true;
        bp_http_deadlines_move(&client->deadlines, exchange, (struct bp_mono){bp_mono_now().us + delay_ms * 1000});
}

static void end_exchange_as(struct bp_http_client *client, struct bp_http_exchange *exchange,
                            const struct bp_http_ending *ending) {
        int64_t delay_ms;

        bp_http_lanes_leave(&client->lanes, exchange);
        if (exchange->transfer && exchange->transfer->easy)
                curl_multi_remove_handle(client->multi, exchange->transfer->easy);
        delay_ms = bp_http_exchange_finish(exchange, ending);
        bp_http_exchange_rewind(exchange);
        if (ending->end == BP_HTTP_END_CURL && delay_ms >= 0) {
                delay_exchange(client, exchange, delay_ms);
                return;
        }
        forget_exchange(client, exchange);
        bp_http_deadlines_remove(&client->deadlines, exchange);
        bp_http_exchange_free(exchange);
}

static void end_exchange(struct bp_http_client *client, struct bp_http_exchange *exchange, enum bp_http_end end,
                         CURLcode code) {
        end_exchange_as(client, exchange, &(const struct bp_http_ending){.end = end, .code = code});
}

static void end_refused(struct bp_http_client *client, struct bp_http_exchange *exchange, const char *message) {
        end_exchange_as(client, exchange,
                        &(const struct bp_http_ending){.end = BP_HTTP_END_REFUSED, .message = message});
}

static void end_waited(struct bp_http_client *client, struct bp_http_exchange *exchange) {
        char text[BP_HTTP_LANES_TEXT_SIZE];

        end_exchange_as(
                client, exchange,
                &(const struct bp_http_ending){.end = BP_HTTP_END_WAITED,
                                               .message = bp_http_lanes_explain(&client->lanes, exchange, text)});
}

/* ---- turns ---- */

static void send_exchange(struct bp_http_client *client, struct bp_http_exchange *exchange) {
        const struct bp_http_listener *listener = &exchange->listener;
        char refusal[REFUSAL_BYTES] = "";

        if (listener->leaves && !listener->leaves(listener->userdata, refusal, sizeof(refusal)))
                end_refused(client, exchange, refusal);
        else if (bp_http_exchange_prepare(exchange) < 0 ||
                 curl_multi_add_handle(client->multi, exchange->transfer->easy) != CURLM_OK)
                end_exchange(client, exchange, BP_HTTP_END_CURL, CURLE_OUT_OF_MEMORY);
}

static void send_next(struct bp_http_client *client) {
        struct bp_http_exchange *exchange;

        while ((exchange = bp_http_lanes_next(&client->lanes)))
                send_exchange(client, exchange);
}

static void line_up(struct bp_http_client *client, struct bp_http_exchange *exchange) {
        int r = bp_http_lanes_enter(&client->lanes, exchange);

        if (r == -ENOBUFS)
                end_waited(client, exchange);
        else if (r < 0)
                end_exchange(client, exchange, BP_HTTP_END_CURL, CURLE_OUT_OF_MEMORY);
        else
                send_next(client);
}

static void start_exchange(struct bp_http_client *client, struct bp_http_exchange *exchange) {
        if (exchange->refused_as)
                end_refused(client, exchange, NULL);
        else if (bp_http_deadlines_add(&client->deadlines, exchange) < 0)
                end_refused(client, exchange, "not enough memory");
        else
                line_up(client, exchange);
}

static void start_delayed(struct bp_http_client *client, struct bp_http_exchange *exchange) {
        exchange->is_delayed = false;
        bp_http_deadlines_move(&client->deadlines, exchange, exchange->deadline);
        line_up(client, exchange);
}

/* ---- what has happened ---- */

static void end_finished(struct bp_http_client *client) {
        const CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(client->multi, &left))) {
                struct bp_http_exchange *exchange = NULL;

                if (message->msg != CURLMSG_DONE)
                        continue;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
                end_exchange(client, exchange, BP_HTTP_END_CURL, message->data.result);
        }
}

static void end_overdue(struct bp_http_client *client) {
        struct bp_mono now = bp_mono_now();
        struct bp_http_exchange *exchange;

        while ((exchange = bp_http_deadlines_first(&client->deadlines)) && exchange->due.us <= now.us) {
                if (exchange->is_delayed)
                        start_delayed(client, exchange);
                else if (exchange->has_turn)
                        end_exchange(client, exchange, BP_HTTP_END_DEADLINE, CURLE_OK);
                else
                        end_waited(client, exchange);
        }
}

static void end_all(struct bp_http_client *client) {
        struct bp_http_exchange *exchange;

        while ((exchange = peek_any(client)))
                end_exchange(client, exchange, BP_HTTP_END_CANCEL, CURLE_OK);
}

static void end_cancelled(struct bp_http_client *client) {
        struct bp_http_exchange *exchange;

        while ((exchange = peek_cancelled(client)))
                end_exchange(client, exchange, BP_HTTP_END_CANCEL, CURLE_OK);
}

static void start_begun(struct bp_http_client *client) {
        struct bp_http_exchange *exchange;

        while ((exchange = take_begun(client)))
                start_exchange(client, exchange);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *userdata) {
        struct bp_http_client *client = userdata;

        (void)multi;
        client->curl_timer.us = timeout_ms < 0 ? NO_TIMER : bp_mono_now().us + timeout_ms * 1000;
        return 0;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data) {
        struct bp_http_client *client = userdata;
        struct epoll_event event = {.data.fd = fd};

        (void)easy;
        (void)socket_data;
        if (what == CURL_POLL_REMOVE) {
                epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
                return 0;
        }
        if (what & CURL_POLL_IN)
                event.events |= EPOLLIN;
        if (what & CURL_POLL_OUT)
                event.events |= EPOLLOUT;
        if (epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
                return 0;
        return errno == ENOENT && epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

/* Milliseconds until something is due, rounded up so that the thread does not wake too early and spin. */
static int time_to_wait(const struct bp_http_client *client) {
        const struct bp_http_exchange *first = bp_http_deadlines_first(&client->deadlines);
        int64_t due = client->curl_timer.us, left;

        if (first && (due == NO_TIMER || first->due.us < due))
                due = first->due.us;
        if (due == NO_TIMER)
                return -1;
        left = (due - bp_mono_now().us + 999) / 1000;
        return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void drain_wake(struct bp_http_client *client) {
        uint64_t count;

        while (read(client->wake_fd, &count, sizeof(count)) > 0)
                ;
}

static void handle_sockets(struct bp_http_client *client) {
        struct epoll_event events[EVENTS_AT_ONCE];
        int count = epoll_wait(client->epoll_fd, events, EVENTS_AT_ONCE, time_to_wait(client));
        int running;

        for (int i = 0; i < count; i++) {
                int what = 0;

                if (events[i].data.fd == client->wake_fd) {
                        drain_wake(client);
                        continue;
                }
                if (events[i].events & EPOLLIN)
                        what |= CURL_CSELECT_IN;
                if (events[i].events & EPOLLOUT)
                        what |= CURL_CSELECT_OUT;
                if (events[i].events & (EPOLLERR | EPOLLHUP))
                        what |= CURL_CSELECT_ERR;
                curl_multi_socket_action(client->multi, events[i].data.fd, what, &running);
        }
        if (client->curl_timer.us != NO_TIMER && client->curl_timer.us <= bp_mono_now().us) {
                client->curl_timer.us = NO_TIMER;
                curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
}

/* Who has come gets in line before who comes again, and an answer that is there counts before a cancellation. */
static void *run(void *userdata) {
        struct bp_http_client *client = userdata;

        while (!is_closing(client)) {
                handle_sockets(client);
                start_begun(client);
                end_finished(client);
                end_overdue(client);
                end_cancelled(client);
                send_next(client);
        }
        end_all(client);
        return NULL;
}

/* ---- life of a client ---- */

static int copy_settings(struct bp_http_client *client, const struct bp_http_client_settings *given) {
        struct bp_http_client_settings *settings = &client->settings;
        const char *user_agent = given && given->user_agent ? given->user_agent : BP_HTTP_USER_AGENT;

        if (given)
                *settings = *given;
        if (!settings->response_bytes)
                settings->response_bytes = DEFAULT_RESPONSE_BYTES;
        if (!settings->response_header_bytes)
                settings->response_header_bytes = DEFAULT_HEADER_BYTES;
        if (!settings->connect_timeout_ms)
                settings->connect_timeout_ms = DEFAULT_CONNECT_TIMEOUT_MS;
        if (!settings->max_connections)
                settings->max_connections = DEFAULT_CONNECTIONS;
        if (!settings->max_per_host)
                settings->max_per_host = DEFAULT_PER_HOST;
        if (!settings->max_waiting)
                settings->max_waiting = DEFAULT_WAITING;
        settings->user_agent = bp_arena_text(client->arena, user_agent, strlen(user_agent));
        if (!settings->user_agent)
                return -ENOMEM;
        return settings->allow_hosts ? bp_http_copy_hosts(client->arena, settings->allow_hosts, &settings->allow_hosts)
                                     : 0;
}

/* libcurl's own bound counts connections that are kept idle, too: it closes one of them when it needs a new one. */
static bool set_multi(struct bp_http_client *client) {
        const struct bp_http_client_settings *settings = &client->settings;

        return !curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) &&
               !curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) &&
               !curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) &&
               !curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client) &&
               !curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)settings->max_connections);
}

static int open_fds(struct bp_http_client *client) {
        struct epoll_event event = {.events = EPOLLIN};

        client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (client->epoll_fd < 0 || client->wake_fd < 0)
                return -errno;
        event.data.fd = client->wake_fd;
        return epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, client->wake_fd, &event) < 0 ? -errno : 0;
}

/* Signals are for the threads that expect them; and a write to a closed connection must not end the process. */
static int start_thread(struct bp_http_client *client) {
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&client->thread, NULL, run, client);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

static void free_client(struct bp_http_client *client) {
        curl_multi_cleanup(client->multi);
        if (client->epoll_fd >= 0)
                close(client->epoll_fd);
        if (client->wake_fd >= 0)
                close(client->wake_fd);
        bp_http_deadlines_done(&client->deadlines);
        pthread_mutex_destroy(&client->lock);
        bp_arena_free(client->arena);
        free(client);
}

static int open_client(struct bp_http_client *client, const struct bp_http_client_settings *settings) {
        int r = open_fds(client);

        if (r < 0)
                return r;
        client->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        client->multi = curl_multi_init();
        if (!client->arena || !client->multi)
                return -ENOMEM;
        r = copy_settings(client, settings);
        if (r < 0)
                return r;
        bp_http_lanes_init(&client->lanes, &client->settings);
        return set_multi(client) ? start_thread(client) : -ENOMEM;
}

int bp_http_client_new(const struct bp_http_client_settings *settings, struct bp_http_client **ret_client) {
        struct bp_http_client *client;
        int r;

        r = bp_curl_load();
        if (r)
                return r;
        client = bp_calloc(1, sizeof(*client));
        if (!client)
                return -ENOMEM;
        client->epoll_fd = client->wake_fd = -1;
        client->curl_timer.us = NO_TIMER;
        pthread_mutex_init(&client->lock, NULL);
        TAILQ_INIT(&client->inbox);
        TAILQ_INIT(&client->cancelled);
        r = open_client(client, settings);
        if (r < 0) {
                free_client(client);
                return r;
        }
        *ret_client = client;
        return 0;
}

struct bp_http_client *bp_http_client_free(struct bp_http_client *client) {
        if (!client)
                return NULL;
        pthread_mutex_lock(&client->lock);
        client->is_closing = true;
        pthread_mutex_unlock(&client->lock);
        wake(client);
        pthread_join(client->thread, NULL);
        free_client(client);
        return NULL;
}

static uint64_t send_off(struct bp_http_client *client, struct bp_http_exchange *exchange) {
        uint64_t number;

        pthread_mutex_lock(&client->lock);
        number = exchange->number = ++client->last_number;
        LIST_INSERT_HEAD(bucket_of(client, number), exchange, in_table);
        TAILQ_INSERT_TAIL(&client->inbox, exchange, in_list);
        pthread_mutex_unlock(&client->lock);
        wake(client);
        return number;
}

static int begin(struct bp_http_client *client, const struct bp_http_request *request,
                 const struct bp_http_exchange_options *options, const struct bp_http_listener *listener,
                 uint64_t *ret_exchange) {
        struct bp_http_exchange *exchange;
        uint64_t number;
        int r = bp_http_exchange_new(&client->settings, request, options, &exchange);

        if (r < 0)
                return r;
        exchange->listener = *listener;
        number = send_off(client, exchange);
        if (ret_exchange)
                *ret_exchange = number;
        return 0;
}

int bp_http_client_begin(struct bp_http_client *client, const struct bp_http_request *request, bp_http_done *done,
                         void *userdata, uint64_t *ret_exchange) {
        static const struct bp_http_exchange_options none;

        return begin(client, request, &none, &(const struct bp_http_listener){.done = done, .userdata = userdata},
                     ret_exchange);
}

int bp_http_client_begin_with(struct bp_http_client *client, const struct bp_http_request *request,
                              const struct bp_http_exchange_options *options, bp_http_ended *ended, void *userdata,
                              uint64_t *ret_exchange) {
        const struct bp_http_listener listener = {.leaves = options->leaves, .ended = ended, .userdata = userdata};

        return begin(client, request, options, &listener, ret_exchange);
}

void bp_http_client_cancel(struct bp_http_client *client, uint64_t number) {
        struct bp_http_exchange *exchange;

        pthread_mutex_lock(&client->lock);
        exchange = find_exchange(client, number);
        if (exchange && exchange->stage != BP_HTTP_CANCELLED) {
                if (exchange->stage == BP_HTTP_QUEUED)
                        TAILQ_REMOVE(&client->inbox, exchange, in_list);
                exchange->stage = BP_HTTP_CANCELLED;
                TAILQ_INSERT_TAIL(&client->cancelled, exchange, in_list);
        }
        pthread_mutex_unlock(&client->lock);
        wake(client);
}

/* ---- waiting for an answer ---- */

struct waiter {
        pthread_mutex_t lock;
        pthread_cond_t ended;
        struct bp_arena *arena;
        const struct bp_http_response *response;
        bool has_ended;
};

struct bp_http_response *bp_http_response_copy(struct bp_arena *arena, const struct bp_http_response *response) {
        struct bp_http_response *copy = bp_arena_alloc(arena, sizeof(*copy));
        struct bp_value *headers = bp_arena_alloc(arena, sizeof(*headers));

        if (!copy || !headers || bp_value_copy(arena, response->headers, headers) < 0)
                return NULL;
        *copy = *response;
        copy->headers = headers;
        copy->body = bp_arena_text(arena, response->body, response->body_size);
        copy->message = bp_arena_text(arena, response->message, strlen(response->message));
        return copy->body && copy->message ? copy : NULL;
}

/* The arena's owner sleeps meanwhile. */
static void end_waiting(void *userdata, const struct bp_http_response *response) {
        struct waiter *waiter = userdata;

        pthread_mutex_lock(&waiter->lock);
        waiter->response = bp_http_response_copy(waiter->arena, response);
        waiter->has_ended = true;
        pthread_cond_signal(&waiter->ended);
        pthread_mutex_unlock(&waiter->lock);
}

int bp_http_client_perform(struct bp_http_client *client, const struct bp_http_request *request, struct bp_arena *arena,
                           const struct bp_http_response **ret_response) {
        struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER, .arena = arena};
        int r = bp_http_client_begin(client, request, end_waiting, &waiter, NULL);

        if (r < 0)
                return r;
        pthread_mutex_lock(&waiter.lock);
        while (!waiter.has_ended)
                pthread_cond_wait(&waiter.ended, &waiter.lock);
        pthread_mutex_unlock(&waiter.lock);
        if (!waiter.response)
                return -ENOMEM;
        *ret_response = waiter.response;
        return 0;
}
