/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler and the service's callback meet here in either order: the second of them wakes the request. Where the
 * client wants to wait for the end, the request goes to sleep once more; what is known by then stays in its arena, for
 * the case that the end does not come in time.
 */
#include "api/starting.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/failures.h"
#include "api/json.h"
#include "api/outcome.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "pipeline/definition.h"
#include "server/server.h"

enum { DURABLE_WITHIN_MS = 30000, PARTS = 2 };

struct bp_api_starting {
        struct bp_deferred *deferred;
        _Atomic uint32_t parts; /* that have not come yet: what was started, what became of it */
        int refused;            /* what the service returned, unless 0 */
        const char *workflow_id;
        bool is_retry;
        struct bp_id retry_of;
        struct bp_service_started started; /* values lie in the request's arena */
        struct bp_api_outcome outcome;
        struct bp_problem_list errors; /* in the request's arena */
};

/* A request that waits for the end. In its arena. */
struct waiting {
        struct bp_api_starting start; /* what was durable when the waiting began; owns what that owned */
        struct bp_service_wait *wait;
        struct ending *ending;
};

/* What the service's callback needs. */
struct ending {
        struct bp_deferred *deferred;
        struct bp_api_outcome outcome;
};

/* ---------------------------------------------------------------------------------------------------------------
 * The answer
 */

static void write_start(struct bp_strbuf *buffer, struct bp_arena *arena, const struct bp_api_starting *start,
                        const struct bp_api_outcome *outcome) {
        const struct bp_service_answer *answer = &outcome->answer;
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_id(&object, "execution_id", start->started.id);
        bp_writer_text(&object, "workflow_id", start->workflow_id);
        bp_writer_text(&object, "workflow_name", start->started.definition->name);
        bp_writer_text(&object, "status", bp_api_execution_state_lower(answer->state));
        bp_api_write_time(&object, "started_at",
                          answer->started_at.us ? answer->started_at : start->started.created_at);
        bp_api_write_time(&object, "completed_at", answer->ended_at);
        bp_api_write_safe_value(&object, "params", &start->started.params, arena);
        bp_api_write_safe_value(&object, "outputs", &outcome->outputs, arena);
        bp_api_write_safe_text(&object, "error", answer->message, arena);
        bp_writer_text(&object, "error_code", answer->code);
        if (start->is_retry)
                bp_api_write_id(&object, "retry_of", start->retry_of);
        bp_strbuf_add_char(buffer, '}');
}

static void answer_start(struct bp_request *request, const struct bp_api_starting *start,
                         const struct bp_api_outcome *outcome) {
        char id[BP_ID_TEXT_SIZE], location[64];
        struct bp_strbuf buffer;

        snprintf(location, sizeof(location), "/executions/%s", bp_id_format(start->started.id, id));
        bp_request_add_header(request, "Location", location);
        bp_api_begin(&buffer);
        write_start(&buffer, bp_request_arena(request), start, outcome);
        bp_api_answer(request, 201, &buffer);
}

/* What is wrong stands in the definition that the request brought. */
static bool is_about_definition(const struct bp_api_starting *start) {
        const struct bp_problem *first = start->errors.count ? start->errors.items[0] : NULL;

        return first && !start->is_retry && strcmp(start->workflow_id, "ephemeral") == 0 &&
               strncmp(first->pointer, "/params", 7) != 0;
}

static void answer_invalid(struct bp_request *request, const struct bp_api_starting *start) {
        if (is_about_definition(start))
                bp_api_fail_problems(request, 400, "Invalid pipeline definition", "pipeline_definition",
                                     &start->errors);
        else
                bp_api_fail_problems(request, 400, "Validation failed", NULL, &start->errors);
}

