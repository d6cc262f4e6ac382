/* SPDX-License-Identifier: Apache-2.0 */
/* Saving pipelines and waiting for the answer. */
#ifndef BP_TESTS_STORE_PIPELINE_H
#define BP_TESTS_STORE_PIPELINE_H

#include "fixture.h"

/* What a write was answered. */
struct answer {
        struct fixture *fixture;
        bool done; /* under the fixture's mutex */
        int result;
        bool has_row;
        struct bp_pipeline_row row; /* without texts */
        char name[64], dag[256];
};

static inline void answer_done(void *userdata, int result, const void *row) {
        struct answer *answer = userdata;
        const struct bp_pipeline_row *pipeline = row;

        pthread_mutex_lock(&answer->fixture->mutex);
        answer->result = result;
        if (pipeline) {
                answer->has_row = true;
                answer->row = *pipeline;
                snprintf(answer->name, sizeof(answer->name), "%s", pipeline->name);
                snprintf(answer->dag, sizeof(answer->dag), "%.*s", (int)pipeline->dag.size, pipeline->dag.text);
        }
        answer->done = true;
        pthread_cond_broadcast(&answer->fixture->changed);
        pthread_mutex_unlock(&answer->fixture->mutex);
}

/* @return the result */
static inline int answer_wait(struct answer *answer) {
        pthread_mutex_lock(&answer->fixture->mutex);
        while (!answer->done)
                pthread_cond_wait(&answer->fixture->changed, &answer->fixture->mutex);
        pthread_mutex_unlock(&answer->fixture->mutex);
        return answer->result;
}

static inline struct bp_id id_of(const char *text) {
        return bp_id_derive(text, strlen(text));
}

/* A pipeline with this name and document; its id follows from `id`. */
static inline struct bp_store_pipeline pipeline_of(const char *id, const char *name, const char *dag) {
        return (struct bp_store_pipeline){.id = id_of(id),
                                          .name = name,
                                          .status = BP_PIPELINE_ACTIVE,
                                          .saved_by = "ada",
                                          .now = {1700000000000000},
                                          .n_steps = 1,
                                          .dag = {dag, strlen(dag)},
                                          .digest = bp_digest_of(dag, strlen(dag))};
}

static inline int create_pipeline(struct fixture *fixture, const struct bp_store_pipeline *pipeline,
                                  struct answer *answer) {
        *answer = (struct answer){.fixture = fixture};
        assert_int_equal(bp_store_pipeline_create(fixture->store, pipeline, answer_done, answer), 0);
        return answer_wait(answer);
}

static inline int save_pipeline(struct fixture *fixture, const struct bp_store_pipeline *pipeline,
                                struct answer *answer) {
        *answer = (struct answer){.fixture = fixture};
        assert_int_equal(bp_store_pipeline_save(fixture->store, pipeline, answer_done, answer), 0);
        return answer_wait(answer);
}

static inline int delete_pipeline(struct fixture *fixture, struct bp_id id) {
        struct answer answer = {.fixture = fixture};

        assert_int_equal(bp_store_pipeline_delete(fixture->store, id, answer_done, &answer), 0);
        return answer_wait(&answer);
}

#endif
