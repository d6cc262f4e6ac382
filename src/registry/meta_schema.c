/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata as JSON Schema 2020-12. A document is valid where bp_params_check() has no finding: null counts as absent,
 * so parameters that are not demanded may be null; what is demanded must be neither null nor "". Visibility becomes
 * if/then. What has no keyword stays with the server: the order inside a range, limits on patterns, and that an alias
 * is not looked at beside the name it stands for.
 */
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "base/writer.h"
#include "registry/entry.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

/* The schema's word for each kind of parameter; NULL takes any value. */
static const char *const type_words[] = {
        [BP_PARAM_STRING] = "string",         [BP_PARAM_NUMBER] = "number",
        [BP_PARAM_BOOLEAN] = "boolean",       [BP_PARAM_SELECT] = "string",
        [BP_PARAM_MULTISELECT] = "array",     [BP_PARAM_JSON] = NULL,
        [BP_PARAM_TEMPLATE] = NULL,           [BP_PARAM_BRANCHES] = "array",
        [BP_PARAM_RANGE] = "array",           [BP_PARAM_MODEL_REF] = "string",
        [BP_PARAM_CLUSTER_REF] = "string",    [BP_PARAM_PROJECT_REF] = "string",
        [BP_PARAM_ENDPOINT_REF] = "string",   [BP_PARAM_PROVIDER_REF] = "string",
        [BP_PARAM_CREDENTIAL_REF] = "string", [BP_PARAM_CLOUD_MODEL_REF] = "string",
};

static const char *missing_values(const struct bp_param_meta *param) {
        return param->nullable ? "{\"enum\":[\"\"]}" : "{\"enum\":[null,\"\"]}";
}

static void close_object(struct bp_writer *object) {
        bp_strbuf_add_char(object->buffer, '}');
}

static bool is_conditional(const struct bp_param_meta *param) {
        return param->visible_when_param && (param->has_equals || param->has_not_equals);
}

/* Demanded under its one name, whatever else is given. */
static bool is_plainly_required(const struct bp_param_meta *param) {
        return param->required && !param->alias && !is_conditional(param);
}

static void write_type(struct bp_writer *schema, const char *word, bool nullable) {
        if (!word)
                return;
        if (!nullable)
                bp_writer_text(schema, "type", word);
        else
                bp_strbuf_printf(bp_writer_key(schema, "type"), "[\"%s\",\"null\"]", word);
}

static void write_enum(struct bp_writer *schema, const struct bp_param_meta *param, bool nullable) {
        struct bp_writer list = bp_writer_open(bp_writer_key(schema, "enum"), '[');

        for (size_t i = 0; i < param->n_options; i++) {
                bp_writer_next(&list);
                bp_writer_text_or_null(list.buffer, param->options[i].value);
        }
        if (nullable) {
                bp_writer_next(&list);
                bp_writer_text_or_null(list.buffer, NULL);
        }
        bp_strbuf_add_char(list.buffer, ']');
}

static void write_bounds(struct bp_writer *schema, const struct bp_param_meta *param) {
        if (param->rules & BP_RULE_MIN)
                bp_bound_write(bp_writer_key(schema, "minimum"), param->min);
        if (param->rules & BP_RULE_MAX)
                bp_bound_write(bp_writer_key(schema, "maximum"), param->max);
}

static void write_text_rules(struct bp_writer *schema, const struct bp_param_meta *param, bool nullable) {
        bool is_text = type_words[param->type] && strcmp(type_words[param->type], "string") == 0;
        uint32_t least = param->rules & BP_RULE_MIN_LENGTH ? param->min_length : 0;

        if (least == 0 && is_text && !nullable)
                least = 1;
        if (least)
                bp_writer_count(schema, "minLength", least);
        if (param->rules & BP_RULE_MAX_LENGTH)
                bp_writer_count(schema, "maxLength", param->max_length);
        bp_writer_text_if_any(schema, "pattern", param->pattern);
}

