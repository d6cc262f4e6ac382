/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of fields: normal forms, and every error with its pointer. Texts and rules are the original's. */
#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "pipeline/report.h"
#include "pipeline/schema.h"

static struct bp_arena *arena;

static int set_up(void **state) {
        (void)state;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        return arena ? 0 : -1;
}

static int tear_down(void **state) {
        (void)state;
        arena = bp_arena_free(arena);
        return 0;
}

/* "CODE pointer: message" of each problem, one a line. */
static const char *text_of(const struct bp_problem_list *problems) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, 1 << 20);
        for (size_t i = 0; i < problems->count; i++)
                bp_strbuf_printf(&text, "%s%s %s: %s", i ? "\n" : "", problems->items[i]->code,
                                 problems->items[i]->pointer, problems->items[i]->message);
        return bp_strbuf_text(&text);
}

static struct bp_value read(const char *json, struct bp_problem_list *errors, struct bp_problem_list *warnings) {
        struct bp_findings findings = {.errors = errors, .warnings = warnings, .limit = 1000};
        struct bp_value value, normal;
        struct bp_problem problem;

        *errors = (struct bp_problem_list){.arena = arena};
        *warnings = (struct bp_problem_list){.arena = arena};
        if (bp_json_parse(arena, json, strlen(json), NULL, &value, &problem))
                fail_msg("%s: %s", json, problem.message);
        assert_int_equal(bp_record_read(arena, &bp_definition_record, &value, NULL, &findings, &normal), 0);
        assert_int_equal(findings.n_errors, errors->count);
        assert_int_equal(findings.n_warnings, warnings->count);
        return normal;
}

/* Wraps members of one object in an otherwise sound definition. */
static const char *wrap(const char *where, const char *members) {
        static const struct {
                const char *where, *before, *after;
        } frames[] = {
                {"root", "{\"name\":\"n\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"x\"}],", "}"},
                {"step", "{\"name\":\"n\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"x\",", "}]}"},
                {"retry", "{\"name\":\"n\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"x\",\"retry\":{",
                 "}}]}"},
                {"settings",
                 "{\"name\":\"n\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"x\"}],\"settings\":{", "}}"},
                {"parameter",
                 "{\"name\":\"n\",\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"x\"}],\"parameters\":[{\"name\":"
                 "\"p\",",
                 "}]}"},
                {"whole", "", ""},
        };
        struct bp_strbuf text;

        bp_strbuf_init(&text, arena, 1 << 20);
        for (size_t i = 0; i < BP_COUNT(frames); i++)
                if (strcmp(where, frames[i].where) == 0)
                        bp_strbuf_printf(&text, "%s%s%s", frames[i].before, members, frames[i].after);
        assert_true(text.size > 0);
        return bp_strbuf_text(&text);
}

static void defaults_are_filled_in(void **state) {
        static const char expected[] =
                "{\"name\":\"n\",\"version\":\"1.0\",\"parameters\":[{\"name\":\"p\",\"type\":\"string\",\"required\":"
                "true}],"
                "\"settings\":{\"timeout_seconds\":7200,\"fail_fast\":true,\"max_parallel_steps\":10},"
                "\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"x\",\"params\":{},\"depends_on\":[],\"outputs\":["
                "],"
                "\"on_failure\":\"fail\",\"retry\":{\"max_attempts\":3,\"backoff_seconds\":60,"
                "\"backoff_multiplier\":2.0,\"max_backoff_seconds\":3600}}],\"outputs\":{}}";
        struct bp_problem_list errors, warnings;
        struct bp_value normal =
                read("{\"name\":\"n\",\"description\":null,\"parameters\":[{\"name\":\"p\",\"default\":null}],"
                     "\"steps\":[{\"id\":\"a\",\"name\":\"A\",\"action\":\"x\",\"retry\":{},"
                     "\"condition\":null,\"timeout_seconds\":null}]}",
                     &errors, &warnings);
        struct bp_strbuf text;

        (void)state;
        bp_strbuf_init(&text, arena, 1 << 20);
        bp_json_write(&text, &normal);
        assert_string_equal(bp_strbuf_text(&text), expected);
        assert_string_equal(text_of(&errors), "");
        assert_string_equal(text_of(&warnings), "");
}

