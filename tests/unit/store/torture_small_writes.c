/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines, keys and tokens while every memory request of the calling thread fails in turn. What is not handed over
 * says so; what is, gets done. */
#include "torture.h"

#include "pipeline.h"

#define DAG "{\"name\":\"d\",\"steps\":[]}"

struct work {
        struct fixture *fixture;
        unsigned *round;
};

/* A pipeline of another name each time, so that a round that failed late is not in the way. */
static struct bp_store_pipeline next_pipeline(const struct work *work, char name[32]) {
        snprintf(name, 32, "p%u", ++*work->round);
        return pipeline_of(name, name, DAG);
}

static int create_and_read(const void *data) {
        const struct work *work = data;
        char name[32];
        struct bp_store_pipeline pipeline = next_pipeline(work, name);
        struct bp_store_key key = {.scope = "s", .key = name, .subject = pipeline.id, .created_at = {1}};
        struct answer answer = {.fixture = work->fixture};
        struct bp_pipeline_row row;
        struct bp_arena *arena;
        int r;

        pipeline.description = pipeline.icon = name;
        pipeline.key = &key;
        r = bp_store_pipeline_create(work->fixture->store, &pipeline, answer_done, &answer);
        if (r)
                return r;
        r = answer_wait(&answer);
        if (r)
                return r;
        arena = bp_arena_new(1 << 20);
        r = arena ? bp_store_pipeline(work->fixture->store, pipeline.id, 0, arena, &row) : -ENOMEM;
        bp_arena_free(arena);
        return r;
}

static int keep_and_find(const void *data) {
        const struct work *work = data;
        struct bp_store_key key = {
                .scope = "s", .key = "k", .status = 200, .answer = "yes", .answer_size = 3, .created_at = {1}};
        struct bp_store_key found;
        struct bp_arena *arena = NULL;
        int r = bp_store_key_keep(work->fixture->store, &key);

        if (!r)
                r = bp_store_keys_expire(work->fixture->store, (struct bp_wall){1});
        if (!r) {
                struct answer answer = {.fixture = work->fixture};

                r = bp_store_pipeline_delete(work->fixture->store, id_of("nobody"), answer_done, &answer);
                if (!r && answer_wait(&answer) != BP_STORE_NOT_FOUND)
                        r = -EIO;
        }
        if (!r) {
                arena = bp_arena_new(1 << 20);
                r = arena ? bp_store_key_find(work->fixture->store, "s", "k", key.created_at, arena, &found) : -ENOMEM;
        }
        bp_arena_free(arena);
        return r;
}

static int list(const void *data) {
        const struct work *work = data;
        struct bp_token_row *rows;
        struct bp_pipeline_row *pipelines;
        struct bp_arena *arena = bp_arena_new(1 << 20);
        size_t n;
        int r = arena ? bp_store_tokens(work->fixture->store, arena, &rows, &n) : -ENOMEM;

        if (!r)
                r = bp_store_pipelines(work->fixture->store, &(struct bp_pipeline_filter){0}, arena, &pipelines, &n);
        bp_arena_free(arena);
        return r;
}

static int add_and_find(const void *data) {
        const struct work *work = data;
        char name[32];
        struct bp_token_row token, row;
        struct bp_arena *arena;
        int r;

        snprintf(name, sizeof(name), "t%u", ++*work->round);
        token = (struct bp_token_row){
                .id = id_of(name), .name = name, .owner = "ada", .hash = bp_digest_of(name, strlen(name))};
        r = bp_store_token_add(work->fixture->store, &token);
        if (!r)
                r = bp_store_token_revoke(work->fixture->store, name);
        if (r)
                return r;
        arena = bp_arena_new(1 << 20);
        r = arena ? bp_store_token_find(work->fixture->store, token.hash, arena, &row) : -ENOMEM;
        bp_arena_free(arena);
        return r;
}

static void test_small_writes(void **state) {
        unsigned round = 0;
        const struct work work = {*state, &round};

        assert_int_equal(torture(create_and_read, &work), 0);
        assert_int_equal(torture(keep_and_find, &work), 0);
        assert_int_equal(torture(add_and_find, &work), 0);
        assert_int_equal(torture(list, &work), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {ON_BOTH_DRIVERS(test_small_writes)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
