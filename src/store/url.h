/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file url.h
 * Where a store is: `sqlite:PATH` or `memory:`. Seen inside this room only.
 */
#ifndef BP_STORE_URL_H
#define BP_STORE_URL_H

#include <stdbool.h>

struct bp_problem;

/* Reads a URL: the path (of a memory store a name) and the database's URI, both to be freed.
 * @return 0; BP_STORE_PROBLEM: STORE_URL; -ENOMEM. */
int bp_store_url_read(const char *url, bool *ret_in_memory, char **ret_path, char **ret_uri,
                      struct bp_problem *reterr_problem);

#endif
