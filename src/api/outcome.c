/* SPDX-License-Identifier: Apache-2.0 */
#include "api/outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static size_t size_of(const char *text) {
        return text ? strlen(text) + 1 : 0;
}

static const char *put(char **at, const char *text) {
        size_t size = size_of(text);
        char *place = *at;

        if (!text)
                return NULL;
        memcpy(place, text, size);
        *at += size;
        return place;
}

void bp_api_outcome_init(struct bp_api_outcome *outcome, const struct bp_service_answer *answer) {
        size_t packed = answer->outputs ? bp_value_pack_size(answer->outputs) : 0;
        size_t size = packed + size_of(answer->code) + size_of(answer->message);
        char *texts;

        *outcome = (struct bp_api_outcome){.answer = *answer, .outputs = bp_value_empty_object};
        outcome->answer.outputs = NULL;
        if (size == 0)
                return;
        outcome->memory = bp_calloc(1, size);
        if (!outcome->memory) {
                outcome->answer = (struct bp_service_answer){.result = -ENOMEM};
                return;
        }
        texts = outcome->memory;
        if (packed)
                texts = bp_value_pack(outcome->memory, answer->outputs, &outcome->outputs);
        outcome->answer.code = put(&texts, answer->code);
        outcome->answer.message = put(&texts, answer->message);
}

void bp_api_outcome_done(struct bp_api_outcome *outcome) {
        free(outcome->memory);
        outcome->memory = NULL;
}
