/* SPDX-License-Identifier: Apache-2.0 */
/* From the normal form to structs. The schema has been checked: what is still missing here was reported there. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/value.h"
#include "pipeline/loader.h"
#include "pipeline/schema.h"

static const char *text_of(const struct bp_value *object, const char *key) {
        const struct bp_value *value = bp_value_get(object, key);

        return value && value->type == BP_STRING ? value->as.text : NULL;
}

static const char *text_or_empty(const struct bp_value *object, const char *key) {
        const char *text = text_of(object, key);

        return text ? text : "";
}

static bool bool_of(const struct bp_value *object, const char *key) {
        const struct bp_value *value = bp_value_get(object, key);

        return value && value->type == BP_BOOL && value->as.boolean;
}

/* Negative numbers are none; what does not fit is cut, which makes 136 years of seconds. */
static uint32_t whole_of(const struct bp_value *object, const char *key) {
        const struct bp_value *value = bp_value_get(object, key);

        if (!value || value->type != BP_INT || value->as.integer < 0)
                return 0;
        return value->as.integer > UINT32_MAX ? UINT32_MAX : (uint32_t)value->as.integer;
}

static double float_of(const struct bp_value *object, const char *key) {
        const struct bp_value *value = bp_value_get(object, key);

        return value ? bp_value_as_float(value) : 0.0;
}

/* The number of a word, counted from 1; 0 when the field is absent. */
static unsigned word_of(const struct bp_value *object, const char *key, const char *const *words) {
        const char *text = text_of(object, key);

        for (unsigned i = 0; text && words[i]; i++)
                if (strcmp(text, words[i]) == 0)
                        return i + 1;
        return 0;
}

static int build_retry(const struct bp_loader *loader, const struct bp_value *owner, const char *key,
                       const struct bp_retry **ret_retry) {
        const struct bp_value *normal = bp_value_get(owner, key);
        struct bp_retry *retry;

        if (!normal || normal->type != BP_OBJECT)
                return 0;
        retry = bp_arena_alloc(loader->arena, sizeof(*retry));
        if (!retry)
                return -ENOMEM;
        *retry = (struct bp_retry){
                .max_attempts = whole_of(normal, "max_attempts"),
                .backoff_seconds = whole_of(normal, "backoff_seconds"),
                .backoff_multiplier = float_of(normal, "backoff_multiplier"),
                .max_backoff_seconds = whole_of(normal, "max_backoff_seconds"),
                .jitter = float_of(normal, "jitter"),
        };
        *ret_retry = retry;
        return 0;
}

static int build_parameter(struct bp_loader *loader, uint32_t index, const struct bp_value *normal,
                           struct bp_object_builder *numbers) {
        struct bp_parameter *parameter = &loader->parameters[index];
        const struct bp_value *fallback = bp_value_get(normal, "default");
        const struct bp_value *written = &bp_value_get(&loader->definition->source, "parameters")->as.items[index];
        const struct bp_value *type = bp_value_get(written, "type");

        *parameter = (struct bp_parameter){
                .name = text_or_empty(normal, "name"),
                .type = text_or_empty(normal, "type"),
                .description = text_of(normal, "description"),
                .has_type = type && type->type == BP_STRING,
                .required = bool_of(normal, "required"),
                .has_default = fallback != NULL,
                .default_value = fallback ? *fallback : bp_value_null,
        };
        if (!bp_object_has(numbers, parameter->name, strlen(parameter->name)))
                bp_object_set_z(numbers, parameter->name, bp_value_int(index));
        return 0;
}

static int build_parameters(struct bp_loader *loader) {
        const struct bp_value *list = bp_value_get(&loader->loaded->normal, "parameters");
        const struct bp_value *written = bp_value_get(&loader->definition->source, "parameters");
        struct bp_object_builder numbers;

        loader->knows_parameters = !written || written->type == BP_LIST;

        bp_object_init(&numbers, loader->arena);
        loader->parameters = bp_arena_array(loader->arena, list->count, sizeof(*loader->parameters));
        if (!loader->parameters)
                return -ENOMEM;
        for (uint32_t i = 0; i < list->count; i++) {
                int r = build_parameter(loader, i, &list->as.items[i], &numbers);

                if (r < 0)
                        return r;
        }
        loader->definition->parameters = loader->parameters;
        loader->definition->n_parameters = list->count;
        return bp_object_finish(&numbers, &loader->parameter_numbers);
}

static int build_output_names(struct bp_loader *loader, struct bp_step_definition *step,
                              const struct bp_value *normal) {
        const struct bp_value *list = bp_value_get(normal, "outputs");
        const char **names;

        if (!list || list->type != BP_LIST)
                return 0;
        names = bp_arena_array(loader->arena, list->count, sizeof(*names));
        if (!names)
                return -ENOMEM;
        for (uint32_t i = 0; i < list->count; i++)
                names[i] = list->as.items[i].type == BP_STRING ? list->as.items[i].as.text : "";
        step->outputs = names;
        step->n_outputs = list->count;
        return 0;
}

