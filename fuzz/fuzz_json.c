/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes through the JSON boundary: what is taken can be written and reads back equal, compactly and prettily; what
 * is refused is refused with a place and a readable message; finding places in valid text stays inside it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition) {
        if (!condition)
                abort();
}

static void read_back(struct bp_arena *arena, const struct bp_strbuf *written, const struct bp_value *value) {
        struct bp_problem problem;
        struct bp_value again;

        demand(written->error == 0);
        demand(bp_json_parse(arena, bp_strbuf_text(written), written->size, NULL, &again, &problem) == 0);
        demand(bp_value_equal(value, &again));
}

static void check_value(struct bp_arena *arena, const struct bp_value *value) {
        struct bp_strbuf compact, pretty;
        struct bp_value copy;

        bp_strbuf_init(&compact, arena, SIZE_MAX / 2);
        bp_strbuf_init(&pretty, arena, SIZE_MAX / 2);
        bp_json_write(&compact, value);
        bp_json_write_pretty(&pretty, value);
        read_back(arena, &compact, value);
        read_back(arena, &pretty, value);
        demand(bp_value_copy(arena, value, &copy) == 0);
        demand(bp_value_equal(value, &copy));
}

/* The first member or item of everything, as deep as it goes. */
static void check_places(const char *text, size_t size, const struct bp_value *value) {
        struct bp_problem problem = {0};

        while (value->type == BP_LIST || value->type == BP_OBJECT) {
                uint32_t line = 0, column = 0;

                demand(bp_json_locate(text, size, problem.pointer, &line, &column) >= 0);
                demand(line >= 1 && column >= 1);
                if (value->count == 0)
                        return;
                if (value->type == BP_LIST) {
                        value = &value->as.items[0];
                        bp_problem_prefix_index(&problem, 0);
                } else {
                        bp_problem_prefix(&problem, value->as.members[0].key);
                        value = &value->as.members[0].value;
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const char *text = (const char *)data;
        struct bp_problem problem = {0};
        struct bp_value value;
        int r;

        if (!arena)
                return 0;
        r = bp_json_parse(arena, text, size, NULL, &value, &problem);
        if (r == 0) {
                check_value(arena, &value);
                check_places(text, size, &value);
        } else {
                demand(r == BP_PROBLEM);
                demand(problem.code && problem.line >= 1 && problem.column >= 1);
                demand(bp_utf8_valid(problem.message, strlen(problem.message)));
        }
        return 0;
}
