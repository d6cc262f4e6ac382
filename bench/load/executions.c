/* SPDX-License-Identifier: Apache-2.0 */
/* Starts executions, waits for their ends, and holds each against what it must come to. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "load.h"

#define POLL_AFTER UINT64_C(2000000) /* ns */

struct run {
        uint64_t begun, wanted;
        struct load_times times;
        char *body;
        size_t body_size;
        char key[48];
        uint64_t polls;
};

static double since_ms(uint64_t start) {
        return (double)(load_now() - start) / 1e6;
}

static void write_start(const struct load_loop *loop, struct load_connection *connection, const struct run *run) {
        const struct load_options *options = loop->options;
        char headers[160] = "";
        size_t size = 0;

        if (options->wait_seconds)
                size += (size_t)snprintf(headers, sizeof(headers), "Prefer: wait=%u\r\n", options->wait_seconds);
        if (options->survive)
                snprintf(headers + size, sizeof(headers) - size, "Idempotency-Key: %s-%llu\r\n", run->key,
                         (unsigned long long)connection->ordinal);
        load_write(connection, options, "POST", options->ephemeral ? "/executions/run" : "/executions", headers,
                   run->body, run->body_size);
}

static bool next_request(struct load_loop *loop, struct load_connection *connection) {
        struct run *run = loop->handler->data;
        char path[80];

        if (connection->execution[0]) {
                run->polls++;
                snprintf(path, sizeof(path), "/executions/%s", connection->execution);
                load_write(connection, loop->options, "GET", path, "", NULL, 0);
                return true;
        }
        if (run->begun == run->wanted)
                return false;
        connection->ordinal = ++run->begun;
        connection->started_at = load_now();
        write_start(loop, connection, run);
        return true;
}

/* An execution has ended: its output must be the right one. */
static void ended(struct load_loop *loop, struct load_connection *connection, const char *body, const char *status) {
        struct run *run = loop->handler->data;
        char last[16] = "", expected[16];
        const char *outputs;

        load_times_add(&run->times, since_ms(connection->started_at));
        connection->execution[0] = 0;
        outputs = strstr(body, "outputs\":{\"last\":\"{{") ? strstr(body, "\"final_outputs\":") : body;
        snprintf(expected, sizeof(expected), "%u", load_expected(loop->options));
        if (strcasecmp(status, "completed") != 0 || !outputs || !load_member(outputs, "last", last, sizeof(last)) ||
            strcmp(last, expected) != 0)
                load_fail(loop, "an execution came to %s, last %s instead of %s: %.300s", status, last, expected, body);
}

static void answered(struct load_loop *loop, struct load_connection *connection, const struct load_answer *answer) {
        struct run *run = loop->handler->data;
        bool started = !connection->execution[0];
        char status[24];

        if (answer->status == 429 || answer->status == 503 || (started && answer->status == 409)) {
                if (!loop->options->survive)
                        load_fail(loop, "answer %u: %.200s", answer->status, answer->body);
                load_sleep(connection, 5 * POLL_AFTER);
                if (started && loop->options->survive)
                        connection->repeat = true;
                return;
        }
        if (answer->status != (started ? 201 : 200) || !load_member(answer->body, "status", status, sizeof(status)) ||
            !load_member(answer->body, started ? "execution_id" : "id", connection->execution,
                         sizeof(connection->execution))) {
                load_fail(loop, "answer %u: %.300s", answer->status, answer->body);
                connection->execution[0] = 0;
                return;
        }
        if (loop->options->accepted) {
                load_times_add(&run->times, since_ms(connection->started_at));
                connection->execution[0] = 0;
        } else if (strcasecmp(status, "running") == 0 || strcasecmp(status, "pending") == 0) {
                load_sleep(connection, POLL_AFTER);
        } else {
                ended(loop, connection, answer->body, status);
        }
}

/* ---- the pipeline that is started ---- */

struct stored {
        bool asked;
        const char *body;
        char id[40];
};

