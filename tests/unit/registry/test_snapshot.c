/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: order, categories, lookup, life times, and readers that take no lock while a writer publishes. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static void add_type(struct fixture *fixture, const char *type, const char *category) {
        struct bp_action action = sound_action(type);

        action.category = category;
        assert_int_equal(add(fixture, &action), 0);
}

static void a_new_registry_is_empty(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(fixture->registry);
        size_t n_categories;

        assert_int_equal(bp_registry_generation(snapshot), 1);
        assert_int_equal(bp_registry_count(snapshot), 0);
        assert_null(bp_registry_find(snapshot, "log"));
        assert_null(bp_registry_at(snapshot, 0));
        assert_null(bp_registry_nearest(snapshot, "log"));
        bp_registry_categories(snapshot, &n_categories);
        assert_int_equal(n_categories, 0);
        bp_registry_release(snapshot);
}

static void actions_keep_the_order_of_registration(void **state) {
        static const char *const types[] = {"zeta", "alpha", "mid"};
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;

        for (size_t i = 0; i < BP_COUNT(types); i++)
                add_type(fixture, types[i], "Control Flow");
        snapshot = publish(fixture);
        assert_int_equal(bp_registry_generation(snapshot), 2);
        assert_int_equal(bp_registry_count(snapshot), 3);
        for (size_t i = 0; i < BP_COUNT(types); i++)
                assert_string_equal(bp_action_entry_meta(bp_registry_at(snapshot, i))->type, types[i]);
        bp_registry_release(snapshot);
}

static void categories_are_sorted_by_name_and_have_icons(void **state) {
        static const struct {
                const char *name, *icon;
        } expected[] = {
                {"Acme", "box"},
                {"Cluster", "server"},
                {"Cluster Operations", "server"},
                {"Control Flow", "git-branch"},
                {"Deployment", "rocket"},
                {"Integration", "plug"},
                {"Model", "cpu"},
                {"Model Operations", "cpu"},
                {"Simulation", "beaker"},
        };
        struct fixture *fixture = *state;
        const struct bp_registry_category *categories;
        const struct bp_registry_snapshot *snapshot;
        size_t count;
        char type[32];

        for (size_t i = BP_COUNT(expected); i-- > 0;)
                for (int twice = 0; twice < 2; twice++) {
                        snprintf(type, sizeof(type), "t%zu_%d", i, twice);
                        add_type(fixture, type, expected[i].name);
                }
        snapshot = publish(fixture);
        categories = bp_registry_categories(snapshot, &count);
        assert_int_equal(count, BP_COUNT(expected));
        for (size_t i = 0; i < count; i++) {
                assert_string_equal(categories[i].name, expected[i].name);
                assert_string_equal(categories[i].icon, expected[i].icon);
                assert_int_equal(categories[i].n_entries, 2);
                snprintf(type, sizeof(type), "t%zu_0", i);
                assert_string_equal(bp_action_entry_meta(categories[i].entries[0])->type, type);
        }
        bp_registry_release(snapshot);
}

static void a_type_is_registered_once(void **state) {
        struct fixture *fixture = *state;
        struct bp_action again = sound_action("log");
        const struct bp_action_origin origin = {.publisher = "acme", .source = "/p/acme.so"};

        add_type(fixture, "log", "Control Flow");
        assert_int_equal(bp_registry_draft_add(fixture->draft, &again, &origin, &fixture->problems), BP_PROBLEM);
        assert_string_equal(fixture->problems.items[0]->code, "ACTION_DUPLICATE");
        assert_string_equal(fixture->problems.items[0]->message,
                            "action 'log' is already registered by budpipeline (built in); this one is left out");
        assert_int_equal(bp_registry_draft_remove(fixture->draft, "log"), 0);
        assert_int_equal(bp_registry_draft_remove(fixture->draft, "log"), 1);
        assert_int_equal(bp_registry_draft_add(fixture->draft, &again, &origin, &fixture->problems), 0);
}

static void an_unknown_type_is_a_value_and_the_nearest_one_is_named(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;

        add_type(fixture, "log", "Control Flow");
        add_type(fixture, "transform", "Control Flow");
        snapshot = publish(fixture);
        assert_null(bp_registry_find(snapshot, "lgo"));
        assert_string_equal(bp_registry_nearest(snapshot, "lgo"), "log");
        assert_string_equal(bp_registry_nearest(snapshot, "trasnform"), "transform");
        assert_null(bp_registry_nearest(snapshot, "http_request"));
        bp_registry_release(snapshot);
}

static void what_is_held_outlives_the_registry(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *old;
        const struct bp_action_entry *entry;

        add_type(fixture, "log", "Control Flow");
        old = publish(fixture);
        entry = bp_action_entry_ref(bp_registry_find(old, "log"));
        bp_registry_draft_remove(fixture->draft, "log");
        bp_registry_release(publish(fixture));
        bp_registry_draft_free(fixture->draft);
        fixture->draft = NULL;
        fixture->registry = bp_registry_free(fixture->registry);
        assert_int_equal(bp_registry_count(old), 1);
        bp_registry_release(old);
        assert_string_equal(bp_action_entry_meta(entry)->type, "log");
        assert_null(bp_action_entry_unref(entry));
}

