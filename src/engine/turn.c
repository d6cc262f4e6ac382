/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an input is handled, all or nothing. Before a step changes for the first time in a turn, it is copied to the
 * batch (the undo entries); the small core is copied when the turn begins. Texts and outputs are blocks that records
 * replace, never change: the old block is kept until the turn is over. When anything fails, for want of memory or
 * because the input makes no sense, copies are put back, new blocks and arenas are freed, records and effects are cut
 * off, and the marks follow from the steps as ever. When nothing fails, the old blocks are freed. Either way the input
 * is borrowed only; an arena it brings is taken in the last moment.
 */
#include "engine/turn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int touch(struct bp_turn *turn, uint32_t index) {
        struct bp_step *step = &turn->execution->steps[index];
        struct bp_batch *batch = turn->batch;
        int r;

        if (step->undo)
                return 0;
        r = bp_batch_reserve_undo(batch);
        if (r < 0)
                return r;
        batch->undo[batch->n_undo++] = (struct bp_undo_entry){.index = index, .step = *step};
        step->undo = (uint32_t)batch->n_undo;
        return 0;
}

struct bp_step *bp_turn_change(struct bp_turn *turn, uint32_t index) {
        return touch(turn, index) < 0 ? NULL : &turn->execution->steps[index];
}

static int pack_text(struct bp_arena *arena, const char **text) {
        if (!*text)
                return 0;
        *text = bp_arena_text(arena, *text, strlen(*text));
        return *text ? 0 : -ENOMEM;
}

static int pack_value(struct bp_arena *arena, struct bp_value *value) {
        struct bp_value given = value->type ? *value : bp_value_null;
        void *memory;

        memory = bp_arena_alloc(arena, bp_value_pack_size(&given));
        if (!memory)
                return -ENOMEM;
        bp_value_pack(memory, &given, value);
        return 0;
}

static int pack_record(struct bp_arena *arena, struct bp_record *record) {
        int r = pack_text(arena, &record->code);

        if (r == 0)
                r = pack_text(arena, &record->message);
        if (r == 0)
                r = pack_text(arena, &record->external_id);
        if (r == 0)
                r = pack_value(arena, &record->data);
        if (r == 0)
                r = pack_value(arena, &record->error);
        return r;
}

/* A block that this turn itself made is freed at once; one from before waits for the end of the turn. */
static void drop_kept(struct bp_turn *turn, uint32_t index, struct bp_kept *old) {
        const struct bp_kept *before = turn->before.kept;

        if (index != BP_NO_STEP)
                before = turn->batch->undo[turn->execution->steps[index].undo - 1].step.kept;
        if (old != before)
                free(old);
}

static int append(struct bp_turn *turn, const struct bp_record *given) {
        struct bp_record record = *given;
        struct bp_kept *old;
        int r;

        r = bp_batch_reserve_record(turn->batch);
        if (r < 0)
                return r;
        record.sequence = turn->execution->core.sequence + 1;
        record.at = turn->input->now;
        r = pack_record(turn->batch->arena, &record);
        if (r < 0)
                return r;
        if (record.step != BP_NO_STEP) {
                r = touch(turn, record.step);
                if (r < 0)
                        return r;
        }
        r = bp_execution_fold(turn->execution, &record, &old);
        if (r < 0)
                return r;
        drop_kept(turn, record.step, old);
        turn->batch->records[turn->batch->n_records++] = record;
        return 0;
}

/* Bytes of a text that was cut to fit, without a character that was cut in the middle. */
static size_t whole_characters(const char *text, size_t wanted, size_t capacity) {
        size_t size = wanted;

        if (wanted < capacity)
                return wanted;
        size = capacity - 1;
        while (size > 0 && ((unsigned char)text[size - 1] & 0xC0) == 0x80)
                size--;
        return size > 0 && (unsigned char)text[size - 1] >= 0xC0 ? size - 1 : size;
}

int bp_turn_effect(struct bp_turn *turn, const struct bp_effect_item *effect) {
        return bp_batch_add_effect(turn->batch, effect);
}

int bp_turn_route(struct bp_turn *turn, enum bp_effect_type type, uint32_t index, const char *external_id) {
        const char *copy = external_id;

        if (pack_text(turn->batch->arena, &copy) < 0)
                return -ENOMEM;
        return bp_turn_effect(turn, &(struct bp_effect_item){.type = type,
                                                             .after_sequence = turn->execution->core.sequence,
                                                             .step = index,
                                                             .attempt = bp_turn_step(turn, index)->attempt,
                                                             .external_id = copy});
}

int bp_turn_tell(struct bp_turn *turn, uint32_t index) {
        int64_t grace_us = (int64_t)turn->execution->settings->cancel_grace_seconds * 1000000;
        struct bp_step *step = bp_turn_change(turn, index);

        if (!step)
                return -ENOMEM;
        if (step->told)
                return 0;
        step->told = true;
        step->patience.us = turn->input->now.us + grace_us;
        bp_step_sync(turn->execution, index);
        return bp_turn_effect(turn, &(struct bp_effect_item){.type = BP_EFFECT_STOP,
                                                             .after_sequence = turn->execution->core.sequence,
                                                             .step = index,
                                                             .attempt = step->alive});
}

