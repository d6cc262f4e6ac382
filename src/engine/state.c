/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of an execution and the marks that follow from it. An execution is one block for everything whose size
 * the definition sets, and one small block per step that has something to keep.
 */
#include "engine/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "registry/registry.h"

static const struct bp_engine_settings defaults = {
        .retry = {.max_attempts = 3, .backoff_seconds = 60, .backoff_multiplier = 2.0, .max_backoff_seconds = 3600},
        .event_timeout_seconds = 1800,
        .cancel_grace_seconds = 10,
        .cleanup_tries = 3,
        .step_output_bytes = 1u << 20,
        .execution_output_bytes = 16u << 20,
        .inline_work = 20000,
        .total_work = 1000000,
        .crash_limit = 3,
};

static void fill_number(uint32_t *number, uint32_t fallback) {
        if (*number == 0)
                *number = fallback;
}

void bp_engine_settings_complete(struct bp_engine_settings *settings) {
        if (settings->retry.max_attempts == 0) {
                double jitter = settings->retry.jitter;

                settings->retry = defaults.retry;
                settings->retry.jitter = jitter;
        }
        fill_number(&settings->event_timeout_seconds, defaults.event_timeout_seconds);
        fill_number(&settings->cancel_grace_seconds, defaults.cancel_grace_seconds);
        fill_number(&settings->cleanup_tries, defaults.cleanup_tries);
        fill_number(&settings->step_output_bytes, defaults.step_output_bytes);
        fill_number(&settings->execution_output_bytes, defaults.execution_output_bytes);
        fill_number(&settings->inline_work, defaults.inline_work);
        fill_number(&settings->total_work, defaults.total_work);
        fill_number(&settings->crash_limit, defaults.crash_limit);
}

int bp_execution_keep_params(struct bp_execution *execution, const struct bp_value *params) {
        size_t size = bp_value_pack_size(params);
        void *memory = NULL;

        if (size > 0) {
                memory = bp_calloc(1, size);
                if (!memory)
                        return -ENOMEM;
        }
        free(execution->params_memory);
        execution->params_memory = memory;
        bp_value_pack(memory, params, &execution->params);
        return 0;
}

static int copy_reused(struct bp_execution *execution, const struct bp_value *const *outputs) {
        uint32_t n_steps = execution->definition->n_steps;
        size_t size = n_steps * sizeof(struct bp_value);
        unsigned char *memory;

        if (!outputs)
                return 0;
        for (uint32_t i = 0; i < n_steps; i++)
                size += outputs[i] ? bp_value_pack_size(outputs[i]) : 0;
        execution->reused = bp_calloc(1, size);
        if (!execution->reused)
                return -ENOMEM;
        memory = (unsigned char *)(execution->reused + n_steps);
        for (uint32_t i = 0; i < n_steps; i++)
                if (outputs[i])
                        memory = bp_value_pack(memory, outputs[i], &execution->reused[i]);
        return 0;
}

static size_t text_size(const char *text) {
        return text ? strlen(text) + 1 : 0;
}

static char *place_text(char *memory, const char *text, const char **ret_text) {
        size_t size = text_size(text);

        *ret_text = size ? memcpy(memory, text, size) : NULL;
        return memory + size;
}

/* One block: the execution, its steps, sets, numbers and texts, from the strictest alignment to the least. */
static struct bp_execution *allocate(const struct bp_execution_start *start) {
        uint32_t n_steps = start->definition->n_steps;
        struct bp_execution *execution = bp_calloc(1, sizeof(struct bp_execution) + n_steps * sizeof(struct bp_step) +
                                                              3 * (size_t)((n_steps + 63) / 64) * sizeof(uint64_t) +
                                                              (size_t)n_steps * sizeof(uint32_t) +
                                                              text_size(start->principal) + text_size(start->origin));
        char *texts;

        if (!execution)
                return NULL;
        execution->definition = bp_definition_ref(start->definition);
        execution->ready = (uint64_t *)(execution->steps + n_steps);
        texts = place_text((char *)(bp_unmet(execution) + n_steps), start->principal, &execution->principal);
        place_text(texts, start->origin, &execution->origin);
        return execution;
}

