/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file run_durable.h
 * One run through the durable service, on this thread. What else is live in the store goes on meanwhile.
 */
#ifndef BP_CLI_RUN_DURABLE_H
#define BP_CLI_RUN_DURABLE_H

#include "base/id.h"

struct bp_arena;
struct bp_cli;
struct bp_definition;
struct bp_durable_run;
struct bp_outgoing;
struct bp_observer;
struct bp_registry;
struct bp_value;

/** What is run, and who is shown it. Borrowed as long as the run. */
struct bp_durable_order {
        const struct bp_cli *cli;
        const char *store; /**< path, or URL as bp_store_settings takes it */
        struct bp_registry *registry;
        const struct bp_outgoing *outgoing;
        const struct bp_observer *observer; /**< told of every execution of the store */
        struct bp_arena *arena;
};

/** Opens the store and recovers. @return 0; 1: it cannot be opened, which has been said; negative errno. */
int bp_durable_new(const struct bp_durable_order *order, struct bp_durable_run **ret_run);

/** Starts an execution; nothing happens before bp_durable_go(). @return 0 and its id; 1: said; negative errno. */
int bp_durable_start(struct bp_durable_run *run, const struct bp_definition *definition, const struct bp_value *params,
                     struct bp_id *ret_execution);

/** Runs until bp_durable_stop(). @return 0 or negative errno. */
int bp_durable_go(struct bp_durable_run *run);

/** Cancels an execution. Any thread. @return 0 or -ENOMEM. */
int bp_durable_cancel(struct bp_durable_run *run, struct bp_id execution, const char *reason);

/** Ends bp_durable_go(): what has not ended stays in the store. Any thread. */
void bp_durable_stop(struct bp_durable_run *run);

/** Closes. NULL is allowed. Always returns NULL. */
struct bp_durable_run *bp_durable_free(struct bp_durable_run *run);

#endif