static void answer_refused(struct bp_request *request, const struct bp_api_starting *start, int result) {
        switch (result) {
        case BP_STORE_NOT_FOUND:
                bp_request_failf(request, 404, "NOT_FOUND", "Pipeline not found: %s", start->workflow_id);
                break;
        case BP_STORE_CONFLICT:
                bp_request_failf(request, 409, "NOT_ENDED", "The execution has not ended yet: cancel it first");
                break;
        case BP_SERVICE_INVALID:
                answer_invalid(request, start);
                break;
        case BP_SERVICE_UNAVAILABLE:
        case -ECANCELED: /* the service is being stopped */
                bp_api_fail_unavailable(request, &start->errors);
                break;
        default:
                bp_request_fail_errno(request, result < 0 ? result : -EPROTO);
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Waiting for the end
 */

static void give_back(struct bp_api_starting *start) {
        bp_definition_unref(start->started.definition);
        bp_api_outcome_done(&start->outcome);
}

static void free_ending(void *data) {
        struct ending *ending = data;

        bp_api_outcome_done(&ending->outcome);
        free(ending);
}

static void has_ended(void *userdata, const struct bp_service_answer *answer) {
        struct ending *ending = userdata;

        bp_api_outcome_init(&ending->outcome, answer);
        bp_deferred_complete(ending->deferred, ending, free_ending);
}

static void finish_waiting(struct bp_request *request, void *app, void *data) {
        struct waiting *waiting = bp_request_state(request);
        const struct bp_api *api = app;
        const struct ending *ending = data;
        bool is_pending = waiting->wait && bp_service_unwait(api->settings.service, waiting->wait);

        if (ending && ending->outcome.answer.result == 0)
                answer_start(request, &waiting->start, &ending->outcome);
        else
                answer_start(request, &waiting->start, &waiting->start.outcome);
        if (is_pending) {
                bp_deferred_complete(waiting->ending->deferred, NULL, NULL);
                free_ending(waiting->ending);
        }
        give_back(&waiting->start);
}

/* Takes over what the start owns. @return false: it did not begin to wait */
static bool wait_for_end(struct bp_request *request, const struct bp_api *api, struct bp_api_starting *start,
                         uint32_t seconds) {
        struct waiting *waiting = bp_arena_alloc(bp_request_arena(request), sizeof(*waiting));
        struct ending *ending = bp_calloc(1, sizeof(*ending));
        int r;

        if (!waiting || !ending) {
                free(ending);
                return false;
        }
        ending->deferred = bp_request_defer(request, seconds * 1000, finish_waiting);
        if (!ending->deferred) { /* then the request has been answered */
                free(ending);
                return true;
        }
        waiting->start = *start;
        waiting->ending = ending;
        *start = (struct bp_api_starting){0};
        bp_request_set_state(request, waiting);
        r = bp_service_wait(api->settings.service, waiting->start.started.id, has_ended, ending, &waiting->wait);
        if (r) {
                ending->outcome.answer.result = r;
                bp_deferred_complete(ending->deferred, ending, free_ending);
        }
        return true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Waiting for the start
 */

static void answer_durable(struct bp_request *request, const struct bp_api *api, struct bp_api_starting *start) {
        const struct bp_service_answer *answer = &start->outcome.answer;
        uint32_t seconds = bp_request_wait_seconds(request);
        char applied[32];

        if (answer->result) {
                answer_refused(request, start, answer->result);
                return;
        }
        if (seconds) {
                snprintf(applied, sizeof(applied), "wait=%u", seconds);
                bp_request_add_header(request, "Preference-Applied", applied);
        }
        if (!seconds || bp_execution_state_is_final(answer->state) || !wait_for_end(request, api, start, seconds))
                answer_start(request, start, &start->outcome);
}

static void finish(struct bp_request *request, void *app, void *data) {
        struct bp_api_starting *start = data;

        if (!start)
                bp_api_fail_late(request);
        else if (start->refused)
                answer_refused(request, start, start->refused);
        else
                answer_durable(request, app, start);
}

static void free_starting(void *data) {
        struct bp_api_starting *start = data;

        give_back(start);
        free(start);
}

struct bp_api_starting *bp_api_starting_begin(struct bp_request *request, const char *workflow_id,
                                              const struct bp_id *retry_of) {
        struct bp_api_starting *start = bp_calloc(1, sizeof(*start));

        if (!start) {
                bp_request_fail_errno(request, -ENOMEM);
                return NULL;
        }
        atomic_init(&start->parts, PARTS);
        start->workflow_id = workflow_id;
        start->is_retry = retry_of != NULL;
        if (retry_of)
                start->retry_of = *retry_of;
        start->errors.arena = bp_request_arena(request);
        start->deferred = bp_request_defer(request, DURABLE_WITHIN_MS, finish);
        if (start->deferred)
                return start;
        free(start);
        return NULL;
}

struct bp_problem_list *bp_api_starting_errors(struct bp_api_starting *start) {
        return &start->errors;
}

struct bp_service_started *bp_api_starting_started(struct bp_api_starting *start) {
        return &start->started;
}

static void part_came(struct bp_api_starting *start) {
        if (atomic_fetch_sub(&start->parts, 1) == 1)
                bp_deferred_complete(start->deferred, start, free_starting);
}

void bp_api_starting_done(void *starting, const struct bp_service_answer *answer) {
        struct bp_api_starting *start = starting;

        bp_api_outcome_init(&start->outcome, answer);
        part_came(start);
}

void bp_api_starting_handed(struct bp_api_starting *start, int result) {
        start->refused = result;
        if (result) /* then the service calls nobody */
                bp_deferred_complete(start->deferred, start, free_starting);
        else
                part_came(start);
}