static int warn_of_unused_retry(struct bp_loader *loader, const struct bp_step_definition *step) {
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step->index};
        const struct bp_path path = {.parent = &at, .key = "retry"};

        if (!step->retry || step->on_failure == BP_ON_FAILURE_RETRY)
                return 0;
        return bp_findings_warning(&loader->findings, "RETRY_UNUSED", &path,
                                   "Step '%s' is never repeated by these settings; write `on_failure: retry`",
                                   step->id);
}

static int build_step(struct bp_loader *loader, uint32_t index, const struct bp_value *normal) {
        struct bp_step_definition *step = &loader->steps[index];
        const struct bp_value *params = bp_value_get(normal, "params");
        unsigned on_failure = word_of(normal, "on_failure", bp_on_failure_words);
        unsigned on_interrupt = word_of(normal, "on_interrupt", bp_on_interrupt_words);
        unsigned effect = word_of(normal, "effect", bp_effect_words);
        int r;

        *step = (struct bp_step_definition){
                .index = index,
                .id = text_or_empty(normal, "id"),
                .name = text_or_empty(normal, "name"),
                .action = text_or_empty(normal, "action"),
                .params = params && params->type == BP_OBJECT ? *params : bp_value_empty_object,
                .condition_text = text_of(normal, "condition"),
                .on_failure = on_failure ? (enum bp_on_failure)on_failure : BP_ON_FAILURE_FAIL,
                .on_interrupt = on_interrupt ? (enum bp_on_interrupt)on_interrupt : BP_ON_INTERRUPT_FAIL,
                .effect = effect ? (enum bp_effect)(BP_PURE + effect) : (enum bp_effect)0,
                .timeout_seconds = whole_of(normal, "timeout_seconds"),
        };
        r = build_output_names(loader, step, normal);
        if (r < 0)
                return r;
        r = build_retry(loader, normal, "retry", &step->retry);
        return r < 0 ? r : warn_of_unused_retry(loader, step);
}

static int build_steps(struct bp_loader *loader) {
        const struct bp_value *list = bp_value_get(&loader->loaded->normal, "steps");

        if (!list || list->type != BP_LIST)
                list = &bp_value_empty_list;
        loader->steps_normal = list;
        loader->steps = bp_arena_array(loader->arena, list->count, sizeof(*loader->steps));
        if (!loader->steps)
                return -ENOMEM;
        for (uint32_t i = 0; i < list->count; i++) {
                int r = build_step(loader, i, &list->as.items[i]);

                if (r < 0)
                        return r;
        }
        loader->definition->steps = loader->steps;
        loader->definition->n_steps = list->count;
        return 0;
}

static int build_outputs(struct bp_loader *loader) {
        const struct bp_value *object = bp_value_get(&loader->loaded->normal, "outputs");

        loader->outputs = bp_arena_array(loader->arena, object->count, sizeof(*loader->outputs));
        if (!loader->outputs)
                return -ENOMEM;
        for (uint32_t i = 0; i < object->count; i++)
                loader->outputs[i] = (struct bp_output_template){.name = object->as.members[i].key,
                                                                 .text = object->as.members[i].value.as.text};
        loader->definition->outputs = loader->outputs;
        loader->definition->n_outputs = object->count;
        return 0;
}

static int build_settings(struct bp_loader *loader) {
        const struct bp_value *settings = bp_value_get(&loader->loaded->normal, "settings");
        const struct bp_value *written = bp_value_get(&loader->definition->source, "settings");
        struct bp_definition *definition = loader->definition;
        unsigned skip = word_of(settings, "skip_propagation", bp_skip_propagation_words);

        definition->has_timeout = written && bp_value_get(written, "timeout_seconds");
        definition->timeout_seconds = whole_of(settings, "timeout_seconds");
        definition->fail_fast = bool_of(settings, "fail_fast");
        definition->max_parallel_steps = whole_of(settings, "max_parallel_steps");
        definition->skip_propagation = skip ? (enum bp_skip_propagation)skip : BP_SKIP_NONE;
        return build_retry(loader, settings, "retry_policy", &definition->retry_policy);
}

int bp_loader_build(struct bp_loader *loader) {
        static int (*const builders[])(struct bp_loader *) = {build_parameters, build_settings, build_steps,
                                                              build_outputs};
        const struct bp_value *normal = &loader->loaded->normal;

        loader->definition->name = text_or_empty(normal, "name");
        loader->definition->version = text_or_empty(normal, "version");
        loader->definition->description = text_of(normal, "description");
        for (size_t i = 0; i < BP_COUNT(builders); i++) {
                int r = builders[i](loader);

                if (r < 0)
                        return r;
        }
        return 0;
}

int64_t bp_number_of(const struct bp_value *numbers, const char *name) {
        const struct bp_value *number = bp_value_get(numbers, name);

        return number ? number->as.integer : -1;
}
