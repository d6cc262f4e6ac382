/* SPDX-License-Identifier: Apache-2.0 */
/* How far subscriptions were told, and what was given up: one transaction for all that happened meanwhile. */
#include "store/deliveries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/connection.h"
#include "store/write.h"

struct saving {
        struct bp_write write;
        struct bp_arena *arena;
        struct bp_delivery *deliveries; /* in the arena */
        size_t n_deliveries;
        uint64_t most_dead_letters;
        bp_store_done *done;
        void *userdata;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Writing
 */

static int update(struct bp_connection *connection, const struct bp_delivery *delivery) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "UPDATE subscriptions SET state = ?2, cursor = ?3, attempts = ?4, next_at = ?5, "
                                      "error = ?6 WHERE number = ?1",
                                      &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)delivery->subscription);
        bp_bind_int(stmt, 2, delivery->state);
        bp_bind_int(stmt, 3, (int64_t)delivery->cursor);
        bp_bind_int(stmt, 4, delivery->attempts);
        bp_bind_time(stmt, 5, delivery->next_at);
        bp_bind_text(stmt, 6, delivery->error);
        return bp_connection_run(connection, stmt);
}

/* An event that was given up before, by a process that did not get to move the cursor, is kept once. */
static int insert_letter(struct bp_connection *connection, const struct bp_dead_letter *letter) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(connection,
                                      "INSERT INTO dead_letters (id, execution, topic, type, sequence, event, "
                                      "content_type, code, message, attempts, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                      "?, ?) ON CONFLICT (id) DO NOTHING",
                                      &stmt);

        if (r)
                return r;
        bp_bind_id(stmt, 1, true, &letter->id);
        bp_bind_int(stmt, 2, (int64_t)letter->execution);
        bp_bind_text(stmt, 3, letter->topic);
        bp_bind_text(stmt, 4, letter->type);
        bp_bind_int(stmt, 5, (int64_t)letter->sequence);
        bp_bind_text_n(stmt, 6, letter->event.text, letter->event.size);
        bp_bind_text(stmt, 7, letter->content_type);
        bp_bind_text(stmt, 8, letter->code);
        bp_bind_text(stmt, 9, letter->message);
        bp_bind_int(stmt, 10, letter->attempts);
        bp_bind_int(stmt, 11, letter->at.us);
        return bp_connection_run(connection, stmt);
}

static int drop_oldest_letters(struct bp_connection *connection, uint64_t most) {
        sqlite3_stmt *stmt;
        int r = bp_connection_prepare(
                connection, "DELETE FROM dead_letters WHERE number <= (SELECT max(number) FROM dead_letters) - ?",
                &stmt);

        if (r)
                return r;
        bp_bind_int(stmt, 1, (int64_t)most);
        return bp_connection_run(connection, stmt);
}

static int apply_saving(struct bp_write *write, struct bp_connection *connection) {
        const struct saving *saving = (const struct saving *)write;
        bool has_letters = false;
        int r = 0;

        for (size_t i = 0; i < saving->n_deliveries && !r; i++) {
                const struct bp_delivery *delivery = &saving->deliveries[i];

                r = update(connection, delivery);
                if (r || !delivery->dead_letter || !bp_connection_changes(connection))
                        continue;
                has_letters = true;
                r = insert_letter(connection, delivery->dead_letter);
        }
        return r || !has_letters ? r : drop_oldest_letters(connection, saving->most_dead_letters);
}

static void saving_free(struct saving *saving) {
        bp_arena_free(saving->arena);
        free(saving);
}

static void done_saving(struct bp_write *write, int result) {
        struct saving *saving = (struct saving *)write;

        saving->done(saving->userdata, result, NULL);
        saving_free(saving);
}

static int copy_text(struct bp_arena *arena, const char **text) {
        if (!*text)
                return 0;
        *text = bp_arena_text(arena, *text, strlen(*text));
        return *text ? 0 : -ENOMEM;
}

static int copy_letter(struct bp_arena *arena, const struct bp_dead_letter **letter) {
        struct bp_dead_letter *copy;
        int r;

        if (!*letter)
                return 0;
        copy = bp_arena_alloc(arena, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        *copy = **letter;
        *letter = copy;
        copy->event.text = bp_arena_text(arena, copy->event.text, copy->event.size);
        r = copy->event.text ? copy_text(arena, &copy->topic) : -ENOMEM;
        if (!r)
                r = copy_text(arena, &copy->type);
        if (!r)
                r = copy_text(arena, &copy->content_type);
        if (!r)
                r = copy_text(arena, &copy->code);
        return r ? r : copy_text(arena, &copy->message);
}

static int copy_deliveries(struct saving *saving, const struct bp_delivery *deliveries) {
        int r = 0;

        saving->deliveries = bp_arena_array(saving->arena, saving->n_deliveries, sizeof(*deliveries));
        if (!saving->deliveries)
                return -ENOMEM;
        for (size_t i = 0; i < saving->n_deliveries && !r; i++) {
                saving->deliveries[i] = deliveries[i];
                r = copy_text(saving->arena, &saving->deliveries[i].error);
                if (!r)
                        r = copy_letter(saving->arena, &saving->deliveries[i].dead_letter);
        }
        return r;
}

int bp_store_deliveries_save(struct bp_store *store, const struct bp_delivery *deliveries, size_t n_deliveries,
                             uint64_t most_dead_letters, bp_store_done *done, void *userdata) {
        struct saving *saving = bp_calloc(1, sizeof(*saving));

        if (!saving)
                return -ENOMEM;
        *saving = (struct saving){.arena = bp_arena_new(BP_ARENA_UNLIMITED),
                                  .n_deliveries = n_deliveries,
                                  .most_dead_letters = most_dead_letters,
                                  .done = done,
                                  .userdata = userdata};
        if (!saving->arena || copy_deliveries(saving, deliveries)) {
                saving_free(saving);
                return -ENOMEM;
        }
        saving->write = (struct bp_write){
                .bytes = sizeof(*saving) + bp_arena_used(saving->arena), .apply = apply_saving, .done = done_saving};
        bp_write_submit(store, &saving->write);
        return 0;
}
