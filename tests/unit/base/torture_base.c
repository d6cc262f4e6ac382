/* SPDX-License-Identifier: Apache-2.0 */
/* Everything of base that asks for memory, with every request failing in turn. */
#include "torture.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"

static const char document[] =
        "{\"list\":[1,2.5,null,true,\"text\",[],{}],\"large\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,"
        "\"h\":8,\"i\":9,\"j\":10,\"k\":11,\"l\":12,\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":17,\"r\":18}}";

static int parse_copy_and_write(const void *data) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value value, copy;
        struct bp_strbuf buffer;
        int r;

        (void)data;
        if (!arena)
                return -ENOMEM;
        r = bp_json_parse(arena, document, strlen(document), NULL, &value, NULL);
        if (r)
                return r;
        r = bp_value_copy(arena, &value, &copy);
        if (r)
                return r;
        assert_true(bp_value_equal(&value, &copy));
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        bp_json_write(&buffer, &copy);
        r = buffer.error;
        if (!r)
                assert_string_equal(bp_strbuf_text(&buffer), document);
        bp_strbuf_done(&buffer);
        return r;
}

static int change_case(const void *data) {
        const enum bp_case *to = data;
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const char *text;
        size_t size;

        return arena ? bp_utf8_change_case(arena, *to, "\u00e9t\u00e9 stra\u00dfe", 14, &text, &size) : -ENOMEM;
}

static int fill_a_list(const void *data) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list list = {.arena = arena};

        (void)data;
        if (!arena)
                return -ENOMEM;
        for (int i = 0; i < 20; i++) {
                int r = bp_problem_list_addf(&list, "CODE", "/pointer", "number %d", i);

                if (r)
                        return r;
        }
        return 0;
}

static int steal_text(const void *data) {
        _cleanup_(bp_freep) char *text = NULL;
        struct bp_strbuf buffer;

        (void)data;
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        bp_strbuf_printf(&buffer, "%0300d", 7);
        text = bp_strbuf_steal(&buffer);
        bp_strbuf_done(&buffer);
        return text ? 0 : -ENOMEM;
}

static void json_survives_every_failed_request(void **state) {
        (void)state;
        assert_int_equal(torture(parse_copy_and_write, NULL), 0);
}

static void case_mapping_survives_every_failed_request(void **state) {
        (void)state;
        for (enum bp_case to = BP_CASE_UPPER; to <= BP_CASE_FOLD; to++)
                assert_int_equal(torture(change_case, &to), 0);
}

static void problem_lists_survive_every_failed_request(void **state) {
        (void)state;
        assert_int_equal(torture(fill_a_list, NULL), 0);
}

static void text_buffers_survive_every_failed_request(void **state) {
        (void)state;
        assert_int_equal(torture(steal_text, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(json_survives_every_failed_request),
                cmocka_unit_test(case_mapping_survives_every_failed_request),
                cmocka_unit_test(problem_lists_survive_every_failed_request),
                cmocka_unit_test(text_buffers_survive_every_failed_request),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