static void write_range_rules(struct bp_writer *schema, const struct bp_param_meta *param) {
        struct bp_writer items;

        bp_writer_count(schema, "minItems", 2);
        bp_writer_count(schema, "maxItems", 2);
        items = bp_writer_open(bp_writer_key(schema, "items"), '{');
        bp_writer_text(&items, "type", "number");
        write_bounds(&items, param);
        close_object(&items);
}

static void write_choices(struct bp_writer *schema, const struct bp_param_meta *param) {
        struct bp_writer items = bp_writer_open(bp_writer_key(schema, "items"), '{');

        write_enum(&items, param, false);
        close_object(&items);
}

static void write_rules(struct bp_writer *schema, const struct bp_param_meta *param, bool nullable) {
        switch (param->type) {
        case BP_PARAM_SELECT:
                write_enum(schema, param, nullable);
                return;
        case BP_PARAM_MULTISELECT:
                write_choices(schema, param);
                return;
        case BP_PARAM_BRANCHES:
                bp_strbuf_add_text(bp_writer_key(schema, "items"), "{\"type\":\"object\"}");
                return;
        case BP_PARAM_RANGE:
                write_range_rules(schema, param);
                return;
        default:
                write_bounds(schema, param);
                write_text_rules(schema, param, nullable);
        }
}

static void write_property(struct bp_strbuf *buffer, const struct bp_param_meta *param, bool is_alias) {
        struct bp_writer schema = bp_writer_open(buffer, '{');
        bool demanded = is_plainly_required(param), nullable = param->nullable || !demanded;

        bp_writer_text(&schema, "title", param->label);
        bp_writer_text_if_any(&schema, "description", param->description);
        write_type(&schema, type_words[param->type], nullable);
        write_rules(&schema, param, nullable);
        if (demanded && (nullable || !type_words[param->type]))
                bp_strbuf_add_text(bp_writer_key(&schema, "not"), missing_values(param));
        if (is_alias)
                bp_writer_bool(&schema, "deprecated", true);
        else if (param->has_default)
                bp_writer_value(&schema, "default", &param->default_value);
        close_object(&schema);
}

static void write_properties(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        struct bp_writer properties = bp_writer_open(buffer, '{');

        for (size_t i = 0; i < meta->n_params; i++) {
                const struct bp_param_meta *param = &meta->params[i];

                write_property(bp_writer_key(&properties, param->name), param, false);
                if (param->alias)
                        write_property(bp_writer_key(&properties, param->alias), param, true);
        }
        close_object(&properties);
}

static void write_required(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        struct bp_writer list = bp_writer_open(buffer, '[');

        for (size_t i = 0; i < meta->n_params; i++)
                if (is_plainly_required(&meta->params[i])) {
                        bp_writer_next(&list);
                        bp_writer_text_or_null(buffer, meta->params[i].name);
                }
        bp_strbuf_add_char(buffer, ']');
}

/* {"required": [name], "properties": {name: keyword: value}} */
static void write_member_rule(struct bp_strbuf *buffer, const struct bp_param_meta *param, const char *name,
                              const char *keyword, const struct bp_value *value) {
        struct bp_writer object = bp_writer_open(buffer, '{'), properties, rule;

        bp_writer_texts(&object, "required", (const char *const[]){name, NULL});
        properties = bp_writer_open(bp_writer_key(&object, "properties"), '{');
        rule = bp_writer_open(bp_writer_key(&properties, name), '{');
        if (value)
                bp_writer_value(&rule, keyword, value);
        else
                bp_strbuf_add_text(bp_writer_key(&rule, keyword), missing_values(param));
        bp_strbuf_add_text(buffer, "}}}");
}

/* The same under either name of a parameter. */
static void write_rule(struct bp_strbuf *buffer, const struct bp_param_meta *param, const char *keyword,
                       const struct bp_value *value) {
        if (!param->alias) {
                write_member_rule(buffer, param, param->name, keyword, value);
                return;
        }
        bp_strbuf_add_text(buffer, "{\"anyOf\":[");
        write_member_rule(buffer, param, param->name, keyword, value);
        bp_strbuf_add_char(buffer, ',');
        write_member_rule(buffer, param, param->alias, keyword, value);
        bp_strbuf_add_text(buffer, "]}");
}

