/* SPDX-License-Identifier: Apache-2.0 */
#include "api/follower.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/backlog.h"
#include "api/json.h"
#include "api/private.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/writer.h"
#include "pipeline/definition.h"
#include "server/server.h"

enum {
        PAGE_RECORDS = 64,
        PAGE_BYTES = 64 * 1024, /* room that a client must have before the next page is read for it */
        MESSAGE_BYTES = 512,    /* besides its data */
};

void bp_api_follower_unref(struct bp_api_follower *follower) {
        if (atomic_fetch_sub(&follower->owners, 1) != 1)
                return;
        if (follower->has_history)
                bp_api_history_done(&follower->history);
        if (follower->stream)
                bp_stream_unref(follower->stream);
        free(follower);
}

static void fall_behind(struct bp_api_follower *follower) {
        follower->is_live = false;
        if (follower->has_history)
                bp_api_history_done(&follower->history);
        follower->has_history = false;
}

/* @return false: it did not go out; a follower whose client does not take it now falls behind */
static bool send_event(struct bp_api_follower *follower, struct bp_stream_event *event, size_t size) {
        int r;

        if (follower->is_ended || atomic_load(&follower->is_closed))
                return false;
        if (bp_stream_room(follower->stream) < size + MESSAGE_BYTES)
                r = -EAGAIN;
        else
                r = bp_stream_send_event(follower->stream, event);
        if (r == -EAGAIN || r == -ENOMEM)
                fall_behind(follower);
        return r == 0;
}

/* Sends what was written about a record. */
static bool send_text(struct bp_api_follower *follower, const char *id, const struct bp_record *record,
                      const struct bp_strbuf *text) {
        struct bp_stream_event *event;
        bool sent;

        if (text->error ||
            bp_stream_event_new(id, bp_record_type_name(record->type), bp_strbuf_text(text), text->size, &event))
                return false;
        sent = send_event(follower, event, text->size);
        bp_stream_event_unref(event);
        return sent;
}

