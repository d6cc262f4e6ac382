/* SPDX-License-Identifier: Apache-2.0 */
/* How the API writes what JSON has no kind for. */
#include "unit.h"

#include <string.h>

#include "api/json.h"
#include "base/memory.h"
#include "base/strbuf.h"

#define EXPECT(buffer, expected)                                       \
        do {                                                           \
                assert_int_equal((buffer)->error, 0);                  \
                assert_string_equal(bp_strbuf_text(buffer), expected); \
        } while (0)

static int set_up(void **state) {
        struct bp_arena *arena = bp_arena_new(1 << 20);
        struct bp_strbuf *buffer = bp_arena_alloc(arena, sizeof(*buffer));

        bp_strbuf_init(buffer, arena, 1 << 16);
        *state = buffer;
        return 0;
}

static int tear_down(void **state) {
        struct bp_strbuf *buffer = *state;

        bp_arena_free(buffer->arena);
        return 0;
}

static void times_are_texts_or_null(void **state) {
        struct bp_strbuf *buffer = *state;
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_time(&object, "a", (struct bp_wall){0});
        bp_api_write_time(&object, "b", (struct bp_wall){1768642200123456});
        EXPECT(buffer, "{\"a\":null,\"b\":\"2026-01-17T09:30:00.123456+00:00\"");
}

static void percentages_are_texts_with_two_decimals(void **state) {
        static const struct {
                double percent;
                const char *text;
        } cases[] = {{0, "0.00"},        {200.0 / 3, "66.67"},        {100, "100.00"},  {-1, "0.00"},
                     {100.01, "100.00"}, {__builtin_nan(""), "0.00"}, {99.994, "99.99"}};
        struct bp_strbuf *buffer = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_writer object;
                char expected[32];

                bp_strbuf_clear(buffer);
                object = bp_writer_open(buffer, '{');
                bp_api_write_percent(&object, "p", cases[i].percent);
                snprintf(expected, sizeof(expected), "{\"p\":\"%s\"", cases[i].text);
                EXPECT(buffer, expected);
        }
}

static void ids_are_canonical(void **state) {
        struct bp_strbuf *buffer = *state;
        struct bp_writer object = bp_writer_open(buffer, '{');
        struct bp_id id;

        assert_true(bp_id_parse("0190A7C2-6C0E-7B3D-8F00-0123456789AB", &id));
        bp_api_write_id(&object, "a", id);
        bp_api_write_id_if(&object, "b", false, id);
        bp_api_write_id_if(&object, "c", true, id);
        EXPECT(buffer, "{\"a\":\"0190a7c2-6c0e-7b3d-8f00-0123456789ab\",\"b\":null,"
                       "\"c\":\"0190a7c2-6c0e-7b3d-8f00-0123456789ab\"");
}

static void secrets_do_not_leave(void **state) {
        static const char json[] = "{\"password\":\"x\",\"n\":1.0}", error[] = "failed: password=hunter2";
        struct bp_strbuf *buffer = *state;
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_safe_json(&object, "a", (struct bp_text){json, strlen(json)}, buffer->arena);
        bp_api_write_safe_json(&object, "b", (struct bp_text){0}, buffer->arena);
        bp_api_write_safe_text(&object, "c", error, buffer->arena);
        bp_api_write_safe_text(&object, "d", NULL, buffer->arena);
        bp_api_write_stored_json(&object, "e", (struct bp_text){json, strlen(json)});
        bp_api_write_stored_json(&object, "f", (struct bp_text){0});
        EXPECT(buffer, "{\"a\":{\"password\":\"***REDACTED***\",\"n\":1.0},\"b\":null,"
                       "\"c\":\"failed: password=***REDACTED***\",\"d\":null,"
                       "\"e\":{\"password\":\"x\",\"n\":1.0},\"f\":null");
}

static void damaged_json_is_a_failure(void **state) {
        struct bp_strbuf *buffer = *state;
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_api_write_safe_json(&object, "a", (struct bp_text){"{", 1}, buffer->arena);
        assert_true(buffer->error < 0);
}

static void states_are_read_in_any_case(void **state) {
        (void)state;
        assert_int_equal(bp_api_execution_state_of("COMPLETED"), BP_EXECUTION_COMPLETED);
        assert_int_equal(bp_api_execution_state_of("completed"), BP_EXECUTION_COMPLETED);
        assert_int_equal(bp_api_execution_state_of("Interrupted"), BP_EXECUTION_INTERRUPTED);
        assert_int_equal(bp_api_execution_state_of("DONE"), 0);
        assert_int_equal(bp_api_execution_state_of(""), 0);
        for (enum bp_execution_state each = BP_EXECUTION_PENDING; each <= BP_EXECUTION_INTERRUPTED; each++)
                assert_int_equal(bp_api_execution_state_of(bp_api_execution_state_lower(each)), each);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(times_are_texts_or_null, set_up, tear_down),
                cmocka_unit_test_setup_teardown(percentages_are_texts_with_two_decimals, set_up, tear_down),
                cmocka_unit_test_setup_teardown(ids_are_canonical, set_up, tear_down),
                cmocka_unit_test_setup_teardown(secrets_do_not_leave, set_up, tear_down),
                cmocka_unit_test_setup_teardown(damaged_json_is_a_failure, set_up, tear_down),
                cmocka_unit_test(states_are_read_in_any_case),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
