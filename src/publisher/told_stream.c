/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of an execution is built from its records up to the cursor once; from then on the stream goes along. */
#include "publisher/told_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "pipeline/definition.h"
#include "publisher/state.h"
#include "service/service.h"

enum {
        READ_AT_ONCE = 32,    /* records whose events are sent */
        REPLAY_AT_ONCE = 256, /* records that were told already */
};

/* ---------------------------------------------------------------------------------------------------------------
 * Opening
 */

static const char *text_member(const struct bp_value *options, const char *name) {
        const struct bp_value *value = bp_value_get(options, name);

        return value && value->type == BP_STRING ? value->as.text : NULL;
}

static int read_options(struct bp_told_stream *stream, const struct bp_text *text) {
        struct bp_value options = bp_value_null;
        int r = text->text ? bp_json_parse(stream->arena, text->text, text->size, NULL, &options, NULL) : 0;

        if (r)
                return r < 0 ? r : -EBADMSG;
        stream->facts.subscriber_ids = text_member(&options, "subscriber_ids");
        stream->facts.payload_type = text_member(&options, "payload_type");
        stream->facts.notification_workflow_id = text_member(&options, "notification_workflow_id");
        return 0;
}

static int read_facts(struct bp_publisher *publisher, struct bp_told_stream *stream,
                      const struct bp_subscription_row *row) {
        const struct bp_definition *definition;
        struct bp_execution_row execution;
        int r = bp_store_execution(publisher->store, row->execution_id, publisher->scratch, &execution);

        if (!r)
                r = read_options(stream, &execution.options);
        if (!r)
                r = bp_service_row_definition(publisher->settings.service, &execution, &definition);
        if (r)
                return r;
        r = bp_track_new(definition, &stream->track);
        bp_definition_unref(definition);
        return r;
}

/* Goes over what was told already. */
static int catch_up(struct bp_publisher *publisher, struct bp_told_stream *stream) {
        while (bp_track_sequence(stream->track) < stream->cursor) {
                uint64_t left = stream->cursor - bp_track_sequence(stream->track);
                struct bp_record *records;
                size_t n_records;
                int r;

                bp_arena_reset(publisher->scratch);
                r = bp_store_records(publisher->store, stream->execution, bp_track_sequence(stream->track),
                                     left < REPLAY_AT_ONCE ? (uint32_t)left : REPLAY_AT_ONCE, publisher->scratch,
                                     &records, &n_records);
                if (r || n_records == 0)
                        return r ? r : -EUCLEAN;
                for (size_t i = 0; i < n_records; i++)
                        bp_track_apply(stream->track, &records[i]);
        }
        return 0;
}

static int fill(struct bp_publisher *publisher, struct bp_told_stream *stream, const struct bp_subscription_row *row) {
        int r;

        stream->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        if (!stream->arena)
                return -ENOMEM;
        stream->facts =
                (struct bp_envelope_facts){.envelope = publisher->settings.envelope,
                                           .source = publisher->settings.source,
                                           .topic = bp_arena_text(stream->arena, row->topic, strlen(row->topic)),
                                           .execution = row->execution_id};
        r = stream->facts.topic ? read_facts(publisher, stream, row) : -ENOMEM;
        return r ? r : catch_up(publisher, stream);
}

static bool is_over(const struct bp_subscription_row *row) {
        return row->expires_at.us && bp_wall_now().us >= row->expires_at.us;
}

/* What will not be better the next time. */
static bool is_for_good(int error) {
        return error == -EBADMSG || error == -EUCLEAN || error == -EPROTO || error == -EINVAL;
}

int bp_told_stream_open(struct bp_publisher *publisher, struct bp_told_stream *stream,
                        const struct bp_subscription_row *row) {
        int r = 0;

        *stream = (struct bp_told_stream){.phase = BP_TOLD_READY,
                                          .subscription = row->number,
                                          .execution = row->execution,
                                          .state = row->state,
                                          .cursor = row->cursor,
                                          .attempts = row->attempts};
        bp_arena_reset(publisher->scratch);
        if (is_over(row)) {
                bp_told_stream_end(stream, BP_SUBSCRIPTION_EXPIRED, "EXPIRED: its time was up");
                return 0;
        }
        r = fill(publisher, stream, row);
        if (is_for_good(r))
                bp_told_stream_end(stream, BP_SUBSCRIPTION_FAILED, "UNREADABLE: its execution cannot be read back");
        else if (r)
                bp_told_stream_close(publisher, stream);
        return is_for_good(r) ? 0 : r;
}

