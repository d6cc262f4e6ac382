/* SPDX-License-Identifier: Apache-2.0 */
/* One parameter: its checks in the order of the reference, then ours, and its metadata. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "registry/entry.h"
#include "registry/members.h"

/* What the checks of one parameter work on. */
struct param_build {
        struct bp_arena *arena;
        const struct bp_action *action;
        const struct bp_param_definition *definition;
        struct bp_param_meta *meta;
        struct bp_finder *finder;
        size_t index;
        char pointer[32]; /* /params/N */
        char what[32];    /* params[N]. */
};

/* A finding about one member of the parameter. */
__attribute__((format(printf, 3, 4))) static void find(struct param_build *build, const char *member,
                                                       const char *format, ...) {
        char pointer[96], text[360];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        snprintf(pointer, sizeof(pointer), "%s/%s", build->pointer, member);
        bp_finder_add(build->finder, pointer, "%s%s", build->what, text);
}

static bool is_name_of(const char *name, const struct bp_param_definition *param) {
        return (param->name && strcmp(param->name, name) == 0) || (param->alias && strcmp(param->alias, name) == 0);
}

static bool seen_before(const struct param_build *build, const char *name) {
        for (size_t i = 0; name && name[0] && i < build->index; i++)
                if (is_name_of(name, &build->action->params[i]))
                        return true;
        return false;
}

static void check_names(struct param_build *build) {
        const struct bp_param_definition *definition = build->definition;

        bp_texts_check(&bp_param_texts, 0, 1, definition, build->pointer, build->what, build->finder);
        if (seen_before(build, definition->name))
                find(build, "name", "name '%.64s' is the name of another parameter", definition->name);
        bp_texts_check(&bp_param_texts, 1, 1, definition, build->pointer, build->what, build->finder);
}

static bool has_choices(uint32_t type) {
        return type == BP_PARAM_SELECT || type == BP_PARAM_MULTISELECT;
}

static bool option_seen_before(const struct bp_select_option *options, size_t index) {
        for (size_t i = 0; options[index].value && i < index; i++)
                if (options[i].value && strcmp(options[i].value, options[index].value) == 0)
                        return true;
        return false;
}

static void check_options(struct param_build *build) {
        const struct bp_param_definition *definition = build->definition;

        if (has_choices(definition->type) && definition->n_options == 0)
                find(build, "options", "options are mandatory for this type");
        for (size_t i = 0; i < definition->n_options; i++) {
                char pointer[64], what[64];

                snprintf(pointer, sizeof(pointer), "%s/options/%zu", build->pointer, i);
                snprintf(what, sizeof(what), "%soptions[%zu].", build->what, i);
                bp_texts_check(&bp_option_texts, 0, bp_option_texts.count, &definition->options[i], pointer, what,
                               build->finder);
                if (option_seen_before(definition->options, i))
                        find(build, "options", "options[%zu] has the value '%.64s' of another one", i,
                             definition->options[i].value);
        }
        build->meta->options = definition->options;
        build->meta->n_options = definition->n_options;
}

static void check_type(struct param_build *build) {
        if (!bp_wire_name_of(&bp_param_type_names, build->definition->type))
                find(build, "type", "type is mandatory: one of enum bp_param_type");
        build->meta->type = (enum bp_param_type)build->definition->type;
}

static void check_alias(struct param_build *build) {
        const char *alias = build->definition->alias;

        if (alias && build->definition->name && strcmp(alias, build->definition->name) == 0)
                find(build, "alias", "alias is the name itself");
        else if (seen_before(build, alias))
                find(build, "alias", "alias '%.64s' is the name of another parameter", alias);
}

static void compile_pattern(struct param_build *build) {
        struct bp_problem problem;
        int r;

        if (!build->meta->pattern)
                return;
        r = bp_pattern_compile(build->arena, build->meta->pattern, &build->meta->compiled_pattern, &problem);
        if (r < 0)
                build->finder->error = r;
        else if (r > 0)
                find(build, "validation/pattern", "validation: pattern does not compile: %.200s", problem.message);
}

static void check_bounds(struct param_build *build, const struct bp_validation_rules *rules) {
        bool has_min = rules->rules & BP_RULE_MIN, has_max = rules->rules & BP_RULE_MAX;

        if ((has_min && !isfinite(rules->min)) || (has_max && !isfinite(rules->max)))
                find(build, "validation", "validation: min and max must be finite");
        else if (has_min && has_max && rules->min > rules->max)
                find(build, "validation", "validation: min is greater than max");
        if ((rules->rules & BP_RULE_MIN_LENGTH) && (rules->rules & BP_RULE_MAX_LENGTH) &&
            rules->min_length > rules->max_length)
                find(build, "validation", "validation: min_length is greater than max_length");
}

