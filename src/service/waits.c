/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for the end of an execution stands in its context; whoever finds no context finds the end in the store. */
#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "service/state.h"

static void link_wait(struct bp_context *context, struct bp_service_wait *wait) {
        wait->next = context->waits;
        wait->place = &context->waits;
        if (wait->next)
                wait->next->place = &wait->next;
        context->waits = wait;
}

static void unlink_wait(struct bp_service_wait *wait) {
        if (!wait->place)
                return;
        *wait->place = wait->next;
        if (wait->next)
                wait->next->place = wait->place;
        wait->place = NULL;
}

/* @return true: it stands in the list of a live execution. */
static bool wait_for_live(struct bp_service *service, struct bp_id execution, struct bp_service_wait *wait) {
        struct bp_context *context;
        bool live;

        pthread_mutex_lock(&service->contexts.mutex);
        context = bp_contexts_find(&service->contexts, execution);
        live = context && !bp_execution_state_is_final((enum bp_execution_state)context->state);
        if (live)
                link_wait(context, wait);
        pthread_mutex_unlock(&service->contexts.mutex);
        return live;
}

static int answer_from_store(struct bp_service *service, struct bp_id execution, struct bp_service_wait *wait,
                             bool *ret_told) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_service_answer answer;
        struct bp_execution_row row;
        struct bp_value outputs;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_store_execution(service->store, execution, arena, &row);
        if (r == 0)
                r = bp_answer_from_row(&row, arena, &outputs, &answer);
        if (r)
                return r;
        *ret_told = bp_execution_state_is_final(row.state);
        if (*ret_told)
                wait->done(wait->userdata, &answer);
        return 0;
}

int bp_service_wait(struct bp_service *service, struct bp_id execution, bp_service_done *done, void *userdata,
                    struct bp_service_wait **ret_wait) {
        struct bp_service_wait *wait = bp_calloc(1, sizeof(*wait));
        bool told = false;
        int r = 0;

        if (!wait)
                return -ENOMEM;
        wait->done = done;
        wait->userdata = userdata;
        if (!wait_for_live(service, execution, wait))
                r = answer_from_store(service, execution, wait, &told);
        if (r || told) {
                free(wait);
                wait = NULL;
        }
        if (r == 0)
                *ret_wait = wait;
        return r;
}

bool bp_service_unwait(struct bp_service *service, struct bp_service_wait *wait) {
        bool told;

        pthread_mutex_lock(&service->contexts.mutex);
        told = wait->told;
        unlink_wait(wait);
        pthread_mutex_unlock(&service->contexts.mutex);
        free(wait);
        return !told;
}

/* Takes one out of the list. After that only bp_service_unwait() may look at it. */
static bool take(struct bp_service *service, struct bp_context *context, struct bp_service_wait *ret_copy) {
        struct bp_service_wait *wait;

        pthread_mutex_lock(&service->contexts.mutex);
        wait = context->waits;
        if (wait) {
                *ret_copy = *wait;
                wait->told = true;
                unlink_wait(wait);
        }
        pthread_mutex_unlock(&service->contexts.mutex);
        return wait != NULL;
}

void bp_waits_tell(struct bp_service *service, struct bp_context *context, const struct bp_service_answer *answer) {
        struct bp_service_wait copy;

        while (take(service, context, &copy))
                copy.done(copy.userdata, answer);
}
