/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata as the Actions API shows it. Members of the original come first and in its order; what this project adds
 * stands at the end of its object. described.c reads the same text back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/writer.h"
#include "registry/members.h"
#include "registry/snapshot.h"

static void write_options(struct bp_strbuf *buffer, const struct bp_param_meta *param) {
        struct bp_writer list;

        if (param->n_options == 0) {
                bp_strbuf_add_text(buffer, "null");
                return;
        }
        list = bp_writer_open(buffer, '[');
        for (size_t i = 0; i < param->n_options; i++) {
                struct bp_writer option;

                bp_writer_next(&list);
                option = bp_writer_open(buffer, '{');
                bp_writer_text(&option, "value", param->options[i].value);
                bp_writer_text(&option, "label", param->options[i].label);
                bp_strbuf_add_char(buffer, '}');
        }
        bp_strbuf_add_char(buffer, ']');
}

/* Absent rules are left out: the original writes nulls, which clients take for rules. */
static void write_validation(struct bp_strbuf *buffer, const struct bp_param_meta *param) {
        struct bp_writer object;

        if (param->rules == 0 && !param->pattern) {
                bp_strbuf_add_text(buffer, "null");
                return;
        }
        object = bp_writer_open(buffer, '{');
        if (param->rules & BP_RULE_MIN)
                bp_writer_float(&object, "min", param->min);
        if (param->rules & BP_RULE_MAX)
                bp_writer_float(&object, "max", param->max);
        if (param->rules & BP_RULE_MIN_LENGTH)
                bp_writer_count(&object, "minLength", param->min_length);
        if (param->rules & BP_RULE_MAX_LENGTH)
                bp_writer_count(&object, "maxLength", param->max_length);
        bp_writer_text_if_any(&object, "pattern", param->pattern);
        bp_writer_text_if_any(&object, "patternMessage", param->pattern_message);
        bp_strbuf_add_char(buffer, '}');
}

static void write_visibility(struct bp_strbuf *buffer, const struct bp_param_meta *param) {
        struct bp_writer object;

        if (!param->visible_when_param) {
                bp_strbuf_add_text(buffer, "null");
                return;
        }
        object = bp_writer_open(buffer, '{');
        bp_writer_text(&object, "param", param->visible_when_param);
        if (param->has_equals)
                bp_writer_value(&object, "equals", &param->equals);
        if (param->has_not_equals)
                bp_writer_value(&object, "notEquals", &param->not_equals);
        bp_strbuf_add_char(buffer, '}');
}

static void write_param(struct bp_strbuf *buffer, const struct bp_param_meta *param) {
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_writer_text(&object, "name", param->name);
        bp_writer_text(&object, "label", param->label);
        bp_writer_text(&object, "type", bp_wire_name_of(&bp_param_type_names, param->type));
        bp_writer_text(&object, "description", param->description);
        bp_writer_bool(&object, "required", param->required);
        bp_writer_value(&object, "default", param->has_default ? &param->default_value : &bp_value_null);
        bp_writer_text(&object, "placeholder", param->placeholder);
        write_options(bp_writer_key(&object, "options"), param);
        write_validation(bp_writer_key(&object, "validation"), param);
        write_visibility(bp_writer_key(&object, "visibleWhen"), param);
        bp_writer_text(&object, "group", param->group);
        bp_writer_text(&object, "alias", param->alias);
        bp_writer_bool(&object, "raw", param->raw);
        bp_writer_bool(&object, "nullable", param->nullable);
        bp_writer_bool(&object, "formDefault", param->form_default);
        bp_strbuf_add_char(buffer, '}');
}

static void write_params(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        struct bp_writer list = bp_writer_open(buffer, '[');

        for (size_t i = 0; i < meta->n_params; i++) {
                bp_writer_next(&list);
                write_param(buffer, &meta->params[i]);
        }
        bp_strbuf_add_char(buffer, ']');
}

