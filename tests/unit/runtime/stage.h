/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actions that tests of the runtime run, and what they leave behind for the test to look at. Each call is noted
 * with whether its own start was durable at that moment. Actions that block do so at a gate that the test opens.
 */
#ifndef TEST_RUNTIME_STAGE_H
#define TEST_RUNTIME_STAGE_H

#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "journal_double.h"

enum {
        CALLS_MAX = 65536,
};

struct noted_call {
        char action[16];
        char step[16];
        uint32_t retry_count;
        bool start_was_durable;
        char key[128];
};

/* What is on stage during one test. */
static struct stage {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        struct journal_double *journal; /* or NULL */
        struct noted_call calls[CALLS_MAX];
        size_t n_calls;
        unsigned inside, most_inside; /* calls at the gate */
        bool open;
} stage;

static inline void stage_reset(struct journal_double *journal) {
        memset(&stage, 0, sizeof(stage));
        pthread_mutex_init(&stage.mutex, NULL);
        pthread_cond_init(&stage.changed, NULL);
        stage.journal = journal;
}

static inline void stage_open_gate(void) {
        pthread_mutex_lock(&stage.mutex);
        stage.open = true;
        pthread_cond_broadcast(&stage.changed);
        pthread_mutex_unlock(&stage.mutex);
}

static inline size_t calls_of(const char *action, const char *step) {
        size_t n = 0;

        pthread_mutex_lock(&stage.mutex);
        for (size_t i = 0; i < stage.n_calls; i++)
                n += (!action || strcmp(stage.calls[i].action, action) == 0) &&
                     (!step || strcmp(stage.calls[i].step, step) == 0);
        pthread_mutex_unlock(&stage.mutex);
        return n;
}

/* Waits until so many calls have been noted. */
static inline void await_calls(size_t count) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&stage.mutex);
        while (stage.n_calls < count && !timed_out)
                timed_out = pthread_cond_timedwait(&stage.changed, &stage.mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&stage.mutex);
        assert_false(timed_out);
}

/* Waits until so many calls stand at the gate. */
static inline void await_inside(unsigned count) {
        struct timespec until = patience_ends();
        bool timed_out = false;

        pthread_mutex_lock(&stage.mutex);
        while (stage.inside < count && !timed_out)
                timed_out = pthread_cond_timedwait(&stage.changed, &stage.mutex, &until) == ETIMEDOUT;
        pthread_mutex_unlock(&stage.mutex);
        assert_false(timed_out);
}

/* Steps of these tests are named s0, s1, ... after their place. */
static inline uint32_t step_number(const char *step_id) {
        return (uint32_t)strtoul(step_id + 1, NULL, 10);
}

static inline void note_call(struct bp_action_context *context, const char *action) {
        struct noted_call call = {.retry_count = context->retry_count};
        struct bp_id id;

        snprintf(call.action, sizeof(call.action), "%s", action);
        snprintf(call.step, sizeof(call.step), "%s", context->step_id);
        snprintf(call.key, sizeof(call.key), "%s", context->idempotency_key);
        if (stage.journal && bp_id_parse(context->execution_id, &id))
                call.start_was_durable = journal_has_durable_start(stage.journal, id, step_number(context->step_id),
                                                                   context->retry_count + 1);
        pthread_mutex_lock(&stage.mutex);
        if (stage.n_calls < CALLS_MAX)
                stage.calls[stage.n_calls++] = call;
        pthread_cond_broadcast(&stage.changed);
        pthread_mutex_unlock(&stage.mutex);
}

static inline struct timespec in_a_moment(void) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 1000000;
        if (until.tv_nsec >= 1000000000) {
                until.tv_nsec -= 1000000000;
                until.tv_sec++;
        }
        return until;
}

/* Stands at the gate until it is open or, if it listens, the call has been told to stop. @return true when told. */
static inline bool stand_at_gate(struct bp_action_context *context, bool listens) {
        bool told = false;

        pthread_mutex_lock(&stage.mutex);
        if (++stage.inside > stage.most_inside)
                stage.most_inside = stage.inside;
        pthread_cond_broadcast(&stage.changed);
        while (!stage.open && !told) {
                struct timespec until = in_a_moment();

                pthread_cond_timedwait(&stage.changed, &stage.mutex, &until);
                told = listens && bp_cancelled(context);
        }
        stage.inside--;
        pthread_cond_broadcast(&stage.changed);
        pthread_mutex_unlock(&stage.mutex);
        return told;
}

static inline int do_pure(struct bp_action_context *context) {
        note_call(context, "pure");
        bp_output_int(context, "n", bp_param_int(context, "n", 0) + 1);
        return bp_complete(context);
}

/* Holds the engine's thread for a millisecond, or as many as it is told. */
static inline int do_slow(struct bp_action_context *context) {
        int64_t until_us = bp_mono_now().us + bp_param_int(context, "ms", 1) * 1000;

        note_call(context, "slow");
        while (bp_mono_now().us < until_us)
                ;
        return bp_complete(context);
}

