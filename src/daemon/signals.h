/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file signals.h
 * A small thread that takes the signals of the service and feeds the watchdog, so that no handler runs anywhere.
 */
#ifndef BP_DAEMON_SIGNALS_H
#define BP_DAEMON_SIGNALS_H

#include <stdint.h>

struct bp_signals;

/** What it does. Called on its thread. */
struct bp_signals_settings {
        void (*stop)(void *userdata, int signal);  /**< SIGTERM or SIGINT, the first time */
        void (*abort)(void *userdata, int signal); /**< the second time; does not return */
        void (*hang_up)(void *userdata);           /**< SIGHUP */
        void (*alive)(void *userdata);             /**< every `alive_us` microseconds */
        uint64_t alive_us;                         /**< 0: never */
        void *userdata;
};

/** Blocks its signals for this thread and those that it starts from now on. To be called before any thread is. */
void bp_signals_block(void);

/** Starts the thread. @return 0 or a negative errno */
int bp_signals_start(const struct bp_signals_settings *settings, struct bp_signals **ret_thread);

/** Ends the thread. NULL is allowed. Always returns NULL. */
struct bp_signals *bp_signals_stop(struct bp_signals *thread);

#endif