static void write_outputs(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        struct bp_writer list = bp_writer_open(buffer, '[');

        for (size_t i = 0; i < meta->n_outputs; i++) {
                struct bp_writer object;

                bp_writer_next(&list);
                object = bp_writer_open(buffer, '{');
                bp_writer_text(&object, "name", meta->outputs[i].name);
                bp_writer_text(&object, "type", meta->outputs[i].type);
                bp_writer_text(&object, "description", meta->outputs[i].description);
                bp_strbuf_add_char(buffer, '}');
        }
        bp_strbuf_add_char(buffer, ']');
}

static void write_examples(struct bp_strbuf *buffer, const struct bp_action_meta *meta) {
        struct bp_writer list = bp_writer_open(buffer, '[');

        for (size_t i = 0; i < meta->n_examples; i++) {
                struct bp_writer object;

                bp_writer_next(&list);
                object = bp_writer_open(buffer, '{');
                bp_writer_text(&object, "title", meta->examples[i].title);
                bp_writer_value(&object, "params", &meta->examples[i].params);
                bp_writer_text(&object, "description", meta->examples[i].description);
                bp_strbuf_add_char(buffer, '}');
        }
        bp_strbuf_add_char(buffer, ']');
}

static void write_retry_policy(struct bp_strbuf *buffer, const struct bp_retry_policy *policy) {
        struct bp_writer object;

        if (!policy) {
                bp_strbuf_add_text(buffer, "null");
                return;
        }
        object = bp_writer_open(buffer, '{');
        bp_writer_count(&object, "maxAttempts", policy->max_attempts);
        bp_writer_float(&object, "backoffMultiplier", policy->backoff_multiplier);
        bp_writer_float(&object, "initialIntervalSeconds", policy->initial_interval_seconds);
        bp_writer_float(&object, "maxIntervalSeconds", policy->max_interval_seconds);
        bp_writer_float(&object, "jitter", policy->jitter);
        bp_strbuf_add_char(buffer, '}');
}

static void write_additions(struct bp_writer *object, const struct bp_action_entry *entry) {
        const struct bp_action_meta *meta = &entry->meta;

        bp_writer_text(object, "effect", bp_wire_name_of(&bp_effect_names, meta->effect));
        bp_writer_bool(object, "timeoutIsSuccess", meta->timeout_is_success);
        bp_writer_text(object, "routes", meta->routes);
        bp_writer_text(object, "woken", meta->woken);
        bp_writer_text(object, "wokenAt", meta->woken_at);
        bp_writer_text(object, "deprecated", meta->deprecated);
        bp_writer_texts(object, "alsoAccepts", meta->also_accepts);
        bp_writer_text(object, "publisher", entry->publisher);
        bp_writer_text(object, "unavailable", entry->unavailable);
}

void bp_action_meta_write(struct bp_strbuf *buffer, const struct bp_action_entry *entry) {
        const struct bp_action_meta *meta = &entry->meta;
        struct bp_writer object = bp_writer_open(buffer, '{');

        bp_writer_text(&object, "type", meta->type);
        bp_writer_text(&object, "version", meta->version);
        bp_writer_text(&object, "name", meta->name);
        bp_writer_text(&object, "description", meta->description);
        bp_writer_text(&object, "category", meta->category);
        bp_writer_text(&object, "icon", meta->icon);
        bp_writer_text(&object, "color", meta->color);
        write_params(bp_writer_key(&object, "params"), meta);
        write_outputs(bp_writer_key(&object, "outputs"), meta);
        bp_writer_text(&object, "executionMode", bp_wire_name_of(&bp_execution_mode_names, meta->execution_mode));
        if (meta->timeout_seconds)
                bp_writer_count(&object, "timeoutSeconds", meta->timeout_seconds);
        else
                bp_writer_text(&object, "timeoutSeconds", NULL);
        write_retry_policy(bp_writer_key(&object, "retryPolicy"), meta->retry_policy);
        bp_writer_bool(&object, "idempotent", meta->idempotent);
        bp_writer_texts(&object, "requiredServices", meta->required_services);
        bp_writer_texts(&object, "requiredPermissions", meta->required_permissions);
        write_examples(bp_writer_key(&object, "examples"), meta);
        bp_writer_text(&object, "docsUrl", meta->docs_url);
        write_additions(&object, entry);
        bp_strbuf_add_char(buffer, '}');
}

