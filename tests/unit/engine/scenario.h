/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios as text. What is given, one input a line:
 *
 *   start, cancel, pause, resume, shutdown
 *   crash                          the process dies and the records are all that is left
 *   +30                            half a minute later, the clock is told
 *   ID#1 completed {'x': 1}        attempt 1 of step ID ended so; outputs may be left out
 *   ID#1 failed CODE text          ... "unknown CODE text" where the outcome is not known; or outputs in place of the
 *                                  text
 *   ID#1 waits KEY 60 {'x': 1}     for an event; outputs, and the seconds before them, may be left out
 *   ID#1 sleeps 60
 *   event ID#1 completed {'x': 1}, event ID#1 failed CODE text, event ID#1 progress 40, event ID#1 ignored
 *   progress ID#1 40
 *   cleanup ID#1 completed, cleanup ID#1 failed CODE text
 *   resolved ID, resolved outputs
 *
 * What must come of it, records first, then effects behind a bar: "step_ended:a#1=COMPLETED step_started:b#1 |
 * run:b#1". A cleanup shows the outputs that it gets, cleanup:a#1{"x":1}. A failure carries its code,
 * step_ended:a#1=FAILED(CODE); what waits says until when, step_retrying:a#1+60.
 */
#ifndef TEST_ENGINE_SCENARIO_H
#define TEST_ENGINE_SCENARIO_H

#include "world.h"

#include <stdio.h>

struct moment {
        const char *when, *then;
};

struct scenario {
        const char *name;
        const char *given; /* the definition */
        struct bp_engine_settings settings;
        struct moment moments[24];
};

static inline uint32_t step_named(const struct world *world, const char *id) {
        const struct bp_step_definition *step = bp_definition_step(world->definition, id);

        if (!step)
                fail_msg("no step %s", id);
        return step->index;
}

/* ---- what came of it, as text ---- */

static inline const char *step_id(const struct world *world, uint32_t step) {
        return step == BP_NO_STEP ? "outputs" : world->definition->steps[step].id;
}

static inline void write_record(struct bp_strbuf *text, const struct world *world, const struct bp_record *record) {
        const char *code = record->code;

        bp_strbuf_printf(text, "%s%s", text->size ? " " : "", bp_record_type_name(record->type));
        if (record->step != BP_NO_STEP)
                bp_strbuf_printf(text, ":%s#%u", step_id(world, record->step), record->attempt);
        if (record->type == BP_RECORD_STEP_ENDED)
                bp_strbuf_printf(text, "=%s", bp_step_state_name(record->step_state));
        if (record->type == BP_RECORD_EXECUTION_ENDED)
                bp_strbuf_printf(text, "=%s", bp_execution_state_name(record->execution_state));
        if (code)
                bp_strbuf_printf(text, "(%s)", code);
        if (record->deadline.us)
                bp_strbuf_printf(text, "+%lld", (long long)((record->deadline.us - world->now.us) / 1000000));
}

static inline void write_effect(struct bp_strbuf *text, const struct world *world,
                                const struct bp_effect_item *effect) {
        static const char *const names[] = {
                [BP_EFFECT_RUN] = "run",     [BP_EFFECT_RESOLVE] = "resolve", [BP_EFFECT_STOP] = "stop",
                [BP_EFFECT_AWAIT] = "await", [BP_EFFECT_FORGET] = "forget",   [BP_EFFECT_CLEANUP] = "cleanup",
                [BP_EFFECT_ENDED] = "ended",
        };

        bp_strbuf_printf(text, " %s", names[effect->type]);
        if (effect->type == BP_EFFECT_ENDED)
                return;
        bp_strbuf_printf(text, ":%s", step_id(world, effect->step));
        if (effect->attempt)
                bp_strbuf_printf(text, "#%u", effect->attempt);
        if (effect->type == BP_EFFECT_RUN && effect->generation != 1)
                bp_strbuf_printf(text, "/%u", effect->generation);
        if (effect->external_id)
                bp_strbuf_printf(text, "=%s", effect->external_id);
        if (effect->type == BP_EFFECT_CLEANUP && effect->outputs.count)
                bp_json_write(text, &effect->outputs);
}

