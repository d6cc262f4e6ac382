/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the JSON of bp_action_meta_write() back to a struct bp_action, so that a plug-in is listed without its code
 * being loaded here. The text comes from another process: whatever it holds becomes findings at worst. Members that
 * this version does not know are passed over, as a newer writer's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "registry/entry.h"
#include "registry/members.h"

struct reader {
        struct bp_arena *arena;
        struct bp_finder *finder;
};

/* Where in the description an object stands, for findings. */
struct place {
        char pointer[96];
};

static struct place below(const struct place *parent, const char *member) {
        struct place place;

        snprintf(place.pointer, sizeof(place.pointer), "%.70s/%.24s", parent ? parent->pointer : "", member);
        return place;
}

static struct place at_index(const struct place *parent, size_t index) {
        struct place place;

        snprintf(place.pointer, sizeof(place.pointer), "%.70s/%zu", parent->pointer, index);
        return place;
}

static void expect(struct reader *reader, const struct place *place, const char *member, const char *kind) {
        struct place where = below(place, member);

        bp_finder_add(reader->finder, where.pointer, "%s must be %s", where.pointer, kind);
}

/* A member that is there and not null. */
static const struct bp_value *member_of(const struct bp_value *object, const char *name) {
        const struct bp_value *value = bp_value_get(object, name);

        return value && value->type != BP_NULL ? value : NULL;
}

static const char *json_text(struct reader *reader, const struct bp_value *value) {
        struct bp_strbuf buffer;

        bp_strbuf_init(&buffer, reader->arena, SIZE_MAX);
        bp_json_write(&buffer, value);
        if (buffer.error)
                reader->finder->error = -ENOMEM;
        return bp_strbuf_text(&buffer);
}

static const char *copy_text(struct reader *reader, const struct bp_value *value) {
        const char *copy = bp_arena_text(reader->arena, value->as.text, value->count);

        if (!copy)
                reader->finder->error = -ENOMEM;
        return copy;
}

static void read_texts(struct reader *reader, const struct bp_value *object, const struct bp_text_members *members,
                       const struct place *place, void *ret_struct) {
        for (size_t i = 0; i < members->count; i++) {
                const struct bp_text_member *member = &members->items[i];
                const struct bp_value *value = member_of(object, member->wire);

                if (!value)
                        continue;
                if (member->json)
                        bp_text_member_set(ret_struct, member, json_text(reader, value));
                else if (value->type == BP_STRING)
                        bp_text_member_set(ret_struct, member, copy_text(reader, value));
                else
                        expect(reader, place, member->wire, "text");
        }
}

static bool read_bool(struct reader *reader, const struct bp_value *object, const char *name,
                      const struct place *place) {
        const struct bp_value *value = member_of(object, name);

        if (value && value->type != BP_BOOL)
                expect(reader, place, name, "true or false");
        return value && value->type == BP_BOOL && value->as.boolean;
}

static uint32_t read_count(struct reader *reader, const struct bp_value *object, const char *name,
                           const struct place *place) {
        const struct bp_value *value = member_of(object, name);

        if (!value)
                return 0;
        if (value->type == BP_INT && value->as.integer >= 0 && value->as.integer <= UINT32_MAX)
                return (uint32_t)value->as.integer;
        expect(reader, place, name, "a whole number");
        return 0;
}

static double read_number(struct reader *reader, const struct bp_value *object, const char *name,
                          const struct place *place) {
        const struct bp_value *value = member_of(object, name);

        if (!value)
                return 0;
        if (bp_value_is_number(value))
                return bp_value_as_float(value);
        expect(reader, place, name, "a number");
        return 0;
}

static uint32_t read_name(struct reader *reader, const struct bp_value *object, const char *name,
                          const struct bp_wire_names *names, const struct place *place) {
        const struct bp_value *value = member_of(object, name);
        uint32_t known = value && value->type == BP_STRING ? bp_wire_value_of(names, value->as.text) : 0;

        if (value && !known)
                expect(reader, place, name, "a name this version knows");
        return known;
}

/* A list of objects, or NULL when there is none or it is none. */
static const struct bp_value *read_list(struct reader *reader, const struct bp_value *object, const char *name,
                                        const struct place *place) {
        const struct bp_value *list = member_of(object, name);

        if (!list)
                return NULL;
        if (list->type != BP_LIST || list->count > BP_META_LIST_MAX) {
                expect(reader, place, name, "a list of at most 1000 elements");
                return NULL;
        }
        for (uint32_t i = 0; i < list->count; i++)
                if (list->as.items[i].type != BP_OBJECT) {
                        expect(reader, place, name, "a list of objects");
                        return NULL;
                }
        return list;
}