static void a_field_takes_this_value(void **state) {
        static const struct {
                const char *where, *members, *pointer, *normal;
        } cases[] = {
                {"step", "\"timeout_seconds\":5.0", "/steps/0/timeout_seconds", "5"},
                {"step", "\"timeout_seconds\":true", "/steps/0/timeout_seconds", "1"},
                {"step", "\"timeout_seconds\":-3", "/steps/0/timeout_seconds", "-3"},
                {"step", "\"timeout_seconds\":\" 1_000 \"", "/steps/0/timeout_seconds", "1000"},
                {"step", "\"timeout_seconds\":\"+07\"", "/steps/0/timeout_seconds", "7"},
                {"step", "\"timeout_seconds\":\"-12.00\"", "/steps/0/timeout_seconds", "-12"},
                {"step", "\"timeout_seconds\":\"-9223372036854775808\"", "/steps/0/timeout_seconds",
                 "-9223372036854775808"},
                {"retry", "\"backoff_multiplier\":2", "/steps/0/retry/backoff_multiplier", "2.0"},
                {"retry", "\"backoff_multiplier\":\"1.5\"", "/steps/0/retry/backoff_multiplier", "1.5"},
                {"retry", "\"backoff_multiplier\":\"15e-1\"", "/steps/0/retry/backoff_multiplier", "1.5"},
                {"retry", "\"backoff_multiplier\":true", "/steps/0/retry/backoff_multiplier", "1.0"},
                {"retry", "\"max_attempts\":10", "/steps/0/retry/max_attempts", "10"},
                {"retry", "\"jitter\":1", "/steps/0/retry/jitter", "1.0"},
                {"settings", "\"fail_fast\":\"OFF\"", "/settings/fail_fast", "false"},
                {"settings", "\"fail_fast\":\"y\"", "/settings/fail_fast", "true"},
                {"settings", "\"fail_fast\":0", "/settings/fail_fast", "false"},
                {"settings", "\"fail_fast\":1.0", "/settings/fail_fast", "true"},
                {"settings", "\"skip_propagation\":\"all\"", "/settings/skip_propagation", "\"all\""},
                {"step", "\"on_failure\":\"Continue\"", "/steps/0/on_failure", "\"continue\""},
                {"step", "\"effect\":\"once\"", "/steps/0/effect", "\"once\""},
                {"step", "\"condition\":\"\"", "/steps/0/condition", "\"\""},
                {"step", "\"params\":{\"a\":null}", "/steps/0/params", "{\"a\":null}"},
                {"parameter", "\"type\":\"anything\"", "/parameters/0/type", "\"anything\""},
                {"parameter", "\"default\":[1,null]", "/parameters/0/default", "[1,null]"},
                {"parameter", "\"required\":\"no\"", "/parameters/0/required", "false"},
                {"root", "\"outputs\":{\"o\":\"{{ 1 }}\"}", "/outputs/o", "\"{{ 1 }}\""},
                {"root", "\"version\":\"\"", "/version", "\"\""},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem_list errors, warnings;
                struct bp_value normal = read(wrap(cases[i].where, cases[i].members), &errors, &warnings);
                const struct bp_value *value = bp_value_at(&normal, cases[i].pointer);
                struct bp_strbuf text;

                bp_strbuf_init(&text, arena, 1 << 20);
                if (value)
                        bp_json_write(&text, value);
                if (errors.count || !value || strcmp(bp_strbuf_text(&text), cases[i].normal) != 0)
                        fail_msg("%s: %s %s", cases[i].members, bp_strbuf_text(&text), text_of(&errors));
        }
}

