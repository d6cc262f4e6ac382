/* SPDX-License-Identifier: Apache-2.0 */
#include "api/hub_item.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pipeline/definition.h"

static size_t size_of(const char *text) {
        return text ? strlen(text) + 1 : 0;
}

static void move(const char **text, char **at) {
        size_t size = size_of(*text);

        if (!*text)
                return;
        memcpy(*at, *text, size);
        *text = *at;
        *at += size;
}

static size_t texts_of(const struct bp_service_event *event) {
        const struct bp_record *record = event->record;

        return record ? size_of(record->code) + size_of(record->message) + size_of(record->external_id)
                      : size_of(event->line->message);
}

struct bp_api_hub_item *bp_api_hub_item_new(const struct bp_service_event *event, bool to_one) {
        const size_t size = sizeof(struct bp_api_hub_item) + texts_of(event);
        struct bp_api_hub_item *item = bp_calloc(1, size);
        char *at;

        if (!item)
                return NULL;
        at = item->texts;
        item->size = size;
        item->to_one = to_one;
        item->is_line = !event->record;
        item->execution = event->execution;
        item->definition = bp_definition_ref(event->definition);
        item->position = event->position;
        item->percent = event->percent;
        if (item->is_line) {
                item->line = *event->line;
                move(&item->line.message, &at);
                return item;
        }
        item->record = *event->record;
        item->record.data = item->record.error = bp_value_null;
        move(&item->record.code, &at);
        move(&item->record.message, &at);
        move(&item->record.external_id, &at);
        return item;
}

void bp_api_hub_items_free(struct bp_api_hub_item *item) {
        while (item) {
                struct bp_api_hub_item *next = item->next;

                bp_definition_unref(item->definition);
                free(item);
                item = next;
        }
}
