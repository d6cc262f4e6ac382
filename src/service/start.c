/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to an execution in the runtime. Everything that can be refused is refused on the caller's thread.
 *
 * A start with a key is made once: its execution's id is the key's subject, so that a repetition finds it, be it in
 * the table of contexts, where it waits for the same durability, or in the store.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "metrics/metrics.h"
#include "service/state.h"

int bp_start_admit(struct bp_service *service, struct bp_problem_list *errors) {
        struct bp_problem problem = {0};
        int r = bp_service_ready(service, &problem);

        if (r != BP_SERVICE_UNAVAILABLE)
                return r;
        r = bp_problem_list_add(errors, &problem);
        return r < 0 ? r : BP_SERVICE_UNAVAILABLE;
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is in the store already
 */

int bp_stored_json(const struct bp_text *text, struct bp_arena *arena, struct bp_value *ret_value) {
        const struct bp_json_limits limits = {.depth = BP_VALUE_DEPTH_MAX, .size_bytes = SIZE_MAX};
        struct bp_problem problem;
        int r;

        if (!text->text) {
                *ret_value = bp_value_null;
                return 0;
        }
        r = bp_json_parse(arena, text->text, text->size, &limits, ret_value, &problem);
        return r > 0 ? -EBADMSG : r;
}

int bp_answer_from_row(const struct bp_execution_row *row, struct bp_arena *arena, struct bp_value *outputs,
                       struct bp_service_answer *ret_answer) {
        int r = bp_stored_json(&row->outputs, arena, outputs);

        if (r < 0)
                return r;
        *ret_answer = (struct bp_service_answer){.id = row->id,
                                                 .state = row->state,
                                                 .code = row->code,
                                                 .message = row->message,
                                                 .outputs = outputs->type == BP_OBJECT ? outputs : NULL,
                                                 .started_at = row->started_at,
                                                 .ended_at = row->ended_at};
        return 0;
}

static int repeat_stored(struct bp_service *service, struct bp_id id, struct bp_arena *arena,
                         struct bp_service_started *ret_started, bp_service_done *done, void *userdata) {
        const struct bp_definition *definition;
        struct bp_service_answer answer;
        struct bp_execution_row row;
        struct bp_value params, outputs;
        int r = bp_store_execution(service->store, id, arena, &row);

        if (r)
                return r;
        r = bp_stored_json(&row.params, arena, &params);
        if (r == 0)
                r = bp_answer_from_row(&row, arena, &outputs, &answer);
        if (r == 0)
                r = bp_service_row_definition(service, &row, &definition);
        if (r < 0)
                return r;
        *ret_started = (struct bp_service_started){.id = id,
                                                   .definition = definition,
                                                   .revision = row.has_pipeline ? row.revision : 0,
                                                   .params = params,
                                                   .created_at = row.created_at};
        done(userdata, &answer);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is on its way already
 */

static int add_starter(struct bp_creation *creation, bp_service_done *done, void *userdata) {
        struct bp_starter *starter = bp_calloc(1, sizeof(*starter));

        if (!starter)
                return -ENOMEM;
        *starter = (struct bp_starter){.next = creation->first.next, .done = done, .userdata = userdata};
        creation->first.next = starter;
        return 0;
}

static int tell_started(const struct bp_creation *creation, struct bp_arena *arena,
                        struct bp_service_started *ret_started) {
        const struct bp_store_new_execution *row = &creation->row;
        struct bp_value params;
        int r = bp_value_copy(arena, &creation->params, &params);

        if (r < 0)
                return r;
        *ret_started = (struct bp_service_started){.id = row->id,
                                                   .definition = bp_definition_ref(row->definition),
                                                   .revision = row->revision,
                                                   .params = params,
                                                   .created_at = row->created_at};
        return 0;
}

/* The mutex is held. @return 0: joined; BP_STORE_NOT_FOUND: nothing to join; -ENOMEM */
static int join(struct bp_service *service, struct bp_id id, struct bp_arena *arena,
                struct bp_service_started *ret_started, bp_service_done *done, void *userdata) {
        struct bp_context *context = bp_contexts_find(&service->contexts, id);
        struct bp_service_started started;
        int r;

        if (!context || !context->creation)
                return BP_STORE_NOT_FOUND;
        r = tell_started(context->creation, arena, &started);
        if (r < 0)
                return r;
        r = add_starter(context->creation, done, userdata);
        if (r < 0) {
                bp_definition_unref(started.definition);
                return r;
        }
        *ret_started = started;
        return 0;
}

int bp_start_repeat(struct bp_service *service, struct bp_id subject, struct bp_arena *arena,
                    struct bp_service_started *ret_started, bp_service_done *done, void *userdata) {
        int r;

        pthread_mutex_lock(&service->contexts.mutex);
        r = join(service, subject, arena, ret_started, done, userdata);
        pthread_mutex_unlock(&service->contexts.mutex);
        return r == BP_STORE_NOT_FOUND ? repeat_stored(service, subject, arena, ret_started, done, userdata) : r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * A new execution
 */

static int copy_text(struct bp_arena *arena, const char **text) {
        if (!*text)
                return 0;
        *text = bp_arena_text(arena, *text, strlen(*text));
        return *text ? 0 : -ENOMEM;
}

static int copy_value(struct bp_arena *arena, struct bp_value *place, const struct bp_value **value) {
        int r;

        if (!*value)
                return 0;
        r = bp_value_copy(arena, *value, place);
        *value = place;
        return r;
}

static int copy_key(struct bp_creation *creation) {
        struct bp_store_key *key = &creation->key;
        int r;

        if (!creation->row.key)
                return 0;
        *key = *creation->row.key;
        creation->row.key = key;
        r = copy_text(creation->arena, &key->scope);
        if (r == 0)
                r = copy_text(creation->arena, &key->key);
        if (r == 0 && key->answer)
                key->answer = bp_arena_text(creation->arena, key->answer, key->answer_size);
        if (r == 0)
                r = bp_value_copy(creation->arena, creation->row.params, &creation->params);
        return r;
}

/* Defaults add members: with as many as were given, none was added. */
static bool nothing_was_added(const struct bp_store_new_execution *row) {
        return !row->given || row->given->count == row->params->count;
}

static int fill_creation(struct bp_service *service, struct bp_creation *creation, const struct bp_start_order *order) {
        struct bp_store_new_execution *row = &creation->row;
        int r;

        *row = order->row;
        bp_definition_ref(row->definition);
        if (nothing_was_added(row))
                row->given = NULL;
        r = copy_text(creation->arena, &row->initiator);
        if (r == 0)
                r = copy_text(creation->arena, &row->principal);
        if (r == 0)
                r = copy_text(creation->arena, &row->origin);
        if (r == 0)
                r = copy_value(creation->arena, &creation->given, &row->given);
        if (r == 0)
                r = copy_value(creation->arena, &creation->options, &row->options);
        if (r == 0)
                r = bp_subscribers_find(service, creation->arena, row);
        return r ? r : copy_key(creation);
}

static struct bp_creation *creation_new(struct bp_service *service, const struct bp_start_order *order,
                                        bp_service_done *done, void *userdata) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_creation *creation = arena ? bp_arena_alloc(arena, sizeof(*creation)) : NULL;

        if (!creation) {
                bp_arena_free(arena);
                return NULL;
        }
        creation->arena = arena;
        creation->first = (struct bp_starter){.done = done, .userdata = userdata};
        return fill_creation(service, creation, order) < 0 ? bp_creation_free(creation) : creation;
}

static struct bp_context *context_new(struct bp_service *service, const struct bp_start_order *order,
                                      bp_service_done *done, void *userdata) {
        struct bp_context *context = bp_calloc(1, sizeof(*context));

        if (!context)
                return NULL;
        context->id = order->row.id;
        context->state = BP_EXECUTION_PENDING;
        context->creation = creation_new(service, order, done, userdata);
        if (context->creation) {
                context->is_told = context->creation->row.topics != NULL;
                return context;
        }
        free(context);
        return NULL;
}

static void context_free(struct bp_context *context) {
        bp_creation_free(context->creation);
        free(context);
}

/* @return 0; BP_STORE_DUPLICATE: there is one with this id; BP_SERVICE_UNAVAILABLE; -ENOMEM */
static int enter(struct bp_service *service, struct bp_context *context) {
        int r;

        pthread_mutex_lock(&service->contexts.mutex);
        if (service->contexts.closed)
                r = BP_SERVICE_UNAVAILABLE;
        else if (bp_contexts_find(&service->contexts, context->id))
                r = BP_STORE_DUPLICATE;
        else
                r = bp_contexts_enter(&service->contexts, context);
        pthread_mutex_unlock(&service->contexts.mutex);
        return r;
}

static int run(struct bp_service *service, const struct bp_start_order *order, struct bp_context *context) {
        const struct bp_store_new_execution *row = &order->row;
        const struct bp_execution_start start = {.id = row->id,
                                                 .definition = row->definition,
                                                 .params = row->params,
                                                 .principal = row->principal,
                                                 .origin = row->origin,
                                                 .userdata = context,
                                                 .reused_outputs = order->reused_outputs};
        int r;

        bp_metrics_add(service->metrics, BP_METRIC_EXECUTION_CREATED, row->initiator, NULL, 1);
        r = bp_runtime_start(service->runtime, &start);
        if (r < 0) {
                bp_start_answer(service, context, &(struct bp_service_answer){.id = row->id, .result = r});
                bp_contexts_forget(&service->contexts, context);
        }
        return 0;
}

/* An execution with this id ended, and left the table, between the first look for it and its entry: it is in the store.
 * @return BP_STORE_NOT_FOUND: it is not */
static int was_made_meanwhile(struct bp_service *service, struct bp_context *context, struct bp_arena *arena) {
        struct bp_service_answer answer;
        struct bp_execution_row row;
        struct bp_value outputs;
        int r = bp_store_execution(service->store, context->id, arena, &row);

        if (r)
                return r;
        r = bp_answer_from_row(&row, arena, &outputs, &answer);
        if (r < 0)
                answer = (struct bp_service_answer){.id = context->id, .result = r};
        bp_start_answer(service, context, &answer);
        bp_contexts_forget(&service->contexts, context);
        return 0;
}

int bp_start_hand_over(struct bp_service *service, const struct bp_start_order *order, struct bp_arena *arena,
                       struct bp_service_started *ret_started, bp_service_done *done, void *userdata) {
        struct bp_context *context = context_new(service, order, done, userdata);
        const struct bp_store_new_execution *row = &order->row;
        int r;

        if (!context)
                return -ENOMEM;
        r = enter(service, context);
        if (r) {
                context_free(context);
                if (r == BP_STORE_DUPLICATE)
                        r = bp_start_repeat(service, row->id, arena, ret_started, done, userdata);
                return r == BP_STORE_NOT_FOUND ? -ECANCELED : r;
        }
        *ret_started = (struct bp_service_started){.id = row->id,
                                                   .definition = bp_definition_ref(row->definition),
                                                   .revision = row->revision,
                                                   .params = *row->params,
                                                   .created_at = row->created_at};
        r = row->key ? was_made_meanwhile(service, context, arena) : BP_STORE_NOT_FOUND;
        return r == BP_STORE_NOT_FOUND ? run(service, order, context) : 0;
}

void bp_start_answer(struct bp_service *service, struct bp_context *context, const struct bp_service_answer *answer) {
        struct bp_creation *creation;

        pthread_mutex_lock(&service->contexts.mutex);
        creation = context->creation;
        context->creation = NULL;
        pthread_mutex_unlock(&service->contexts.mutex);
        if (!creation)
                return;
        for (const struct bp_starter *starter = &creation->first; starter; starter = starter->next)
                starter->done(starter->userdata, answer);
        bp_creation_free(creation);
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is asked for
 */

/* What a start is of. */
struct subject {
        struct bp_stored_pipeline *pipeline;    /* or NULL */
        const struct bp_definition *definition; /* owned when there is no pipeline */
};

static void subject_done(struct subject *subject) {
        if (subject->pipeline)
                bp_stored_pipeline_unref(subject->pipeline);
        else
                bp_definition_unref(subject->definition);
}

static bool is_zero(struct bp_id id) {
        static const struct bp_id zero;

        return memcmp(&id, &zero, sizeof(id)) == 0;
}

static bool is_visible(const struct bp_stored_pipeline *pipeline, const struct bp_service_start *start) {
        if (!start->has_user || pipeline->system_owned)
                return true;
        return pipeline->has_user && memcmp(&pipeline->user, &start->user, sizeof(start->user)) == 0;
}

static int find_pipeline(struct bp_service *service, const struct bp_service_start *start,
                         struct bp_problem_list *errors, struct subject *ret_subject) {
        int r = bp_stored_pipeline(service, start->pipeline, errors, &ret_subject->pipeline);

        if (r)
                return r;
        ret_subject->definition = ret_subject->pipeline->definition;
        if (!is_visible(ret_subject->pipeline, start))
                return BP_STORE_NOT_FOUND;
        if (ret_subject->definition)
                return 0;
        r = bp_problem_list_addf(errors, "PIPELINE_DRAFT", "", "The pipeline is a draft without steps: add some first");
        return r < 0 ? r : BP_SERVICE_INVALID;
}

static int find_subject(struct bp_service *service, const struct bp_service_start *start,
                        struct bp_problem_list *errors, struct subject *ret_subject) {
        *ret_subject = (struct subject){0};
        if (!is_zero(start->pipeline) || !start->document)
                return find_pipeline(service, start, errors, ret_subject);
        return bp_service_definition(service, start->document, errors, NULL, &ret_subject->definition);
}

static int check(const struct bp_definition *definition, const struct bp_value *given, struct bp_arena *arena,
                 struct bp_problem_list *errors, struct bp_value *ret_params) {
        int r = bp_definition_merge_params(definition, given ? given : &bp_value_empty_object, arena, ret_params);

        if (r < 0)
                return r;
        r = bp_definition_check_start(definition, ret_params, errors);
        return r == BP_PROBLEM ? BP_SERVICE_INVALID : r;
}

static struct bp_start_order order_of(const struct bp_service_start *start, const struct subject *subject,
                                      const struct bp_value *params) {
        struct bp_wall now = bp_wall_now();

        return (struct bp_start_order){.row = {.id = start->key ? start->key->subject : bp_id_new(now),
                                               .definition = subject->definition,
                                               .has_pipeline = subject->pipeline != NULL,
                                               .pipeline = start->pipeline,
                                               .revision = subject->pipeline ? subject->pipeline->revision : 0,
                                               .params = params,
                                               .given = start->params,
                                               .options = start->options,
                                               .initiator = start->initiator,
                                               .principal = start->principal,
                                               .origin = start->origin,
                                               .created_at = now,
                                               .key = start->key}};
}

static int start_new(struct bp_service *service, const struct bp_service_start *start, struct bp_arena *arena,
                     struct bp_problem_list *errors, struct bp_service_started *ret_started, bp_service_done *done,
                     void *userdata) {
        struct subject subject;
        struct bp_value params;
        int r = find_subject(service, start, errors, &subject);

        if (r == 0)
                r = check(subject.definition, start->params, arena, errors, &params);
        if (r == 0) {
                struct bp_start_order order = order_of(start, &subject, &params);

                r = bp_start_hand_over(service, &order, arena, ret_started, done, userdata);
        }
        subject_done(&subject);
        return r;
}

int bp_service_start(struct bp_service *service, const struct bp_service_start *start, struct bp_arena *arena,
                     struct bp_problem_list *errors, struct bp_service_started *ret_started, bp_service_done *done,
                     void *userdata) {
        int r = start->key ? bp_start_repeat(service, start->key->subject, arena, ret_started, done, userdata)
                           : BP_STORE_NOT_FOUND;

        if (r == BP_STORE_NOT_FOUND)
                r = bp_start_admit(service, errors);
        else
                return r;
        return r ? r : start_new(service, start, arena, errors, ret_started, done, userdata);
}
