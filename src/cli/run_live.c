/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run on a terminal: a picture redrawn in place. The engine's thread only takes notes; the attendant's thread draws,
 * since a terminal may be slow.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/live_screen.h"
#include "cli/run_view.h"
#include "pipeline/definition.h"

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define ERASE_TO_LINE_END "\033[K"
#define ERASE_BELOW "\033[J"

enum { DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 24, LEAST_COLUMNS = 20 };

struct live {
        const struct bp_cli *cli;
        bool virtual_time;
        pthread_mutex_t mutex; /* guards everything below */
        struct bp_live_run run;
        struct bp_strbuf drawn; /* the picture that is on the terminal now */
        struct bp_strbuf picture, output;
        uint32_t frame;
        struct termios terminal; /* as it was */
        bool has_terminal, has_left;
};

static void live_free(void *view) {
        struct live *live = view;

        if (!live)
                return;
        pthread_mutex_destroy(&live->mutex);
        bp_strbuf_done(&live->drawn);
        bp_strbuf_done(&live->picture);
        bp_strbuf_done(&live->output);
        free(live->run.steps);
        free(live);
}

/* ^C is not to be echoed into the picture. */
static void enter(struct live *live) {
        struct termios changed;

        if (tcgetattr(fileno(live->cli->out), &live->terminal) == 0) {
                changed = live->terminal;
                changed.c_lflag &= ~(tcflag_t)ECHOCTL;
                live->has_terminal = tcsetattr(fileno(live->cli->out), TCSANOW, &changed) == 0;
        }
        fputs(HIDE_CURSOR, live->cli->out);
        (void)fflush(live->cli->out);
}