static void check_rules(struct param_build *build) {
        const struct bp_validation_rules *rules = build->definition->validation;
        size_t findings_before = build->finder->count;
        struct bp_param_meta *meta = build->meta;
        char pointer[64], what[64];

        if (!rules)
                return;
        snprintf(pointer, sizeof(pointer), "%s/validation", build->pointer);
        snprintf(what, sizeof(what), "%svalidation.", build->what);
        bp_texts_check(&bp_rules_texts, 0, bp_rules_texts.count, rules, pointer, what, build->finder);
        check_bounds(build, rules);
        meta->rules = rules->rules & (BP_RULE_MIN | BP_RULE_MAX | BP_RULE_MIN_LENGTH | BP_RULE_MAX_LENGTH);
        meta->min = rules->min;
        meta->max = rules->max;
        meta->min_length = rules->min_length;
        meta->max_length = rules->max_length;
        if (build->finder->count != findings_before)
                return;
        meta->pattern = rules->pattern;
        meta->pattern_message = rules->pattern_message;
        compile_pattern(build);
}

/* JSON null means that the rule is not set. */
static void parse_condition(struct param_build *build, const char *text, const char *member, bool *ret_has,
                            struct bp_value *ret_value) {
        char pointer[64], what[64];

        if (!text)
                return;
        snprintf(pointer, sizeof(pointer), "%s/visibleWhen/%s", build->pointer, member);
        snprintf(what, sizeof(what), "%sshow_when.%s", build->what, member);
        if (bp_meta_json(build->arena, text, pointer, what, build->finder, ret_value))
                *ret_has = ret_value->type != BP_NULL;
}

static void check_visibility(struct param_build *build) {
        const struct bp_conditional_visibility *rule = build->definition->show_when;
        char pointer[64], what[64];

        if (!rule)
                return;
        snprintf(pointer, sizeof(pointer), "%s/visibleWhen", build->pointer);
        snprintf(what, sizeof(what), "%sshow_when.", build->what);
        bp_texts_check(&bp_visibility_texts, 0, bp_visibility_texts.count, rule, pointer, what, build->finder);
        build->meta->visible_when_param = rule->param;
        parse_condition(build, rule->equals_json, "equals", &build->meta->has_equals, &build->meta->equals);
        parse_condition(build, rule->not_equals_json, "notEquals", &build->meta->has_not_equals,
                        &build->meta->not_equals);
}

static void check_default_value(struct param_build *build) {
        struct bp_problem_list findings = {.arena = build->finder->problems->arena};
        const struct bp_value *value = &build->meta->default_value;
        int r;

        if (bp_value_is_text(value, ""))
                return;
        r = bp_param_check_value(build->meta, build->meta->name, value, true, &findings);
        if (r < 0)
                build->finder->error = r;
        for (size_t i = 0; i < findings.count; i++)
                find(build, "default", "default breaks the rules: %.250s", findings.items[i]->message);
}

/* JSON null means that there is no default. */
static void check_default(struct param_build *build, bool is_sound) {
        char pointer[64], what[64];

        if (!build->definition->default_json)
                return;
        snprintf(pointer, sizeof(pointer), "%s/default", build->pointer);
        snprintf(what, sizeof(what), "%sdefault", build->what);
        if (!bp_meta_json(build->arena, build->definition->default_json, pointer, what, build->finder,
                          &build->meta->default_value))
                return;
        build->meta->has_default = build->meta->default_value.type != BP_NULL;
        if (build->meta->has_default && is_sound)
                check_default_value(build);
}

static void fill_plain_members(const struct bp_param_definition *definition, struct bp_param_meta *meta) {
        meta->name = definition->name ? definition->name : "";
        meta->label = definition->label ? definition->label : "";
        meta->description = definition->description;
        meta->placeholder = definition->placeholder;
        meta->group = definition->group;
        meta->alias = definition->alias;
        meta->required = definition->required != 0;
        meta->raw = definition->flags & BP_PARAM_RAW;
        meta->nullable = definition->flags & BP_PARAM_NULLABLE;
        meta->form_default = definition->flags & BP_PARAM_FORM_DEFAULT;
}

void bp_param_meta_build(struct bp_arena *arena, const struct bp_action *action, size_t index, struct bp_finder *finder,
                         struct bp_param_meta *ret_param) {
        struct param_build build = {.arena = arena,
                                    .action = action,
                                    .definition = &action->params[index],
                                    .meta = ret_param,
                                    .finder = finder,
                                    .index = index};
        size_t findings_before = finder->count;

        snprintf(build.pointer, sizeof(build.pointer), "/params/%zu", index);
        snprintf(build.what, sizeof(build.what), "params[%zu].", index);
        fill_plain_members(build.definition, ret_param);
        check_names(&build);
        check_options(&build);
        check_type(&build);
        bp_texts_check(&bp_param_texts, 2, bp_param_texts.count, build.definition, build.pointer, build.what, finder);
        check_alias(&build);
        check_rules(&build);
        check_visibility(&build);
        check_default(&build, finder->count == findings_before);
}
