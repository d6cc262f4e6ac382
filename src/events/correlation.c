/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "events/events.h"

enum { LONGEST_PATH = 4 };

/* In the order in which they are looked at. */
static const char *const paths[][LONGEST_PATH + 1] = {
        {"workflow_id"},
        {"payload", "workflow_id"},
        {"notification_metadata", "workflow_id"},
        {"payload", "content", "result", "workflow_id"},
};

static const struct bp_value *walk(const struct bp_value *value, const char *const *path) {
        while (value && *path)
                value = bp_value_get(value, *path++);
        return value;
}

int bp_event_correlation(struct bp_arena *arena, const struct bp_value *data, const char **ret_id) {
        struct bp_strbuf text;

        *ret_id = NULL;
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                const struct bp_value *found = walk(data, paths[i]);

                if (!found || !bp_value_truth(found))
                        continue;
                bp_strbuf_init(&text, arena, BP_EVENTS_CORRELATION_BYTES);
                bp_value_write_text(&text, found);
                if (text.error == -E2BIG)
                        return 0;
                if (text.error)
                        return text.error;
                *ret_id = bp_strbuf_text(&text);
                return 0;
        }
        return 0;
}
