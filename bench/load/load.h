/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small load generator for the HTTP API: one thread, one epoll, keep-alive connections with one request each under
 * way. It knows what the right answer is and counts everything else as a failure.
 */
#ifndef BP_BENCH_LOAD_H
#define BP_BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- what is asked for ---- */

enum load_mode {
        LOAD_EXECUTIONS = 1, /* start executions, wait for their ends, check them */
        LOAD_GET,            /* read paths */
        LOAD_STREAM,         /* hold event streams open */
};

struct load_options {
        enum load_mode mode;
        struct sockaddr_in peer;
        char host[64]; /* of the Host header */
        const char *workload, *effect, *pipeline;
        unsigned steps, width, in_flight, warm, wait_seconds, slow;
        uint64_t count;
        double seconds; /* of GET and streams; 0: by count */
        bool json, survive, ephemeral, accepted;
        char **paths; /* of GET, read in turn; of streams: the first */
        size_t n_paths;
        const char *header; /* one more of each request, or NULL */
};

/* Reads the command line, or prints what is wrong and ends the program. */
void load_options_read(struct load_options *options, int argc, char **argv);

/* Gives back what it took. */
void load_options_done(struct load_options *options);

/* ---- the definitions that are run ---- */

/* The definition of a workload as JSON; malloc'ed. Each step reads the output of the step before it. */
char *load_definition(const struct load_options *options);

/* What the finished execution's output `last` is. */
unsigned load_expected(const struct load_options *options);

/* ---- connections ---- */

enum load_state {
        LOAD_IDLE = 1,   /* nothing to do any more */
        LOAD_CONNECTING, /* a request waits for the connection */
        LOAD_BUSY,       /* a request is under way */
        LOAD_SLEEPING,   /* something is to be done at wake_at */
        LOAD_CLOSED,     /* ended by the other side, not opened again */
};

/* A whole answer. The body ends with a NUL that does not count. */
struct load_answer {
        unsigned status;
        const char *body;
        size_t size;
};

struct load_connection {
        int fd;
        enum load_state state;
        uint64_t wake_at;
        bool repeat; /* at wake_at: send again what was sent; else: ask for the next request */
        char *out;
        size_t out_size, out_capacity, out_sent;
        char *in;
        size_t in_size, in_capacity;
        size_t head_size; /* of the answer's head once it is complete, else 0 */
        size_t body_size; /* with head_size, not chunked */
        bool chunked, close;
        size_t chunk_at, chunk_to; /* where the next chunk begins, and how much of the body is decoded */
        unsigned status;

        uint64_t started_at; /* when its work began, ns */
        char execution[40];  /* id of the execution it waits for, or empty */
        uint64_t ordinal;    /* of its work */
        uint64_t events;     /* of a stream */
        unsigned matched;    /* of a stream's line: how much of "data:" it began with */
        bool slow;
};

struct load_loop;

/* What is done with connections. `next` writes a request with load_write() and returns true, or puts the connection to
 * sleep and returns true, or returns false: it becomes idle. */
struct load_handler {
        bool (*next)(struct load_loop *loop, struct load_connection *connection);
        void (*answered)(struct load_loop *loop, struct load_connection *connection, const struct load_answer *answer);
        /* In place of `answered`, piece by piece, for bodies without an end. */
        void (*received)(struct load_loop *loop, struct load_connection *connection, const char *bytes, size_t size);
        void *data;
};

struct load_loop {
        const struct load_options *options;
        const struct load_handler *handler;
        int epoll;
        struct load_connection *connections;
        unsigned n_connections;
        uint64_t stop_at; /* ns; 0: when all are idle */
        uint64_t failures, bytes, reconnects;
        uint64_t lost_at, back_at; /* when the server was first found gone, and first answered again */
};

uint64_t load_now(void);
void load_loop_init(struct load_loop *loop, const struct load_options *options, unsigned n_connections);

/* Runs until every connection is idle or closed, or stop_at. */
void load_loop_run(struct load_loop *loop, const struct load_handler *handler);
void load_loop_done(struct load_loop *loop);

/* Sets the request that is sent next. `body` may be NULL. */
void load_write(struct load_connection *connection, const struct load_options *options, const char *method,
                const char *path, const char *headers, const char *body, size_t body_size);

/* Asks for the connection's next request after some time. */
void load_sleep(struct load_connection *connection, uint64_t ns);

/* Counts a failure, and tells the first ones. */
__attribute__((format(printf, 2, 3))) void load_fail(struct load_loop *loop, const char *format, ...);

/* Ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) void load_die(const char *format, ...);

/* ---- answers ---- */

enum load_took {
        LOAD_MORE = 1,  /* the answer is not complete */
        LOAD_COMPLETE,  /* see the answer; load_forget() it when it is read */
        LOAD_STREAMING, /* a piece of a body; forget it too */
        LOAD_BROKEN,    /* this is no HTTP */
};

/* Looks at what has come in. */
enum load_took load_take(struct load_connection *connection, bool streaming, struct load_answer *ret_answer);

/* Makes room for the next answer. */
void load_forget(struct load_connection *connection);

/* The text or number of a member of a JSON object, by looking for its first `"name":`; false when it is not there. */
bool load_member(const char *json, const char *name, char *ret_text, size_t capacity);

/* ---- figures ---- */

struct load_times {
        double *ms;
        size_t n, capacity;
};

void load_times_add(struct load_times *times, double ms);

/* Sorts. @return the time that `share` of all do not exceed; 0 without any. */
double load_times_at(struct load_times *times, double share);

/* Prints a line of figures, as JSON or for a reader: NAME, VALUE, ... up to a NULL name. */
void load_print(int json, ...);

/* ---- modes ---- */

/* Each prints its figures. @return the exit status */
int load_executions(const struct load_options *options);
int load_get(const struct load_options *options);
int load_stream(const struct load_options *options);

#endif
