/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of logs: order, steps, pages, and the limit of a step. */
#include "unit.h"

#include "execution.h"
#include "fixture.h"

static const int64_t t0 = 1760000000000000;

static void log_line(struct fixture *fixture, uint64_t number, uint32_t step, int64_t at, const char *message) {
        struct bp_store_line line = {
                .step = step, .attempt = 1 + step, .at = {at}, .level = BP_LOG_INFO, .message = message};

        assert_int_equal(bp_store_log(fixture->store, number, &line), 0);
}

static size_t lines_of(struct fixture *fixture, uint64_t number, uint32_t step, uint64_t offset, uint32_t limit,
                       struct bp_store_line **ret_lines) {
        size_t n = 0;

        assert_int_equal(bp_store_logs(fixture->store, number, step, offset, limit, fixture->arena, ret_lines, &n), 0);
        return n;
}

static void test_lines(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("logs", 3);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        struct bp_store_new_execution second = plain_execution(definition, t0);
        uint64_t number = create(fixture, &execution), other = create(fixture, &second);
        struct bp_store_line *lines;
        char message[32];

        for (int i = 0; i < 100; i++) {
                snprintf(message, sizeof(message), "line \"%d\"\n", i);
                log_line(fixture, number, (uint32_t)i % 3, t0 + i * 10 - (i == 50 ? 1000 : 0), message);
                log_line(fixture, other, 0, t0, "not this one");
                if (i % 7 == 0)
                        fixture_commit(fixture);
        }
        fixture_commit(fixture);
        assert_int_equal(lines_of(fixture, number, BP_NO_STEP, 0, 0, &lines), 100);
        for (int i = 0; i < 100; i++) {
                snprintf(message, sizeof(message), "line \"%d\"\n", i);
                assert_string_equal(lines[i].message, message);
                assert_int_equal(lines[i].step, i % 3);
                assert_int_equal(lines[i].attempt, 1 + i % 3);
                assert_int_equal(lines[i].level, BP_LOG_INFO);
                assert_int_equal(lines[i].at.us, t0 + i * 10 - (i == 50 ? 1000 : 0));
        }
        assert_int_equal(lines_of(fixture, number, 1, 0, 0, &lines), 33);
        assert_string_equal(lines[32].message, "line \"97\"\n");
        assert_int_equal(lines_of(fixture, number, 1, 30, 10, &lines), 3);
        assert_string_equal(lines[0].message, "line \"91\"\n");
        assert_int_equal(lines_of(fixture, number, BP_NO_STEP, 95, 2, &lines), 2);
        assert_string_equal(lines[1].message, "line \"96\"\n");
        assert_int_equal(lines_of(fixture, number, BP_NO_STEP, 100, 2, &lines), 0);
        assert_int_equal(lines_of(fixture, 99, BP_NO_STEP, 0, 0, &lines), 0);
        bp_definition_unref(definition);
}

static void test_limit_of_a_step(void **state) {
        struct fixture *fixture = *state;
        const struct bp_definition *definition = definition_of("chatty", 2);
        struct bp_store_new_execution execution = plain_execution(definition, t0);
        uint64_t number = create(fixture, &execution);
        struct bp_store_line *lines;
        char message[32];
        size_t n;

        for (int i = 0; i < 10250; i++) {
                snprintf(message, sizeof(message), "%d", i);
                log_line(fixture, number, 0, t0 + i, message);
                if (i % 100 == 0)
                        log_line(fixture, number, 1, t0 + i, "the other step");
                if (i == 4000 || i == 9990)
                        fixture_commit(fixture);
        }
        fixture_commit(fixture);
        log_line(fixture, number, 0, t0 + 10250, "one more");
        log_line(fixture, number, 1, t0 + 10250, "and of the other");
        fixture_commit(fixture);
        n = lines_of(fixture, number, 0, 0, 0, &lines);
        assert_int_equal(n, 10000);
        assert_string_equal(lines[9998].message, "9998");
        assert_string_equal(lines[9999].message, "9999 [251 further lines are not kept]");
        n = lines_of(fixture, number, 1, 0, 0, &lines);
        assert_int_equal(n, 104);
        assert_string_equal(lines[103].message, "and of the other");
        n = lines_of(fixture, number, BP_NO_STEP, 10000, 0, &lines);
        assert_int_equal(n, 104);
        bp_definition_unref(definition);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_lines),
                ON_BOTH_DRIVERS(test_limit_of_a_step),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