static void begin_steps(struct bp_execution *execution) {
        const struct bp_definition *definition = execution->definition;

        for (uint32_t i = 0; i < definition->n_steps; i++) {
                execution->steps[i] = (struct bp_step){.state = BP_STEP_PENDING,
                                                       .resolving = BP_RESOLVING_NOTHING,
                                                       .percent = -1.0,
                                                       .eta_minutes = -1.0};
                bp_unmet(execution)[i] = definition->steps[i].n_depends_on;
        }
        for (uint32_t i = 0; i < definition->n_steps; i++)
                bp_step_sync(execution, i);
}

static void free_execution(struct bp_execution **execution) {
        bp_execution_free(*execution);
}

int bp_execution_new(const struct bp_execution_start *start, const struct bp_engine_settings *settings,
                     struct bp_execution **ret_execution) {
        _cleanup_(free_execution) struct bp_execution *execution = allocate(start);
        int r;

        if (!execution)
                return -ENOMEM;
        execution->id = start->id;
        execution->settings = settings ? settings : &defaults;
        execution->params = bp_value_empty_object;
        execution->userdata = start->userdata;
        execution->core = (struct bp_core){.state = BP_EXECUTION_PENDING,
                                           .stop = BP_STOP_NONE,
                                           .stop_applied = BP_STOP_NONE,
                                           .first_failure = BP_NO_STEP};
        begin_steps(execution);
        if (start->params) {
                r = bp_execution_keep_params(execution, start->params);
                if (r < 0)
                        return r;
        }
        r = copy_reused(execution, start->reused_outputs);
        if (r < 0)
                return r;
        *ret_execution = execution;
        execution = NULL;
        return 0;
}

struct bp_execution *bp_execution_free(struct bp_execution *execution) {
        if (!execution)
                return NULL;
        for (uint32_t i = 0; i < execution->definition->n_steps; i++)
                free(execution->steps[i].kept);
        free(execution->core.kept);
        free(execution->params_memory);
        free(execution->reused);
        bp_definition_unref(execution->definition);
        free(execution);
        return NULL;
}

uint32_t bp_bits_next(const uint64_t *bits, uint32_t n_words, uint32_t from) {
        for (uint32_t word = from / 64; word < n_words; word++) {
                uint64_t left = bits[word];

                if (word == from / 64)
                        left &= ~UINT64_C(0) << (from % 64);
                if (left)
                        return word * 64 + (uint32_t)__builtin_ctzll(left);
        }
        return UINT32_MAX;
}

static void set_bit(uint64_t *bits, uint32_t index, bool on) {
        uint64_t bit = UINT64_C(1) << (index % 64);

        if (on)
                bits[index / 64] |= bit;
        else
                bits[index / 64] &= ~bit;
}

bool bp_step_awaits_event(const struct bp_step *step) {
        return step->state == BP_STEP_WAITING && step->kept && step->kept->external_id;
}

bool bp_step_failed(const struct bp_execution *execution, uint32_t index) {
        enum bp_step_state state = execution->steps[index].state;

        return (state == BP_STEP_FAILED || state == BP_STEP_TIMEOUT || state == BP_STEP_INTERRUPTED) &&
               bp_step_definition(execution, index)->on_failure != BP_ON_FAILURE_CONTINUE;
}

static struct bp_wall earlier(struct bp_wall a, struct bp_wall b) {
        if (a.us == 0 || b.us == 0)
                return a.us ? a : b;
        return a.us < b.us ? a : b;
}

static struct bp_wall cleanup_timer(const struct bp_step *step) {
        if (!step->marks.cleaning || step->cleanup_running || step->resolving != BP_RESOLVING_NOTHING)
                return (struct bp_wall){0};
        if (step->alive && step->patience.us > step->deadline.us)
                return step->patience;
        return step->deadline;
}

struct bp_wall bp_step_timer(const struct bp_step *step) {
        switch (step->state) {
        case BP_STEP_RUNNING:
                return step->told ? earlier(step->attempt_deadline, step->patience) : step->attempt_deadline;
        case BP_STEP_WAITING:
                return bp_step_awaits_event(step) ? step->deadline : earlier(step->deadline, step->attempt_deadline);
        case BP_STEP_RETRYING:
                return (struct bp_wall){step->due ? 0 : step->deadline.us};
        default:
                return cleanup_timer(step);
        }
}