static void finish(struct bp_api_follower *follower, enum bp_execution_state state) {
        char id[BP_ID_TEXT_SIZE], text[128];
        int size = snprintf(text, sizeof(text), "{\"execution_id\":\"%s\",\"status\":\"%s\"}",
                            bp_id_format(follower->execution, id), bp_execution_state_name(state));

        if (follower->is_ended)
                return;
        bp_stream_send(follower->stream, NULL, "end", text, (size_t)size);
        bp_stream_end(follower->stream);
        follower->is_ended = true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * What is told to all who follow the same
 */

static bool is_news(const struct bp_api_follower *follower, struct bp_position position) {
        if (follower->to_one || position.row == follower->after.row)
                return position.sequence > follower->after.sequence;
        return position.row > follower->after.row;
}

/* @return false: it is still to be sent */
static bool take(struct bp_api_follower *follower, const struct bp_api_told *told) {
        if (told->is_line ? !follower->with_logs : !is_news(follower, told->position))
                return true;
        if (!send_event(follower, told->event, told->size))
                return false;
        if (!told->is_line)
                follower->after = told->position;
        if (told->is_end)
                finish(follower, told->state);
        return true;
}

bool bp_api_follower_tell(struct bp_api_follower *follower, const struct bp_api_told *told, uint64_t number) {
        if (follower->is_live && !take(follower, told) && !follower->is_live) {
                follower->in_backlog = true;
                follower->next_told = number;
        }
        return !follower->in_backlog;
}

/* @return true: there is more */
static bool catch_up_with_backlog(struct bp_api_follower *follower, const struct bp_api_backlog *backlog) {
        while (follower->next_told < bp_api_backlog_end(backlog) && !follower->is_ended) {
                const struct bp_api_told *told = bp_api_backlog_at(backlog, follower->next_told);

                if (!told)
                        follower->in_backlog = false;
                if (!told || !take(follower, told))
                        return true;
                follower->next_told++;
        }
        follower->in_backlog = false;
        follower->is_live = true;
        return false;
}

/* ---------------------------------------------------------------------------------------------------------------
 * One execution: gone over from its first record, so that progress is what it was
 */

static int open_history(struct bp_api_follower *follower, struct bp_api *api, struct bp_arena *arena) {
        struct bp_execution_row row;
        int r;

        r = bp_store_execution(bp_service_store(api->settings.service), follower->execution, arena, &row);
        if (r == 0)
                r = bp_api_history_open(api, &row, &follower->history);
        if (r)
                return r;
        follower->has_history = true;
        follower->number = row.number;
        follower->replayed = 0;
        return 0;
}

static bool send_record(struct bp_api_follower *follower, const struct bp_record *record, struct bp_arena *arena) {
        const struct bp_api_event event = bp_api_history_event(&follower->history, record);
        struct bp_strbuf text;
        char id[32];

        bp_strbuf_init(&text, arena, BP_API_ANSWER_BYTES);
        bp_api_write_event(&text, &event, arena);
        snprintf(id, sizeof(id), "%" PRIu64, record->sequence);
        if (!send_text(follower, id, record, &text))
                return false;
        follower->after.sequence = record->sequence;
        return true;
}

/* @return 0; 1: the client takes no more now; negative errno */
static int replay(struct bp_api_follower *follower, const struct bp_record *records, size_t n_records,
                  struct bp_arena *arena) {
        for (size_t i = 0; i < n_records; i++) {
                const struct bp_record *record = &records[i];
                int r = bp_api_history_apply(&follower->history, record);

                if (r)
                        return r;
                follower->replayed = record->sequence;
                if (record->sequence > follower->after.sequence && !send_record(follower, record, arena))
                        return 1;
                if (record->type == BP_RECORD_EXECUTION_ENDED) {
                        finish(follower, record->execution_state);
                        return 0;
                }
        }
        return 0;
}

/* @return 0: it is live, or ended; 1: there is more; negative errno */
static int catch_up_with_one(struct bp_api_follower *follower, struct bp_api *api, struct bp_arena *arena) {
        struct bp_record *records;
        size_t n_records;
        int r = 0;

        if (!follower->has_history)
                r = open_history(follower, api, arena);
        if (r)
                return r < 0 ? r : -ENOENT; /* deleted meanwhile */
        r = bp_store_records(bp_service_store(api->settings.service), follower->number, follower->replayed,
                             PAGE_RECORDS, arena, &records, &n_records);
        if (r == 0)
                r = replay(follower, records, n_records, arena);
        if (r || n_records == PAGE_RECORDS)
                return r ? r : !follower->is_ended;
        fall_behind(follower);
        follower->is_live = true;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * All executions
 */

static bool send_item(struct bp_api_follower *follower, struct bp_api *api, const struct bp_feed_item *item,
                      struct bp_arena *arena) {
        const struct bp_execution_row row = {.definition = item->definition};
        struct bp_api_event event = {
                .execution = item->execution, .record = &item->record, .percent = -1, .eta_seconds = -1};
        struct bp_strbuf text;
        char id[64];
        bool sent;

        if (bp_service_row_definition(api->settings.service, &row, &event.definition))
                return false;
        bp_strbuf_init(&text, arena, BP_API_ANSWER_BYTES);
        bp_api_write_event(&text, &event, arena);
        snprintf(id, sizeof(id), "%" PRIu64 ".%" PRIu64, item->position.row, item->position.sequence);
        sent = send_text(follower, id, &item->record, &text);
        bp_definition_unref(event.definition);
        if (sent)
                follower->after = item->position;
        return sent;
}

static int catch_up_with_all(struct bp_api_follower *follower, struct bp_api *api, struct bp_arena *arena) {
        struct bp_store *store = bp_service_store(api->settings.service);
        struct bp_feed_item *items;
        size_t n_items;
        int r = 0;

        if (!follower->is_placed)
                r = bp_store_feed_end(store, &follower->after);
        if (r)
                return r;
        follower->is_placed = true;
        r = bp_store_feed(store, follower->after, PAGE_RECORDS, arena, &items, &n_items);
        for (size_t i = 0; i < n_items && r == 0; i++)
                r = !send_item(follower, api, &items[i], arena);
        if (r || n_items == PAGE_RECORDS)
                return r ? r : 1;
        follower->is_live = true;
        return 0;
}

bool bp_api_follower_catch_up(struct bp_api_follower *follower, const struct bp_api_backlog *backlog,
                              struct bp_api *api, struct bp_arena *arena) {
        int r;

        if (follower->in_backlog)
                return catch_up_with_backlog(follower, backlog);
        if (follower->is_ended || bp_stream_room(follower->stream) < PAGE_BYTES)
                return !follower->is_ended;
        r = follower->to_one ? catch_up_with_one(follower, api, arena) : catch_up_with_all(follower, api, arena);
        if (r < 0) { /* the client may come back for the rest */
                bp_stream_end(follower->stream);
                follower->is_ended = true;
        }
        return r > 0;
}
