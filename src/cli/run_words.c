/* SPDX-License-Identifier: Apache-2.0 */
/* Words, symbols and colours of states; times as people read them. */
#include "cli/run_words.h"

#include <ctype.h>
#include <string.h>

static const struct {
        const char *utf8, *ascii;
        enum bp_style style;
} looks[] = {
        [BP_STEP_PENDING] = {"·", ".", BP_STYLE_DIM},      [BP_STEP_RUNNING] = {"", "", BP_STYLE_CYAN},
        [BP_STEP_WAITING] = {"◷", "~", BP_STYLE_CYAN},     [BP_STEP_RETRYING] = {"↻", "r", BP_STYLE_YELLOW},
        [BP_STEP_COMPLETED] = {"✔", "+", BP_STYLE_GREEN},  [BP_STEP_FAILED] = {"✘", "x", BP_STYLE_RED},
        [BP_STEP_SKIPPED] = {"○", "-", BP_STYLE_DIM},      [BP_STEP_TIMEOUT] = {"✘", "x", BP_STYLE_RED},
        [BP_STEP_CANCELLED] = {"■", "#", BP_STYLE_YELLOW}, [BP_STEP_INTERRUPTED] = {"✘", "x", BP_STYLE_RED},
};

static const char *const spinner_utf8[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
static const char *const spinner_ascii[] = {"|", "/", "-", "\\"};

static char *lower(const char *word, char text[BP_STATE_WORD_SIZE]) {
        size_t size = strnlen(word, BP_STATE_WORD_SIZE - 1);

        for (size_t i = 0; i < size; i++)
                text[i] = (char)tolower((unsigned char)word[i]);
        text[size] = '\0';
        return text;
}

char *bp_step_word(enum bp_step_state state, char text[BP_STATE_WORD_SIZE]) {
        return lower(bp_step_state_name(state), text);
}

char *bp_execution_word(enum bp_execution_state state, char text[BP_STATE_WORD_SIZE]) {
        return lower(bp_execution_state_name(state), text);
}

enum bp_style bp_step_style(enum bp_step_state state) {
        return looks[state].style;
}

enum bp_style bp_execution_style(enum bp_execution_state state) {
        if (state == BP_EXECUTION_COMPLETED)
                return BP_STYLE_GREEN;
        return bp_execution_state_is_final(state) ? BP_STYLE_RED : BP_STYLE_CYAN;
}

const char *bp_step_symbol(enum bp_step_state state, bool utf8, uint32_t frame) {
        if (state == BP_STEP_RUNNING && utf8)
                return spinner_utf8[frame % (sizeof(spinner_utf8) / sizeof(spinner_utf8[0]))];
        if (state == BP_STEP_RUNNING)
                return spinner_ascii[frame % (sizeof(spinner_ascii) / sizeof(spinner_ascii[0]))];
        return utf8 ? looks[state].utf8 : looks[state].ascii;
}

char *bp_duration_text(int64_t us, char text[BP_DURATION_TEXT_SIZE]) {
        long long seconds = us / 1000000;

        if (us < 0)
                snprintf(text, BP_DURATION_TEXT_SIZE, "0.0 s");
        else if (seconds < 60)
                snprintf(text, BP_DURATION_TEXT_SIZE, "%lld.%lld s", seconds, (long long)(us % 1000000 / 100000));
        else if (seconds < 3600)
                snprintf(text, BP_DURATION_TEXT_SIZE, "%lld min %02lld s", seconds / 60, seconds % 60);
        else
                snprintf(text, BP_DURATION_TEXT_SIZE, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
        return text;
}
