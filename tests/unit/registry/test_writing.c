/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata as JSON: the shape of the Actions API, the answer to GET /actions, and reading a description back. */
#include "fixture.h"
#include "sample.h"

static const char sample_json[] =
        "{\"type\":\"sample\",\"version\":\"2.1.0\",\"name\":\"Sample\",\"description\":\"Uses \\\"everything\\\".\","
        "\"category\":\"Model\",\"icon\":\"cpu\",\"color\":\"#123456\",\"params\":["
        "{\"name\":\"model\",\"label\":\"Model\",\"type\":\"model_ref\",\"description\":null,\"required\":true,"
        "\"default\":null,\"placeholder\":null,\"options\":null,\"validation\":null,\"visibleWhen\":null,"
        "\"group\":null,\"alias\":\"model_id\",\"raw\":false,\"nullable\":false,\"formDefault\":false},"
        "{\"name\":\"mode\",\"label\":\"Mode\",\"type\":\"select\",\"description\":\"How\",\"required\":false,"
        "\"default\":\"fast\",\"placeholder\":\"pick\",\"options\":[{\"value\":\"fast\",\"label\":\"Fast\"},"
        "{\"value\":\"slow\",\"label\":\"Slow\"}],\"validation\":null,\"visibleWhen\":null,\"group\":\"Advanced\","
        "\"alias\":null,\"raw\":false,\"nullable\":false,\"formDefault\":false},"
        "{\"name\":\"size\",\"label\":\"Size\",\"type\":\"number\",\"description\":null,\"required\":true,"
        "\"default\":1,\"placeholder\":null,\"options\":null,\"validation\":{\"min\":1.0,\"max\":2.5},"
        "\"visibleWhen\":{\"param\":\"mode\",\"equals\":\"slow\"},\"group\":null,\"alias\":null,\"raw\":false,"
        "\"nullable\":false,\"formDefault\":false},"
        "{\"name\":\"note\",\"label\":\"Note\",\"type\":\"string\",\"description\":null,\"required\":true,"
        "\"default\":null,\"placeholder\":null,\"options\":null,\"validation\":{\"minLength\":2,\"maxLength\":9,"
        "\"pattern\":\"^a\",\"patternMessage\":\"starts with a\"},"
        "\"visibleWhen\":{\"param\":\"mode\",\"notEquals\":\"fast\"},\"group\":null,\"alias\":null,\"raw\":false,"
        "\"nullable\":false,\"formDefault\":false},"
        "{\"name\":\"branches\",\"label\":\"Branches\",\"type\":\"branches\",\"description\":null,\"required\":false,"
        "\"default\":null,\"placeholder\":null,\"options\":null,\"validation\":null,\"visibleWhen\":null,"
        "\"group\":null,\"alias\":null,\"raw\":true,\"nullable\":true,\"formDefault\":false},"
        "{\"name\":\"range\",\"label\":\"Range\",\"type\":\"range\",\"description\":null,\"required\":false,"
        "\"default\":[10,50],\"placeholder\":null,\"options\":null,\"validation\":{\"min\":10.0,\"max\":100.0},"
        "\"visibleWhen\":null,\"group\":null,\"alias\":null,\"raw\":false,\"nullable\":false,\"formDefault\":true},"
        "{\"name\":\"tags\",\"label\":\"Tags\",\"type\":\"multiselect\",\"description\":null,\"required\":false,"
        "\"default\":null,\"placeholder\":null,\"options\":[{\"value\":\"a\",\"label\":\"A\"}],\"validation\":null,"
        "\"visibleWhen\":null,\"group\":null,\"alias\":null,\"raw\":false,\"nullable\":false,\"formDefault\":false},"
        "{\"name\":\"payload\",\"label\":\"Payload\",\"type\":\"json\",\"description\":null,\"required\":true,"
        "\"default\":null,\"placeholder\":null,\"options\":null,\"validation\":null,\"visibleWhen\":null,"
        "\"group\":null,\"alias\":null,\"raw\":false,\"nullable\":false,\"formDefault\":false},"
        "{\"name\":\"title\",\"label\":\"Title\",\"type\":\"string\",\"description\":null,\"required\":true,"
        "\"default\":null,\"placeholder\":null,\"options\":null,\"validation\":null,\"visibleWhen\":null,"
        "\"group\":null,\"alias\":null,\"raw\":false,\"nullable\":false,\"formDefault\":false}],"
        "\"outputs\":[{\"name\":\"success\",\"type\":\"boolean\",\"description\":null},"
        "{\"name\":\"body\",\"type\":\"any\",\"description\":\"What came back\"},"
        "{\"name\":\"*\",\"type\":\"string\",\"description\":null}],"
        "\"executionMode\":\"event_driven\",\"timeoutSeconds\":600,"
        "\"retryPolicy\":{\"maxAttempts\":4,\"backoffMultiplier\":1.5,\"initialIntervalSeconds\":2.0,"
        "\"maxIntervalSeconds\":30.0,\"jitter\":0.25},"
        "\"idempotent\":true,\"requiredServices\":[\"budapp\",\"budsim\"],\"requiredPermissions\":[\"model.write\"],"
        "\"examples\":[{\"title\":\"One\",\"params\":{\"model\":\"m\",\"mode\":\"fast\",\"payload\":1,\"title\":\"t\"},"
        "\"description\":\"The least\"}],\"docsUrl\":\"https://example.com/docs\","
        "\"effect\":\"once\",\"timeoutIsSuccess\":true,\"routes\":\"branches\",\"woken\":\"success\",\"wokenAt\":"
        "\"body\",\"deprecated\":\"use another\","
        "\"alsoAccepts\":[\"hint\"],"
        "\"publisher\":\"budpipeline\",\"unavailable\":null}";