static void a_wrong_field_is_named(void **state) {
        static const struct {
                const char *where, *members, *errors;
        } cases[] = {
                {"whole", "{}", "SCHEMA /name: Field required\nSCHEMA /steps: Field required"},
                {"whole", "{\"name\":\"a\",\"steps\":{}}", "SCHEMA /steps: Input should be a valid list"},
                {"whole", "{\"name\":\"a\",\"steps\":[]}", "SCHEMA /steps: At least one step is required"},
                {"whole", "{\"name\":\"\",\"steps\":[1]}",
                 "SCHEMA /name: String should have at least 1 character\n"
                 "SCHEMA /steps/0: Input should be a valid dictionary"},
                {"whole", "{\"name\":\"a\",\"steps\":[{}]}",
                 "SCHEMA /steps/0/id: Field required\nSCHEMA /steps/0/name: Field required\n"
                 "SCHEMA /steps/0/action: Field required"},
                {"whole", "{\"name\":7,\"steps\":[{\"id\":\"-a\",\"name\":null,\"action\":\"\"}]}",
                 "SCHEMA /name: Input should be a valid string\n"
                 "SCHEMA /steps/0/id: Step ID must start with a letter or digit\n"
                 "SCHEMA /steps/0/name: Input should be a valid string\n"
                 "SCHEMA /steps/0/action: String should have at least 1 character"},
                {"root", "\"version\":null", "SCHEMA /version: Input should be a valid string"},
                {"root", "\"settings\":null", "SCHEMA /settings: Input should be a valid dictionary"},
                {"root", "\"parameters\":null", "SCHEMA /parameters: Input should be a valid list"},
                {"root", "\"parameters\":[{}, {\"name\":\"1x\"}, {\"name\":\"\"}]",
                 "SCHEMA /parameters/0/name: Field required\n"
                 "SCHEMA /parameters/1/name: Parameter name must start with a letter or underscore\n"
                 "SCHEMA /parameters/2/name: String should have at least 1 character"},
                {"root", "\"outputs\":{\"a\":1,\"b\":\"x\",\"c\":null}",
                 "SCHEMA /outputs/a: Input should be a valid string\nSCHEMA /outputs/c: Input should be a valid "
                 "string"},
                {"root", "\"outputs\":[]", "SCHEMA /outputs: Input should be a valid dictionary"},
                {"step", "\"params\":null", "SCHEMA /steps/0/params: Input should be a valid dictionary"},
                {"step", "\"depends_on\":\"a\"", "SCHEMA /steps/0/depends_on: Input should be a valid list"},
                {"step", "\"depends_on\":[1,\"b\",null]",
                 "SCHEMA /steps/0/depends_on/0: Input should be a valid string\n"
                 "SCHEMA /steps/0/depends_on/2: Input should be a valid string"},
                {"step", "\"outputs\":null", "SCHEMA /steps/0/outputs: Input should be a valid list"},
                {"step", "\"condition\":true", "SCHEMA /steps/0/condition: Input should be a valid string"},
                {"step", "\"on_failure\":null",
                 "SCHEMA /steps/0/on_failure: Input should be 'fail', 'continue' or 'retry'"},
                {"step", "\"on_failure\":1",
                 "SCHEMA /steps/0/on_failure: Input should be 'fail', 'continue' or 'retry'"},
                {"step", "\"effect\":\"pure\"", "SCHEMA /steps/0/effect: Input should be 'idempotent' or 'once'"},
                {"step", "\"on_interrupt\":\"go\"", "SCHEMA /steps/0/on_interrupt: Input should be 'fail' or 'retry'"},
                {"step", "\"timeout_seconds\":1.5",
                 "SCHEMA /steps/0/timeout_seconds: Input should be a valid integer, got a number with a fractional "
                 "part"},
                {"step", "\"timeout_seconds\":\"1e3\"",
                 "SCHEMA /steps/0/timeout_seconds: Input should be a valid integer, unable to parse string as an "
                 "integer"},
                {"step", "\"timeout_seconds\":\"1__0\"",
                 "SCHEMA /steps/0/timeout_seconds: Input should be a valid integer, unable to parse string as an "
                 "integer"},
                {"step", "\"timeout_seconds\":\"\"",
                 "SCHEMA /steps/0/timeout_seconds: Input should be a valid integer, unable to parse string as an "
                 "integer"},
                {"step", "\"timeout_seconds\":[]", "SCHEMA /steps/0/timeout_seconds: Input should be a valid integer"},
                {"step", "\"timeout_seconds\":\"9223372036854775808\"",
                 "SCHEMA /steps/0/timeout_seconds: Input should be a valid integer, the number is beyond 64 bits"},
                {"step", "\"timeout_seconds\":1e19",
                 "SCHEMA /steps/0/timeout_seconds: Input should be a valid integer, the number is beyond 64 bits"},
                {"step", "\"retry\":[]", "SCHEMA /steps/0/retry: Input should be a valid dictionary"},
                {"retry", "\"max_attempts\":0,\"backoff_seconds\":0,\"backoff_multiplier\":0.5,\"jitter\":2",
                 "SCHEMA /steps/0/retry/max_attempts: Input should be greater than or equal to 1\n"
                 "SCHEMA /steps/0/retry/backoff_seconds: Input should be greater than or equal to 1\n"
                 "SCHEMA /steps/0/retry/backoff_multiplier: Input should be greater than or equal to 1\n"
                 "SCHEMA /steps/0/retry/jitter: Input should be less than or equal to 1"},
                {"retry", "\"max_attempts\":11",
                 "SCHEMA /steps/0/retry/max_attempts: Input should be less than or equal to 10"},
                {"retry", "\"max_attempts\":null",
                 "SCHEMA /steps/0/retry/max_attempts: Input should be a valid integer"},
                {"retry", "\"backoff_multiplier\":\"nan\"",
                 "SCHEMA /steps/0/retry/backoff_multiplier: Input should be a valid number, unable to parse string as "
                 "a number"},
                {"retry", "\"backoff_multiplier\":\"1e999\"",
                 "SCHEMA /steps/0/retry/backoff_multiplier: Input should be a finite number"},
                {"settings", "\"max_parallel_steps\":101",
                 "SCHEMA /settings/max_parallel_steps: Input should be less than or equal to 100"},
                {"settings", "\"fail_fast\":2",
                 "SCHEMA /settings/fail_fast: Input should be a valid boolean, unable to interpret input"},
                {"settings", "\"fail_fast\":\" yes\"",
                 "SCHEMA /settings/fail_fast: Input should be a valid boolean, unable to interpret input"},
                {"settings", "\"fail_fast\":null", "SCHEMA /settings/fail_fast: Input should be a valid boolean"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem_list errors, warnings;

                read(wrap(cases[i].where, cases[i].members), &errors, &warnings);
                if (strcmp(text_of(&errors), cases[i].errors) != 0)
                        fail_msg("%s:\n%s\nexpected:\n%s", cases[i].members, text_of(&errors), cases[i].errors);
        }
}

/* Lengths count code points, first characters are judged by Unicode. */
static void texts_are_measured_as_unicode(void **state) {
        static const struct {
                const char *unit;
                unsigned count;
                bool is_valid;
        } cases[] = {{"a", 100, true},         {"a", 101, false},     {"\xC3\xA4", 100, true},
                     {"\xC3\xA4", 101, false}, {"\xD9\xA3", 1, true}, {"\xE2\x82\xAC", 1, false}};

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem_list errors, warnings;
                struct bp_strbuf text;

                bp_strbuf_init(&text, arena, 1 << 20);
                bp_strbuf_add_text(&text, "{\"name\":\"n\",\"steps\":[{\"name\":\"A\",\"action\":\"x\",\"id\":\"");
                for (unsigned n = 0; n < cases[i].count; n++)
                        bp_strbuf_add_text(&text, cases[i].unit);
                bp_strbuf_add_text(&text, "\"}]}");
                read(bp_strbuf_text(&text), &errors, &warnings);
                assert_int_equal(errors.count, cases[i].is_valid ? 0 : 1);
        }
}

