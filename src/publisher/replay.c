/* SPDX-License-Identifier: Apache-2.0 */
/* A dead letter is published as it is kept, with its id. It stays until the bus has it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "metrics/metrics.h"
#include "publisher/state.h"
#include "store/deliveries.h"

struct replay {
        struct bp_store *store;
        struct bp_metrics *metrics;
        struct bp_id id;
        const char *type; /* constant, or NULL */
        bool taken;
        const char *code; /* constant */
        char message[BP_OUTCOME_MESSAGE_SIZE];
        bp_replayed_done *done;
        void *userdata;
};

static void tell(struct replay *replay, int result) {
        const struct bp_replayed replayed = {.result = result,
                                             .code = replay->taken ? NULL : replay->code,
                                             .message = replay->taken ? NULL : replay->message};

        replay->done(replay->userdata, &replayed);
        free(replay);
}

static void on_stored(void *userdata, int result, const void *row) {
        (void)row;
        tell(userdata, result);
}

static void on_published(void *userdata, const struct bp_published *published) {
        struct replay *replay = userdata;
        int r;

        replay->taken = published->taken;
        replay->code = published->code;
        if (!published->taken)
                bp_published_message(published, replay->message);
        if (published->taken && replay->type)
                bp_metrics_add(replay->metrics, BP_METRIC_EVENTS_PUBLISHED, replay->type, NULL, 1);
        r = published->taken ? bp_store_dead_letter_delete(replay->store, replay->id, on_stored, replay)
                             : bp_store_dead_letter_failed(replay->store, replay->id, replay->code, replay->message,
                                                           bp_wall_now(), on_stored, replay);
        if (r)
                tell(replay, r);
}

/* The constant text of a type: labels of metrics are constant. */
static const char *type_of(const char *type) {
        for (const char *const *known = bp_told_types; *known; known++)
                if (strcmp(*known, type) == 0)
                        return *known;
        return NULL;
}

static int publish(struct bp_publisher *publisher, const struct bp_dead_letter *letter, struct bp_arena *arena,
                   struct replay *replay) {
        struct bp_value event;
        int r = bp_json_parse(arena, letter->event.text, letter->event.size, NULL, &event, NULL);

        if (r)
                return r < 0 ? r : -EBADMSG;
        replay->type = type_of(letter->type);
        return publisher->settings.bus.publish(publisher->settings.bus.userdata, letter->topic, &event, on_published,
                                               replay);
}

int bp_publisher_replay(struct bp_publisher *publisher, struct bp_id event, bp_replayed_done *done, void *userdata) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct replay *replay = bp_calloc(1, sizeof(*replay));
        struct bp_dead_letter letter;
        int r = arena && replay ? bp_store_dead_letter(publisher->store, event, arena, &letter) : -ENOMEM;

        if (!r) {
                *replay = (struct replay){.store = publisher->store,
                                          .metrics = publisher->settings.metrics,
                                          .id = event,
                                          .done = done,
                                          .userdata = userdata};
                r = publish(publisher, &letter, arena, replay);
        }
        if (r)
                free(replay);
        return r;
}
