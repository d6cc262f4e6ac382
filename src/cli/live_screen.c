/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a run: a title, a line per step, and where not all steps have room, a line that counts the rest. */
#include "cli/live_screen.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/run_words.h"
#include "pipeline/definition.h"

enum { ID_COLUMNS_MAX = 28, STATE_COLUMNS = 11, TIME_COLUMNS = 13, SPARE_ROWS = 2 };

/* How urgently a step wants to be seen when there is no room for all. */
enum urgency { DONE, NEXT, WENT_WRONG, UNDER_WAY, N_URGENCIES };

static enum urgency urgency_of(enum bp_step_state state) {
        if (state == BP_STEP_RUNNING || state == BP_STEP_WAITING || state == BP_STEP_RETRYING)
                return UNDER_WAY;
        if (state == BP_STEP_PENDING)
                return NEXT;
        return state == BP_STEP_COMPLETED || state == BP_STEP_SKIPPED ? DONE : WENT_WRONG;
}

static size_t choose_with(const struct bp_live_run *run, enum urgency urgency, bool *shown, size_t room) {
        uint32_t n_steps = run->definition->n_steps;

        for (uint32_t i = 0; i < n_steps && room > 0; i++) {
                /* Of what is done, the latest is of interest. */
                uint32_t step = urgency == DONE ? n_steps - 1 - i : i;

                if (urgency_of(run->steps[step].state) != urgency)
                        continue;
                shown[step] = true;
                room--;
        }
        return room;
}

