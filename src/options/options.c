/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question and its answer live in one arena, which whoever asked gives back. What a service answered is read on the
 * invoker's thread, in memory of its own: it is gone before the next answer is read, so that many questions at once
 * cost what their answers hold, and not what the services sent.
 */
#include "options/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "http/client.h"
#include "invoke/invoke.h"
#include "options/gather.h"
#include "options/source.h"
#include "registry/registry.h"

/* A byte of JSON becomes a value of 16 bytes at worst, in lists that are copied while they grow. */
enum { DEFAULT_TIMEOUT_MS = 10000, DEFAULT_RESPONSE_BYTES = 1 << 20, MEMORY_PER_BYTE = 64, QUESTION_BYTES = 64 << 10 };

struct bp_options {
        struct bp_invoker *invoker;
        uint32_t timeout_ms;
        size_t response_bytes;
};

struct question {
        struct bp_options_answer answer; /* the first member: what is handed out is given back as what it is part of */
        struct bp_arena *arena;
        const struct bp_options *options;
        const struct bp_options_source *source;
        struct bp_options_found found;
        uint32_t asked; /* how many the service was asked for */
        bp_options_done *done;
        void *userdata;
};

bool bp_options_has(const struct bp_param_meta *param) {
        return param->n_options > 0 || bp_options_source_of(param->type) != NULL;
}

const char *bp_options_service(const struct bp_param_meta *param) {
        const struct bp_options_source *source = param->n_options ? NULL : bp_options_source_of(param->type);

        return source ? source->service : NULL;
}

static void deliver(struct question *question, int error) {
        question->answer.error = error;
        question->done(question->userdata, &question->answer);
}

void bp_options_answer_free(void *answer) {
        struct question *question = answer;

        if (question)
                bp_arena_free(question->arena);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Options that the action states
 */

static int gather_stated(struct question *question, const struct bp_param_meta *param) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < param->n_options; i++)
                r = bp_options_found_offer(
                        &question->found, question->arena,
                        &(struct bp_option){.value = param->options[i].value, .label = param->options[i].label});
        if (r == 0)
                bp_options_found_all(&question->found, &question->answer);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Options that a service lists
 */

static int read_body(struct question *question, const struct bp_http_response *response) {
        const size_t most = question->options->response_bytes;
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = bp_arena_new(most * MEMORY_PER_BYTE + QUESTION_BYTES);
        const struct bp_json_limits limits = {.size_bytes = most};
        struct bp_problem problem = {0};
        struct bp_value body;
        int r = scratch ? bp_json_parse(scratch, response->body, response->body_size, &limits, &body, &problem)
                        : -ENOMEM;

        if (r > 0)
                return bp_options_fail(&question->answer, question->arena, BP_OPTIONS_UNREADABLE,
                                       "the answer of %s is no JSON: %s", question->source->service, problem.message);
        if (r == 0)
                r = bp_options_found_read(&question->found, question->source, question->asked, scratch, &body,
                                          &question->answer);
        if (r < 0 && scratch && bp_arena_over_limit(scratch))
                return bp_options_fail(&question->answer, question->arena, BP_OPTIONS_UNREADABLE,
                                       "the answer of %s takes too much memory", question->source->service);
        return r;
}

static int read_response(struct question *question, const struct bp_http_response *response) {
        struct bp_options_answer *answer = &question->answer;
        const char *service = question->source->service;

        if (response->failure == BP_HTTP_TIMEOUT || response->timed_out)
                return bp_options_fail(answer, question->arena, BP_OPTIONS_LATE, "%s did not answer within %u ms",
                                       service, question->options->timeout_ms);
        if (response->failure == BP_HTTP_LIMIT)
                return bp_options_fail(answer, question->arena, BP_OPTIONS_UNREADABLE,
                                       "the answer of %s is longer than %zu bytes", service,
                                       question->options->response_bytes);
        if (response->failure != BP_HTTP_OK)
                return bp_options_fail(answer, question->arena, BP_OPTIONS_UNREACHABLE, "%s cannot be reached: %s",
                                       service, response->message);
        if (response->status < 200 || response->status > 299)
                return bp_options_fail(answer, question->arena, BP_OPTIONS_REFUSED, "%s answered with status %u",
                                       service, response->status);
        return read_body(question, response);
}

static void on_response(void *userdata, const struct bp_http_response *response) {
        struct question *question = userdata;

        deliver(question, read_response(question, response));
}

/* What is searched here too must be asked for in full. One more than wanted tells whether there are more. */
static uint32_t size_to_ask(const struct question *question) {
        return *question->found.needle || question->found.limit == BP_OPTIONS_MAX ? BP_OPTIONS_MAX
                                                                                  : question->found.limit + 1;
}