static inline const char *what_came(const struct world *world) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, world->arena, 1 << 20);
        for (size_t i = 0; i < world->batch.n_records; i++)
                write_record(&text, world, &world->batch.records[i]);
        if (world->batch.n_effects)
                bp_strbuf_add_text(&text, text.size ? " |" : "|");
        for (size_t i = 0; i < world->batch.n_effects; i++)
                write_effect(&text, world, &world->batch.effects[i]);
        return bp_strbuf_text(&text);
}

/* ---- what is given ---- */

struct words {
        char text[512];
        const char *at[8]; /* each word, and everything behind it in `rest` */
        const char *rest[8];
        size_t count;
};

static inline void split(struct words *words, const char *line) {
        char *cursor = words->text;

        words->count = 0;
        for (size_t i = 0; i < 8; i++)
                words->at[i] = words->rest[i] = "";
        snprintf(words->text, sizeof(words->text), "%s", line);
        while (*cursor && words->count < 8) {
                size_t offset = (size_t)(cursor - words->text);

                words->at[words->count] = cursor;
                words->rest[words->count++] = line + offset;
                cursor += strcspn(cursor, " ");
                if (*cursor)
                        *cursor++ = '\0';
        }
}

/* "ID#2" */
static inline void read_attempt(const struct world *world, const char *word, struct bp_input *input) {
        char id[64];

        if (sscanf(word, "%63[^#]#%u", id, &input->attempt) != 2)
                fail_msg("not an attempt: %s", word);
        input->step = step_named(world, id);
}

/* Words from `from` on: "completed {...}", "failed CODE text" and so on. */
static inline void read_result(struct world *world, const struct words *words, size_t from,
                               struct bp_attempt_result *result, struct bp_value *outputs) {
        static const struct {
                const char *word;
                enum bp_attempt_outcome outcome;
        } outcomes[] = {{"completed", BP_ATTEMPT_COMPLETED},
                        {"failed", BP_ATTEMPT_FAILED},
                        {"unknown", BP_ATTEMPT_UNKNOWN},
                        {"waits", BP_ATTEMPT_WAITING},
                        {"sleeps", BP_ATTEMPT_SLEEPING}};
        const char *first = words->at[from + 1];
        size_t last = from + (strcmp(words->at[from], "waits") == 0 ? 3 : 2);

        *result = (struct bp_attempt_result){0};
        for (size_t i = 0; i < BP_COUNT(outcomes); i++)
                if (strcmp(words->at[from], outcomes[i].word) == 0)
                        result->outcome = outcomes[i].outcome;
        for (size_t i = from + 1; i <= last && !result->outputs; i++) {
                if (*words->rest[i] != '{')
                        continue;
                *outputs = parse(world->arena, words->rest[i]);
                result->outputs = outputs;
        }
        if (result->outcome == BP_ATTEMPT_FAILED || result->outcome == BP_ATTEMPT_UNKNOWN) {
                result->code = *first ? first : NULL;
                result->message = words->rest[from + 2];
        } else if (result->outcome == BP_ATTEMPT_WAITING) {
                result->external_id = first;
                result->timeout_seconds = strtol(words->at[from + 2], NULL, 10);
        } else if (result->outcome == BP_ATTEMPT_SLEEPING) {
                result->wake_at.us = world->now.us + strtol(first, NULL, 10) * 1000000;
        }
}

static inline void read_event(struct world *world, const struct words *words, struct bp_event_result *event,
                              struct bp_value *outputs) {
        struct bp_attempt_result result;

        read_result(world, words, 2, &result, outputs);
        *event = (struct bp_event_result){.action = BP_EVENT_COMPLETE,
                                          .success = result.outcome == BP_ATTEMPT_COMPLETED,
                                          .outputs = result.outputs,
                                          .code = result.code,
                                          .message = result.message,
                                          .percent = -1.0,
                                          .eta_minutes = -1.0};
        if (strcmp(words->at[2], "progress") == 0) {
                event->action = BP_EVENT_UPDATE_PROGRESS;
                event->percent = strtod(words->at[3], NULL);
        }
        if (strcmp(words->at[2], "ignored") == 0)
                event->action = BP_EVENT_IGNORE;
}