static void *new_array(struct reader *reader, size_t count, size_t size) {
        void *array = bp_arena_array(reader->arena, count, size);

        if (!array)
                reader->finder->error = -ENOMEM;
        return array;
}

static const struct bp_value *read_object(struct reader *reader, const struct bp_value *object, const char *name,
                                          const struct place *place) {
        const struct bp_value *value = member_of(object, name);

        if (!value || value->type == BP_OBJECT)
                return value;
        expect(reader, place, name, "an object");
        return NULL;
}

static const char *const *read_strings(struct reader *reader, const struct bp_value *object, const char *name) {
        const struct bp_value *list = member_of(object, name);
        const char **texts;

        if (!list)
                return NULL;
        if (list->type != BP_LIST || list->count > BP_META_LIST_MAX) {
                expect(reader, NULL, name, "a list of at most 1000 texts");
                return NULL;
        }
        texts = new_array(reader, list->count + 1, sizeof(*texts));
        for (uint32_t i = 0; texts && i < list->count; i++) {
                if (list->as.items[i].type != BP_STRING) {
                        expect(reader, NULL, name, "a list of texts");
                        return NULL;
                }
                texts[i] = copy_text(reader, &list->as.items[i]);
        }
        return texts;
}

static void read_options(struct reader *reader, const struct bp_value *object, const struct place *place,
                         struct bp_param_definition *param) {
        const struct bp_value *list = read_list(reader, object, "options", place);
        struct place options_place = below(place, "options");
        struct bp_select_option *options;

        if (!list)
                return;
        options = new_array(reader, list->count, sizeof(*options));
        for (uint32_t i = 0; options && i < list->count; i++) {
                struct place option_place = at_index(&options_place, i);

                read_texts(reader, &list->as.items[i], &bp_option_texts, &option_place, &options[i]);
        }
        param->options = options;
        param->n_options = options ? list->count : 0;
        param->option_size = sizeof(*options);
}

static void read_validation(struct reader *reader, const struct bp_value *object, const struct place *place,
                            struct bp_param_definition *param) {
        static const struct {
                const char *name;
                enum bp_rule rule;
        } members[] = {
                {"min", BP_RULE_MIN},
                {"max", BP_RULE_MAX},
                {"minLength", BP_RULE_MIN_LENGTH},
                {"maxLength", BP_RULE_MAX_LENGTH},
        };
        const struct bp_value *value = read_object(reader, object, "validation", place);
        struct place rules_place = below(place, "validation");
        struct bp_validation_rules *rules;

        if (!value)
                return;
        rules = new_array(reader, 1, sizeof(*rules));
        if (!rules)
                return;
        rules->struct_size = sizeof(*rules);
        for (size_t i = 0; i < BP_COUNT(members); i++)
                if (member_of(value, members[i].name))
                        rules->rules |= members[i].rule;
        rules->min = read_number(reader, value, "min", &rules_place);
        rules->max = read_number(reader, value, "max", &rules_place);
        rules->min_length = read_count(reader, value, "minLength", &rules_place);
        rules->max_length = read_count(reader, value, "maxLength", &rules_place);
        read_texts(reader, value, &bp_rules_texts, &rules_place, rules);
        param->validation = rules;
}

static void read_visibility(struct reader *reader, const struct bp_value *object, const struct place *place,
                            struct bp_param_definition *param) {
        const struct bp_value *value = read_object(reader, object, "visibleWhen", place);
        struct place visibility_place = below(place, "visibleWhen");
        struct bp_conditional_visibility *visibility;

        if (!value)
                return;
        visibility = new_array(reader, 1, sizeof(*visibility));
        if (!visibility)
                return;
        visibility->struct_size = sizeof(*visibility);
        read_texts(reader, value, &bp_visibility_texts, &visibility_place, visibility);
        param->show_when = visibility;
}

static void read_param(struct reader *reader, const struct bp_value *object, const struct place *place,
                       struct bp_param_definition *param) {
        read_texts(reader, object, &bp_param_texts, place, param);
        param->type = read_name(reader, object, "type", &bp_param_type_names, place);
        param->required = read_bool(reader, object, "required", place);
        param->flags = read_bool(reader, object, "raw", place) ? BP_PARAM_RAW : 0;
        param->flags |= read_bool(reader, object, "nullable", place) ? BP_PARAM_NULLABLE : 0;
        param->flags |= read_bool(reader, object, "formDefault", place) ? BP_PARAM_FORM_DEFAULT : 0;
        read_options(reader, object, place, param);
        read_validation(reader, object, place, param);
        read_visibility(reader, object, place, param);
}

