/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file run_result.h
 * What an execution came to, kept after the runtime has forgotten it.
 */
#ifndef BP_CLI_RUN_RESULT_H
#define BP_CLI_RUN_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "engine/engine.h"

/** The result of one execution. */
struct bp_run_result {
        enum bp_execution_state state; /**< 0 until it has ended */
        int64_t duration_us;
        size_t n_steps_in[BP_STEP_INTERRUPTED + 1]; /**< how many steps ended in each state */
        struct bp_strbuf json;                      /**< {"status", "outputs", "error", "steps", "retry_sleeps"} */
        struct bp_strbuf outputs;                   /**< JSON over several lines; empty when there are none */
        struct bp_strbuf error;                     /**< "CODE: message", or empty */
        struct bp_strbuf sleeps;                    /**< seconds between attempts, in order, with commas */
};

/** Nothing has happened yet. */
void bp_run_result_init(struct bp_run_result *result);

/** Forgets everything, keeps the memory. */
void bp_run_result_clear(struct bp_run_result *result);

/** Gives the memory back. */
void bp_run_result_done(struct bp_run_result *result);

/** Takes note of records. */
void bp_run_result_take_records(struct bp_run_result *result, const struct bp_record *records, size_t n_records);

/** Takes over an execution that has ended. */
void bp_run_result_take_end(struct bp_run_result *result, const struct bp_execution *execution);

/** The program's exit code for it. */
int bp_run_result_exit(const struct bp_run_result *result);

#endif
