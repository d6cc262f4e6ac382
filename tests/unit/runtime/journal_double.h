/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal whose durability the test decides: it keeps what was appended, reorders nothing, and confirms tickets at
 * once, when told, or never. At any moment it can say whether a record is durable.
 */
#ifndef TEST_RUNTIME_JOURNAL_DOUBLE_H
#define TEST_RUNTIME_JOURNAL_DOUBLE_H

#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "runtime/runtime.h"

enum {
        FACTS_MAX = 65536,
        PATIENCE_SECONDS = 60,
};

struct fact {
        struct bp_id execution;
        enum bp_record_type type;
        uint32_t step, attempt;
        uint64_t sequence, ticket;
};

struct journal_double {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        struct bp_runtime *runtime;
        struct fact facts[FACTS_MAX];
        size_t n_facts;
        size_t refuse_from; /* appends fail once so many records are in; 0: never */
        uint64_t committed, confirmed;
        bool at_once;
};

static inline struct timespec patience_ends(void) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += PATIENCE_SECONDS;
        return until;
}

static inline int journal_append(void *userdata, const struct bp_execution *execution, const struct bp_record *records,
                                 size_t n_records) {
        struct journal_double *journal = userdata;
        int r = 0;

        pthread_mutex_lock(&journal->mutex);
        if (journal->refuse_from && journal->n_facts + n_records > journal->refuse_from)
                r = -EIO;
        for (size_t i = 0; r == 0 && i < n_records && journal->n_facts < FACTS_MAX; i++)
                journal->facts[journal->n_facts++] = (struct fact){.execution = bp_execution_view(execution).id,
                                                                   .type = records[i].type,
                                                                   .step = records[i].step,
                                                                   .attempt = records[i].attempt,
                                                                   .sequence = records[i].sequence,
                                                                   .ticket = journal->committed + 1};
        pthread_mutex_unlock(&journal->mutex);
        return r;
}

static inline void journal_confirm(struct journal_double *journal, uint64_t ticket) {
        pthread_mutex_lock(&journal->mutex);
        if (ticket > journal->confirmed)
                journal->confirmed = ticket;
        pthread_cond_broadcast(&journal->changed);
        pthread_mutex_unlock(&journal->mutex);
        bp_runtime_durable(journal->runtime, ticket);
}

static inline void journal_commit(void *userdata, uint64_t ticket) {
        struct journal_double *journal = userdata;
        bool at_once;

        pthread_mutex_lock(&journal->mutex);
        journal->committed = ticket;
        at_once = journal->at_once;
        pthread_cond_broadcast(&journal->changed);
        pthread_mutex_unlock(&journal->mutex);
        if (at_once)
                journal_confirm(journal, ticket);
}

/* From now on tickets are confirmed as they come, those that are open included. */
static inline void journal_let_go(struct journal_double *journal) {
        uint64_t ticket;

        pthread_mutex_lock(&journal->mutex);
        journal->at_once = true;
        ticket = journal->committed;
        pthread_mutex_unlock(&journal->mutex);
        journal_confirm(journal, ticket);
}

/* Waits until a record of this kind is committed for the step. @return its ticket */
static inline uint64_t journal_await(struct journal_double *journal, enum bp_record_type type, uint32_t step) {
        struct timespec until = patience_ends();
        uint64_t ticket = 0;

        pthread_mutex_lock(&journal->mutex);
        while (ticket == 0) {
                for (size_t i = 0; i < journal->n_facts; i++)
                        if (journal->facts[i].type == type && journal->facts[i].step == step &&
                            journal->facts[i].ticket <= journal->committed)
                                ticket = journal->facts[i].ticket;
                if (ticket == 0 && pthread_cond_timedwait(&journal->changed, &journal->mutex, &until) == ETIMEDOUT)
                        break;
        }
        pthread_mutex_unlock(&journal->mutex);
        assert_int_not_equal(ticket, 0);
        return ticket;
}

static inline bool journal_has_durable(struct journal_double *journal, struct bp_id execution, uint64_t sequence) {
        bool durable = false;

        pthread_mutex_lock(&journal->mutex);
        for (size_t i = 0; i < journal->n_facts; i++)
                if (journal->facts[i].sequence == sequence &&
                    memcmp(&journal->facts[i].execution, &execution, sizeof(execution)) == 0)
                        durable = journal->facts[i].ticket <= journal->confirmed;
        pthread_mutex_unlock(&journal->mutex);
        return durable;
}

static inline bool journal_has_durable_start(struct journal_double *journal, struct bp_id execution, uint32_t step,
                                             uint32_t attempt) {
        bool durable = false;

        pthread_mutex_lock(&journal->mutex);
        for (size_t i = 0; i < journal->n_facts; i++)
                if (journal->facts[i].type == BP_RECORD_STEP_STARTED && journal->facts[i].step == step &&
                    journal->facts[i].attempt == attempt &&
                    memcmp(&journal->facts[i].execution, &execution, sizeof(execution)) == 0)
                        durable = journal->facts[i].ticket <= journal->confirmed;
        pthread_mutex_unlock(&journal->mutex);
        return durable;
}

#endif
