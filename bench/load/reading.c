/* SPDX-License-Identifier: Apache-2.0 */
/* Reads paths as fast as they come, and holds event streams open. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load.h"

#define PATIENCE UINT64_C(1000000000) /* ns */

enum { LOOK_AGAIN_MS = 10 };

/* ---- GET ---- */

struct gets {
        uint64_t begun, wanted; /* 0: until the time is up */
        struct load_times times;
        size_t body_size;
};

static bool next_get(struct load_loop *loop, struct load_connection *connection) {
        struct gets *gets = loop->handler->data;

        if (gets->wanted && gets->begun == gets->wanted)
                return false;
        connection->started_at = load_now();
        load_write(connection, loop->options, "GET", loop->options->paths[gets->begun % loop->options->n_paths], "",
                   NULL, 0);
        gets->begun++;
        return true;
}

static void got(struct load_loop *loop, struct load_connection *connection, const struct load_answer *answer) {
        struct gets *gets = loop->handler->data;

        load_times_add(&gets->times, (double)(load_now() - connection->started_at) / 1e6);
        gets->body_size = answer->size;
        if (answer->status != 200)
                load_fail(loop, "answer %u: %.200s", answer->status, answer->body);
}

int load_get(const struct load_options *options) {
        struct gets gets = {.wanted = options->seconds > 0 ? 0 : options->count};
        struct load_handler handler = {.next = next_get, .answered = got, .data = &gets};
        struct load_loop loop;
        uint64_t started;
        double seconds, n;
        int status;

        load_loop_init(&loop, options, options->in_flight);
        started = load_now();
        if (options->seconds > 0)
                loop.stop_at = started + (uint64_t)(options->seconds * 1e9);
        load_loop_run(&loop, &handler);
        seconds = (double)(load_now() - started) / 1e9;
        n = (double)gets.times.n;
        load_print(options->json, "count", n, "failures", (double)loop.failures, "seconds", seconds, "requests_per_s",
                   n / seconds, "p50_ms", load_times_at(&gets.times, 0.5), "p90_ms", load_times_at(&gets.times, 0.9),
                   "p99_ms", load_times_at(&gets.times, 0.99), "max_ms", load_times_at(&gets.times, 1), "body_bytes",
                   (double)gets.body_size, "mb_per_s", (double)loop.bytes / seconds / 1e6, NULL);
        status = loop.failures || !gets.times.n ? EXIT_FAILURE : EXIT_SUCCESS;
        load_loop_done(&loop);
        free(gets.times.ms);
        return status;
}

/* ---- event streams ---- */

struct streams {
        uint64_t first_at, last_at; /* when events came, ns */
};

static bool open_stream(struct load_loop *loop, struct load_connection *connection) {
        load_write(connection, loop->options, "GET", loop->options->paths[0], "Accept: text/event-stream\r\n", NULL, 0);
        return true;
}

/* Counts lines that begin with "data:", wherever the pieces are cut. */
static void received(struct load_loop *loop, struct load_connection *connection, const char *bytes, size_t size) {
        static const char word[] = "data:";
        struct streams *streams = loop->handler->data;
        const uint64_t before = connection->events;

        for (size_t i = 0; i < size; i++) {
                if (bytes[i] == '\n')
                        connection->matched = 0;
                else if (connection->matched < sizeof(word))
                        connection->matched += bytes[i] == word[connection->matched] ? 1 : sizeof(word);
                if (connection->matched == sizeof(word) - 1) {
                        connection->events++;
                        connection->matched = sizeof(word);
                }
        }
        if (connection->events == before)
                return;
        streams->last_at = load_now();
        if (!streams->first_at)
                streams->first_at = streams->last_at;
}

/* Reads what is still on its way to a client that did not read. @return true: the other side has given it up */
static bool is_cut_off(const struct load_connection *connection) {
        char bytes[65536];
        ssize_t n = 1;

        if (connection->fd < 0)
                return true;
        while (n > 0)
                n = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        return n == 0 || errno != EAGAIN;
}

/* Of the clients that did not read. What the other side has written to them gets some time to come. */
static unsigned count_cut_off(const struct load_loop *loop) {
        const uint64_t until = load_now() + PATIENCE;
        unsigned cut_off;

        do {
                cut_off = 0;
                poll(NULL, 0, LOOK_AGAIN_MS);
                for (unsigned i = 0; i < loop->n_connections; i++)
                        cut_off += loop->connections[i].slow && is_cut_off(&loop->connections[i]);
        } while (cut_off < loop->options->slow && load_now() < until);
        return cut_off;
}

int load_stream(const struct load_options *options) {
        struct streams streams = {0};
        struct load_handler handler = {.next = open_stream, .received = received, .data = &streams};
        struct load_loop loop;
        uint64_t least = UINT64_MAX, most = 0, all = 0;
        unsigned reading = 0, ended = 0, cut_off;

        load_loop_init(&loop, options, options->in_flight);
        for (unsigned i = 0; i < options->slow; i++)
                loop.connections[i].slow = true;
        loop.stop_at = load_now() + (uint64_t)(options->seconds * 1e9);
        load_loop_run(&loop, &handler);
        cut_off = count_cut_off(&loop);
        for (unsigned i = 0; i < loop.n_connections; i++) {
                const struct load_connection *connection = &loop.connections[i];

                if (connection->slow)
                        continue;
                reading++;
                ended += connection->state == LOAD_CLOSED;
                all += connection->events;
                least = connection->events < least ? connection->events : least;
                most = connection->events > most ? connection->events : most;
        }
        load_print(options->json, "reading", (double)reading, "ended", (double)ended, "slow", (double)options->slow,
                   "cut_off", (double)cut_off, "events", (double)all, "events_least", reading ? (double)least : 0.0,
                   "events_most", (double)most, "failures", (double)loop.failures, "seconds", options->seconds,
                   "events_seconds", (double)(streams.last_at - streams.first_at) / 1e9, NULL);
        load_loop_done(&loop);
        return ended || loop.failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