static bool may_run(const struct bp_execution *execution, uint32_t index) {
        const struct bp_step *step = &execution->steps[index];

        if (step->resolving != BP_RESOLVING_NOTHING)
                return false;
        if (step->state == BP_STEP_PENDING)
                return bp_unmet(execution)[index] == 0;
        return step->state == BP_STEP_RETRYING && step->due && !step->alive;
}

static bool runs_inline(const struct bp_execution *execution, uint32_t index) {
        const struct bp_action_entry *entry = bp_step_definition(execution, index)->entry;

        /* One that counts as more than pure waits for the disk first, and others may start meanwhile. */
        return entry && bp_action_entry_meta(entry)->is_inline && execution->steps[index].effect == BP_PURE;
}

bool bp_step_has_cleanup(const struct bp_execution *execution, uint32_t index) {
        const struct bp_action_entry *entry = bp_step_definition(execution, index)->entry;
        const struct bp_action *executor = entry ? bp_action_entry_executor(entry) : NULL;

        return executor && executor->cleanup;
}

static bool wants_cleanup(const struct bp_execution *execution, uint32_t index) {
        const struct bp_step *step = &execution->steps[index];
        bool ended_badly = step->state == BP_STEP_FAILED || step->state == BP_STEP_TIMEOUT ||
                           step->state == BP_STEP_CANCELLED || step->state == BP_STEP_INTERRUPTED;

        return ended_badly && step->attempt > 0 && step->effect != BP_PURE && !step->cleanup_over &&
               bp_step_has_cleanup(execution, index);
}

static struct bp_marks marks_of(const struct bp_execution *execution, uint32_t index) {
        const struct bp_step *step = &execution->steps[index];
        bool final = bp_step_state_is_final(step->state);

        return (struct bp_marks){
                .ready = may_run(execution, index),
                .slot = step->state == BP_STEP_RUNNING || bp_step_awaits_event(step) ||
                        (step->resolving == BP_RESOLVING_ATTEMPT && !final),
                .is_inline = step->state == BP_STEP_RUNNING && runs_inline(execution, index),
                .final = final,
                .cleaning = final && wants_cleanup(execution, index),
                .pending = (uint8_t)((step->alive ? 1 : 0) + (step->cleanup_alive ? 1 : 0) +
                                     (step->resolving == BP_RESOLVING_NOTHING ? 0 : 1)) &
                           3,
        };
}

static void count_marks(struct bp_core *core, const struct bp_marks *old, const struct bp_marks *now) {
        core->n_final += (uint32_t)now->final - (uint32_t)old->final;
        core->n_slots += (uint32_t)now->slot - (uint32_t)old->slot;
        core->n_inline += (uint32_t)now->is_inline - (uint32_t)old->is_inline;
        core->n_cleaning += (uint32_t)now->cleaning - (uint32_t)old->cleaning;
        core->n_pending += (uint32_t)now->pending - (uint32_t)old->pending;
}

static void update_ready(struct bp_execution *execution, uint32_t index) {
        bool ready = may_run(execution, index);

        execution->steps[index].marks.ready = ready;
        set_bit(execution->ready, bp_step_definition(execution, index)->start_position, ready);
}

static void count_dependency(struct bp_execution *execution, uint32_t index, bool ended) {
        const struct bp_step_definition *definition = bp_step_definition(execution, index);

        for (uint32_t i = 0; i < definition->n_dependents; i++) {
                uint32_t dependent = definition->dependents[i];

                bp_unmet(execution)[dependent] += ended ? UINT32_MAX : 1;
                update_ready(execution, dependent);
        }
}

void bp_step_sync(struct bp_execution *execution, uint32_t index) {
        struct bp_step *step = &execution->steps[index];
        struct bp_marks old = step->marks;

        step->marks = marks_of(execution, index);
        step->marks.timed = bp_step_timer(step).us != 0;
        count_marks(&execution->core, &old, &step->marks);
        set_bit(execution->ready, bp_step_definition(execution, index)->start_position, step->marks.ready);
        set_bit(bp_timed_steps(execution), index, step->marks.timed);
        set_bit(bp_cleaning_steps(execution), index, step->marks.cleaning);
        if (old.final != step->marks.final)
                count_dependency(execution, index, step->marks.final);
}