static int emit_for_step(struct bp_turn *turn, const struct bp_record *record) {
        const struct bp_step *step = bp_turn_step(turn, record->step);
        const char *awaited = bp_step_awaits_event(step) ? step->kept->external_id : NULL;
        int r;

        /* What the step keeps may be gone once the record is applied. */
        if (pack_text(turn->batch->arena, &awaited) < 0)
                return -ENOMEM;
        r = append(turn, record);
        if (r < 0)
                return r;
        if (awaited && !bp_step_awaits_event(step))
                r = bp_turn_route(turn, BP_EFFECT_FORGET, record->step, awaited);
        else if (!awaited && bp_step_awaits_event(step))
                r = bp_turn_route(turn, BP_EFFECT_AWAIT, record->step, step->kept->external_id);
        if (r < 0)
                return r;
        if (step->alive && step->state != BP_STEP_RUNNING)
                return bp_turn_tell(turn, record->step);
        return 0;
}

const char *bp_turn_text(struct bp_turn *turn, const char *format, ...) {
        char text[1024];
        va_list arguments;
        int size;

        va_start(arguments, format);
        size = vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (size < 0)
                return NULL;
        return bp_arena_text(turn->batch->arena, text, whole_characters(text, (size_t)size, sizeof(text)));
}

int bp_turn_emit(struct bp_turn *turn, const struct bp_record *record) {
        return record->step == BP_NO_STEP ? append(turn, record) : emit_for_step(turn, record);
}

static void begin(struct bp_turn *turn, struct bp_execution *execution, const struct bp_input *input,
                  struct bp_batch *batch) {
        batch->n_undo = 0;
        *turn = (struct bp_turn){.execution = execution,
                                 .input = input,
                                 .batch = batch,
                                 .first_record = batch->n_records,
                                 .first_effect = batch->n_effects,
                                 .before = execution->core,
                                 .spent = input->type == BP_INPUT_RESOLVED ? input->arena : NULL};
}

static void commit(struct bp_turn *turn) {
        struct bp_batch *batch = turn->batch;

        for (size_t i = 0; i < batch->n_undo; i++) {
                struct bp_step *step = &turn->execution->steps[batch->undo[i].index];

                step->undo = 0;
                if (step->kept != batch->undo[i].step.kept)
                        free(batch->undo[i].step.kept);
        }
        if (turn->execution->core.kept != turn->before.kept)
                free(turn->before.kept);
        bp_arena_free(turn->spent);
}

static void put_back(struct bp_execution *execution, const struct bp_undo_entry *entry) {
        struct bp_step *step = &execution->steps[entry->index];
        struct bp_marks marks = step->marks;

        if (step->kept != entry->step.kept)
                free(step->kept);
        *step = entry->step;
        step->marks = marks; /* so that the difference is taken back everywhere it was counted */
        bp_step_sync(execution, entry->index);
}

static void roll_back(struct bp_turn *turn) {
        struct bp_batch *batch = turn->batch;
        struct bp_execution *execution = turn->execution;

        for (size_t i = 0; i < batch->n_undo; i++)
                put_back(execution, &batch->undo[i]);
        if (execution->core.kept != turn->before.kept)
                free(execution->core.kept);
        execution->core = turn->before;
        batch->n_records = turn->first_record;
        bp_batch_drop_effects(batch, turn->first_effect, turn->input->arena);
}

static bool makes_sense(const struct bp_execution *execution, const struct bp_input *input) {
        bool of_step = input->type == BP_INPUT_ATTEMPT_ENDED || input->type == BP_INPUT_EVENT ||
                       input->type == BP_INPUT_PROGRESS || input->type == BP_INPUT_CLEANUP_ENDED;
        uint32_t n_steps = execution->definition->n_steps;

        if (input->type < BP_INPUT_START || input->type > BP_INPUT_DRAIN)
                return false;
        if (of_step && (input->step >= n_steps || input->attempt == 0))
                return false;
        switch (input->type) {
        case BP_INPUT_ATTEMPT_ENDED:
                return input->result && input->result->outcome >= BP_ATTEMPT_COMPLETED &&
                       input->result->outcome <= BP_ATTEMPT_SLEEPING &&
                       input->attempt <= execution->steps[input->step].attempt;
        case BP_INPUT_CLEANUP_ENDED:
                return input->result;
        case BP_INPUT_EVENT:
                return input->event;
        case BP_INPUT_RESOLVED:
                if (!input->resolution || !input->arena)
                        return false;
                if (input->step == BP_NO_STEP)
                        return execution->core.resolving_outputs;
                return input->step < n_steps && execution->steps[input->step].resolving != BP_RESOLVING_NOTHING;
        default:
                return true;
        }
}

int bp_execution_handle(struct bp_execution *execution, const struct bp_input *input, struct bp_batch *batch) {
        struct bp_turn turn;
        int r;

        if (!makes_sense(execution, input))
                return -EINVAL;
        begin(&turn, execution, input, batch);
        r = bp_execution_signal(&turn);
        if (r == 0)
                r = bp_turn_settle(&turn);
        if (r < 0) {
                roll_back(&turn);
                return r;
        }
        commit(&turn);
        return 0;
}
