/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters against metadata. Texts are those of the original's API where it had the check, in its order: for each
 * parameter in declaration order missing, then minimum, maximum, lengths.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/similar.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "registry/entry.h"

/* What the checks of one value work on. */
struct value_check {
        const struct bp_param_meta *param;
        const char *key; /* as given: the name or its alias */
        bool templates;
        struct bp_problem_list *findings;
};

static bool is_template(const struct bp_value *value) {
        return value->type == BP_STRING && (strstr(value->as.text, "{{") || strstr(value->as.text, "{%"));
}

static int add(struct bp_problem_list *findings, const char *key, struct bp_problem *problem) {
        bp_problem_prefix(problem, key);
        return bp_problem_list_add(findings, problem);
}

__attribute__((format(printf, 3, 4))) static int report(const struct value_check *check, const char *code,
                                                        const char *format, ...) {
        struct bp_problem problem;
        va_list arguments;
        char text[400];

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        bp_problem_set(&problem, code, "%.100s: %s", check->param->name, text);
        return add(check->findings, check->key, &problem);
}

void bp_bound_write(struct bp_strbuf *buffer, double bound) {
        if (fabs(bound) < 1e15 && trunc(bound) == bound)
                bp_strbuf_printf(buffer, "%lld", (long long)bound);
        else
                bp_value_write_float(buffer, bound);
}

static int report_bound(const struct value_check *check, const char *relation, double bound) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, check->findings->arena, 64);
        bp_bound_write(&text, bound);
        return text.error ? text.error : report(check, "PARAM_RANGE", "must be %s %s", relation, bp_strbuf_text(&text));
}

static int check_bounds(const struct value_check *check, double number) {
        const struct bp_param_meta *param = check->param;
        int r = 0;

        if ((param->rules & BP_RULE_MIN) && number < param->min)
                r = report_bound(check, ">=", param->min);
        if (r == 0 && (param->rules & BP_RULE_MAX) && number > param->max)
                r = report_bound(check, "<=", param->max);
        return r;
}

static int check_length(const struct value_check *check, const struct bp_value *value) {
        const struct bp_param_meta *param = check->param;
        size_t length = bp_utf8_length(value->as.text, value->count);
        int r = 0;

        if ((param->rules & BP_RULE_MIN_LENGTH) && length < param->min_length)
                r = report(check, "PARAM_LENGTH", "must be at least %u chars", param->min_length);
        if (r == 0 && (param->rules & BP_RULE_MAX_LENGTH) && length > param->max_length)
                r = report(check, "PARAM_LENGTH", "must be at most %u chars", param->max_length);
        return r;
}

static int check_pattern(const struct value_check *check, const struct bp_value *value) {
        const struct bp_param_meta *param = check->param;
        enum bp_pattern_result result;
        int r;

        if (!param->compiled_pattern)
                return 0;
        r = bp_pattern_search(param->compiled_pattern, value->as.text, value->count, &result);
        if (r < 0 || result == BP_PATTERN_FOUND)
                return r;
        if (result == BP_PATTERN_TOO_HARD)
                return report(check, "PARAM_PATTERN", "is too costly to match against %.200s", param->pattern);
        if (param->pattern_message)
                return report(check, "PARAM_PATTERN", "%s", param->pattern_message);
        return report(check, "PARAM_PATTERN", "must match %.200s", param->pattern);
}

static bool is_option(const struct bp_param_meta *param, const struct bp_value *value) {
        for (size_t i = 0; i < param->n_options; i++)
                if (bp_value_is_text(value, param->options[i].value))
                        return true;
        return false;
}

static int report_options(const struct value_check *check) {
        const struct bp_param_meta *param = check->param;
        struct bp_strbuf names;

        bp_strbuf_init(&names, check->findings->arena, 300);
        for (size_t i = 0; i < param->n_options; i++)
                bp_strbuf_printf(&names, "%s%s", i ? ", " : "", param->options[i].value);
        if (names.error == -ENOMEM)
                return -ENOMEM;
        return report(check, "PARAM_OPTION", "must be one of %s", bp_strbuf_text(&names));
}

static bool fits_text(const struct bp_value *value) {
        return value->type == BP_STRING;
}

static bool fits_boolean(const struct bp_value *value) {
        return value->type == BP_BOOL;
}

static bool fits_list(const struct bp_value *value) {
        return value->type == BP_LIST;
}

static bool fits_anything(const struct bp_value *value) {
        (void)value;
        return true;
}

static bool fits_branches(const struct bp_value *value) {
        for (uint32_t i = 0; value->type == BP_LIST && i < value->count; i++)
                if (value->as.items[i].type != BP_OBJECT)
                        return false;
        return value->type == BP_LIST;
}

static bool fits_range(const struct bp_value *value) {
        if (value->type != BP_LIST || value->count != 2)
                return false;
        for (uint32_t i = 0; i < 2; i++)
                if (!bp_value_is_number(&value->as.items[i]) && !is_template(&value->as.items[i]))
                        return false;
        return true;
}

