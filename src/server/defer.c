/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deferred has two owners, its request and whoever completes it. Its state changes by compare-and-exchange only, so
 * that completion, deadline and falling asleep may meet in any order:
 *
 *      RUNNING ──(handler returned)──▶ SLEEPING ──(deadline, stop)──▶ LATE
 *         │                              │
 *         └──(completed)──▶ READY ◀──────┘ (completed: the connection is woken)
 */
#include "server/defer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "server/connection.h"
#include "server/state.h"

enum state { RUNNING = 1, SLEEPING, READY, LATE };

struct bp_deferred {
        _Atomic uint32_t owners;
        _Atomic uint32_t state;
        struct bp_connection *connection; /* good while it sleeps */
        int64_t deadline_us;
        void (*finish)(struct bp_request *request, void *app, void *data);
        void *data;
        void (*free_data)(void *data);
};

static void unref(struct bp_deferred *deferred) {
        if (atomic_fetch_sub(&deferred->owners, 1) == 1)
                free(deferred);
}

static void set_deferred(struct bp_request *request, struct bp_deferred *deferred) {
        if (request->connection)
                pthread_mutex_lock(&request->connection->lock);
        request->deferred = deferred;
        if (request->connection)
                pthread_mutex_unlock(&request->connection->lock);
}

struct bp_deferred *bp_request_defer(struct bp_request *request, uint32_t timeout_ms,
                                     void (*finish)(struct bp_request *request, void *app, void *data)) {
        struct bp_deferred *deferred = bp_calloc(1, sizeof(*deferred));

        if (!deferred) {
                bp_request_fail_errno(request, -ENOMEM);
                return NULL;
        }
        atomic_init(&deferred->owners, 2);
        atomic_init(&deferred->state, RUNNING);
        deferred->connection = request->connection;
        deferred->deadline_us = bp_mono_now().us + (int64_t)timeout_ms * 1000;
        deferred->finish = finish;
        set_deferred(request, deferred);
        return deferred;
}

void bp_deferred_complete(struct bp_deferred *deferred, void *data, void (*free_data)(void *data)) {
        uint32_t state = atomic_load(&deferred->state);

        deferred->data = data;
        deferred->free_data = free_data;
        while (state != LATE) {
                if (!atomic_compare_exchange_weak(&deferred->state, &state, READY))
                        continue;
                if (state == SLEEPING)
                        MHD_resume_connection(deferred->connection->mhd);
                unref(deferred);
                return;
        }
        if (free_data)
                free_data(data);
        unref(deferred);
}

int64_t bp_deferred_deadline_us(const struct bp_deferred *deferred) {
        return deferred->deadline_us;
}

bool bp_deferred_sleep(struct bp_deferred *deferred, struct bp_connection *connection) {
        uint32_t running = RUNNING;

        if (atomic_load(&deferred->state) == READY || atomic_load(&connection->server->is_stopping))
                return false;
        MHD_suspend_connection(connection->mhd);
        if (!atomic_compare_exchange_strong(&deferred->state, &running, SLEEPING))
                MHD_resume_connection(connection->mhd); /* completed meanwhile: the next call finishes it */
        return true;
}

void bp_deferred_expire(struct bp_deferred *deferred) {
        uint32_t sleeping = SLEEPING;

        if (atomic_compare_exchange_strong(&deferred->state, &sleeping, LATE))
                MHD_resume_connection(deferred->connection->mhd);
}

void bp_deferred_finish(struct bp_request *request) {
        struct bp_deferred *deferred = request->deferred;
        uint32_t state = atomic_load(&deferred->state);
        bool has_data;

        while (state != READY && state != LATE && !atomic_compare_exchange_weak(&deferred->state, &state, LATE))
                ;
        has_data = atomic_load(&deferred->state) == READY;
        set_deferred(request, NULL);
        deferred->finish(request, request->server->settings.app, has_data ? deferred->data : NULL);
        if (has_data && deferred->free_data)
                deferred->free_data(deferred->data);
        unref(deferred);
}