static void an_action_has_the_shape_of_the_actions_api(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        struct bp_strbuf text;

        if (add(fixture, &bp_action_sample) != 0)
                fail_msg("%s", fixture->problems.items[0]->message);
        snapshot = publish(fixture);
        bp_strbuf_init(&text, fixture->arena, SIZE_MAX);
        bp_action_meta_write(&text, bp_registry_at(snapshot, 0));
        assert_string_equal(bp_strbuf_text(&text), sample_json);
        bp_registry_release(snapshot);
}

/* What the text of an action was made from can be made from the text. */
static void a_description_reads_back_to_the_same_metadata(void **state) {
        struct fixture *fixture = *state;
        struct bp_value description = parse(fixture, sample_json);
        const struct bp_action_origin origin = {NULL, "/p/sample.so", NULL};
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_entry *entry;
        struct bp_strbuf text;
        char *unavailable;

        if (bp_registry_draft_add_described(fixture->draft, &description, &origin, &fixture->problems) != 0)
                fail_msg("%s", fixture->problems.items[0]->message);
        snapshot = publish(fixture);
        entry = bp_registry_at(snapshot, 0);
        assert_null(bp_action_entry_executor(entry));
        assert_string_equal(bp_action_entry_unavailable(entry), "it is described only, its code is not loaded");
        bp_strbuf_init(&text, fixture->arena, SIZE_MAX);
        bp_action_meta_write(&text, entry);
        unavailable = strstr(text.text, "\"unavailable\":");
        assert_non_null(unavailable);
        assert_memory_equal(text.text, sample_json, (size_t)(unavailable - text.text));
        bp_registry_release(snapshot);
}

static void a_description_that_is_wrong_gets_findings(void **state) {
        static const struct {
                const char *json, *pointer;
        } cases[] = {
                {"[]", ""},
                {"{\"type\": 1, \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\"}",
                 "/type"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\"}", "/effect"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"params\": {}}",
                 "/params"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"params\": [1]}",
                 "/params"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"params\": [{\"name\": \"a\", \"label\": \"A\", \"type\": \"guess\"}]}",
                 "/params/0/type"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"params\": [{\"name\": \"a\", \"label\": \"A\", \"type\": \"number\", \"validation\": 1}]}",
                 "/params/0/validation"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"params\": [{\"name\": \"a\", \"label\": \"A\", \"type\": \"string\","
                 "\"validation\": {\"minLength\": -1}}]}",
                 "/params/0/validation/minLength"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"timeoutSeconds\": 4294967296}",
                 "/timeoutSeconds"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"requiredServices\": [1]}",
                 "/requiredServices"},
                {"{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\", \"effect\": \"pure\","
                 "\"retryPolicy\": {\"maxAttempts\": 0, \"backoffMultiplier\": 2}}",
                 "/retryPolicy/maxAttempts"},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                struct bp_problem_list problems = {.arena = fixture->arena};
                struct bp_value description = parse(fixture, cases[i].json);

                if (bp_registry_draft_add_described(fixture->draft, &description, NULL, &problems) != BP_PROBLEM)
                        fail_msg("accepted: %s", cases[i].json);
                if (strcmp(problems.items[0]->pointer, cases[i].pointer) != 0)
                        fail_msg("%s: got %s (%s)", cases[i].json, problems.items[0]->pointer,
                                 problems.items[0]->message);
        }
}