static void write_visible(struct bp_strbuf *buffer, const struct bp_action_meta *meta,
                          const struct bp_param_meta *param) {
        const struct bp_param_meta *decider = bp_action_meta_param(meta, param->visible_when_param);

        if (param->has_equals) {
                write_rule(buffer, decider, "const", &param->equals);
                return;
        }
        bp_strbuf_add_text(buffer, "{\"not\":");
        write_rule(buffer, decider, "const", &param->not_equals);
        bp_strbuf_add_char(buffer, '}');
}

static void write_demand(struct bp_strbuf *buffer, const struct bp_action_meta *meta,
                         const struct bp_param_meta *param) {
        struct bp_writer object;

        if (!is_conditional(param)) {
                write_rule(buffer, param, "not", NULL);
                return;
        }
        object = bp_writer_open(buffer, '{');
        write_visible(bp_writer_key(&object, "if"), meta, param);
        write_rule(bp_writer_key(&object, "then"), param, "not", NULL);
        close_object(&object);
}

static void write_demands(struct bp_writer *schema, const struct bp_action_meta *meta) {
        struct bp_writer list = {.buffer = schema->buffer};
        bool opened = false;

        for (size_t i = 0; i < meta->n_params; i++) {
                if (!meta->params[i].required || is_plainly_required(&meta->params[i]))
                        continue;
                if (!opened)
                        list = bp_writer_open(bp_writer_key(schema, "allOf"), '[');
                opened = true;
                bp_writer_next(&list);
                write_demand(schema->buffer, meta, &meta->params[i]);
        }
        if (opened)
                bp_strbuf_add_char(schema->buffer, ']');
}

static struct bp_writer open_schema(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        struct bp_writer schema = bp_writer_open(buffer, '{');

        bp_writer_text(&schema, "$schema", DIALECT);
        bp_writer_text(&schema, "title", meta->name);
        bp_writer_text(&schema, "description", meta->description);
        bp_writer_text(&schema, "type", "object");
        return schema;
}

void bp_action_meta_write_params_schema(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        struct bp_writer schema = open_schema(buffer, meta);

        write_properties(bp_writer_key(&schema, "properties"), meta);
        write_required(bp_writer_key(&schema, "required"), meta);
        write_demands(&schema, meta);
        close_object(&schema);
}

/* Words of output types that JSON Schema knows too; `any` and `json` take anything. */
static bool is_schema_type(const char *type) {
        static const char *const words[] = {"string", "number", "boolean", "object", "array"};

        for (size_t i = 0; i < BP_COUNT(words); i++)
                if (strcmp(words[i], type) == 0)
                        return true;
        return false;
}

/* A failed step may leave any of its outputs null. */
static void write_output(struct bp_strbuf *buffer, const struct bp_output_definition *output) {
        struct bp_writer schema = bp_writer_open(buffer, '{');

        bp_writer_text_if_any(&schema, "description", output->description);
        write_type(&schema, is_schema_type(output->type) ? output->type : NULL, true);
        close_object(&schema);
}

static bool is_any_key(const struct bp_output_definition *output) {
        return strcmp(output->name, "*") == 0;
}

void bp_action_meta_write_outputs_schema(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        const struct bp_output_definition *any_key = bp_action_meta_output(meta, "*");
        struct bp_writer schema = open_schema(buffer, meta), properties;

        properties = bp_writer_open(bp_writer_key(&schema, "properties"), '{');
        for (size_t i = 0; i < meta->n_outputs; i++)
                if (!is_any_key(&meta->outputs[i]))
                        write_output(bp_writer_key(&properties, meta->outputs[i].name), &meta->outputs[i]);
        close_object(&properties);
        if (any_key)
                write_output(bp_writer_key(&schema, "additionalProperties"), any_key);
        close_object(&schema);
}