/* Every action once as text, and where each begins: the answer holds each of them twice. */
struct action_texts {
        struct bp_strbuf buffer;
        size_t *offsets; /* one more than there are actions; each text is followed by one comma */
};

static int write_action_texts(const struct bp_registry_snapshot *snapshot, struct action_texts *texts) {
        texts->offsets = bp_calloc(snapshot->set.count + 1, sizeof(*texts->offsets));
        if (!texts->offsets)
                return -ENOMEM;
        for (size_t i = 0; i < snapshot->set.count; i++) {
                bp_action_meta_write(&texts->buffer, snapshot->set.entries[i]);
                bp_strbuf_add_char(&texts->buffer, ',');
                texts->offsets[i + 1] = texts->buffer.size;
        }
        return texts->buffer.error;
}

static void add_action_text(struct bp_writer *list, const struct action_texts *texts, size_t place) {
        size_t offset = texts->offsets[place];

        bp_writer_next(list);
        bp_strbuf_add(list->buffer, texts->buffer.text + offset, texts->offsets[place + 1] - offset - 1);
}

static void write_category(struct bp_strbuf *buffer, const struct bp_registry_snapshot *snapshot,
                           const struct bp_registry_category *category, const struct action_texts *texts) {
        const size_t *places = snapshot->places + (category->entries - snapshot->by_category);
        struct bp_writer object = bp_writer_open(buffer, '{'), list;

        bp_writer_text(&object, "name", category->name);
        bp_writer_text(&object, "icon", category->icon);
        list = bp_writer_open(bp_writer_key(&object, "actions"), '[');
        for (size_t i = 0; i < category->n_entries; i++)
                add_action_text(&list, texts, places[i]);
        bp_strbuf_add_text(buffer, "]}");
}

static void write_answer(struct bp_strbuf *buffer, const struct bp_registry_snapshot *snapshot,
                         const struct action_texts *texts) {
        struct bp_writer object = bp_writer_open(buffer, '{');
        struct bp_writer list = bp_writer_open(bp_writer_key(&object, "actions"), '[');

        for (size_t i = 0; i < snapshot->set.count; i++)
                add_action_text(&list, texts, i);
        bp_strbuf_add_char(buffer, ']');
        list = bp_writer_open(bp_writer_key(&object, "categories"), '[');
        for (size_t i = 0; i < snapshot->n_categories; i++) {
                bp_writer_next(&list);
                write_category(buffer, snapshot, &snapshot->categories[i], texts);
        }
        bp_strbuf_printf(buffer, "],\"total\":%zu}", snapshot->set.count);
}

struct bp_registry_answer *bp_registry_answer_new(const struct bp_registry_snapshot *snapshot) {
        struct bp_registry_answer *answer = bp_calloc(1, sizeof(*answer));
        struct action_texts texts = {0};
        struct bp_strbuf buffer;

        bp_strbuf_init(&texts.buffer, NULL, SIZE_MAX);
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        if (answer && write_action_texts(snapshot, &texts) == 0) {
                write_answer(&buffer, snapshot, &texts);
                answer->size = buffer.size;
                answer->text = bp_strbuf_steal(&buffer);
        }
        bp_strbuf_done(&buffer);
        bp_strbuf_done(&texts.buffer);
        free(texts.offsets);
        if (answer && answer->text)
                return answer;
        free(answer);
        return NULL;
}

void bp_registry_answer_free(struct bp_registry_answer *answer) {
        if (!answer)
                return;
        free(answer->text);
        free(answer);
}

void bp_registry_write(struct bp_strbuf *buffer, const struct bp_registry_snapshot *snapshot) {
        const char *text;
        size_t size;

        if (bp_registry_answer(snapshot, &text, &size) < 0)
                buffer->error = -ENOMEM;
        else
                bp_strbuf_add(buffer, text, size);
}