static inline bool give_command(struct world *world, const struct words *words) {
        static const struct {
                const char *word;
                enum bp_input_type type;
        } commands[] = {{"start", BP_INPUT_START},   {"cancel", BP_INPUT_CANCEL},     {"pause", BP_INPUT_PAUSE},
                        {"resume", BP_INPUT_RESUME}, {"shutdown", BP_INPUT_SHUTDOWN}, {"crash", BP_INPUT_RECOVER}};

        for (size_t i = 0; i < BP_COUNT(commands); i++) {
                if (strcmp(words->at[0], commands[i].word) != 0)
                        continue;
                if (commands[i].type == BP_INPUT_RECOVER)
                        world_crash(world, world->n_records);
                assert_int_equal(world_give(world, (struct bp_input){.type = commands[i].type}), 0);
                return true;
        }
        return false;
}

static inline void give_answer(struct world *world, const struct words *words) {
        bool event = strcmp(words->at[0], "event") == 0, cleanup = strcmp(words->at[0], "cleanup") == 0;
        bool progress = strcmp(words->at[0], "progress") == 0;
        size_t first = event || cleanup || progress ? 1 : 0;
        struct bp_input input = {.percent = -1.0, .eta_minutes = -1.0};
        struct bp_attempt_result result = {0};
        struct bp_event_result event_result = {0};
        struct bp_value outputs = bp_value_empty_object;

        read_attempt(world, words->at[first], &input);
        if (event) {
                input.type = BP_INPUT_EVENT;
                input.event = &event_result;
                read_event(world, words, &event_result, &outputs);
        } else if (progress) {
                input.type = BP_INPUT_PROGRESS;
                input.percent = strtod(words->at[2], NULL);
        } else {
                input.type = cleanup ? BP_INPUT_CLEANUP_ENDED : BP_INPUT_ATTEMPT_ENDED;
                input.result = &result;
                read_result(world, words, first + 1, &result, &outputs);
        }
        assert_int_equal(world_give(world, input), 0);
}

static inline void give_line(struct world *world, const char *line) {
        struct words words;

        split(&words, line);
        if (give_command(world, &words))
                return;
        if (line[0] == '+') {
                world->now.us += (int64_t)(strtod(line + 1, NULL) * 1e6);
                assert_int_equal(world_give(world, (struct bp_input){.type = BP_INPUT_CLOCK}), 0);
        } else if (strcmp(words.at[0], "resolved") == 0) {
                bool of_outputs = strcmp(words.at[1], "outputs") == 0;

                assert_int_equal(world_resolve(world, of_outputs ? BP_NO_STEP : step_named(world, words.at[1])), 0);
        } else {
                give_answer(world, &words);
        }
}

static inline void scenario_run(struct bp_registry *registry, const struct scenario *scenario) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value document = parse(arena, scenario->given);
        struct world world;

        world_init(&world, definition_load(registry, &document), &scenario->settings);
        for (size_t i = 0; i < BP_COUNT(scenario->moments) && scenario->moments[i].when; i++) {
                const struct moment *moment = &scenario->moments[i];
                const char *came;

                give_line(&world, moment->when);
                came = what_came(&world);
                if (strcmp(came, moment->then) != 0)
                        fail_msg("%s\n  when     %s\n  expected %s\n  got      %s", scenario->name, moment->when,
                                 moment->then, came);
        }
        world_done(&world);
}

static inline void scenarios_run(const struct scenario *scenarios, size_t count) {
        struct bp_registry *registry = test_registry_new();

        for (size_t i = 0; i < count; i++)
                scenario_run(registry, &scenarios[i]);
        bp_registry_free(registry);
}

#endif