/* Which values a type takes, and how to say so. */
static const struct {
        bool (*fits)(const struct bp_value *value);
        const char *expected;
} types[] = {
        [BP_PARAM_STRING] = {fits_text, "text"},
        [BP_PARAM_NUMBER] = {bp_value_is_number, "a number"},
        [BP_PARAM_BOOLEAN] = {fits_boolean, "true or false"},
        [BP_PARAM_SELECT] = {fits_text, "the text of an option"},
        [BP_PARAM_MULTISELECT] = {fits_list, "a list of options"},
        [BP_PARAM_JSON] = {fits_anything, "JSON"},
        [BP_PARAM_TEMPLATE] = {fits_anything, "JSON"},
        [BP_PARAM_BRANCHES] = {fits_branches, "a list of branches"},
        [BP_PARAM_RANGE] = {fits_range, "a pair of numbers [min, max]"},
        [BP_PARAM_MODEL_REF] = {fits_text, "the id of a model"},
        [BP_PARAM_CLUSTER_REF] = {fits_text, "the id of a cluster"},
        [BP_PARAM_PROJECT_REF] = {fits_text, "the id of a project"},
        [BP_PARAM_ENDPOINT_REF] = {fits_text, "the id of an endpoint"},
        [BP_PARAM_PROVIDER_REF] = {fits_text, "the id of a provider"},
        [BP_PARAM_CREDENTIAL_REF] = {fits_text, "the id of a credential"},
        [BP_PARAM_CLOUD_MODEL_REF] = {fits_text, "the id of a cloud model"},
};

static int check_choices(const struct value_check *check, const struct bp_value *value) {
        for (uint32_t i = 0; i < value->count; i++) {
                const struct bp_value *item = &value->as.items[i];

                if (!is_option(check->param, item) && !(check->templates && is_template(item)))
                        return report_options(check);
        }
        return 0;
}

static int check_range(const struct value_check *check, const struct bp_value *value) {
        const struct bp_value *low = &value->as.items[0], *high = &value->as.items[1];
        int r = 0;

        if (!bp_value_is_number(low) || !bp_value_is_number(high))
                return check->templates ? 0 : report(check, "PARAM_TYPE", "must be %s", types[BP_PARAM_RANGE].expected);
        if (bp_value_as_float(low) > bp_value_as_float(high))
                r = report(check, "PARAM_RANGE", "must have its minimum first");
        if (r == 0)
                r = check_bounds(check, bp_value_as_float(low));
        return r ? r : check_bounds(check, bp_value_as_float(high));
}

static int check_scalar(const struct value_check *check, const struct bp_value *value) {
        int r;

        if (bp_value_is_number(value))
                return check_bounds(check, bp_value_as_float(value));
        if (value->type != BP_STRING)
                return 0;
        r = check_length(check, value);
        return r ? r : check_pattern(check, value);
}

int bp_param_check_value(const struct bp_param_meta *param, const char *key, const struct bp_value *value,
                         bool templates, struct bp_problem_list *findings) {
        const struct value_check check = {param, key, templates, findings};

        if (templates && is_template(value))
                return 0;
        if (!types[param->type].fits(value))
                return report(&check, "PARAM_TYPE", "must be %s", types[param->type].expected);
        switch (param->type) {
        case BP_PARAM_SELECT:
                return is_option(param, value) ? 0 : report_options(&check);
        case BP_PARAM_MULTISELECT:
                return check_choices(&check, value);
        case BP_PARAM_RANGE:
                return check_range(&check, value);
        default:
                return check_scalar(&check, value);
        }
}

static bool is_missing(const struct bp_param_meta *param, const struct bp_value *value) {
        return !value || (value->type == BP_NULL && !param->nullable) || bp_value_is_text(value, "");
}

/* The value given under a parameter's name, or else under its alias. */
static const struct bp_value *given_value(const struct bp_param_meta *param, const struct bp_value *params,
                                          const char **ret_key) {
        const struct bp_value *value = bp_value_get(params, param->name);

        *ret_key = param->name;
        if ((value && value->type != BP_NULL) || !param->alias || !bp_value_get(params, param->alias))
                return value;
        *ret_key = param->alias;
        return bp_value_get(params, param->alias);
}

/* Null counts as absent; defaults are not considered, as in the original. A template could turn out either way. */
static bool is_demanded(const struct bp_action_meta *meta, const struct bp_param_meta *param,
                        const struct bp_value *params, bool templates) {
        const struct bp_param_meta *decider;
        const struct bp_value *value;
        const char *key;

        if (!param->required)
                return false;
        if (!param->visible_when_param || (!param->has_equals && !param->has_not_equals))
                return true;
        decider = bp_action_meta_param(meta, param->visible_when_param);
        value = given_value(decider, params, &key);
        value = value ? value : &bp_value_null;
        if (templates && is_template(value))
                return false;
        return param->has_equals ? bp_value_equal(value, &param->equals) : !bp_value_equal(value, &param->not_equals);
}

