/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service is asked to search, and its answer is searched once more: one that does not know the parameter answers with
 * everything. What it says of the total counts only while nothing of its answer was left out.
 */
#include "options/gather.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"
#include "options/source.h"

enum { MESSAGE_BYTES = 1000 };

static int fold(struct bp_arena *arena, const char *text, const char **ret_text) {
        size_t size;

        return bp_utf8_change_case(arena, BP_CASE_FOLD, text, strlen(text), ret_text, &size);
}

static int copy(struct bp_arena *arena, const char **text) {
        if (!*text)
                return 0;
        *text = bp_arena_text(arena, *text, strlen(*text));
        return *text ? 0 : -ENOMEM;
}

int bp_options_found_init(struct bp_options_found *found, struct bp_arena *arena,
                          const struct bp_options_question *question) {
        *found = (struct bp_options_found){.arena = arena, .within = question->within, .limit = question->limit};
        found->items = bp_arena_array(arena, question->limit, sizeof(*found->items));
        if (!found->items || copy(arena, &found->within) < 0)
                return -ENOMEM;
        return fold(arena, question->text ? question->text : "", &found->needle);
}

/* @return 1: it holds what is looked for, 0: it does not, -ENOMEM */
static int holds(const struct bp_options_found *found, struct bp_arena *scratch, const char *text) {
        const char *folded;
        int r;

        if (!*found->needle)
                return 1;
        if (!text)
                return 0;
        r = fold(scratch, text, &folded);
        return r < 0 ? r : strstr(folded, found->needle) != NULL;
}

static int matches(const struct bp_options_found *found, struct bp_arena *scratch, const struct bp_option *candidate) {
        const char *const texts[] = {candidate->label, candidate->description, candidate->value};
        int r = 0;

        for (size_t i = 0; r == 0 && i < BP_COUNT(texts); i++)
                r = holds(found, scratch, texts[i]);
        return r;
}

int bp_options_found_offer(struct bp_options_found *found, struct bp_arena *scratch,
                           const struct bp_option *candidate) {
        struct bp_option *item = &found->items[found->n_items];
        int r = matches(found, scratch, candidate);

        if (r <= 0)
                return r;
        found->n_matches++;
        if (found->n_items == found->limit)
                return 0;
        *item = *candidate;
        if (copy(found->arena, &item->value) < 0 || copy(found->arena, &item->label) < 0 ||
            copy(found->arena, &item->description) < 0)
                return -ENOMEM;
        found->n_items++;
        return 0;
}

void bp_options_found_all(const struct bp_options_found *found, struct bp_options_answer *answer) {
        answer->end = BP_OPTIONS_FOUND;
        answer->items = found->items;
        answer->n_items = found->n_items;
        answer->has_more = found->n_matches > found->n_items;
        answer->has_total = true;
        answer->total = found->n_matches;
}

int bp_options_fail(struct bp_options_answer *answer, struct bp_arena *arena, enum bp_options_end end,
                    const char *format, ...) {
        struct bp_strbuf text;
        char buffer[MESSAGE_BYTES];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(buffer, sizeof(buffer), format, arguments);
        va_end(arguments);
        bp_utf8_mend(buffer, strlen(buffer));
        bp_strbuf_init(&text, arena, sizeof(buffer));
        bp_strbuf_add_text(&text, buffer);
        answer->end = end;
        answer->message = bp_strbuf_text(&text);
        return text.error;
}

/* ---------------------------------------------------------------------------------------------------------------
 * What a service answered
 */

/* A text, or a number as text; NULL for anything else, and for nothing. */
static const char *text_at(const struct bp_value *item, const char *pointer, struct bp_arena *scratch) {
        const struct bp_value *value = bp_value_at(item, pointer);
        struct bp_strbuf text;

        if (!value || (value->type != BP_STRING && value->type != BP_INT))
                return NULL;
        bp_strbuf_init(&text, scratch, SIZE_MAX);
        bp_value_write_text(&text, value);
        return text.size && !text.error ? bp_strbuf_text(&text) : NULL;
}

/* False for one that says that it belongs elsewhere. */
static bool is_within(const struct bp_options_found *found, const struct bp_options_source *source,
                      const struct bp_value *item) {
        const struct bp_value *owner = found->within && source->within ? bp_value_get(item, source->within) : NULL;

        return !owner || owner->type != BP_STRING || bp_value_is_text(owner, found->within);
}

static bool says_total(const struct bp_options_source *source, const struct bp_value *body, uint32_t n_listed,
                       uint64_t *ret_total) {
        const struct bp_value *total = bp_value_at(body, source->total);

        if (!total || total->type != BP_INT || total->as.integer < (int64_t)n_listed)
                return false;
        *ret_total = (uint64_t)total->as.integer;
        return true;
}

static void conclude(const struct bp_options_found *found, const struct bp_options_source *source, uint32_t asked,
                     const struct bp_value *body, uint32_t n_listed, struct bp_options_answer *answer) {
        uint64_t in_all = n_listed;
        bool is_told = says_total(source, body, n_listed, &in_all);
        bool is_complete = is_told ? in_all == n_listed : n_listed < asked;

        bp_options_found_all(found, answer);
        answer->has_more = answer->has_more || !is_complete;
        answer->has_total = is_complete || (is_told && found->n_matches == n_listed);
        if (!is_complete)
                answer->total = in_all;
}

int bp_options_found_read(struct bp_options_found *found, const struct bp_options_source *source, uint32_t asked,
                          struct bp_arena *scratch, const struct bp_value *body, struct bp_options_answer *answer) {
        const struct bp_value *list = bp_value_at(body, source->list);
        int r = 0;

        if (!list || list->type != BP_LIST)
                return bp_options_fail(answer, found->arena, BP_OPTIONS_UNREADABLE,
                                       "the answer of %s has no list at %s", source->service, source->list);
        for (uint32_t i = 0; r == 0 && i < list->count; i++) {
                const struct bp_value *item = &list->as.items[i];
                struct bp_option candidate = {.value = text_at(item, source->value, scratch),
                                              .label = text_at(item, source->label, scratch),
                                              .description = text_at(item, source->description, scratch)};

                if (!candidate.value)
                        return bp_options_fail(answer, found->arena, BP_OPTIONS_UNREADABLE,
                                               "the answer of %s has no text at %s/%u%s", source->service, source->list,
                                               i, source->value);
                if (!candidate.label)
                        candidate.label = candidate.value;
                if (is_within(found, source, item))
                        r = bp_options_found_offer(found, scratch, &candidate);
        }
        if (r == 0)
                conclude(found, source, asked, body, list->count, answer);
        return r;
}