static void an_entry_knows_where_it_comes_from(void **state) {
        struct fixture *fixture = *state;
        struct bp_action action = sound_action("probe");
        const struct bp_action_origin origin = {"acme", "/p/acme.so", "its folder is not trusted"};
        const struct bp_registry_snapshot *snapshot;
        const struct bp_action_entry *entry;

        action.flags = BP_FLAG_INLINE;
        add_type(fixture, "log", "Control Flow");
        assert_int_equal(bp_registry_draft_add(fixture->draft, &action, &origin, &fixture->problems), 0);
        snapshot = publish(fixture);
        entry = bp_registry_find(snapshot, "probe");
        assert_string_equal(bp_action_entry_publisher(entry), "acme");
        assert_string_equal(bp_action_entry_source(entry), "/p/acme.so");
        assert_string_equal(bp_action_entry_unavailable(entry), "its folder is not trusted");
        assert_null(bp_action_entry_executor(entry));
        assert_false(bp_action_entry_meta(entry)->is_inline);
        entry = bp_registry_find(snapshot, "log");
        assert_string_equal(bp_action_entry_publisher(entry), "budpipeline");
        assert_null(bp_action_entry_source(entry));
        assert_null(bp_action_entry_unavailable(entry));
        assert_non_null(bp_action_entry_executor(entry));
        bp_registry_release(snapshot);
}

static void the_built_in_actions_register_without_a_finding(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;

        if (bp_registry_draft_add_all(fixture->draft, bp_builtin_actions, &fixture->problems) != 0)
                fail_msg("%s", fixture->problems.items[0]->message);
        snapshot = publish(fixture);
        assert_non_null(bp_registry_find(snapshot, "log"));
        assert_true(bp_action_entry_meta(bp_registry_find(snapshot, "log"))->is_inline);
        bp_registry_release(snapshot);
}

static void ten_thousand_actions_are_found_one_by_one(void **state) {
        struct fixture *fixture = *state;
        const struct bp_registry_snapshot *snapshot;
        char type[16];

        for (int i = 0; i < 10000; i++) {
                snprintf(type, sizeof(type), "action_%d", i);
                add_type(fixture, type, i % 2 ? "Odd" : "Even");
        }
        snapshot = publish(fixture);
        for (int i = 0; i < 10000; i++) {
                snprintf(type, sizeof(type), "action_%d", i);
                assert_ptr_equal(bp_registry_find(snapshot, type), bp_registry_at(snapshot, (size_t)i));
        }
        bp_registry_release(snapshot);
}

/* Readers that look at whatever is current, while the writer replaces it. */
struct reader {
        struct bp_registry *registry;
        atomic_bool *stop;
        size_t wrong;
};

static void *read_again_and_again(void *data) {
        struct reader *reader = data;
        uint64_t latest = 0;

        while (!atomic_load(reader->stop)) {
                const struct bp_registry_snapshot *snapshot = bp_registry_acquire(reader->registry);
                const struct bp_action_entry *entry = bp_registry_find(snapshot, "steady");
                uint64_t generation = bp_registry_generation(snapshot);
                const char *text;
                size_t size;

                /* Odd generations have one action more than even ones, and time does not run backwards. */
                reader->wrong += bp_registry_count(snapshot) != (generation % 2 ? 2 : 1) || generation < latest;
                reader->wrong += !entry || strcmp(bp_action_entry_meta(entry)->type, "steady") != 0;
                reader->wrong += bp_registry_answer(snapshot, &text, &size) != 0 || text[size - 1] != '}';
                latest = generation;
                bp_registry_release(snapshot);
        }
        return NULL;
}

static void readers_see_whole_snapshots_while_a_writer_publishes(void **state) {
        enum { READERS = 3, PUBLICATIONS = 400 };
        struct fixture *fixture = *state;
        struct reader readers[READERS];
        pthread_t threads[READERS];
        atomic_bool stop = false;

        add_type(fixture, "steady", "Control Flow");
        bp_registry_release(publish(fixture));
        for (int i = 0; i < READERS; i++) {
                readers[i] = (struct reader){fixture->registry, &stop, 0};
                assert_int_equal(pthread_create(&threads[i], NULL, read_again_and_again, &readers[i]), 0);
        }
        for (int i = 0; i < PUBLICATIONS; i++) {
                if (i % 2)
                        assert_int_equal(bp_registry_draft_remove(fixture->draft, "fleeting"), 0);
                else
                        add_type(fixture, "fleeting", "Control Flow");
                bp_registry_release(publish(fixture));
        }
        atomic_store(&stop, true);
        for (int i = 0; i < READERS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                assert_int_equal(readers[i].wrong, 0);
        }
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_new_registry_is_empty),
                TEST(actions_keep_the_order_of_registration),
                TEST(categories_are_sorted_by_name_and_have_icons),
                TEST(a_type_is_registered_once),
                TEST(an_unknown_type_is_a_value_and_the_nearest_one_is_named),
                TEST(what_is_held_outlives_the_registry),
                TEST(an_entry_knows_where_it_comes_from),
                TEST(the_built_in_actions_register_without_a_finding),
                TEST(ten_thousand_actions_are_found_one_by_one),
                TEST(readers_see_whole_snapshots_while_a_writer_publishes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
