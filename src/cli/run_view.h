/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file run_view.h
 * The ways a run is shown while it goes on: plain lines, records as JSON lines, a live view of the steps.
 */
#ifndef BP_CLI_RUN_VIEW_H
#define BP_CLI_RUN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "engine/engine.h"

struct bp_cli;
struct bp_definition;

/** A line that an action logged. */
struct bp_run_log {
        uint32_t step, attempt;
        struct bp_wall at;
        enum bp_log_level level;
        const char *message;
};

/** Debug, info, warning, error. */
const char *bp_log_level_word(enum bp_log_level level);

/** One way to show a run. Members may be NULL. `view` is what `new` made. */
struct bp_run_view_kind {
        /** @return NULL when memory is exhausted. */
        void *(*new)(const struct bp_cli *cli, const struct bp_definition *definition, bool virtual_time);
        void (*free)(void *view);
        /** On the engine's thread. */
        void (*records)(void *view, const struct bp_execution *execution, const struct bp_record *records,
                        size_t n_records);
        /** On the engine's thread. */
        void (*log)(void *view, const struct bp_execution *execution, const struct bp_run_log *log);
        /** On the attendant's thread, several times a second. */
        void (*tick)(void *view);
        /** On the attendant's thread: a cancel was asked for. */
        void (*cancelling)(void *view);
        /** Back to an ordinary terminal. Called at the end, and on the attendant's thread before a sudden stop. */
        void (*leave)(void *view);
};

/** A line per transition. */
extern const struct bp_run_view_kind bp_run_view_lines;

/** A JSON line per record and per line logged. */
extern const struct bp_run_view_kind bp_run_view_records;

/** A line per step, redrawn in place; for a terminal. */
extern const struct bp_run_view_kind bp_run_view_live;

/** Nothing until the end. */
extern const struct bp_run_view_kind bp_run_view_none;

#endif
