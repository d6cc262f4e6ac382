/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file run_batch.h
 * `run --jsonl`: executions one after another.
 */
#ifndef BP_CLI_RUN_BATCH_H
#define BP_CLI_RUN_BATCH_H

struct bp_arguments;
struct bp_catalogue;
struct bp_cli;

/**
 * Runs the pipeline of each line, {"dag" or "yaml" or "json", "params"}, and answers as `run --format json`. One that
 * may not start is answered with {"error", "errors"}. @return enum bp_exit.
 */
int bp_run_batch(struct bp_cli *cli, const struct bp_arguments *arguments, const struct bp_catalogue *catalogue);

#endif
