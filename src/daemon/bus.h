/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file bus.h
 * The configured bus as the publisher sees it. It has an invoker of its own, which neither repeats nor holds back:
 * the publisher does, topic by topic.
 */
#ifndef BP_DAEMON_BUS_H
#define BP_DAEMON_BUS_H

#include <stdint.h>

#include "publisher/publisher.h"

struct bp_bus;
struct bp_invoker_settings;

/** A bus as the settings of the service's invoker say, with a time for each event. @return 0 or negative errno. */
int bp_bus_new(const struct bp_invoker_settings *settings, uint32_t timeout_ms, struct bp_bus **ret_bus);

/** Ends what is on its way, and gives it back. NULL is allowed. Always returns NULL. */
struct bp_bus *bp_bus_free(struct bp_bus *bus);

/** How the publisher calls it. */
struct bp_publisher_bus bp_bus_interface(struct bp_bus *bus);

#endif
