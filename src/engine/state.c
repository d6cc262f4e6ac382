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

static void fill_number(uint32_t *number, uint32_t fallback) {
        if (*number == 0)
                *number = fallback;
}

static struct bp_engine_settings with_defaults(const struct bp_engine_settings *given) {
        struct bp_engine_settings settings = given ? *given : (struct bp_engine_settings){0};

        if (settings.retry.max_attempts == 0)
                settings.retry = (struct bp_retry){.max_attempts = 3,
                                                   .backoff_seconds = 60,
                                                   .backoff_multiplier = 2.0,
                                                   .max_backoff_seconds = 3600,
                                                   .jitter = settings.retry.jitter};
        fill_number(&settings.event_timeout_seconds, 1800);
        fill_number(&settings.cancel_grace_seconds, 10);
        fill_number(&settings.cleanup_tries, 3);
        fill_number(&settings.step_output_bytes, 1u << 20);
        fill_number(&settings.execution_output_bytes, 16u << 20);
        fill_number(&settings.inline_work, 20000);
        fill_number(&settings.total_work, 1000000);
        fill_number(&settings.crash_limit, 3);
        return settings;
}

static int copy_text(const char *text, char **ret_text) {
        char *copy = NULL;

        if (text) {
                copy = bp_memdup_text(text, strlen(text));
                if (!copy)
                        return -ENOMEM;
        }
        *ret_text = copy;
        return 0;
}

static int copy_params(struct bp_execution *execution, const struct bp_value *params) {
        if (!params)
                return 0;
        execution->params_memory = bp_calloc(1, bp_value_pack_size(params));
        if (!execution->params_memory)
                return -ENOMEM;
        bp_value_pack(execution->params_memory, params, &execution->params);
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
        execution->reused_memory = bp_calloc(1, size);
        if (!execution->reused_memory)
                return -ENOMEM;
        execution->reused = execution->reused_memory;
        memory = (unsigned char *)(execution->reused + n_steps);
        for (uint32_t i = 0; i < n_steps; i++)
                if (outputs[i])
                        memory = bp_value_pack(memory, outputs[i], &execution->reused[i]);
        return 0;
}

/* One block: the execution, its steps, its sets and its numbers, from the strictest alignment to the least. */
static struct bp_execution *allocate(const struct bp_definition *definition) {
        uint32_t n_words = (definition->n_steps + 63) / 64;
        struct bp_execution *execution = bp_calloc(
                1, sizeof(struct bp_execution) + definition->n_steps * sizeof(struct bp_step) +
                           3 * (size_t)n_words * sizeof(uint64_t) + 2 * (size_t)definition->n_steps * sizeof(uint32_t));

        if (!execution)
                return NULL;
        execution->n_words = n_words;
        execution->steps = (struct bp_step *)(execution + 1);
        execution->ready = (uint64_t *)(execution->steps + definition->n_steps);
        execution->timed = execution->ready + n_words;
        execution->cleaning = execution->timed + n_words;
        execution->unmet = (uint32_t *)(execution->cleaning + n_words);
        execution->position = execution->unmet + definition->n_steps;
        return execution;
}

static void begin_steps(struct bp_execution *execution) {
        const struct bp_definition *definition = execution->definition;

        for (uint32_t i = 0; i < definition->n_steps; i++) {
                execution->steps[i] = (struct bp_step){.state = BP_STEP_PENDING,
                                                       .resolving = BP_RESOLVING_NOTHING,
                                                       .percent = -1.0,
                                                       .eta_minutes = -1.0};
                execution->unmet[i] = definition->steps[i].n_depends_on;
                execution->position[definition->start_order[i]] = i;
        }
        for (uint32_t i = 0; i < definition->n_steps; i++)
                bp_step_sync(execution, i);
}

static void free_execution(struct bp_execution **execution) {
        bp_execution_free(*execution);
}

int bp_execution_new(const struct bp_execution_start *start, const struct bp_engine_settings *settings,
                     struct bp_execution **ret_execution) {
        _cleanup_(free_execution) struct bp_execution *execution = allocate(start->definition);
        int r;

        if (!execution)
                return -ENOMEM;
        execution->id = start->id;
        execution->definition = bp_definition_ref(start->definition);
        execution->settings = with_defaults(settings);
        execution->params = bp_value_empty_object;
        execution->userdata = start->userdata;
        execution->core = (struct bp_core){.state = BP_EXECUTION_PENDING,
                                           .stop = BP_STOP_NONE,
                                           .stop_applied = BP_STOP_NONE,
                                           .first_failure = BP_NO_STEP};
        begin_steps(execution);
        r = copy_params(execution, start->params);
        if (r < 0)
                return r;
        r = copy_reused(execution, start->reused_outputs);
        if (r < 0)
                return r;
        r = copy_text(start->principal, &execution->principal);
        if (r < 0)
                return r;
        r = copy_text(start->origin, &execution->origin);
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
        free(execution->reused_memory);
        free(execution->principal);
        free(execution->origin);
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
                return execution->unmet[index] == 0;
        return step->state == BP_STEP_RETRYING && step->due && !step->alive;
}

static bool runs_inline(const struct bp_execution *execution, uint32_t index) {
        const struct bp_action_entry *entry = bp_step_definition(execution, index)->entry;

        /* One that counts as more than pure waits for the disk first, and others may start meanwhile. */
        return entry && bp_action_entry_meta(entry)->is_inline && execution->steps[index].effect == BP_PURE;
}

static bool has_cleanup(const struct bp_execution *execution, uint32_t index) {
        const struct bp_action_entry *entry = bp_step_definition(execution, index)->entry;
        const struct bp_action *executor = entry ? bp_action_entry_executor(entry) : NULL;

        return executor && executor->cleanup;
}

static bool wants_cleanup(const struct bp_execution *execution, uint32_t index) {
        const struct bp_step *step = &execution->steps[index];
        bool ended_badly = step->state == BP_STEP_FAILED || step->state == BP_STEP_TIMEOUT ||
                           step->state == BP_STEP_CANCELLED || step->state == BP_STEP_INTERRUPTED;

        return ended_badly && step->attempt > 0 && step->effect != BP_PURE && !step->cleanup_over &&
               has_cleanup(execution, index);
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
                                     (step->resolving == BP_RESOLVING_NOTHING ? 0 : 1)),
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
        set_bit(execution->ready, execution->position[index], ready);
}

static void count_dependency(struct bp_execution *execution, uint32_t index, bool ended) {
        const struct bp_step_definition *definition = bp_step_definition(execution, index);

        for (uint32_t i = 0; i < definition->n_dependents; i++) {
                uint32_t dependent = definition->dependents[i];

                execution->unmet[dependent] += ended ? UINT32_MAX : 1;
                update_ready(execution, dependent);
        }
}

void bp_step_sync(struct bp_execution *execution, uint32_t index) {
        struct bp_step *step = &execution->steps[index];
        struct bp_marks old = step->marks;

        step->marks = marks_of(execution, index);
        step->marks.timed = bp_step_timer(step).us != 0;
        count_marks(&execution->core, &old, &step->marks);
        set_bit(execution->ready, execution->position[index], step->marks.ready);
        set_bit(execution->timed, index, step->marks.timed);
        set_bit(execution->cleaning, index, step->marks.cleaning);
        if (old.final != step->marks.final)
                count_dependency(execution, index, step->marks.final);
}
