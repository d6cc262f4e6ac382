/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a definition: one table of fields for each object in it. Inside the room only. */
#ifndef BP_PIPELINE_SCHEMA_H
#define BP_PIPELINE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

struct bp_arena;
struct bp_findings;
struct bp_path;

/** What a field holds. */
enum bp_field_kind {
        BP_FIELD_TEXT = 1, /**< bounds are its length in code points */
        BP_FIELD_INT,
        BP_FIELD_FLOAT,
        BP_FIELD_BOOL,
        BP_FIELD_WORD,    /**< one of `words`, in any letter case */
        BP_FIELD_ANY,     /**< any value */
        BP_FIELD_OBJECT,  /**< an object of any values */
        BP_FIELD_TEXTS,   /**< a list of texts */
        BP_FIELD_MAP,     /**< an object of texts */
        BP_FIELD_RECORD,  /**< an object with a table of its own */
        BP_FIELD_RECORDS, /**< a list of such objects */
};

/** Bits of bp_field.flags. */
enum bp_field_flag {
        BP_FIELD_REQUIRED = 1u << 0,
        BP_FIELD_NULLABLE = 1u << 1, /**< null means absent */
        BP_FIELD_BOUNDED = 1u << 2,  /**< `minimum` and `maximum` count */
        BP_FIELD_FILLED = 1u << 3,   /**< a record that is absent is one with all its defaults */
};

struct bp_record;

/** One field. */
struct bp_field {
        const char *name;
        enum bp_field_kind kind;
        uint32_t flags;                         /**< enum bp_field_flag bits */
        double minimum, maximum;                /**< inclusive */
        bool (*may_start)(uint32_t code_point); /**< what a text may begin with; NULL: anything */
        const char *message;                    /**< said of a text that begins otherwise, or of a list too short */
        const char *const *words;               /**< NULL-terminated */
        const struct bp_record *record;
        struct bp_value fallback; /**< the default; type 0: none, the field stays absent */
};

/** One object. */
struct bp_record {
        const struct bp_field *fields;
        size_t n_fields;
};

/** The words of enum bp_on_failure, in its order; NULL-terminated, as the others. */
extern const char *const bp_on_failure_words[];

/** The words of enum bp_on_interrupt, in its order. */
extern const char *const bp_on_interrupt_words[];

/** The words of enum bp_effect that a step may claim: those after BP_PURE, in its order. */
extern const char *const bp_effect_words[];

/** The words of enum bp_skip_propagation, in its order. */
extern const char *const bp_skip_propagation_words[];

/** The whole document. */
extern const struct bp_record bp_definition_record;

/**
 * Checks an object against its table, reporting every error, and builds its normal form: fields in the order of the
 * table, values coerced, defaults filled in, null and unknown fields left out. A field that is wrong takes its
 * default, except a text of the wrong length or beginning, so that what refers to it is still found; an item that is
 * wrong is null, so that the others keep their numbers.
 * @return 0 or -ENOMEM or -E2BIG; problems are data.
 */
int bp_record_read(struct bp_arena *arena, const struct bp_record *record, const struct bp_value *value,
                   const struct bp_path *path, struct bp_findings *findings, struct bp_value *ret_normal);

#endif
