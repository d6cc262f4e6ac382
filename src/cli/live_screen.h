/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file live_screen.h
 * The picture of a run on a terminal, as text: which steps are shown in how much room, and what each line says.
 * Knows no terminal and no clock, so that it can be tested as a function.
 */
#ifndef BP_CLI_LIVE_SCREEN_H
#define BP_CLI_LIVE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

struct bp_strbuf;

/** A step as the picture knows it. */
struct bp_live_step {
        enum bp_step_state state;
        uint32_t attempt;
        int64_t began_us, ended_us; /**< 0: not yet */
        int64_t due_us;             /**< of the next attempt or the end of a wait, 0: none */
        char last_line[160];        /**< last line logged, or the reason of a failure */
};

/** A run as the picture knows it. */
struct bp_live_run {
        const struct bp_definition *definition;
        struct bp_live_step *steps;
        enum bp_execution_state state;
        bool cancelling;
        int64_t began_us, now_us;
};

/** Where it is drawn. */
struct bp_live_canvas {
        size_t columns, rows;
        bool colour, utf8;
        uint32_t frame; /**< turns the spinner */
};

/**
 * Appends the picture: at most `rows` - 1 lines of at most `columns` - 1 columns. Where steps are more than lines,
 * those under way and failed come first.
 */
void bp_live_draw(struct bp_strbuf *buffer, const struct bp_live_run *run, const struct bp_live_canvas *canvas);

#endif