static void a_member_that_a_newer_writer_adds_is_passed_over(void **state) {
        struct fixture *fixture = *state;
        struct bp_value description =
                parse(fixture, "{\"type\": \"t\", \"name\": \"N\", \"category\": \"C\", \"description\": \"D\","
                               "\"effect\": \"pure\", \"colour\": {\"new\": 1}}");

        assert_int_equal(bp_registry_draft_add_described(fixture->draft, &description, NULL, &fixture->problems), 0);
}

static void the_answer_lists_actions_categories_and_the_total(void **state) {
        static const struct {
                const char *type, *category;
        } actions[] = {{"b", "Model"}, {"a", "Deployment"}, {"c", "Model"}};
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        struct bp_value answer, description;
        struct bp_strbuf text;

        for (size_t i = 0; i < BP_COUNT(actions); i++) {
                struct bp_action action = sound_action(actions[i].type);

                action.category = actions[i].category;
                assert_int_equal(add(fixture, &action), 0);
        }
        snapshot = publish(fixture);
        bp_strbuf_init(&text, fixture->arena, SIZE_MAX);
        bp_registry_write(&text, snapshot);
        answer = parse(fixture, bp_strbuf_text(&text));
        assert_int_equal(bp_value_at(&answer, "/total")->as.integer, 3);
        assert_string_equal(bp_value_at(&answer, "/actions/0/type")->as.text, "b");
        assert_string_equal(bp_value_at(&answer, "/actions/2/type")->as.text, "c");
        assert_int_equal(bp_value_at(&answer, "/categories")->count, 2);
        assert_string_equal(bp_value_at(&answer, "/categories/0/name")->as.text, "Deployment");
        assert_string_equal(bp_value_at(&answer, "/categories/0/icon")->as.text, "rocket");
        assert_string_equal(bp_value_at(&answer, "/categories/1/actions/1/type")->as.text, "c");
        bp_strbuf_clear(&text);
        bp_action_meta_write(&text, bp_registry_find(snapshot, "c"));
        description = parse(fixture, bp_strbuf_text(&text));
        assert_true(bp_value_equal(bp_value_at(&answer, "/categories/1/actions/1"), &description));
        assert_true(bp_value_equal(bp_value_at(&answer, "/actions/2"), &description));
        bp_registry_release(snapshot);
}

static void an_empty_registry_has_an_answer_too(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(fixture->registry);
        struct bp_strbuf text;

        bp_strbuf_init(&text, fixture->arena, SIZE_MAX);
        bp_registry_write(&text, snapshot);
        assert_string_equal(bp_strbuf_text(&text), "{\"actions\":[],\"categories\":[],\"total\":0}");
        bp_registry_release(snapshot);
}

static void a_prepared_answer_is_handed_out_without_being_made_again(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        const char *first, *second;
        size_t first_size, second_size;

        assert_int_equal(add(fixture, &bp_action_sample), 0);
        snapshot = publish(fixture);
        assert_int_equal(bp_registry_answer(snapshot, &first, &first_size), 0);
        assert_int_equal(bp_registry_answer(snapshot, &second, &second_size), 0);
        assert_ptr_equal(first, second);
        assert_int_equal(first_size, strlen(first));
        assert_int_equal(second_size, first_size);
        bp_registry_release(snapshot);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(an_action_has_the_shape_of_the_actions_api),
                TEST(a_description_reads_back_to_the_same_metadata),
                TEST(a_description_that_is_wrong_gets_findings),
                TEST(a_member_that_a_newer_writer_adds_is_passed_over),
                TEST(the_answer_lists_actions_categories_and_the_total),
                TEST(an_empty_registry_has_an_answer_too),
                TEST(a_prepared_answer_is_handed_out_without_being_made_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
