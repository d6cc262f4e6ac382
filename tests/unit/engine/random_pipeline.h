/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines drawn at random: graphs with conditions, routing, retries, timeouts, every effect and every setting. */
#ifndef TEST_ENGINE_RANDOM_PIPELINE_H
#define TEST_ENGINE_RANDOM_PIPELINE_H

#include "unit.h"

#include <string.h>

#include "base/strbuf.h"

/* splitmix64: the whole run follows from one number. */
static inline uint64_t draw(uint64_t *seed) {
        uint64_t z = (*seed += UINT64_C(0x9E3779B97F4A7C15));

        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        return z ^ (z >> 31);
}

/* 0 .. count-1 */
static inline uint32_t draw_below(uint64_t *seed, uint32_t count) {
        return (uint32_t)(draw(seed) % count);
}

/* True in so many of a hundred cases. */
static inline bool draw_chance(uint64_t *seed, uint32_t percent) {
        return draw_below(seed, 100) < percent;
}

static inline const char *draw_word(uint64_t *seed, const char *const *words, uint32_t count) {
        return words[draw_below(seed, count)];
}

static inline void write_dependencies(struct bp_strbuf *text, uint64_t *seed, uint32_t index) {
        bool first = true;

        bp_strbuf_add_text(text, ", 'depends_on': [");
        for (uint32_t back = 1; back <= index && back <= 6; back++) {
                if (!draw_chance(seed, back == 1 ? 55 : 20))
                        continue;
                bp_strbuf_printf(text, "%s's%u'", first ? "" : ", ", index - back);
                first = false;
        }
        bp_strbuf_add_text(text, "]");
}

static inline void write_branches(struct bp_strbuf *text, uint64_t *seed, uint32_t index, uint32_t n_steps) {
        bool first = true;

        bp_strbuf_add_text(text, ", 'params': {'branches': [");
        for (uint32_t target = index + 1; target < n_steps && target <= index + 3; target++) {
                if (!draw_chance(seed, 60))
                        continue;
                bp_strbuf_printf(text, "%s{'id': 'b%u', 'label': 'L%u', 'condition': 'true', 'target_step': 's%u'}",
                                 first ? "" : ", ", target, target, target);
                first = false;
        }
        bp_strbuf_add_text(text, "]}");
}

static inline void write_condition(struct bp_strbuf *text, uint64_t *seed, uint32_t index) {
        switch (draw_below(seed, 20)) {
        case 0:
        case 1:
                bp_strbuf_add_text(text, ", 'condition': 'false'");
                return;
        case 2:
        case 3:
                if (index > 0)
                        bp_strbuf_printf(text, ", 'condition': '{{ steps.s%u.outputs.n > 3 }}'", index - 1);
                return;
        case 4:
                bp_strbuf_add_text(text, ", 'condition': '{{ range(300) | sum > 0 }}'"); /* for a worker */
                return;
        case 5:
                if (draw_chance(seed, 20))
                        bp_strbuf_add_text(text, ", 'condition': '{{ 1 / 0 }}'");
                return;
        default:
                return;
        }
}

static inline void write_step(struct bp_strbuf *text, uint64_t *seed, uint32_t index, uint32_t n_steps) {
        static const char *const actions[] = {"calc", "work", "read", "bare", "send", "nap", "slow", "choose"};
        static const char *const failures[] = {"fail", "continue", "retry", "retry"};
        const char *action = draw_word(seed, actions, 8);
        const char *on_failure = draw_word(seed, failures, 4);

        bp_strbuf_printf(text, "%s{'id': 's%u', 'name': 'S', 'action': '%s', 'on_failure': '%s'", index ? ", " : "",
                         index, action, on_failure);
        write_dependencies(text, seed, index);
        write_condition(text, seed, index);
        if (strcmp(action, "choose") == 0)
                write_branches(text, seed, index, n_steps);
        if (draw_chance(seed, 70))
                bp_strbuf_printf(text,
                                 ", 'retry': {'max_attempts': %u, 'backoff_seconds': %u, 'backoff_multiplier': 1.5}",
                                 1 + draw_below(seed, 4), 1 + draw_below(seed, 20));
        if (draw_chance(seed, 30))
                bp_strbuf_printf(text, ", 'timeout_seconds': %u", 1 + draw_below(seed, 40));
        if (draw_chance(seed, 10))
                bp_strbuf_printf(text, ", 'effect': '%s'", draw_chance(seed, 50) ? "once" : "idempotent");
        if (draw_chance(seed, 20))
                bp_strbuf_add_text(text, ", 'on_interrupt': 'retry'");
        bp_strbuf_add_text(text, "}");
}

/* Appends a definition in JSON, with ' for ". */
static inline void write_pipeline(struct bp_strbuf *text, uint64_t *seed) {
        uint32_t n_steps = 1 + draw_below(seed, draw_chance(seed, 3) ? 90 : 10);

        bp_strbuf_printf(text, "{'name': 'w', 'settings': {'fail_fast': %s, 'max_parallel_steps': %u",
                         draw_chance(seed, 50) ? "true" : "false", 1 + draw_below(seed, 5));
        if (draw_chance(seed, 30))
                bp_strbuf_add_text(text, ", 'skip_propagation': 'all'");
        if (draw_chance(seed, 15))
                bp_strbuf_printf(text, ", 'timeout_seconds': %u", 1 + draw_below(seed, 200));
        bp_strbuf_add_text(text, "}, 'steps': [");
        for (uint32_t i = 0; i < n_steps; i++)
                write_step(text, seed, i, n_steps);
        bp_strbuf_add_text(text, "]");
        if (draw_chance(seed, 30))
                bp_strbuf_add_text(text, ", 'outputs': {'n': '{{ steps.s0.outputs.n }}'}");
        bp_strbuf_add_text(text, "}");
}

#endif
