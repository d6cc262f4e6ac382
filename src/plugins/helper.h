/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file helper.h
 * Helper processes: several at a time, each under limits. Private to the room.
 */
#ifndef BP_PLUGINS_HELPER_H
#define BP_PLUGINS_HELPER_H

#include "base/strbuf.h"
#include "plugins/shared_object.h"

/** One file to describe, and what came of it. */
struct bp_helper_job {
        const char *path;
        struct bp_strbuf output; /**< what the helper wrote; malloc'ed, the caller frees it */
        bool failed;             /**< the helper itself failed, as `failure` says */
        struct bp_plugin_failure failure;
};

/** Largest description. */
#define BP_HELPER_OUTPUT_MAX (8u << 20)

/** Lets helpers describe the files. @return 0, or -errno when a helper can't be started; jobs hold outcomes. */
int bp_helpers_run(const struct bp_plugins_options *options, struct bp_helper_job *jobs, size_t count);

#endif
