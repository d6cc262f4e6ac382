/* SPDX-License-Identifier: Apache-2.0 */
/* The tables. A new field is a line here; reading, error texts, hints and the normal form follow from it. */
#include "pipeline/schema.h"

#include <math.h>

#include "base/utf8.h"

static bool may_start_parameter(uint32_t code_point) {
        return code_point == '_' || bp_utf8_is_letter(code_point);
}

const char *const bp_on_failure_words[] = {"fail" /* lint: a word */, "continue", "retry", NULL};
const char *const bp_on_interrupt_words[] = {"fail" /* lint: a word */, "retry", NULL};
const char *const bp_effect_words[] = {"idempotent", "once", NULL};
const char *const bp_skip_propagation_words[] = {"none", "all", NULL};

/* clang-format off */
#define FIELD(field_name, field_kind, field_flags, ...) \
        {.name = (field_name), .kind = (field_kind), .flags = (field_flags), __VA_ARGS__}
#define REQUIRED BP_FIELD_REQUIRED
#define NULLABLE BP_FIELD_NULLABLE
#define BETWEEN(low, high) .minimum = (low), .maximum = (high)
#define AT_LEAST(low) .minimum = (low), .maximum = HUGE_VAL
#define INT_DEFAULT(number) .fallback = {.type = BP_INT, .as.integer = (number)}
#define FLOAT_DEFAULT(value) .fallback = {.type = BP_FLOAT, .as.number = (value)}
#define BOOL_DEFAULT(value) .fallback = {.type = BP_BOOL, .as.boolean = (value)}
#define TEXT_DEFAULT(literal) .fallback = {.type = BP_STRING, .count = sizeof(literal) - 1, .as.text = (literal)}
#define NO_DEFAULT .fallback = {0}
#define LIST_DEFAULT .fallback = {.type = BP_LIST, .depth = 1}
#define OBJECT_DEFAULT .fallback = {.type = BP_OBJECT, .depth = 1}
#define RECORD(table) &(const struct bp_record){.fields = (table), .n_fields = BP_COUNT(table)}

static const struct bp_field retry_fields[] = {
        FIELD("max_attempts", BP_FIELD_INT, BP_FIELD_BOUNDED, BETWEEN(1, 10), INT_DEFAULT(3)),
        FIELD("backoff_seconds", BP_FIELD_INT, BP_FIELD_BOUNDED, AT_LEAST(1), INT_DEFAULT(60)),
        FIELD("backoff_multiplier", BP_FIELD_FLOAT, BP_FIELD_BOUNDED, AT_LEAST(1), FLOAT_DEFAULT(2.0)),
        FIELD("max_backoff_seconds", BP_FIELD_INT, BP_FIELD_BOUNDED, AT_LEAST(1), INT_DEFAULT(3600)),
        FIELD("jitter", BP_FIELD_FLOAT, BP_FIELD_BOUNDED, BETWEEN(0, 1)),
};

static const struct bp_field parameter_fields[] = {
        FIELD("name", BP_FIELD_TEXT, REQUIRED | BP_FIELD_BOUNDED, BETWEEN(1, 100), .may_start = may_start_parameter,
           .message = "Parameter name must start with a letter or underscore"),
        FIELD("type", BP_FIELD_TEXT, 0, TEXT_DEFAULT("string")),
        FIELD("description", BP_FIELD_TEXT, NULLABLE, NO_DEFAULT),
        FIELD("required", BP_FIELD_BOOL, 0, BOOL_DEFAULT(true)),
        FIELD("default", BP_FIELD_ANY, NULLABLE, NO_DEFAULT),
};

static const struct bp_field step_fields[] = {
        FIELD("id", BP_FIELD_TEXT, REQUIRED | BP_FIELD_BOUNDED, BETWEEN(1, 100), .may_start = bp_utf8_is_alphanumeric,
           .message = "Step ID must start with a letter or digit"),
        FIELD("name", BP_FIELD_TEXT, REQUIRED | BP_FIELD_BOUNDED, BETWEEN(1, 255)),
        FIELD("action", BP_FIELD_TEXT, REQUIRED | BP_FIELD_BOUNDED, AT_LEAST(1)),
        FIELD("params", BP_FIELD_OBJECT, 0, OBJECT_DEFAULT),
        FIELD("depends_on", BP_FIELD_TEXTS, 0, LIST_DEFAULT),
        FIELD("outputs", BP_FIELD_TEXTS, 0, LIST_DEFAULT),
        FIELD("condition", BP_FIELD_TEXT, NULLABLE, NO_DEFAULT),
        FIELD("on_failure", BP_FIELD_WORD, 0, .words = bp_on_failure_words, TEXT_DEFAULT("fail")), /* lint: a word */
        FIELD("timeout_seconds", BP_FIELD_INT, NULLABLE, NO_DEFAULT),
        FIELD("retry", BP_FIELD_RECORD, NULLABLE, .record = RECORD(retry_fields)),
        FIELD("effect", BP_FIELD_WORD, NULLABLE, .words = bp_effect_words),
        FIELD("on_interrupt", BP_FIELD_WORD, NULLABLE, .words = bp_on_interrupt_words),
};

static const struct bp_field settings_fields[] = {
        FIELD("timeout_seconds", BP_FIELD_INT, BP_FIELD_BOUNDED, AT_LEAST(1), INT_DEFAULT(7200)),
        FIELD("fail_fast", BP_FIELD_BOOL, 0, BOOL_DEFAULT(true)),
        FIELD("max_parallel_steps", BP_FIELD_INT, BP_FIELD_BOUNDED, BETWEEN(1, 100), INT_DEFAULT(10)),
        FIELD("retry_policy", BP_FIELD_RECORD, NULLABLE, .record = RECORD(retry_fields)),
        FIELD("skip_propagation", BP_FIELD_WORD, NULLABLE, .words = bp_skip_propagation_words),
};

static const struct bp_field definition_fields[] = {
        FIELD("name", BP_FIELD_TEXT, REQUIRED | BP_FIELD_BOUNDED, BETWEEN(1, 255)),
        FIELD("version", BP_FIELD_TEXT, 0, TEXT_DEFAULT("1.0")),
        FIELD("description", BP_FIELD_TEXT, NULLABLE, NO_DEFAULT),
        FIELD("parameters", BP_FIELD_RECORDS, 0, .record = RECORD(parameter_fields), LIST_DEFAULT),
        FIELD("settings", BP_FIELD_RECORD, BP_FIELD_FILLED, .record = RECORD(settings_fields)),
        FIELD("steps", BP_FIELD_RECORDS, REQUIRED | BP_FIELD_BOUNDED, AT_LEAST(1), .record = RECORD(step_fields),
              .message = "At least one step is required"),
        FIELD("outputs", BP_FIELD_MAP, 0, OBJECT_DEFAULT),
};
/* clang-format on */

const struct bp_record bp_definition_record = {.fields = definition_fields, .n_fields = BP_COUNT(definition_fields)};
