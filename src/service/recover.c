/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions built again from their records: those that had not ended when the process did, those that broke while it
 * lived, and any for looking at.
 *
 * One that cannot be built, or has a step ahead whose action is not installed, is left in the store as it is and
 * reported: it is listed, nothing of it is lost, and the next start tries again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "service/state.h"

enum {
        REBUILDS_MAX = 3,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Folding
 */

/* What an execution is built from. Borrowed. */
struct facts {
        const struct bp_execution_row *row;
        const struct bp_definition *definition;
        const struct bp_value *params;
        const struct bp_record *records;
        size_t n_records;
};

/* @return 0, -ENOMEM, -EINVAL: the records do not make sense */
static int fold(const struct facts *facts, const struct bp_engine_settings *settings, struct bp_context *context,
                struct bp_execution **ret_execution) {
        const struct bp_execution_start start = {.id = facts->row->id,
                                                 .definition = facts->definition,
                                                 .params = facts->params,
                                                 .principal = facts->row->principal,
                                                 .origin = facts->row->origin,
                                                 .userdata = context};
        struct bp_execution *execution;
        int r = bp_execution_new(&start, settings, &execution);

        if (r < 0)
                return r;
        for (size_t i = 0; i < facts->n_records && r == 0; i++)
                r = bp_execution_apply(execution, &facts->records[i]);
        if (r < 0) {
                bp_execution_free(execution);
                return r;
        }
        *ret_execution = execution;
        return 0;
}

static int read_facts(struct bp_service *service, const struct bp_execution_row *row, struct bp_arena *arena,
                      struct bp_value *params, struct facts *ret_facts) {
        struct bp_record *records;
        size_t n_records;
        int r = bp_stored_json(&row->params, arena, params);

        if (r == 0)
                r = bp_store_records(service->store, row->number, 0, 0, arena, &records, &n_records);
        if (r)
                return r;
        *ret_facts = (struct facts){.row = row, .params = params, .records = records, .n_records = n_records};
        return 0;
}

int bp_service_execution(struct bp_service *service, const struct bp_execution_row *row,
                         struct bp_execution **ret_execution) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value params;
        struct facts facts;
        int r;