static inline int do_outside(struct bp_action_context *context) {
        note_call(context, "outside");
        return bp_complete(context);
}

static inline int do_once(struct bp_action_context *context) {
        note_call(context, "once");
        return bp_complete(context);
}

static inline int do_gate(struct bp_action_context *context) {
        note_call(context, "gate");
        if (stand_at_gate(context, true))
                return bp_unknown(context, "TOLD", "told to stop");
        return bp_complete(context);
}

static inline int do_deaf(struct bp_action_context *context) {
        note_call(context, "deaf");
        stand_at_gate(context, false);
        return bp_complete(context);
}

static inline int undo(struct bp_action_context *context) {
        note_call(context, "cleanup");
        return bp_complete(context);
}

static inline int undo_never(struct bp_action_context *context) {
        note_call(context, "cleanup");
        return bp_fail(context, "NO", "cannot be undone");
}

/* Fails until it has been tried `times` times. */
static inline int do_flaky(struct bp_action_context *context) {
        note_call(context, "flaky");
        if ((int64_t)context->retry_count < bp_param_int(context, "times", 0))
                return bp_fail(context, "FLAKY", "attempt %u failed", context->retry_count + 1);
        return bp_complete(context);
}

static inline int do_sleep(struct bp_action_context *context) {
        int64_t until_us = bp_now_us(context) + (int64_t)(bp_param_float(context, "seconds", 0) * 1e6);

        note_call(context, "sleep");
        bp_output_int(context, "until", until_us);
        return bp_sleep_until(context, until_us);
}

static inline int do_chatty(struct bp_action_context *context) {
        int64_t lines = bp_param_int(context, "lines", 3);

        note_call(context, "chatty");
        for (int64_t i = 0; i < lines; i++)
                bp_log(context, BP_LOG_INFO, "%lld", (long long)i);
        bp_progress(context, 50, 1);
        bp_progress(context, 75, 1);
        return bp_complete(context);
}

static inline int do_fetch(struct bp_action_context *context) {
        const struct bp_http_request request = {
                .struct_size = sizeof(request), .timeout_ms = 60000, .url = bp_param_string(context, "url", "")};

        note_call(context, "fetch");
        bp_output_int(context, "rounds", 1);
        return bp_await_reply(context, &request, context->host->make_int(context, 1));
}

/* Asks again until it has had `rounds` replies. */
static inline int on_fetched(struct bp_action_context *context, const struct bp_http_response *reply) {
        int64_t rounds = reply->state ? context->host->as_int(reply->state) : -1;
        const struct bp_http_request request = {
                .struct_size = sizeof(request), .timeout_ms = 60000, .url = bp_param_string(context, "url", "")};

        if (reply->failure != BP_HTTP_OK)
                return bp_unknown(context, "BROKEN", "%s", reply->message);
        bp_output_int(context, "rounds", rounds);
        bp_output_string(context, "body", reply->body);
        if (rounds < bp_param_int(context, "rounds", 1))
                return bp_await_reply(context, &request, context->host->make_int(context, rounds + 1));
        return bp_complete(context);
}

static inline int do_call(struct bp_action_context *context) {
        const struct bp_http_response *reply;

        note_call(context, "call");
        reply = bp_http(context, &(struct bp_http_request){.struct_size = sizeof(struct bp_http_request),
                                                           .timeout_ms = 60000,
                                                           .url = bp_param_string(context, "url", "")});
        if (reply->failure != BP_HTTP_OK)
                return bp_unknown(context, "BROKEN", "%s", reply->message);
        bp_output_string(context, "body", reply->body);
        return bp_complete(context);
}

/* Two posts, one of them with a key of the action's own, and a read. */
static inline int do_post(struct bp_action_context *context) {
        struct bp_builder *own = context->host->object_new(context);
        struct bp_http_request request = {.struct_size = sizeof(request),
                                          .timeout_ms = 60000,
                                          .method = "POST",
                                          .url = bp_param_string(context, "url", "")};

        note_call(context, "post");
        bp_http(context, &request);
        bp_http(context, &request);
        context->host->object_set(own, "idempotency-key", bp_make_text(context, "mine"));
        request.headers = context->host->finish(own);
        bp_http(context, &request);
        request.headers = NULL;
        request.method = "GET";
        bp_http(context, &request);
        return bp_complete(context);
}

static inline int do_await(struct bp_action_context *context) {
        note_call(context, "await");
        bp_output_int(context, "asked", 1);
        return bp_await_event(context, bp_param_string(context, "id", ""), bp_param_int(context, "timeout", 0));
}

