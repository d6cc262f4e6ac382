/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file run_words.h
 * How states and times of a run are written for a person.
 */
#ifndef BP_CLI_RUN_WORDS_H
#define BP_CLI_RUN_WORDS_H

#include <stdint.h>

#include "cli/cli.h"
#include "engine/engine.h"

/** Size of a state's word, NUL included. */
#define BP_STATE_WORD_SIZE 16

/** Size of a duration's text, NUL included. */
#define BP_DURATION_TEXT_SIZE 32

/** Lower-case word of a step's state. @return `text`. */
char *bp_step_word(enum bp_step_state state, char text[BP_STATE_WORD_SIZE]);

/** Lower-case word of an execution's state. @return `text`. */
char *bp_execution_word(enum bp_execution_state state, char text[BP_STATE_WORD_SIZE]);

/** Colour of a step's state. */
enum bp_style bp_step_style(enum bp_step_state state);

/** Colour of an execution's state. */
enum bp_style bp_execution_style(enum bp_execution_state state);

/** One column that stands for a step's state. `frame` turns the spinner. */
const char *bp_step_symbol(enum bp_step_state state, bool utf8, uint32_t frame);

/** "0.4 s", "12.3 s", "2 min 05 s", "1 h 02 min". @return `text`. */
char *bp_duration_text(int64_t us, char text[BP_DURATION_TEXT_SIZE]);

#endif
