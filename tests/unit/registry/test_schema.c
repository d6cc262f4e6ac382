/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata as JSON Schema 2020-12. What is expected is written by hand from the specification's vocabulary. */
#include "fixture.h"
#include "sample.h"

static const char params_schema[] =
        "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"Sample\","
        " \"description\": \"Uses \\\"everything\\\".\", \"type\": \"object\", \"properties\": {"
        "  \"model\": {\"title\": \"Model\", \"type\": [\"string\", \"null\"]},"
        "  \"model_id\": {\"title\": \"Model\", \"type\": [\"string\", \"null\"], \"deprecated\": true},"
        "  \"mode\": {\"title\": \"Mode\", \"description\": \"How\", \"type\": [\"string\", \"null\"],"
        "             \"enum\": [\"fast\", \"slow\", null], \"default\": \"fast\"},"
        "  \"size\": {\"title\": \"Size\", \"type\": [\"number\", \"null\"], \"minimum\": 1, \"maximum\": 2.5,"
        "             \"default\": 1},"
        "  \"note\": {\"title\": \"Note\", \"type\": [\"string\", \"null\"], \"minLength\": 2, \"maxLength\": 9,"
        "             \"pattern\": \"^a\"},"
        "  \"branches\": {\"title\": \"Branches\", \"type\": [\"array\", \"null\"], \"items\": {\"type\": \"object\"}},"
        "  \"range\": {\"title\": \"Range\", \"type\": [\"array\", \"null\"], \"minItems\": 2, \"maxItems\": 2,"
        "              \"items\": {\"type\": \"number\", \"minimum\": 10, \"maximum\": 100}, \"default\": [10, 50]},"
        "  \"tags\": {\"title\": \"Tags\", \"type\": [\"array\", \"null\"], \"items\": {\"enum\": [\"a\"]}},"
        "  \"payload\": {\"title\": \"Payload\", \"not\": {\"enum\": [null, \"\"]}},"
        "  \"title\": {\"title\": \"Title\", \"type\": \"string\", \"minLength\": 1}},"
        " \"required\": [\"payload\", \"title\"],"
        " \"allOf\": ["
        "  {\"anyOf\": [{\"required\": [\"model\"], \"properties\": {\"model\": {\"not\": {\"enum\": [null, \"\"]}}}},"
        "               {\"required\": [\"model_id\"],"
        "                \"properties\": {\"model_id\": {\"not\": {\"enum\": [null, \"\"]}}}}]},"
        "  {\"if\": {\"required\": [\"mode\"], \"properties\": {\"mode\": {\"const\": \"slow\"}}},"
        "   \"then\": {\"required\": [\"size\"], \"properties\": {\"size\": {\"not\": {\"enum\": [null, \"\"]}}}}},"
        "  {\"if\": {\"not\": {\"required\": [\"mode\"], \"properties\": {\"mode\": {\"const\": \"fast\"}}}},"
        "   \"then\": {\"required\": [\"note\"], \"properties\": {\"note\": {\"not\": {\"enum\": [null, \"\"]}}}}}]}";

static const char outputs_schema[] =
        "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"Sample\","
        " \"description\": \"Uses \\\"everything\\\".\", \"type\": \"object\", \"properties\": {"
        "  \"success\": {\"type\": [\"boolean\", \"null\"]}, \"body\": {\"description\": \"What came back\"}},"
        " \"additionalProperties\": {\"type\": [\"string\", \"null\"]}}";

static void parameters_and_outputs_have_a_schema(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_meta *meta;
        struct bp_strbuf text;

        assert_int_equal(add(fixture, &bp_action_sample), 0);
        snapshot = publish(fixture);
        meta = bp_action_entry_meta(bp_registry_at(snapshot, 0));
        bp_strbuf_init(&text, fixture->arena, SIZE_MAX);
        bp_action_meta_write_params_schema(&text, meta);
        assert_json_equal(fixture, &text, params_schema);
        bp_strbuf_clear(&text);
        bp_action_meta_write_outputs_schema(&text, meta);
        assert_json_equal(fixture, &text, outputs_schema);
        bp_registry_release(snapshot);
}

static void an_action_without_parameters_takes_any_object(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("plain");
        const struct bp_registry_snapshot *snapshot;
        struct bp_strbuf text;

        assert_int_equal(add(fixture, &action), 0);
        snapshot = publish(fixture);
        bp_strbuf_init(&text, fixture->arena, SIZE_MAX);
        bp_action_meta_write_params_schema(&text, bp_action_entry_meta(bp_registry_at(snapshot, 0)));
        assert_json_equal(fixture, &text,
                          "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"Name\","
                          " \"description\": \"Does nothing.\", \"type\": \"object\", \"properties\": {},"
                          " \"required\": []}");
        bp_registry_release(snapshot);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(parameters_and_outputs_have_a_schema),
                TEST(an_action_without_parameters_takes_any_object),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
