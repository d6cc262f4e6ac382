/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "metrics/metrics.h"
#include "publisher/state.h"

static int64_t backoff_us(const struct bp_publisher *publisher, uint32_t attempts) {
        int64_t seconds = publisher->settings.backoff_seconds, most = publisher->settings.max_backoff_seconds;

        for (uint32_t i = 1; i < attempts && seconds < most; i++)
                seconds *= 2;
        return (seconds < most ? seconds : most) * 1000000;
}

static void try_later(struct bp_publisher *publisher, struct bp_told_stream *stream) {
        bp_metrics_add(publisher->settings.metrics, BP_METRIC_EVENTS_RETRIED, NULL, NULL, 1);
        stream->next_at.us = bp_wall_now().us + backoff_us(publisher, stream->attempts);
        stream->phase = BP_TOLD_LEAVING;
        stream->unsaved = true;
}

static void tell_given_up(const struct bp_publisher *publisher, const struct bp_told_stream *stream,
                          const struct bp_told_item *item) {
        char message[BP_TOLD_ERROR_SIZE + BP_TOPIC_SIZE_MAX + 128], id[BP_ID_TEXT_SIZE];

        if (!publisher->settings.notice)
                return;
        snprintf(message, sizeof(message), "event %s (%s) for topic %s was given up after %u tries: %s",
                 bp_id_format(item->told.id, id), item->told.type, stream->facts.topic, stream->attempts,
                 stream->error);
        publisher->settings.notice(publisher->settings.userdata, BP_LOG_WARNING, message);
}

/* Without memory for the letter the event is tried once more. */
static void give_up(struct bp_publisher *publisher, struct bp_told_stream *stream,
                    const struct bp_bus_outcome *outcome) {
        const struct bp_told_item *item = &stream->items[stream->next];
        uint32_t attempts = stream->attempts;
        struct bp_strbuf text;

        bp_strbuf_init(&text, stream->batch, SIZE_MAX / 2);
        publisher->batch_bytes -= bp_arena_used(stream->batch);
        bp_json_write(&text, &item->told.event);
        stream->letter = (struct bp_dead_letter){
                .id = item->told.id,
                .execution = stream->execution,
                .topic = stream->facts.topic,
                .type = item->told.type,
                .sequence = item->sequence,
                .event = {bp_strbuf_text(&text), text.size},
                .content_type = BP_EVENT_MEDIA_TYPE,
                .code = outcome->code,
                .message = bp_arena_text(stream->batch, outcome->message, strlen(outcome->message)),
                .attempts = attempts,
                .at = bp_wall_now()};
        publisher->batch_bytes += bp_arena_used(stream->batch);
        if (text.error || !stream->letter.message) {
                try_later(publisher, stream);
                return;
        }
        tell_given_up(publisher, stream, item);
        bp_metrics_add(publisher->settings.metrics, BP_METRIC_EVENTS_DEAD, NULL, NULL, 1);
        bp_told_stream_advance(publisher, stream);
        stream->has_letter = true;
        stream->unsaved = true;
        if (stream->phase == BP_TOLD_READY)
                stream->phase = BP_TOLD_GIVEN_UP;
}

void bp_bus_outcome_apply(struct bp_publisher *publisher, const struct bp_bus_outcome *outcome) {
        struct bp_told_stream *stream = &publisher->streams[outcome->stream];

        if (outcome->taken) {
                bp_metrics_add(publisher->settings.metrics, BP_METRIC_EVENTS_PUBLISHED,
                               stream->items[stream->next].told.type, NULL, 1);
                bp_told_stream_advance(publisher, stream);
                return;
        }
        stream->attempts++;
        snprintf(stream->error, sizeof(stream->error), "%s: %s", outcome->code, outcome->message);
        if (stream->attempts < publisher->settings.max_attempts)
                try_later(publisher, stream);
        else
                give_up(publisher, stream, outcome);
}
