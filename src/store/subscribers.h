/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file subscribers.h
 * Subscriptions as they come and go with their execution. Seen inside this room only.
 */
#ifndef BP_STORE_SUBSCRIBERS_H
#define BP_STORE_SUBSCRIBERS_H

#include <stdint.h>

struct bp_connection;
struct bp_creation;
struct bp_group;

/* Enters the subscriptions of an execution that is created. @return 0 or negative errno. */
int bp_subscribers_insert(struct bp_connection *connection, const struct bp_group *group,
                          const struct bp_creation *creation, uint64_t execution);

#endif
