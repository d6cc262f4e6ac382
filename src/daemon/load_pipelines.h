/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file load_pipelines.h
 * Pipelines in files become pipelines of the service, by name.
 */
#ifndef BP_DAEMON_LOAD_PIPELINES_H
#define BP_DAEMON_LOAD_PIPELINES_H

#include <stddef.h>

struct bp_log;
struct bp_problem;
struct bp_service;

/** What to load. */
struct bp_pipeline_files {
        const char *const *paths; /**< files, and folders of files named *.yaml, *.yml or *.json; NULL-terminated */
        size_t file_bytes;        /**< longest file */
        struct bp_log *log;
};

/**
 * Creates what is new and saves a revision of what has changed; what is the same is left alone. Pipelines of users are
 * not touched: those loaded have no owner. Every file is read and checked before anything is written.
 * @return 0; BP_PROBLEM: PIPELINE_FILE, everything wrong is in the log; negative errno.
 */
int bp_pipelines_load(struct bp_service *service, const struct bp_pipeline_files *files,
                      struct bp_problem *reterr_problem);

#endif
