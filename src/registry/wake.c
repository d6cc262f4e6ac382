/* SPDX-License-Identifier: Apache-2.0 */
/* What a sleep leaves as outputs, which is known only when it is over. */
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "registry/registry.h"

int bp_outputs_at_wake(const struct bp_action_meta *meta, const struct bp_value *outputs, struct bp_wall now,
                       struct bp_arena *arena, struct bp_value *ret_outputs) {
        struct bp_object_builder woken;
        char text[BP_WALL_TEXT_SIZE];
        struct bp_value at;
        int r = 0;

        if (!meta->woken && !meta->woken_at) {
                *ret_outputs = *outputs;
                return 0;
        }
        bp_object_init(&woken, arena);
        bp_object_merge(&woken, outputs);
        if (meta->woken)
                bp_object_set_z(&woken, meta->woken, bp_value_true);
        if (meta->woken_at) {
                r = bp_value_text_z(arena, bp_wall_format(now, text), &at);
                if (r == 0)
                        bp_object_set_z(&woken, meta->woken_at, at);
        }
        return r < 0 ? r : bp_object_finish(&woken, ret_outputs);
}
