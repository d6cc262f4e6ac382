/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An execution through the service, with every memory request of the engine's thread failing in turn. Whatever fails,
 * the service says so or goes on: an execution that broke is built again from what is durable.
 */
#include "torture.h"

#include "house.h"

#define CHAIN                                                                                                      \
        "\"steps\": [{\"id\": \"s0\", \"name\": \"a\", \"action\": \"pure\", \"params\": {\"n\": 1}}, {\"id\": "   \
        "\"s1\", \"name\": \"b\", \"action\": \"outside\", \"depends_on\": [\"s0\"]}, {\"id\": \"s2\", \"name\": " \
        "\"c\", \"action\": \"pure\", \"depends_on\": [\"s1\"], \"params\": {\"n\": \"{{ "                         \
        "steps.s0.outputs.n }}\"}}]"

struct round {
        bool said;   /* it was said that something failed */
        bool failed; /* some request did fail */
        bool completed;
};

/* Starts one execution and runs until nothing is left, on this thread. */
static struct round live_once(struct house *house, const struct bp_value *document, int64_t request) {
        struct told start = TOLD;
        struct round round = {0};
        struct started tried;

        house->notices[0] = 0;
        bp_torture_fail_after(request);
        tried = try_start(house, (struct bp_service_start){.document = document}, &start);
        if (tried.result == 0)
                bp_service_run(house->service, true);
        round.failed = bp_torture_has_failed();
        bp_torture_fail_after(-1);
        round.said = tried.result == -ENOMEM || (start.n && start.result < 0) || house->notices[0];
        if (tried.result == 0 && start.n && start.result == 0) {
                struct bp_execution_row row = row_of(house, tried.started.id);

                round.completed = row.state == BP_EXECUTION_COMPLETED;
                round.said = round.said || row.state == BP_EXECUTION_FAILED;
        }
        return round;
}

static void executions_survive_want_of_memory(void **state) {
        enum { MOST_REQUESTS = 5000 };
        struct house *house = *state;
        struct bp_value document = pipeline_of(house, CHAIN);
        unsigned n_rebuilt = 0;
        int64_t request;

        assert_true(live_once(house, &document, -1).completed); /* the definition is known from now on */
        for (request = 0; request < MOST_REQUESTS; request++) {
                struct round round = live_once(house, &document, request);

                if (!round.failed) {
                        assert_true(round.completed);
                        break;
                }
                if (!round.completed && !round.said)
                        fail_msg("request %lld failed in silence", (long long)request);
                n_rebuilt += round.completed && strstr(house->notices, "cannot go on") ? 1 : 0;
        }
        assert_true(request < MOST_REQUESTS);
        assert_true(n_rebuilt > 0);
        assert_int_equal(bp_service_active(house->service), 0);
}

static int setup_idle(void **state) {
        *state = house_new(true);
        house_open(*state);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(executions_survive_want_of_memory, setup_idle, teardown)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