static void an_unknown_field_is_a_warning_with_the_nearest_name(void **state) {
        static const struct {
                const char *where, *members, *warnings;
        } cases[] = {
                {"step", "\"dependson\":[]",
                 "UNKNOWN_FIELD /steps/0/dependson: Unknown field 'dependson'; did you mean 'depends_on'?"},
                {"retry", "\"extra\":1", "UNKNOWN_FIELD /steps/0/retry/extra: Unknown field 'extra'"},
                {"settings", "\"fail_fest\":1",
                 "UNKNOWN_FIELD /settings/fail_fest: Unknown field 'fail_fest'; did you mean 'fail_fast'?"},
                {"parameter", "\"Default\":1",
                 "UNKNOWN_FIELD /parameters/0/Default: Unknown field 'Default'; did you mean 'default'?"},
                {"root", "\"a/b\":1", "UNKNOWN_FIELD /a~1b: Unknown field 'a/b'"},
                {"root", "\"x-layout\":{\"a\":[1,2]}", ""},
                {"step", "\"x-note\":1", ""},
                {"root", "\"xlayout\":1", "UNKNOWN_FIELD /xlayout: Unknown field 'xlayout'"},
        };

        (void)state;
        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem_list errors, warnings;

                read(wrap(cases[i].where, cases[i].members), &errors, &warnings);
                assert_string_equal(text_of(&errors), "");
                assert_string_equal(text_of(&warnings), cases[i].warnings);
        }
}

static void problems_beyond_the_limit_are_counted_only(void **state) {
        struct bp_problem_list errors = {.arena = arena};
        struct bp_findings findings = {.errors = &errors, .limit = 2};

        (void)state;
        for (int i = 0; i < 5; i++)
                assert_int_equal(bp_findings_error(&findings, "SCHEMA", NULL, "one of many"), 0);
        assert_int_equal(bp_findings_warning(&findings, "UNKNOWN_FIELD", NULL, "nobody listens"), 0);
        assert_int_equal(errors.count, 2);
        assert_int_equal(errors.dropped, 3);
        assert_int_equal(findings.n_errors, 5);
        assert_int_equal(findings.n_warnings, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_are_filled_in),
                cmocka_unit_test(a_field_takes_this_value),
                cmocka_unit_test(a_wrong_field_is_named),
                cmocka_unit_test(texts_are_measured_as_unicode),
                cmocka_unit_test(an_unknown_field_is_a_warning_with_the_nearest_name),
                cmocka_unit_test(problems_beyond_the_limit_are_counted_only),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
