/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/members.h"

#include <budpipeline/action.h>

#include <string.h>

/* clang-format off */
#define TABLE(...)                                                       \
        {.items = (const struct bp_text_member[]){__VA_ARGS__},          \
         .count = BP_COUNT(((const struct bp_text_member[]){__VA_ARGS__}))}

const struct bp_text_members bp_action_texts = TABLE(
        {.wire = "type", .offset = offsetof(struct bp_action, type), .mandatory = true},
        {.wire = "name", .offset = offsetof(struct bp_action, name), .mandatory = true},
        {.wire = "category", .offset = offsetof(struct bp_action, category), .mandatory = true},
        {.wire = "description", .offset = offsetof(struct bp_action, description), .mandatory = true},
        {.wire = "version", .offset = offsetof(struct bp_action, version)},
        {.wire = "icon", .offset = offsetof(struct bp_action, icon)},
        {.wire = "color", .offset = offsetof(struct bp_action, color)},
        {.wire = "docsUrl", .offset = offsetof(struct bp_action, docs_url)},
        {.wire = "deprecated", .offset = offsetof(struct bp_action, deprecated)},
        {.wire = "routes", .offset = offsetof(struct bp_action, routes)},
        {.wire = "woken", .offset = offsetof(struct bp_action, woken)},
        {.wire = "wokenAt", .offset = offsetof(struct bp_action, woken_at)});

const struct bp_text_members bp_param_texts = TABLE(
        {.wire = "name", .offset = offsetof(struct bp_param_definition, name), .mandatory = true},
        {.wire = "label", .offset = offsetof(struct bp_param_definition, label), .mandatory = true},
        {.wire = "default", .offset = offsetof(struct bp_param_definition, default_json), .json = true},
        {.wire = "description", .offset = offsetof(struct bp_param_definition, description)},
        {.wire = "placeholder", .offset = offsetof(struct bp_param_definition, placeholder)},
        {.wire = "group", .offset = offsetof(struct bp_param_definition, group)},
        {.wire = "alias", .offset = offsetof(struct bp_param_definition, alias)});

const struct bp_text_members bp_option_texts = TABLE(
        {.wire = "value", .offset = offsetof(struct bp_select_option, value), .mandatory = true},
        {.wire = "label", .offset = offsetof(struct bp_select_option, label), .mandatory = true});

const struct bp_text_members bp_rules_texts = TABLE(
        {.wire = "pattern", .offset = offsetof(struct bp_validation_rules, pattern)},
        {.wire = "patternMessage", .offset = offsetof(struct bp_validation_rules, pattern_message)});

const struct bp_text_members bp_visibility_texts = TABLE(
        {.wire = "param", .offset = offsetof(struct bp_conditional_visibility, param), .mandatory = true},
        {.wire = "equals", .offset = offsetof(struct bp_conditional_visibility, equals_json), .json = true},
        {.wire = "notEquals", .offset = offsetof(struct bp_conditional_visibility, not_equals_json), .json = true});

const struct bp_text_members bp_output_texts = TABLE(
        {.wire = "name", .offset = offsetof(struct bp_output_definition, name), .mandatory = true},
        {.wire = "type", .offset = offsetof(struct bp_output_definition, type), .mandatory = true},
        {.wire = "description", .offset = offsetof(struct bp_output_definition, description)});

const struct bp_text_members bp_example_texts = TABLE(
        {.wire = "title", .offset = offsetof(struct bp_action_example, title), .mandatory = true},
        {.wire = "params", .offset = offsetof(struct bp_action_example, params_json), .mandatory = true, .json = true},
        {.wire = "description", .offset = offsetof(struct bp_action_example, description)});

#define NAMES(...)                                                     \
        {.items = (const struct bp_wire_name[]){__VA_ARGS__},          \
         .count = BP_COUNT(((const struct bp_wire_name[]){__VA_ARGS__}))}

const struct bp_wire_names bp_param_type_names = NAMES(
        {BP_PARAM_STRING, "string"},
        {BP_PARAM_NUMBER, "number"},
        {BP_PARAM_BOOLEAN, "boolean"},
        {BP_PARAM_SELECT, "select"},
        {BP_PARAM_MULTISELECT, "multiselect"},
        {BP_PARAM_JSON, "json"},
        {BP_PARAM_TEMPLATE, "template"},
        {BP_PARAM_BRANCHES, "branches"},
        {BP_PARAM_RANGE, "range"},
        {BP_PARAM_MODEL_REF, "model_ref"},
        {BP_PARAM_CLUSTER_REF, "cluster_ref"},
        {BP_PARAM_PROJECT_REF, "project_ref"},
        {BP_PARAM_ENDPOINT_REF, "endpoint_ref"},
        {BP_PARAM_PROVIDER_REF, "provider_ref"},
        {BP_PARAM_CREDENTIAL_REF, "credential_ref"},
        {BP_PARAM_CLOUD_MODEL_REF, "cloud_model_ref"});

const struct bp_wire_names bp_execution_mode_names = NAMES(
        {BP_SYNC, "sync"},
        {BP_EVENT_DRIVEN, "event_driven"});

const struct bp_wire_names bp_effect_names = NAMES(
        {BP_PURE, "pure"},
        {BP_IDEMPOTENT, "idempotent"},
        {BP_ONCE, "once"});
/* clang-format on */

const char *bp_text_member_get(const void *object, const struct bp_text_member *member) {
        const char *text;

        memcpy(&text, (const char *)object + member->offset, sizeof(text));
        return text;
}

void bp_text_member_set(void *object, const struct bp_text_member *member, const char *text) {
        memcpy((char *)object + member->offset, &text, sizeof(text));
}

const char *bp_wire_name_of(const struct bp_wire_names *names, uint32_t value) {
        for (size_t i = 0; i < names->count; i++)
                if (names->items[i].value == value)
                        return names->items[i].name;
        return NULL;
}

uint32_t bp_wire_value_of(const struct bp_wire_names *names, const char *name) {
        for (size_t i = 0; i < names->count; i++)
                if (strcmp(names->items[i].name, name) == 0)
                        return names->items[i].value;
        return 0;
}