/* Knows what do_await() has asked for. */
static inline int undo_await(struct bp_action_context *context) {
        bool knows = context->host->as_int(context->host->get(context->outputs, "asked")) == 1;

        note_call(context, knows ? "undo asked" : "undo none");
        return bp_complete(context);
}

static inline int on_awaited(struct bp_action_context *context, const struct bp_event_context *event) {
        const struct bp_value *percent = context->host->get(event->event_data, "percent");

        note_call(context, event->event_type);
        if (percent)
                return bp_event_progress(context, context->host->as_float(percent), -1);
        if (strcmp(event->event_type, "gate") == 0) {
                stand_at_gate(context, false);
                bp_log(context, BP_LOG_INFO, "the gate is open");
        }
        if (strcmp(event->event_type, "ignore") == 0)
                return bp_event_ignore(context);
        if (strcmp(event->event_type, "failure") == 0)
                return bp_event_fail(context, "REPORTED", "it failed there");
        bp_output_string(context, "type", event->event_type);
        return bp_event_complete(context);
}

#define TEST_NUMBER(id) \
        { .name = (id), .label = (id), .type = BP_PARAM_NUMBER }
#define TEST_TEXT(id) \
        { .name = (id), .label = (id), .type = BP_PARAM_STRING }
#define TEST_ACTION(id, how, ...)                                                              \
        static const struct bp_action test_##id = {.struct_size = sizeof(struct bp_action),    \
                                                   .abi_version = BP_ABI_VERSION,              \
                                                   .type = #id,                                \
                                                   .name = #id,                                \
                                                   .category = "Test",                         \
                                                   .description = "For tests of the runtime.", \
                                                   .effect = (how),                            \
                                                   __VA_ARGS__}

/* clang-format off */
TEST_ACTION(pure, BP_PURE, .flags = BP_FLAG_INLINE, BP_PARAMS(TEST_NUMBER("n")), .execute = do_pure);
TEST_ACTION(slow, BP_PURE, .flags = BP_FLAG_INLINE, BP_PARAMS(TEST_NUMBER("ms")), .execute = do_slow);
TEST_ACTION(heavy, BP_PURE, BP_PARAMS(TEST_NUMBER("n")), .execute = do_pure);
TEST_ACTION(outside, BP_IDEMPOTENT, .execute = do_outside);
TEST_ACTION(once, BP_ONCE, .execute = do_once);
TEST_ACTION(gate, BP_IDEMPOTENT, .execute = do_gate, .cleanup = undo);
TEST_ACTION(gate_once, BP_ONCE, .execute = do_gate);
TEST_ACTION(deaf, BP_IDEMPOTENT, .execute = do_deaf, .cleanup = undo);
TEST_ACTION(messy, BP_IDEMPOTENT, BP_PARAMS(TEST_NUMBER("times")), .execute = do_flaky, .cleanup = undo_never);
TEST_ACTION(flaky, BP_IDEMPOTENT, BP_PARAMS(TEST_NUMBER("times")), .execute = do_flaky);
TEST_ACTION(sleep, BP_PURE, .flags = BP_FLAG_INLINE, BP_PARAMS(TEST_NUMBER("seconds")), .execute = do_sleep);
TEST_ACTION(chatty, BP_PURE, BP_PARAMS(TEST_NUMBER("lines")), .execute = do_chatty);
TEST_ACTION(chatty_inline, BP_PURE, .flags = BP_FLAG_INLINE, BP_PARAMS(TEST_NUMBER("lines")), .execute = do_chatty);
TEST_ACTION(fetch, BP_IDEMPOTENT, BP_PARAMS(TEST_TEXT("url"), TEST_NUMBER("rounds")), .execute = do_fetch, .on_reply = on_fetched);
TEST_ACTION(call, BP_IDEMPOTENT, BP_PARAMS(TEST_TEXT("url")), .execute = do_call);
TEST_ACTION(post, BP_ONCE, BP_PARAMS(TEST_TEXT("url")), .execute = do_post);
TEST_ACTION(await, BP_IDEMPOTENT, .execution_mode = BP_EVENT_DRIVEN, BP_PARAMS(TEST_TEXT("id"), TEST_NUMBER("timeout")), .execute = do_await, .on_event = on_awaited);
TEST_ACTION(ask, BP_IDEMPOTENT, .execution_mode = BP_EVENT_DRIVEN, BP_PARAMS(TEST_TEXT("id")), .execute = do_await, .on_event = on_awaited, .cleanup = undo_await);
/* clang-format on */

static const struct bp_action *const test_actions[] = {&test_pure,  &test_heavy,     &test_outside, &test_once,
                                                       &test_gate,  &test_gate_once, &test_deaf,    &test_messy,
                                                       &test_flaky, &test_sleep,     &test_chatty,  &test_chatty_inline,
                                                       &test_fetch, &test_call,      &test_await,   &test_post,
                                                       &test_slow,  &test_ask,       NULL};

#endif
