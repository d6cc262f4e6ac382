/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file store_folder.h
 * The folder of a store that nobody named: it is made when it is first needed, for its owner alone.
 */
#ifndef BP_DAEMON_STORE_FOLDER_H
#define BP_DAEMON_STORE_FOLDER_H

struct bp_config;
struct bp_problem;

/** Makes the folder of the default store. A store that was named is left to whoever named it.
 * @return 0; BP_PROBLEM: STORE_IO. */
int bp_store_folder_make(const struct bp_config *config, struct bp_problem *reterr_problem);

#endif