static void drop_batch(struct bp_publisher *publisher, struct bp_told_stream *stream) {
        if (!stream->batch)
                return;
        publisher->batch_bytes -= bp_arena_used(stream->batch);
        publisher->n_batches--;
        stream->batch = bp_arena_free(stream->batch);
        stream->n_items = stream->next = 0;
}

void bp_told_stream_close(struct bp_publisher *publisher, struct bp_told_stream *stream) {
        drop_batch(publisher, stream);
        stream->track = bp_track_free(stream->track);
        stream->arena = bp_arena_free(stream->arena);
        stream->phase = BP_TOLD_FREE;
}

void bp_told_stream_end(struct bp_told_stream *stream, enum bp_subscription_state state, const char *error) {
        stream->state = state;
        stream->next_at = (struct bp_wall){0};
        snprintf(stream->error, sizeof(stream->error), "%s", error);
        stream->phase = BP_TOLD_LEAVING;
        stream->unsaved = true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Reading
 */

static int add_items(struct bp_told_stream *stream, const struct bp_record *record) {
        struct bp_told_event events[BP_TOLD_MAX];
        size_t n = 0;
        int r;

        bp_track_apply(stream->track, record);
        r = bp_envelope_make(&stream->facts, stream->track, record, stream->batch, events, &n);
        for (size_t i = 0; i < n && !r; i++)
                stream->items[stream->n_items++] =
                        (struct bp_told_item){.told = events[i],
                                              .sequence = record->sequence,
                                              .completes = i + 1 == n,
                                              .ends = i + 1 == n && record->type == BP_RECORD_EXECUTION_ENDED};
        return r;
}

static int fill_batch(struct bp_publisher *publisher, struct bp_told_stream *stream, size_t *ret_n_records) {
        struct bp_record *records;
        size_t n_records;
        int r = bp_store_records(publisher->store, stream->execution, bp_track_sequence(stream->track), READ_AT_ONCE,
                                 stream->batch, &records, &n_records);

        if (r)
                return r;
        stream->items = bp_arena_array(stream->batch, n_records * BP_TOLD_MAX, sizeof(*stream->items));
        if (!stream->items)
                return -ENOMEM;
        for (size_t i = 0; i < n_records && !r; i++)
                r = add_items(stream, &records[i]);
        *ret_n_records = n_records;
        return r;
}

/* @return 0 and how many records there were; negative errno */
static int read_batch(struct bp_publisher *publisher, struct bp_told_stream *stream, size_t *ret_n_records) {
        int r;

        stream->batch = bp_arena_new(BP_ARENA_UNLIMITED);
        if (!stream->batch)
                return -ENOMEM;
        stream->n_items = stream->next = 0;
        r = fill_batch(publisher, stream, ret_n_records);
        publisher->batch_bytes += bp_arena_used(stream->batch);
        publisher->n_batches++;
        return r;
}

const struct bp_told_item *bp_told_stream_next(struct bp_publisher *publisher, struct bp_told_stream *stream,
                                               int *ret_error) {
        size_t n_records = 1;

        *ret_error = 0;
        while (stream->next == stream->n_items && n_records > 0) {
                drop_batch(publisher, stream);
                *ret_error = read_batch(publisher, stream, &n_records);
                if (*ret_error)
                        return NULL;
        }
        if (stream->next < stream->n_items)
                return &stream->items[stream->next];
        drop_batch(publisher, stream);
        stream->phase = BP_TOLD_IDLE;
        return NULL;
}

void bp_told_stream_advance(struct bp_publisher *publisher, struct bp_told_stream *stream) {
        const struct bp_told_item *item = &stream->items[stream->next++];

        stream->attempts = 0;
        stream->next_at = (struct bp_wall){0};
        stream->error[0] = 0;
        if (item->completes) {
                stream->cursor = item->sequence;
                stream->unsaved = true;
        }
        stream->phase = BP_TOLD_READY;
        if (item->ends)
                bp_told_stream_end(stream, BP_SUBSCRIPTION_DONE, "");
        (void)publisher;
}
