/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random pipelines under random circumstances (random_run.h). Whatever happens, the rules hold (trace.h), what the
 * records say is the state (world.h), the same circumstances lead to the same records, and the execution ends.
 *
 * BP_PROPERTY_COUNT says how many pipelines (3,000), BP_PROPERTY_SEED where to begin: a failure names its seed.
 */
#include "random_run.h"

static uint64_t from_environment(const char *name, uint64_t fallback) {
        const char *text = getenv(name);

        return text ? strtoull(text, NULL, 0) : fallback;
}

static uint64_t seed_at_hand;

static void tell_seed(void) {
        if (seed_at_hand)
                fprintf(stderr, "BP_PROPERTY_SEED=%llu BP_PROPERTY_COUNT=1 shows this again\n",
                        (unsigned long long)seed_at_hand);
}

static void the_rules_hold_whatever_happens(void **state) {
        uint64_t count = from_environment("BP_PROPERTY_COUNT", 3000);
        uint64_t first = from_environment("BP_PROPERTY_SEED", 1);
        struct bp_registry *registry = test_registry_new();

        (void)state;
        for (uint64_t seed = first; seed < first + count; seed++) {
                uint64_t hash;

                seed_at_hand = seed;
                hash = run_random(registry, seed, false);
                if (seed % 4 == 0 && run_random(registry, seed, false) != hash)
                        fail_msg("the same circumstances led to other records");
        }
        seed_at_hand = 0;
        bp_registry_free(registry);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_rules_hold_whatever_happens),
        };
        int failures = cmocka_run_group_tests(tests, NULL, NULL);

        tell_seed();
        return failures;
}