static void read_params(struct reader *reader, const struct bp_value *object, struct bp_action *action) {
        const struct bp_value *list = read_list(reader, object, "params", NULL);
        struct place params_place = below(NULL, "params");
        struct bp_param_definition *params;

        if (!list)
                return;
        params = new_array(reader, list->count, sizeof(*params));
        for (uint32_t i = 0; params && i < list->count; i++) {
                struct place place = at_index(&params_place, i);

                read_param(reader, &list->as.items[i], &place, &params[i]);
        }
        action->params = params;
        action->n_params = params ? list->count : 0;
}

/* Lists of structs that hold nothing but texts. */
static void *read_text_structs(struct reader *reader, const struct bp_value *object, const char *name,
                               const struct bp_text_members *members, size_t size, uint32_t *ret_count) {
        const struct bp_value *list = read_list(reader, object, name, NULL);
        struct place list_place = below(NULL, name);
        char *structs;

        if (!list)
                return NULL;
        structs = new_array(reader, list->count, size);
        for (uint32_t i = 0; structs && i < list->count; i++) {
                struct place place = at_index(&list_place, i);

                read_texts(reader, &list->as.items[i], members, &place, structs + i * size);
        }
        *ret_count = structs ? list->count : 0;
        return structs;
}

static void read_retry_policy(struct reader *reader, const struct bp_value *object, struct bp_action *action) {
        const struct bp_value *value = read_object(reader, object, "retryPolicy", NULL);
        struct place place = below(NULL, "retryPolicy");
        struct bp_retry_policy *policy;

        if (!value)
                return;
        policy = new_array(reader, 1, sizeof(*policy));
        if (!policy)
                return;
        policy->struct_size = sizeof(*policy);
        policy->max_attempts = read_count(reader, value, "maxAttempts", &place);
        policy->backoff_multiplier = read_number(reader, value, "backoffMultiplier", &place);
        policy->initial_interval_seconds = read_number(reader, value, "initialIntervalSeconds", &place);
        policy->max_interval_seconds = read_number(reader, value, "maxIntervalSeconds", &place);
        policy->jitter = read_number(reader, value, "jitter", &place);
        action->retry_policy = policy;
}

static void read_action(struct reader *reader, const struct bp_value *object, struct bp_action *action) {
        read_texts(reader, object, &bp_action_texts, NULL, action);
        if (action->type)
                reader->finder->action = action->type;
        read_params(reader, object, action);
        action->outputs = read_text_structs(reader, object, "outputs", &bp_output_texts,
                                            sizeof(struct bp_output_definition), &action->n_outputs);
        action->examples = read_text_structs(reader, object, "examples", &bp_example_texts,
                                             sizeof(struct bp_action_example), &action->n_examples);
        action->execution_mode = read_name(reader, object, "executionMode", &bp_execution_mode_names, NULL);
        action->effect = read_name(reader, object, "effect", &bp_effect_names, NULL);
        if (member_of(object, "idempotent"))
                action->idempotent = read_bool(reader, object, "idempotent", NULL) ? BP_YES : BP_NO;
        action->flags = read_bool(reader, object, "timeoutIsSuccess", NULL) ? BP_FLAG_TIMEOUT_IS_SUCCESS : 0;
        action->timeout_seconds = read_count(reader, object, "timeoutSeconds", NULL);
        read_retry_policy(reader, object, action);
        action->required_services = read_strings(reader, object, "requiredServices");
        action->required_permissions = read_strings(reader, object, "requiredPermissions");
        action->also_accepts = read_strings(reader, object, "alsoAccepts");
}

int bp_action_from_description(struct bp_arena *arena, const struct bp_value *description, struct bp_finder *finder,
                               struct bp_action **ret_action) {
        struct reader reader = {arena, finder};
        struct bp_action *action;

        if (description->type != BP_OBJECT) {
                bp_finder_add(finder, "", "a description must be an object");
                return bp_finder_result(finder);
        }
        action = bp_arena_alloc(arena, sizeof(*action));
        if (!action)
                return -ENOMEM;
        action->struct_size = sizeof(*action);
        action->abi_version = BP_ABI_VERSION;
        read_action(&reader, description, action);
        if (finder->error)
                return finder->error;
        *ret_action = action;
        return 0;
}
