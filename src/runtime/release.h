/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file release.h
 * The output commit rule: inputs go to the core, records to the journal, and effects leave when what they depend on is
 * durable. Seen inside this room only; engine thread only.
 */
#ifndef BP_RUNTIME_RELEASE_H
#define BP_RUNTIME_RELEASE_H

#include "engine/engine.h"

struct bp_command;
struct bp_line;
struct bp_live;
struct bp_runtime;

/**
 * Gives an input to the core (its time is filled in) and lets what follows take its course. Failures break the
 * execution. @return 0, or negative when the core has not taken it.
 */
int bp_release_feed(struct bp_runtime *runtime, struct bp_live *live, struct bp_input *input);

/** Lets the journal commit what was appended in this turn. */
void bp_release_commit(struct bp_runtime *runtime);

/** Releases everything that has become durable. */
void bp_release_durable(struct bp_runtime *runtime);

/** Shows a line once the records before it are durable; takes it. */
void bp_release_line(struct bp_runtime *runtime, struct bp_live *live, struct bp_line *line);

/** Finishes a command once everything that its execution has done so far is durable; takes it. `live` may be NULL. */
void bp_release_receipt(struct bp_live *live, struct bp_command *command, int result);

/** The execution cannot go on: nothing of it leaves any more. */
void bp_release_break(struct bp_runtime *runtime, struct bp_live *live, int error);

/** Gives all batches back. */
void bp_release_done(struct bp_runtime *runtime);

#endif
