/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record leaves behind in memory: one block of exactly the right size, replaced as a whole by the next record.
 * So a step holds its last texts and outputs and nothing older, however often it is retried.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/state.h"

static size_t text_size(const char *text) {
        return text ? strlen(text) + 1 : 0;
}

static char *place_text(char *memory, const char *text, const char **ret_text) {
        size_t size = text_size(text);

        if (!text)
                return memory;
        memcpy(memory, text, size);
        *ret_text = memory;
        return memory + size;
}

/* A record without outputs or error may have been built with zeros there. */
static const struct bp_value *value_or(const struct bp_value *value, const struct bp_value *fallback) {
        return value->type == 0 || value->type == BP_NULL ? fallback : value;
}

int bp_kept_new(const struct bp_record *record, struct bp_kept **ret_kept) {
        const struct bp_value *outputs = value_or(&record->data, &bp_value_empty_object);
        const struct bp_value *error = value_or(&record->error, NULL);
        size_t error_size = error ? sizeof(*error) + bp_value_pack_size(error) : 0;
        size_t texts_size = text_size(record->code) + text_size(record->message) + text_size(record->external_id);
        struct bp_kept *kept;
        struct bp_value *place;
        char *memory;

        if (outputs->count == 0 && !error && texts_size == 0) {
                *ret_kept = NULL;
                return 0;
        }
        kept = bp_calloc(1, sizeof(*kept) + bp_value_pack_size(outputs) + error_size + texts_size);
        if (!kept)
                return -ENOMEM;
        memory = bp_value_pack(kept + 1, outputs, &kept->outputs);
        if (error) {
                place = (struct bp_value *)(void *)memory;
                kept->error = place;
                memory = bp_value_pack(place + 1, error, place);
        }
        memory = place_text(memory, record->code, &kept->code);
        memory = place_text(memory, record->message, &kept->message);
        place_text(memory, record->external_id, &kept->external_id);
        *ret_kept = kept;
        return 0;
}

struct bp_value bp_step_outputs(const struct bp_step *step) {
        return step->kept ? step->kept->outputs : bp_value_empty_object;
}

static uint64_t json_text_size(const char *text, uint32_t size) {
        uint64_t bytes = 2;

        for (uint32_t i = 0; i < size; i++) {
                unsigned char byte = (unsigned char)text[i];

                if (byte == '"' || byte == '\\')
                        bytes += 2;
                else if (byte < 0x20)
                        bytes += strchr("\b\f\n\r\t", byte) ? 2 : 6;
                else
                        bytes++;
        }
        return bytes;
}

static uint64_t json_integer_size(int64_t integer) {
        uint64_t bytes = integer < 0 ? 2 : 1;

        for (integer /= 10; integer; integer /= 10)
                bytes++;
        return bytes;
}

uint64_t bp_json_size(const struct bp_value *value) {
        uint64_t bytes = value->count ? value->count + 1 : 2; /* brackets, and a comma between two */

        switch (value->type) {
        case BP_BOOL:
                return value->as.boolean ? 4 : 5;
        case BP_INT:
                return json_integer_size(value->as.integer);
        case BP_FLOAT:
                return 24;
        case BP_STRING:
                return json_text_size(value->as.text, value->count);
        case BP_LIST:
                for (uint32_t i = 0; i < value->count; i++)
                        bytes += bp_json_size(&value->as.items[i]);
                return bytes;
        case BP_OBJECT:
                for (uint32_t i = 0; i < value->count; i++)
                        bytes += json_text_size(value->as.members[i].key, value->as.members[i].key_size) + 1 +
                                 bp_json_size(&value->as.members[i].value);
                return bytes;
        default:
                return 4;
        }
}