static bool store_next(struct load_loop *loop, struct load_connection *connection) {
        struct stored *stored = loop->handler->data;

        if (stored->asked)
                return false;
        stored->asked = true;
        load_write(connection, loop->options, "POST", "/pipelines", "", stored->body, strlen(stored->body));
        return true;
}

static void store_answered(struct load_loop *loop, struct load_connection *connection,
                           const struct load_answer *answer) {
        struct stored *stored = loop->handler->data;

        (void)connection;
        if (answer->status != 201 || !load_member(answer->body, "id", stored->id, sizeof(stored->id)))
                load_die("the pipeline could not be stored: %u %.300s", answer->status, answer->body);
}

static char *joined(const char *before, const char *text, const char *after) {
        char *body = NULL;

        if (asprintf(&body, "%s%s%s", before, text, after) < 0)
                load_die("no memory");
        return body;
}

/* Stores the pipeline unless one was named. @return body of a start */
static char *start_body(const struct load_options *options) {
        struct stored stored = {0};
        struct load_handler handler = {.next = store_next, .answered = store_answered, .data = &stored};
        struct load_loop loop;
        char *definition, *body;

        if (options->pipeline)
                return joined("{\"workflow_id\":\"", options->pipeline, "\"}");
        definition = load_definition(options);
        if (options->ephemeral) {
                body = joined("{\"pipeline_definition\":", definition, "}");
        } else {
                stored.body = body = joined("{\"dag\":", definition, "}");
                load_loop_init(&loop, options, 1);
                load_loop_run(&loop, &handler);
                load_loop_done(&loop);
                free(body);
                if (!stored.id[0])
                        load_die("the pipeline could not be stored");
                body = joined("{\"workflow_id\":\"", stored.id, "\"}");
        }
        free(definition);
        return body;
}

static void report(const struct load_options *options, struct load_loop *loop, struct run *run, double seconds) {
        double n = (double)run->times.n, steps = options->steps;

        if (strcmp(options->workload, "fan") == 0)
                steps = options->width + 2;
        else if (strcmp(options->workload, "delay") == 0)
                steps = 2;
        load_print(options->json, "count", n, "failures", (double)loop->failures, "seconds", seconds, "p50_ms",
                   load_times_at(&run->times, 0.5), "p90_ms", load_times_at(&run->times, 0.9), "p99_ms",
                   load_times_at(&run->times, 0.99), "max_ms", load_times_at(&run->times, 1), "executions_per_s",
                   n / seconds, "steps_per_s", n * steps / seconds, "steps", n * steps, "polls", (double)run->polls,
                   "reconnects", (double)loop->reconnects, "gap_ms",
                   loop->back_at ? (double)(loop->back_at - loop->lost_at) / 1e6 : 0.0, "back_at_s",
                   (double)loop->back_at / 1e9, "done_at_s", (double)load_now() / 1e9, NULL);
}

int load_executions(const struct load_options *options) {
        struct run run = {.wanted = options->warm};
        struct load_handler handler = {.next = next_request, .answered = answered, .data = &run};
        struct load_loop loop;
        uint64_t started;
        double seconds;
        int status;

        run.body = start_body(options);
        run.body_size = strlen(run.body);
        snprintf(run.key, sizeof(run.key), "load-%ld-%llu", (long)getpid(), (unsigned long long)load_now());
        load_loop_init(&loop, options, options->in_flight);
        load_loop_run(&loop, &handler);
        run.times.n = 0;
        run.wanted += options->count;
        if (!options->json)
                setvbuf(stdout, NULL, _IOLBF, 0);
        started = load_now();
        load_loop_run(&loop, &handler);
        seconds = (double)(load_now() - started) / 1e9;
        report(options, &loop, &run, seconds);
        status = loop.failures || run.times.n != options->count ? EXIT_FAILURE : EXIT_SUCCESS;
        load_loop_done(&loop);
        free(run.times.ms);
        free(run.body);
        return status;
}
