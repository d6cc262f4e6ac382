/* SPDX-License-Identifier: Apache-2.0 */
/* Sanitising without memory. */
#include "torture.h"

#include <string.h>

#include "base/json.h"
#include "sanitize/sanitize.h"

static int sanitize(const void *data) {
        const struct bp_json_limits limits = {.depth = 64};
        struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_value value, safe;
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_json_parse(arena, data, strlen(data), &limits, &value, NULL);
        if (r == 0)
                r = bp_sanitize(arena, &value, &safe);
        bp_arena_free(arena);
        return r;
}

static void test_values(void **state) {
        (void)state;
        assert_int_equal(
                torture(sanitize, "{\"a\":[1,\"pwd=x\",{\"token\":1,\"b\":\"Bearer abcdefghijklmnopqrstuvw\"}]}"), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_values)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
