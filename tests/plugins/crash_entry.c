/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes in its entry point. */
#include <budpipeline/action.h>

#include <signal.h>

const struct bp_plugin *bp_plugin_entry(void) {
        raise(SIGILL);
        return NULL;
}
