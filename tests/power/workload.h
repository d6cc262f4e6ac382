/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to a store that will lose its power, and what must be found in it afterwards.
 *
 * Everything that is handed over is a fact. Facts of one stream (the journal; the other writes) become durable in the
 * order in which they were handed over. When the store reports one durable, the place in the trace of the disk is
 * noted: a power cut there or later must leave it.
 */
#ifndef BP_TESTS_WORKLOAD_H
#define BP_TESTS_WORKLOAD_H

#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/problem.h"
#include "disk.h"
#include "store/store.h"

enum {
        WORKLOAD_PIPELINES = 8,
        WORKLOAD_EXECUTIONS = 10,
        WORKLOAD_EVENTS = 64,
        WORKLOAD_FACTS = 2048,
        WORKLOAD_RECORDS = 64, /* of one execution */
};

enum fact_type {
        FACT_REVISION = 1, /* `subject`: pipeline, `number`: revision */
        FACT_DELETED,      /* `subject`: pipeline */
        FACT_KEY,          /* `number`: of the key */
        FACT_RECORDS,      /* `subject`: execution, `number`: sequence of the last record */
        FACT_LINES,        /* `subject`: execution, `number`: lines of its log */
        FACT_GONE,         /* `subject`: execution that was deleted */
        FACT_EVENT,        /* `subject`: event that was kept */
        FACT_HANDLED,      /* `subject`: event that a step had */
        FACT_TOLD,    /* `subject`: execution, `number`: sequence of the last record that its subscriber was told */
        FACT_NOTHING, /* a write that changes nothing */
};

struct fact {
        struct workload *workload;
        enum fact_type type;
        uint32_t subject, number;
        uint64_t ticket;   /* FACT_RECORDS */
        bool acknowledged; /* under the mutex, as the next one */
        size_t at;         /* place in the trace by then */
        int result;        /* that it was answered with; FACT_RECORDS, FACT_KEY: 0 */
};

/* What a step made of an event: records of its execution, which are there exactly when the event is settled. */
struct handling {
        uint32_t execution, sequence; /* of the last of them */
};

struct workload {
        char folder[64], path[96], url[112];
        struct disk *disk;
        struct disk_trace *trace; /* or NULL */
        struct bp_store *store;
        size_t bulk; /* bytes that each document is longer by */

        struct fact facts[WORKLOAD_FACTS];
        size_t n_facts;
        uint32_t revisions[WORKLOAD_PIPELINES]; /* handed over; 0: none */
        bool deleted[WORKLOAD_PIPELINES];
        uint64_t numbers[WORKLOAD_EXECUTIONS]; /* of executions; 0: none yet */
        uint32_t records[WORKLOAD_EXECUTIONS]; /* handed over */
        uint32_t lines[WORKLOAD_EXECUTIONS];   /* handed over */
        bool gone[WORKLOAD_EXECUTIONS];        /* deletion handed over */
        uint32_t told[WORKLOAD_EXECUTIONS];    /* handed over */
        uint32_t n_events, n_handled;          /* handed over, in order */
        struct handling handlings[WORKLOAD_EVENTS];
        uint32_t n_keys;
        uint64_t last_ticket;
        bool uncommitted; /* records since the last ticket */

        pthread_mutex_t mutex;
        pthread_cond_t changed;
        const char *problem; /* code of what the store told last, "" for none; under the mutex */
};

/* A workload in a folder of its own, where nothing is yet. */
struct workload *workload_new(struct disk *disk);
void workload_free(struct workload *workload);

/* @return what bp_store_open() returned */
int workload_try_open(struct workload *workload, struct bp_problem *reterr_problem);
void workload_open(struct workload *workload);
void workload_close(struct workload *workload);

/* Hands over something, chosen by `random`. */
void workload_step(struct workload *workload, uint64_t *random);

/* Waits until everything is acknowledged. @return false: not within ten seconds */
bool workload_settle(struct workload *workload);

/* Waits until the store tells a problem or has acknowledged everything. @return false: neither within ten seconds */
bool workload_settle_or_problem(struct workload *workload);

/* Whether the store tells a problem. @return its code, "" for none; constant text */
const char *workload_problem(struct workload *workload);

/* Facts of the journal are told by their ticket, the others by an answer of their own. */
static inline bool is_of_the_journal(enum fact_type type) {
        return type == FACT_RECORDS || type == FACT_LINES;
}

/* How many facts are acknowledged. */
size_t workload_n_acknowledged(struct workload *workload);

/* Looks whether the open store holds every fact acknowledged at `at` or before, in order, and nothing half.
 * @return true, or false with words */
bool workload_check(struct workload *workload, struct bp_store *store, size_t at, char *reterr_words, size_t size);

/* A folder in memory, where there is one. */
void make_folder(char *folder, size_t size);
void remove_folder(const char *folder);

/* @return a number that follows from the state, which goes on */
uint64_t next_random(uint64_t *state);

#endif