static void set_text(struct bp_object_builder *object, const char *name, const char *text) {
        if (name && text && *text)
                bp_object_set_z(object, name, bp_value_text_borrow(text, strlen(text)));
}

static int make_query(const struct question *question, const struct bp_options_question *asked,
                      struct bp_value *ret_query) {
        const struct bp_options_source *source = question->source;
        struct bp_object_builder object;

        bp_object_init(&object, question->arena);
        set_text(&object, "user_id", asked->user_id);
        set_text(&object, source->search, asked->text);
        set_text(&object, source->within, asked->within);
        bp_object_set_z(&object, source->size, bp_value_int(question->asked));
        return bp_object_finish(&object, ret_query);
}

static int ask_service(struct bp_options *options, struct question *question, const struct bp_options_question *asked) {
        struct bp_http_request request = {.struct_size = sizeof(request), .timeout_ms = options->timeout_ms};
        struct bp_value query;
        int r;

        question->asked = size_to_ask(question);
        r = make_query(question, asked, &query);
        if (r < 0)
                return r;
        request.service = question->source->service;
        request.url = question->source->path;
        request.query = &query;
        return bp_invoker_begin(options->invoker, &request, NULL, on_response, question, NULL);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Questions
 */

static int make_question(const struct bp_options *options, const struct bp_options_question *asked,
                         bp_options_done *done, void *userdata, struct question **ret_question) {
        struct bp_arena *arena = bp_arena_new(options->response_bytes * 2 + QUESTION_BYTES);
        struct question *question = arena ? bp_arena_alloc(arena, sizeof(*question)) : NULL;

        if (!question || bp_options_found_init(&question->found, arena, asked) < 0) {
                bp_arena_free(arena);
                return -ENOMEM;
        }
        question->arena = arena;
        question->options = options;
        question->source = asked->param->n_options ? NULL : bp_options_source_of(asked->param->type);
        question->done = done;
        question->userdata = userdata;
        *ret_question = question;
        return 0;
}

static int fail_unconfigured(struct question *question) {
        const char *service = question->source->service;

        return bp_options_fail(&question->answer, question->arena, BP_OPTIONS_NOT_CONFIGURED,
                               "%s cannot be reached: neither its URL (services.%s.url) nor a Dapr sidecar (dapr.url) "
                               "is configured",
                               service, service);
}

int bp_options_ask(struct bp_options *options, const struct bp_options_question *question, bp_options_done *done,
                   void *userdata) {
        struct question *made;
        int r = make_question(options, question, done, userdata, &made);

        if (r < 0)
                return r;
        if (!made->source) {
                deliver(made, gather_stated(made, question->param));
                return 0;
        }
        if (!bp_invoker_reaches(options->invoker, made->source->service)) {
                deliver(made, fail_unconfigured(made));
                return 0;
        }
        r = ask_service(options, made, question);
        if (r < 0)
                bp_options_answer_free(made);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Life
 */

/* The times that services have for actions are not those of a list that a person waits for. */
static int make_invoker(const struct bp_invoker_settings *given, const struct bp_options *options,
                        struct bp_invoker **ret_invoker) {
        struct bp_http_client_settings http = given->http ? *given->http : (struct bp_http_client_settings){0};
        struct bp_invoker_service *services = bp_calloc(given->n_services + 1, sizeof(*services));
        struct bp_invoker_settings own = *given;
        int r;

        if (!services)
                return -ENOMEM;
        for (size_t i = 0; i < given->n_services; i++) {
                services[i] = given->services[i];
                services[i].timeout_ms = 0;
        }
        http.response_bytes = options->response_bytes;
        own.http = &http;
        own.services = services;
        own.retry.tries = 1;
        own.breaker.failures = UINT32_MAX;
        r = bp_invoker_new(&own, ret_invoker);
        free(services);
        return r;
}

int bp_options_new(const struct bp_options_settings *settings, struct bp_options **ret_options) {
        struct bp_options *options = bp_calloc(1, sizeof(*options));
        int r;

        if (!options)
                return -ENOMEM;
        options->timeout_ms = settings->timeout_ms ? settings->timeout_ms : DEFAULT_TIMEOUT_MS;
        options->response_bytes = settings->response_bytes ? settings->response_bytes : DEFAULT_RESPONSE_BYTES;
        r = make_invoker(settings->invoke, options, &options->invoker);
        if (r)
                free(options);
        else
                *ret_options = options;
        return r;
}

struct bp_options *bp_options_free(struct bp_options *options) {
        if (options)
                bp_invoker_free(options->invoker);
        free(options);
        return NULL;
}

uint32_t bp_options_timeout_ms(const struct bp_options *options) {
        return options->timeout_ms;
}
