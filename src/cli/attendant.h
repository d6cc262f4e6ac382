/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file attendant.h
 * A thread beside a run: it hears the signals of the process and gives views their ticks.
 */
#ifndef BP_CLI_ATTENDANT_H
#define BP_CLI_ATTENDANT_H

struct bp_attendant;

/** What the attendant calls, on its own thread. Members may be NULL. */
struct bp_attendant_calls {
        void (*tick)(void *userdata);   /**< twelve times a second; NULL: no ticks */
        void (*cancel)(void *userdata); /**< the first SIGINT, SIGTERM or SIGHUP */
        void (*leave)(void *userdata);  /**< the second one, right before the process ends with BP_EXIT_CANCELLED */
        void *userdata;
};

/**
 * Keeps the signals from every thread that is started from here on, so that the attendant hears them. Called before
 * any thread is started. @return 0 or a negative errno.
 */
int bp_attendant_block_signals(void);

/** Starts the thread. @return 0 or a negative errno. */
int bp_attendant_start(const struct bp_attendant_calls *calls, struct bp_attendant **ret_attendant);

/** Ends the thread; no call is made afterwards. NULL is allowed. */
void bp_attendant_stop(struct bp_attendant *attendant);

#endif
