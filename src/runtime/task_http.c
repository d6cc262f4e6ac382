/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stopping and beginning may meet: the one that stops marks the task first and then looks for an exchange; the one that
 * begins notes the exchange first and then looks at the mark. Whoever comes second sees the other and cancels.
 *
 * An answer may come before the call that sent the request has returned. Both count down task->reply_parties; the
 * second one takes the task on.
 */
#include "runtime/task_http.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "http/client.h"
#include "invoke/invoke.h"
#include "runtime/live.h"
#include "runtime/task.h"

static const char key_header[] = "Idempotency-Key";
static const char unsent_message[] = "the request could not be sent: memory is exhausted, or the process stops";

/* ---------------------------------------------------------------------------------------------------------------
 * Idempotency keys
 */

static bool names_key(const struct bp_member *header) {
        return strcasecmp(header->key, key_header) == 0;
}

/* What only reads, and what brings a key of its own, is sent as it is. */
static bool wants_key(const struct bp_task *task, const struct bp_http_request *request) {
        static const char *const reading[] = {"GET", "HEAD", "OPTIONS"};
        const char *method = request->topic ? "POST" : request->method ? request->method : "GET";

        if (!*task->idempotency_key)
                return false;
        for (size_t i = 0; i < BP_COUNT(reading); i++)
                if (strcmp(method, reading[i]) == 0)
                        return false;
        for (uint32_t i = 0; request->headers && i < request->headers->count; i++)
                if (names_key(&request->headers->as.members[i]))
                        return false;
        return true;
}

/* Each call of an attempt has a key of its own, by its place among them. */
static int key_of_call(struct bp_task *task, struct bp_arena *arena, const char **ret_key) {
        uint32_t call = task->n_keyed_calls++;

        if (call > 0)
                return bp_idempotency_key(*bp_execution_id(task->live->execution), task->step->id, task->generation,
                                          call, arena, ret_key);
        *ret_key = task->idempotency_key;
        return 0;
}

static int add_key(struct bp_task *task, const struct bp_http_request *request, struct bp_arena *arena,
                   struct bp_http_request *ret_request) {
        struct bp_value *headers = bp_arena_alloc(arena, sizeof(*headers));
        struct bp_object_builder object;
        const char *key;
        int r;

        if (!headers)
                return -ENOMEM;
        r = key_of_call(task, arena, &key);
        if (r < 0)
                return r;
        bp_object_init(&object, arena);
        if (request->headers)
                bp_object_merge(&object, request->headers);
        bp_object_set_z(&object, key_header, bp_value_text_borrow(key, strlen(key)));
        r = bp_object_finish(&object, headers);
        if (r < 0)
                return r;
        *ret_request = *request;
        ret_request->headers = headers;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Sending
 */

/* Begins a call that bp_task_http_cancel() can find. @return 0 when the callback will run, else a negative errno. */
static int begin(struct bp_task *task, const struct bp_http_request *request, bp_invoker_done *done, void *userdata) {
        const struct bp_invoker_caller caller = {.execution = *bp_execution_id(task->live->execution),
                                                 .step_id = task->step->id,
                                                 .attempt = task->attempt,
                                                 .call = task->n_calls++};
        struct bp_invoker *invoker = task->runtime->invoker;
        struct bp_http_request keyed;
        uint64_t number = 0;
        int r = 0;

        if (wants_key(task, request)) {
                r = add_key(task, request, task->arena, &keyed);
                request = &keyed;
        }
        if (r == 0)
                r = bp_invoker_begin(invoker, request, &caller, done, userdata, &number);
        if (r < 0)
                return r;
        atomic_store(&task->exchange, number);
        if (atomic_load(&task->stopped))
                bp_invoker_cancel(invoker, number);
        return 0;
}

void bp_task_http_cancel(struct bp_task *task) {
        uint64_t number = atomic_load(&task->exchange);

        if (number)
                bp_invoker_cancel(task->runtime->invoker, number);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Answers
 */

static struct bp_http_response *failed_response(struct bp_arena *arena, enum bp_http_failure failure,
                                                const char *message) {
        struct bp_http_response *response = bp_arena_alloc(arena, sizeof(*response));

        if (response)
                *response = (struct bp_http_response){.struct_size = sizeof(*response),
                                                      .failure = failure,
                                                      .headers = &bp_value_empty_object,
                                                      .body = "",
                                                      .message = message};
        return response;
}

/* An answer that does not fit into the attempt's memory is an answer that is too large. NULL: not even that fits. */
static struct bp_http_response *copy_response(struct bp_arena *arena, const struct bp_http_response *response) {
        struct bp_http_response *copy = bp_http_response_copy(arena, response);

        if (copy)
                return copy;
        return failed_response(arena, BP_HTTP_LIMIT, "the answer is larger than the step's memory allows");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Without holding a thread
 */

/* @return true for the second of the two. */
static bool party_arrives(struct bp_task *task) {
        return atomic_fetch_sub(&task->reply_parties, 1) == 1;
}

static void reply_arrived(void *userdata, const struct bp_http_response *response) {
        struct bp_task *task = userdata;
        struct bp_http_response *reply = copy_response(task->arena, response);

        if (reply)
                reply->state = task->result.state;
        else
                task->error = -ENOMEM;
        task->reply = reply;
        if (party_arrives(task))
                bp_workers_submit(task->runtime->workers, &task->job);
}

/* Nothing left this process, so the action gets an answer that says so. */
static enum bp_task_http_state answer_unsent(struct bp_task *task) {
        struct bp_http_response *reply = failed_response(task->arena, BP_HTTP_UNSENT, unsent_message);

        if (!reply)
                return BP_TASK_HTTP_REFUSED;
        reply->state = task->result.state;
        task->reply = reply;
        return BP_TASK_HTTP_ANSWERED;
}

enum bp_task_http_state bp_task_http_begin(struct bp_task *task) {
        atomic_store(&task->reply_parties, 2);
        if (begin(task, task->result.request, reply_arrived, task) < 0)
                return answer_unsent(task);
        return party_arrives(task) ? BP_TASK_HTTP_ANSWERED : BP_TASK_HTTP_UNDER_WAY;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Waiting
 */

struct wait {
        pthread_mutex_t mutex;
        pthread_cond_t answered;
        bool done;
        struct bp_arena *arena;
        struct bp_http_response *response;
};

static void wake_waiter(void *userdata, const struct bp_http_response *response) {
        struct wait *wait = userdata;

        pthread_mutex_lock(&wait->mutex);
        wait->response = copy_response(wait->arena, response);
        wait->done = true;
        pthread_cond_signal(&wait->answered);
        pthread_mutex_unlock(&wait->mutex);
}

static void wait_for_answer(struct wait *wait) {
        pthread_mutex_lock(&wait->mutex);
        while (!wait->done)
                pthread_cond_wait(&wait->answered, &wait->mutex);
        pthread_mutex_unlock(&wait->mutex);
}

int bp_task_http_perform(struct bp_task *task, const struct bp_http_request *request, struct bp_arena *arena,
                         const struct bp_http_response **ret_response) {
        struct wait wait = {.mutex = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER, .arena = arena};
        int r = begin(task, request, wake_waiter, &wait);

        if (r == 0)
                wait_for_answer(&wait);
        else
                wait.response = failed_response(arena, BP_HTTP_UNSENT, unsent_message);
        atomic_store(&task->exchange, 0);
        pthread_cond_destroy(&wait.answered);
        pthread_mutex_destroy(&wait.mutex);
        if (!wait.response)
                return -ENOMEM;
        *ret_response = wait.response;
        return 0;
}