        if (!arena)
                return -ENOMEM;
        r = read_facts(service, row, arena, &params, &facts);
        if (r == 0)
                r = bp_service_row_definition(service, row, &facts.definition);
        if (r)
                return r;
        r = fold(&facts, NULL, NULL, ret_execution);
        bp_definition_unref(facts.definition);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Adopting
 */

static void left_alone(struct bp_service *service, struct bp_id execution, const char *why) {
        char id[BP_ID_TEXT_SIZE];

        bp_service_notice(service, BP_LOG_ERROR,
                          "execution %s does not go on and is left in the store as it is, for the next start: %s",
                          bp_id_format(execution, id), why);
}

/* Counts what is done and looks whether all that is ahead can be run. @return NULL, or the step that cannot. */
static const struct bp_step_definition *take_stock(const struct bp_execution *execution, struct bp_context *context) {
        struct bp_execution_view view = bp_execution_view(execution);
        const struct bp_step_definition *missing = NULL;

        context->n_done = 0;
        context->state = (uint8_t)view.state;
        for (uint32_t i = view.definition->n_steps; i-- > 0;) {
                const struct bp_step_definition *step = &view.definition->steps[i];
                enum bp_step_state state = bp_execution_step(execution, i).state;

                context->n_done += state == BP_STEP_COMPLETED || state == BP_STEP_SKIPPED ? 1 : 0;
                if (!bp_step_state_is_final(state) && (!step->entry || !bp_action_entry_executor(step->entry) ||
                                                       bp_action_entry_unavailable(step->entry)))
                        missing = step;
        }
        return missing;
}

/* @return 0; 1: left alone; -ENOMEM */
static int adopt(struct bp_service *service, const struct facts *facts, struct bp_context *context) {
        const struct bp_step_definition *missing;
        struct bp_execution *execution;
        char why[160];
        int r = fold(facts, bp_runtime_engine(service->runtime), context, &execution);

        if (r == -EINVAL) {
                left_alone(service, context->id, "its records do not follow from each other");
                return 1;
        }
        if (r < 0)
                return r;
        missing = take_stock(execution, context);
        if (missing) {
                snprintf(why, sizeof(why), "the action of its step %.50s is not installed: %.50s", missing->id,
                         missing->action);
                left_alone(service, context->id, why);
                bp_execution_free(execution);
                return 1;
        }
        r = bp_runtime_adopt(service->runtime, execution);
        if (r < 0)
                bp_execution_free(execution);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * When the process starts
 */

/* Executions of one definition follow each other: it is looked up once. */
struct recovery {
        struct bp_service *service;
        struct bp_arena *arena;
        uint64_t number; /* of `definition`; 0: none yet */
        const struct bp_definition *definition;
        size_t n_adopted, n_left;
};

/* @return 0; 1: it does not load any more; negative errno */
static int find_definition(struct recovery *recovery, const struct bp_execution_row *row) {
        struct bp_problem_list errors = {.arena = recovery->arena};
        const struct bp_definition *definition;
        char why[600];
        int r;

        if (recovery->number == row->definition)
                return 0;
        r = bp_definition_by_number(recovery->service, row->definition, &errors, &definition);
        if (r > 0) {
                snprintf(why, sizeof(why), "its definition is not valid any more: %s",
                         errors.count ? errors.items[0]->message : "it is not there");
                left_alone(recovery->service, row->id, why);
                return 1;
        }
        if (r < 0)
                return r;
        bp_definition_unref(recovery->definition);
        recovery->definition = definition;
        recovery->number = row->definition;
        return 0;
}

static int enter(struct bp_service *service, const struct bp_execution_row *row, struct bp_context **ret_context) {
        struct bp_context *context = bp_calloc(1, sizeof(*context));
        int r;

        if (!context)
                return -ENOMEM;
        context->id = row->id;
        context->number = row->number;
        context->is_told = row->options.text != NULL;
        pthread_mutex_lock(&service->contexts.mutex);
        r = bp_contexts_enter(&service->contexts, context);
        pthread_mutex_unlock(&service->contexts.mutex);
        if (r < 0) {
                free(context);
                return r;
        }
        *ret_context = context;
        return 0;
}

/* @return as adopt() */
static int recover_one(struct recovery *recovery, const struct bp_live_execution *live) {
        struct bp_context *context;
        struct facts facts = {
                .row = live->row, .params = live->params, .records = live->records, .n_records = live->n_records};
        int r = find_definition(recovery, live->row);

        if (r)
                return r;
        if (live->n_records == 0 && live->row->has_retry_of) {
                left_alone(recovery->service, live->row->id, "what it takes over from the one it retries is not known");
                return 1;
        }
        facts.definition = recovery->definition;
        r = enter(recovery->service, live->row, &context);
        if (r < 0)
                return r;
        r = adopt(recovery->service, &facts, context);
        if (r)
                bp_contexts_forget(&recovery->service->contexts, context);
        return r;
}

static int visit(void *userdata, const struct bp_live_execution *live) {
        struct recovery *recovery = userdata;
        int r = recover_one(recovery, live);

        if (r < 0)
                return r;
        *(r ? &recovery->n_left : &recovery->n_adopted) += 1;
        return 0;
}

static void tell_outcome(struct bp_service *service, const struct recovery *recovery) {
        if (recovery->n_left > 0)
                bp_service_notice(service, BP_LOG_WARNING,
                                  "recovery: executions that go on: %zu, that could not be built: %zu",
                                  recovery->n_adopted, recovery->n_left);
        else if (recovery->n_adopted > 0)
                bp_service_notice(service, BP_LOG_INFO, "recovery: executions that go on: %zu", recovery->n_adopted);
}

int bp_service_recover(struct bp_service *service, struct bp_problem *reterr_problem) {
        struct recovery recovery = {.service = service, .arena = bp_arena_new(BP_ARENA_UNLIMITED)};
        int r = recovery.arena ? bp_store_each_live(service->store, visit, &recovery) : -ENOMEM;

        bp_definition_unref(recovery.definition);
        bp_arena_free(recovery.arena);
        if (r == 0)
                tell_outcome(service, &recovery);
        if (r == 0 || r == -ENOMEM)
                return r;
        if (r == -EPROTO)
                bp_problem_set(
                        reterr_problem, "RECORD_FORMAT",
                        "the store holds records that this version does not know: start the newer version again");
        else
                bp_problem_set(reterr_problem, "RECOVERY", "executions cannot be read back from the store: %s",
                               strerror(-r));
        return BP_STORE_PROBLEM;
}

/* ---------------------------------------------------------------------------------------------------------------
 * While it lives
 */

/* @return as adopt(), and 1 when it had ended */
static int adopt_from_store(struct bp_service *service, struct bp_context *context, struct bp_arena *arena) {
        struct bp_execution_row row;
        struct bp_value params;
        struct facts facts;
        int r = bp_store_execution(service->store, context->id, arena, &row);

        if (r == 0 && bp_execution_state_is_final(row.state))
                return 1;
        if (r == 0)
                r = read_facts(service, &row, arena, &params, &facts);
        if (r == 0)
                r = bp_service_row_definition(service, &row, &facts.definition);
        if (r)
                return r;
        r = adopt(service, &facts, context);
        bp_definition_unref(facts.definition);
        return r;
}

void bp_service_rebuild(struct bp_service *service, struct bp_context *context) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        int r = -ENOMEM;

        while (arena && r < 0 && context->n_rebuilt < REBUILDS_MAX) {
                context->n_rebuilt++;
                r = adopt_from_store(service, context, arena);
        }
        if (r == 0)
                return;
        if (r < 0)
                left_alone(service, context->id, strerror(-r));
        bp_contexts_forget(&service->contexts, context);
}