static void choose(const struct bp_live_run *run, bool *shown, size_t room) {
        for (enum urgency urgency = N_URGENCIES; urgency-- > DONE;)
                room = choose_with(run, urgency, shown, room);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Lines
 */

/* One line under construction: columns are counted, sequences for colours are not. */
struct line {
        struct bp_strbuf *buffer;
        const struct bp_live_canvas *canvas;
        size_t used;
};

static void add(struct line *line, enum bp_style style, const char *text, size_t columns) {
        size_t room = line->canvas->columns - 1 - line->used, taken;
        struct bp_strbuf shown;

        bp_strbuf_init(&shown, NULL, SIZE_MAX);
        bp_show_text(&shown, text, columns < room ? columns : room);
        taken = room ? bp_text_columns(bp_strbuf_text(&shown)) : 0;
        if (taken) {
                bool styled = line->canvas->colour && style != BP_STYLE_PLAIN;

                bp_strbuf_add_text(line->buffer, bp_style_text(styled, style));
                bp_strbuf_add(line->buffer, bp_strbuf_text(&shown), shown.size);
                bp_strbuf_add_text(line->buffer, bp_style_text(styled, BP_STYLE_PLAIN));
        }
        bp_strbuf_done(&shown);
        line->used += taken;
}

static void pad_to(struct line *line, size_t column) {
        while (line->used < column && line->used + 1 < line->canvas->columns) {
                bp_strbuf_add_char(line->buffer, ' ');
                line->used++;
        }
}

static size_t id_columns(const struct bp_definition *definition) {
        size_t widest = 4;

        for (uint32_t i = 0; i < definition->n_steps; i++) {
                size_t columns = bp_text_columns(definition->steps[i].id);

                widest = columns > widest ? columns : widest;
        }
        return widest < ID_COLUMNS_MAX ? widest : ID_COLUMNS_MAX;
}

static void time_text(const struct bp_live_step *step, int64_t now_us, char text[BP_DURATION_TEXT_SIZE]) {
        text[0] = '\0';
        if (step->began_us)
                bp_duration_text((step->ended_us ? step->ended_us : now_us) - step->began_us, text);
}

static void note_text(const struct bp_live_step *step, int64_t now_us, char *text, size_t size) {
        char duration[BP_DURATION_TEXT_SIZE];
        int used = 0;

        text[0] = '\0';
        if (step->attempt > 1)
                used = snprintf(text, size, "attempt %u  ", step->attempt);
        if (step->state == BP_STEP_RETRYING)
                used += snprintf(text + used, size - (size_t)used, "again in %s  ",
                                 bp_duration_text(step->due_us - now_us, duration));
        snprintf(text + used, size - (size_t)used, "%s", step->last_line);
}

static void draw_step(struct line *line, const struct bp_live_run *run, uint32_t index, size_t id_width) {
        const struct bp_live_step *step = &run->steps[index];
        char word[BP_STATE_WORD_SIZE], duration[BP_DURATION_TEXT_SIZE], note[256];
        enum bp_style style = bp_step_style(step->state);

        add(line, BP_STYLE_PLAIN, " ", 1);
        add(line, style, bp_step_symbol(step->state, line->canvas->utf8, line->canvas->frame), 1);
        pad_to(line, 3);
        add(line, BP_STYLE_PLAIN, run->definition->steps[index].id, id_width);
        pad_to(line, 3 + id_width + 2);
        add(line, style, bp_step_word(step->state, word), STATE_COLUMNS);
        pad_to(line, 3 + id_width + 2 + STATE_COLUMNS + 1);
        time_text(step, run->now_us, duration);
        add(line, BP_STYLE_PLAIN, duration, TIME_COLUMNS);
        pad_to(line, 3 + id_width + 2 + STATE_COLUMNS + 1 + TIME_COLUMNS);
        note_text(step, run->now_us, note, sizeof(note));
        add(line, BP_STYLE_DIM, note, SIZE_MAX);
}

static void draw_title(struct line *line, const struct bp_live_run *run) {
        char word[BP_STATE_WORD_SIZE], duration[BP_DURATION_TEXT_SIZE];

        add(line, BP_STYLE_BOLD, run->definition->name, SIZE_MAX);
        add(line, BP_STYLE_PLAIN, "  ", 2);
        add(line, run->cancelling ? BP_STYLE_YELLOW : bp_execution_style(run->state),
            run->cancelling ? "cancelling" : bp_execution_word(run->state, word), SIZE_MAX);
        add(line, BP_STYLE_PLAIN, "  ", 2);
        add(line, BP_STYLE_DIM, bp_duration_text(run->now_us - run->began_us, duration), SIZE_MAX);
}

static void draw_counts(struct line *line, const struct bp_live_run *run) {
        size_t counts[N_URGENCIES] = {0};
        char text[160];

        for (uint32_t i = 0; i < run->definition->n_steps; i++)
                counts[urgency_of(run->steps[i].state)]++;
        snprintf(text, sizeof(text), " %u steps: %zu done, %zu under way, %zu not yet, %zu failed",
                 run->definition->n_steps, counts[DONE], counts[UNDER_WAY], counts[NEXT], counts[WENT_WRONG]);
        add(line, BP_STYLE_DIM, text, SIZE_MAX);
}

static void end_line(struct line *line) {
        bp_strbuf_add_char(line->buffer, '\n');
        line->used = 0;
}

static void draw_steps(struct line *line, const struct bp_live_run *run, size_t room) {
        size_t id_width = id_columns(run->definition);
        bool *shown = bp_calloc(run->definition->n_steps, sizeof(*shown));

        if (!shown)
                return;
        choose(run, shown, room);
        for (uint32_t i = 0; i < run->definition->n_steps; i++) {
                if (!shown[i])
                        continue;
                draw_step(line, run, i, id_width);
                end_line(line);
        }
        free(shown);
}

void bp_live_draw(struct bp_strbuf *buffer, const struct bp_live_run *run, const struct bp_live_canvas *canvas) {
        size_t room = canvas->rows > SPARE_ROWS + 1 ? canvas->rows - SPARE_ROWS : 1;
        struct line line = {.buffer = buffer, .canvas = canvas};
        bool fits = run->definition->n_steps <= room;

        draw_title(&line, run);
        end_line(&line);
        draw_steps(&line, run, fits ? room : room - 1);
        if (fits)
                return;
        draw_counts(&line, run);
        end_line(&line);
}