static void *live_new(const struct bp_cli *cli, const struct bp_definition *definition, bool virtual_time) {
        struct live *live = bp_calloc(1, sizeof(*live));

        if (!live)
                return NULL;
        live->cli = cli;
        live->virtual_time = virtual_time;
        pthread_mutex_init(&live->mutex, NULL);
        bp_strbuf_init(&live->drawn, NULL, SIZE_MAX);
        bp_strbuf_init(&live->picture, NULL, SIZE_MAX);
        bp_strbuf_init(&live->output, NULL, SIZE_MAX);
        live->run = (struct bp_live_run){.definition = definition, .state = BP_EXECUTION_PENDING};
        live->run.steps = bp_calloc(definition->n_steps, sizeof(*live->run.steps));
        if (!live->run.steps) {
                live_free(live);
                return NULL;
        }
        for (uint32_t i = 0; i < definition->n_steps; i++)
                live->run.steps[i].state = BP_STEP_PENDING;
        enter(live);
        return live;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Notes
 */

static void note_line(struct bp_live_step *step, const char *text) {
        size_t size = strlen(text);

        if (size >= sizeof(step->last_line)) {
                size = sizeof(step->last_line) - 1;
                while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
                        size--;
        }
        memcpy(step->last_line, text, size);
        step->last_line[size] = '\0';
}

static void note_step(struct live *live, const struct bp_record *record) {
        struct bp_live_step *step = &live->run.steps[record->step];

        if (record->type == BP_RECORD_STEP_STARTED) {
                step->state = BP_STEP_RUNNING;
                step->attempt = record->attempt;
                step->began_us = step->began_us ? step->began_us : record->at.us;
                step->last_line[0] = '\0';
        } else if (record->type == BP_RECORD_STEP_WAITING) {
                step->state = BP_STEP_WAITING;
        } else if (record->type == BP_RECORD_STEP_RETRYING) {
                step->state = BP_STEP_RETRYING;
                step->due_us = record->deadline.us;
        } else if (record->type == BP_RECORD_STEP_ENDED) {
                step->state = record->step_state;
                step->ended_us = record->at.us;
        }
        if (record->message)
                note_line(step, record->message);
}

static void note_execution(struct live *live, const struct bp_record *record) {
        if (record->type == BP_RECORD_EXECUTION_STARTED) {
                live->run.state = BP_EXECUTION_RUNNING;
                live->run.began_us = record->at.us;
        } else if (record->type == BP_RECORD_CANCEL_REQUESTED) {
                live->run.cancelling = true;
        } else if (record->type == BP_RECORD_EXECUTION_ENDED) {
                live->run.state = record->execution_state;
                live->run.cancelling = false;
        }
}

static void live_records(void *view, const struct bp_execution *execution, const struct bp_record *records,
                         size_t n_records) {
        struct live *live = view;

        (void)execution;
        pthread_mutex_lock(&live->mutex);
        for (size_t i = 0; i < n_records; i++) {
                live->run.now_us = records[i].at.us;
                if (records[i].step == BP_NO_STEP)
                        note_execution(live, &records[i]);
                else
                        note_step(live, &records[i]);
        }
        pthread_mutex_unlock(&live->mutex);
}

static void live_log(void *view, const struct bp_execution *execution, const struct bp_run_log *log) {
        struct live *live = view;

        (void)execution;
        pthread_mutex_lock(&live->mutex);
        note_line(&live->run.steps[log->step], log->message);
        pthread_mutex_unlock(&live->mutex);
}

static void live_cancelling(void *view) {
        struct live *live = view;

        pthread_mutex_lock(&live->mutex);
        live->run.cancelling = true;
        pthread_mutex_unlock(&live->mutex);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Drawing
 */

static struct bp_live_canvas canvas_of(const struct live *live) {
        struct winsize size = {0};
        struct bp_live_canvas canvas = {.columns = DEFAULT_COLUMNS,
                                        .rows = DEFAULT_ROWS,
                                        .colour = live->cli->out_colour,
                                        .utf8 = live->cli->utf8,
                                        .frame = live->frame};

        if (ioctl(fileno(live->cli->out), TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
                canvas.columns = size.ws_col < LEAST_COLUMNS ? LEAST_COLUMNS : size.ws_col;
                canvas.rows = size.ws_row;
        }
        return canvas;
}

/* Columns of a drawn line: sequences for colours take none. */
static size_t drawn_columns(const char *line, size_t size) {
        size_t columns = 0;

        for (size_t i = 0; i < size; i++) {
                if (line[i] == '\033')
                        i += strcspn(line + i, "m");
                else if (((unsigned char)line[i] & 0xC0) != 0x80)
                        columns++;
        }
        return columns;
}

/* Where the window has become narrower, it has broken the lines drawn for the wider one. */
static size_t rows_to_go_up(const struct live *live, size_t columns) {
        const char *line = bp_strbuf_text(&live->drawn), *end;
        size_t rows = 0;

        for (; (end = strchr(line, '\n')); line = end + 1) {
                size_t used = drawn_columns(line, (size_t)(end - line));

                rows += used > columns ? (used + columns - 1) / columns : 1;
        }
        return rows;
}

/* What is rewritten in place must not flicker: each line erases its own rest, the last one what is below. */
static void compose(struct live *live, const struct bp_live_canvas *canvas) {
        const char *line = bp_strbuf_text(&live->picture), *end;
        size_t up = rows_to_go_up(live, canvas->columns);

        bp_strbuf_clear(&live->output);
        bp_strbuf_add_char(&live->output, '\r');
        if (up)
                bp_strbuf_printf(&live->output, "\033[%zuA", up);
        for (; (end = strchr(line, '\n')); line = end + 1) {
                bp_strbuf_add(&live->output, line, (size_t)(end - line));
                bp_strbuf_add_text(&live->output, ERASE_TO_LINE_END "\n");
        }
        bp_strbuf_add_text(&live->output, ERASE_BELOW);
}

static void draw(struct live *live) {
        struct bp_live_canvas canvas = canvas_of(live);

        if (!live->virtual_time && !bp_execution_state_is_final(live->run.state))
                live->run.now_us = bp_wall_now().us;
        bp_strbuf_clear(&live->picture);
        live->frame++;
        bp_live_draw(&live->picture, &live->run, &canvas);
        compose(live, &canvas);
        if (live->picture.error || live->output.error)
                return;
        fputs(bp_strbuf_text(&live->output), live->cli->out);
        (void)fflush(live->cli->out);
        bp_strbuf_clear(&live->drawn);
        bp_strbuf_add(&live->drawn, live->picture.text, live->picture.size);
}

static void live_tick(void *view) {
        struct live *live = view;

        pthread_mutex_lock(&live->mutex);
        if (live->run.began_us && !live->has_left)
                draw(live);
        pthread_mutex_unlock(&live->mutex);
}

/* The last picture stays, above whatever comes next. */
static void live_leave(void *view) {
        struct live *live = view;

        pthread_mutex_lock(&live->mutex);
        if (!live->has_left) {
                draw(live);
                fputs(SHOW_CURSOR, live->cli->out);
                (void)fflush(live->cli->out);
                if (live->has_terminal)
                        tcsetattr(fileno(live->cli->out), TCSANOW, &live->terminal);
                live->has_left = true;
        }
        pthread_mutex_unlock(&live->mutex);
}

const struct bp_run_view_kind bp_run_view_live = {
        .new = live_new,
        .free = live_free,
        .records = live_records,
        .log = live_log,
        .tick = live_tick,
        .cancelling = live_cancelling,
        .leave = live_leave,
};
