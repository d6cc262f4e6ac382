/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/value.h"
#include "daemon/log.h"

static int ends[2];
static struct bp_arena *arena;
static char text[70000];

static int begin(void **state) {
        (void)state;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        return pipe(ends);
}

static int end(void **state) {
        (void)state;
        close(ends[0]);
        close(ends[1]);
        arena = bp_arena_free(arena);
        return 0;
}

/* What was written so far. */
static const char *written(void) {
        ssize_t size;

        assert_int_equal(write(ends[1], "|", 1), 1); /* so that there is something */
        size = read(ends[0], text, sizeof(text) - 1);
        assert_true(size > 0);
        text[size - 1] = '\0';
        return text;
}

static struct bp_value parsed(void) {
        const char *line = written();
        struct bp_value value;

        assert_int_equal(line[strlen(line) - 1], '\n');
        assert_int_equal(bp_json_parse(arena, line, strlen(line), NULL, &value, NULL), 0);
        return value;
}

static void assert_member(const struct bp_value *object, const char *name, const char *expected) {
        const struct bp_value *member = bp_value_get(object, name);

        assert_non_null(member);
        assert_int_equal(member->type, BP_STRING);
        assert_string_equal(member->as.text, expected);
}

static void a_json_line_has_its_fields_in_order_and_leaves_out_what_is_not_there(void **state) {
        const struct bp_log_field fields[] = {{.name = "path", .text = "/actions"},
                                              {.name = "principal"},
                                              {.name = "status", .number = 200},
                                              {.name = "duration_ms", .number = 0.25}};
        struct bp_log *log = bp_log_new(ends[1], BP_LOG_INFO, BP_LOG_JSON);
        struct bp_value line;

        (void)state;
        bp_log_write(log, BP_LOG_WARNING, "access", fields, 4, "a \"quoted\"\nmessage");
        line = parsed();
        assert_int_equal(line.count, 7);
        assert_string_equal(line.as.members[0].key, "time");
        assert_int_equal(bp_value_get(&line, "time")->count, strlen("2026-01-17T09:30:00.123456+00:00"));
        assert_member(&line, "level", "warning");
        assert_member(&line, "logger", "access");
        assert_member(&line, "message", "a \"quoted\"\nmessage");
        assert_member(&line, "path", "/actions");
        assert_int_equal(bp_value_get(&line, "status")->as.integer, 200);
        assert_true(bp_value_get(&line, "duration_ms")->as.number == 0.25);
        assert_null(bp_log_free(log));
}

static void no_secret_leaves(void **state) {
        const struct bp_log_field fields[] = {{.name = "reason", .text = "postgres://ada:hunter2@db/x"}};

        (void)state;
        for (enum bp_log_format format = BP_LOG_TEXT; format <= BP_LOG_JSON; format++) {
                struct bp_log *log = bp_log_new(ends[1], BP_LOG_INFO, format);
                const char *line;

                bp_log_write(log, BP_LOG_INFO, "action", fields, 1, "password=hunter1");
                line = written();
                assert_null(strstr(line, "hunter"));
                assert_non_null(strstr(line, "***REDACTED***"));
                bp_log_free(log);
        }
}

static void a_text_cannot_steer_a_terminal_or_forge_a_line(void **state) {
        struct bp_log *log = bp_log_new(ends[1], BP_LOG_INFO, BP_LOG_TEXT);
        const char *line;

        (void)state;
        bp_log_write(log, BP_LOG_ERROR, "action", NULL, 0, "one\n12:00:00.000 info forged: \033[31mred \xC2\x9B 31m");
        line = written();
        assert_non_null(strstr(line, " error   action: one\\x0a12:00:00.000 info forged: \\x1b[31mred \\x9b 31m\n"));
        assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
        bp_log_write(log, BP_LOG_ERROR, "action", NULL, 0, "not \xFF text");
        assert_non_null(strstr(written(), "(text that is not UTF-8)"));
        bp_log_free(log);
}

static void what_is_less_severe_is_not_written(void **state) {
        struct bp_log *log = bp_log_new(ends[1], bp_log_level_of("WARNING"), BP_LOG_JSON);

        (void)state;
        bp_log_write(log, BP_LOG_INFO, "x", NULL, 0, "quiet");
        bp_logf(log, BP_LOG_DEBUG, "x", "%s", "quieter");
        assert_string_equal(written(), "");
        assert_false(bp_log_takes(log, BP_LOG_INFO));
        bp_logf(log, BP_LOG_WARNING, "x", "%d of %d", 1, 2);
        assert_non_null(strstr(written(), "\"1 of 2\""));
        bp_log_announce(log, "x", "listening on somewhere");
        assert_non_null(strstr(written(), "\"level\":\"info\""));
        bp_log_free(log);
        assert_int_equal(bp_log_level_of("debug"), BP_LOG_DEBUG);
        assert_int_equal(bp_log_level_of("error"), BP_LOG_ERROR);
}

static void a_line_without_bound_is_left_out_and_the_next_is_written(void **state) {
        struct bp_log *log = bp_log_new(ends[1], BP_LOG_INFO, BP_LOG_JSON);
        char *longest = calloc(1, 200001);

        (void)state;
        memset(longest, 'x', 200000);
        bp_log_write(log, BP_LOG_INFO, "x", NULL, 0, longest);
        assert_string_equal(written(), "");
        bp_log_write(log, BP_LOG_INFO, "x", NULL, 0, "next");
        assert_non_null(strstr(written(), "\"next\""));
        free(longest);
        bp_log_free(log);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_json_line_has_its_fields_in_order_and_leaves_out_what_is_not_there,
                                                begin, end),
                cmocka_unit_test_setup_teardown(no_secret_leaves, begin, end),
                cmocka_unit_test_setup_teardown(a_text_cannot_steer_a_terminal_or_forge_a_line, begin, end),
                cmocka_unit_test_setup_teardown(what_is_less_severe_is_not_written, begin, end),
                cmocka_unit_test_setup_teardown(a_line_without_bound_is_left_out_and_the_next_is_written, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
