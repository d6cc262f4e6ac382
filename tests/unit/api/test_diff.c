/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between two definitions. That patches do what they say is tested from outside, on many documents. */
#include "unit.h"

#include <string.h>

#include "api/diff.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/value.h"

typedef void write_diff(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to);

static void check(write_diff *write, const char *from_text, const char *to_text, const char *expected) {
        struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_value from, to;
        struct bp_strbuf buffer;

        assert_int_equal(bp_json_parse(arena, from_text, strlen(from_text), NULL, &from, NULL), 0);
        assert_int_equal(bp_json_parse(arena, to_text, strlen(to_text), NULL, &to, NULL), 0);
        bp_strbuf_init(&buffer, arena, 1 << 20);
        write(&buffer, &from, &to);
        assert_string_equal(bp_strbuf_text(&buffer), expected);
        bp_arena_free(arena);
}

static void a_patch_names_what_differs(void **state) {
        static const char *const cases[][3] = {
                {"{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}", "[]"},
                {"{\"a\":1}", "{\"a\":2}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":2,\"old\":1}]"},
                {"{\"a\":1}", "{\"a\":1.0}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1.0,\"old\":1}]"},
                {"{\"a\":1}", "{\"a\":true}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":true,\"old\":1}]"},
                {"{\"a/b\":1,\"m~n\":2}", "{}",
                 "[{\"op\":\"remove\",\"path\":\"/a~1b\",\"old\":1},{\"op\":\"remove\",\"path\":\"/m~0n\",\"old\":2}]"},
                {"{}", "{\"x\":null}", "[{\"op\":\"add\",\"path\":\"/x\",\"value\":null}]"},
                {"[1,2,3]", "[1,9,2,3]", "[{\"op\":\"add\",\"path\":\"/1\",\"value\":9}]"},
                {"[1,2,3,4]", "[1,4]",
                 "[{\"op\":\"remove\",\"path\":\"/2\",\"old\":3},{\"op\":\"remove\",\"path\":\"/1\",\"old\":2}]"},
                {"[7,7,7]", "[7,7]", "[{\"op\":\"remove\",\"path\":\"/2\",\"old\":7}]"},
                {"[]", "{}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{},\"old\":[]}]"},
                {"{\"s\":[{\"id\":\"a\",\"p\":{\"x\":1}}]}", "{\"s\":[{\"id\":\"a\",\"p\":{\"x\":2}}]}",
                 "[{\"op\":\"replace\",\"path\":\"/s/0/p/x\",\"value\":2,\"old\":1}]"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++)
                check(bp_api_write_patch, cases[i][0], cases[i][1], cases[i][2]);
}

static void write_step_changes(struct bp_strbuf *buffer, const struct bp_value *from, const struct bp_value *to) {
        bp_api_write_step_changes(buffer, from, to, buffer->arena);
}

static void steps_are_told_by_their_id(void **state) {
        static const char from[] = "{\"steps\":[{\"id\":\"a\",\"action\":\"x\"},{\"id\":\"b\",\"params\":{\"n\":1}},"
                                   "{\"id\":\"gone\"},7,{\"name\":\"no id\"}]}";
        static const char to[] = "{\"steps\":[{\"id\":\"new\"},{\"id\":\"b\",\"params\":{\"n\":2},\"name\":\"B\"},"
                                 "{\"action\":\"x\",\"id\":\"a\"}]}";

        (void)state;
        check(write_step_changes, from, to,
              "[{\"id\":\"b\",\"change\":\"changed\",\"fields\":[\"params\",\"name\"]},"
              "{\"id\":\"gone\",\"change\":\"removed\",\"fields\":[]},{\"id\":\"new\",\"change\":\"added\",\"fields\":["
              "]}]");
        check(write_step_changes, "{}", "{\"steps\":null}", "[]");
}

static void other_members_are_named(void **state) {
        (void)state;
        check(bp_api_write_changed_fields,
              "{\"name\":\"a\",\"steps\":[],\"settings\":{\"fail_fast\":true},\"version\":\"1\"}",
              "{\"name\":\"b\",\"steps\":[1],\"version\":\"1\",\"outputs\":{}}", "[\"name\",\"settings\",\"outputs\"]");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_patch_names_what_differs),
                cmocka_unit_test(steps_are_told_by_their_id),
                cmocka_unit_test(other_members_are_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