static int check_param(const struct bp_action_meta *meta, const struct bp_param_meta *param,
                       const struct bp_value *params, const struct bp_params_check *how,
                       struct bp_problem_list *findings) {
        struct bp_problem problem;
        const char *key;
        const struct bp_value *value = given_value(param, params, &key);

        if (is_missing(param, value) && is_demanded(meta, param, params, how->templates)) {
                bp_problem_set(&problem, "PARAM_REQUIRED", "Missing required parameter: %s", param->name);
                return add(findings, key, &problem);
        }
        if (!value || value->type == BP_NULL)
                return 0;
        return bp_param_check_value(param, key, value, how->templates, findings);
}

static bool is_also_accepted(const struct bp_action_meta *meta, const char *name) {
        for (const char *const *accepted = meta->also_accepts; *accepted; accepted++)
                if (strcmp(*accepted, name) == 0)
                        return true;
        return false;
}

static int check_known(const struct bp_action_meta *meta, const struct bp_member *member,
                       struct bp_problem_list *findings) {
        struct bp_similar similar;
        struct bp_problem problem;

        if (bp_action_meta_param(meta, member->key) || is_also_accepted(meta, member->key))
                return 0;
        bp_similar_init(&similar, member->key);
        for (size_t i = 0; i < meta->n_params; i++)
                bp_similar_offer(&similar, meta->params[i].name);
        if (similar.nearest)
                bp_problem_set(&problem, "PARAM_UNKNOWN", "Unknown parameter: %.100s, did you mean '%.100s'?",
                               member->key, similar.nearest);
        else
                bp_problem_set(&problem, "PARAM_UNKNOWN", "Unknown parameter: %.100s", member->key);
        return add(findings, member->key, &problem);
}

int bp_params_check(const struct bp_action_meta *meta, const struct bp_value *params, const struct bp_params_check *how,
                    struct bp_problem_list *findings) {
        int r = 0;

        if (params->type != BP_OBJECT)
                return bp_problem_list_addf(findings, "PARAM_TYPE", "", "params must be an object");
        for (size_t i = 0; r == 0 && i < meta->n_params; i++)
                r = check_param(meta, &meta->params[i], params, how, findings);
        for (uint32_t i = 0; how->unknown_names && r == 0 && i < params->count; i++)
                r = check_known(meta, &params->as.members[i], findings);
        return r;
}

/* Depth is bounded by the value's. */
static bool has_template(const struct bp_value *value) {
        if (value->type == BP_LIST) {
                for (uint32_t i = 0; i < value->count; i++) {
                        if (has_template(&value->as.items[i]))
                                return true;
                }
        } else if (value->type == BP_OBJECT) {
                for (uint32_t i = 0; i < value->count; i++) {
                        if (has_template(&value->as.members[i].value))
                                return true;
                }
        }
        return is_template(value);
}

bool bp_params_have_templates(const struct bp_action_meta *meta, const struct bp_value *params) {
        for (uint32_t i = 0; params->type == BP_OBJECT && i < params->count; i++) {
                const struct bp_member *member = &params->as.members[i];
                const struct bp_param_meta *param = bp_action_meta_param(meta, member->key);

                if (!(param && param->raw) && has_template(&member->value))
                        return true;
        }
        return false;
}

static void complete_given(const struct bp_action_meta *meta, const struct bp_value *params,
                           struct bp_object_builder *completed) {
        for (uint32_t i = 0; i < params->count; i++) {
                const struct bp_member *member = &params->as.members[i];
                const struct bp_param_meta *param = bp_action_meta_param(meta, member->key);
                const char *key;

                if (member->value.type == BP_NULL && !(param && param->nullable))
                        continue;
                if (!param)
                        bp_object_set(completed, member->key, member->key_size, member->value);
                else if (given_value(param, params, &key) == &member->value)
                        bp_object_set_z(completed, param->name, member->value);
        }
}

int bp_params_complete(const struct bp_action_meta *meta, const struct bp_value *params, struct bp_arena *arena,
                       struct bp_value *ret_params) {
        struct bp_object_builder completed;

        bp_object_init(&completed, arena);
        if (params->type == BP_OBJECT)
                complete_given(meta, params, &completed);
        for (size_t i = 0; i < meta->n_params; i++) {
                const struct bp_param_meta *param = &meta->params[i];

                if (param->has_default && !param->form_default && !bp_value_is_text(&param->default_value, "") &&
                    !bp_object_has(&completed, param->name, strlen(param->name)))
                        bp_object_set_z(&completed, param->name, param->default_value);
        }
        return bp_object_finish(&completed, ret_params);
}
