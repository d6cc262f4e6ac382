/* SPDX-License-Identifier: Apache-2.0 */
/* Registering, publishing, checking and writing, with every memory request failing in turn. */
#include "torture.h"

#include "fixture.h"
#include "sample.h"

struct scene {
        struct bp_arena *arena;
        struct bp_registry *registry;
        struct bp_registry_draft *draft;
        const struct bp_registry_snapshot *snapshot;
        struct bp_problem_list problems;
};

static int open_scene(struct scene *scene) {
        scene->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        scene->registry = scene->arena ? bp_registry_new() : NULL;
        scene->draft = scene->registry ? bp_registry_draft_new(scene->registry, false) : NULL;
        scene->problems = (struct bp_problem_list){.arena = scene->arena};
        return scene->draft ? 0 : -ENOMEM;
}

static void close_scene(struct scene *scene) {
        bp_registry_draft_free(scene->draft);
        bp_registry_release(scene->snapshot);
        bp_registry_free(scene->registry);
        bp_arena_free(scene->arena);
}

static int publish_scene(struct scene *scene) {
        struct bp_registry_draft *draft = scene->draft;
        int r;

        scene->draft = NULL;
        r = bp_registry_publish(scene->registry, draft);
        if (r == 0)
                scene->snapshot = bp_registry_acquire(scene->registry);
        return r;
}

static int check_params(struct scene *scene) {
        static const char given[] = "{\"model_id\":\"m\",\"mode\":\"odd\",\"note\":\"b\",\"size\":9,\"payload\":1}";
        const struct bp_action_meta *meta = bp_action_entry_meta(bp_registry_find(scene->snapshot, "sample"));
        const struct bp_params_check how = {.unknown_names = true};
        struct bp_value params, completed;
        int r = bp_json_parse(scene->arena, given, strlen(given), NULL, &params, NULL);

        if (r == 0)
                r = bp_params_check(meta, &params, &how, &scene->problems);
        return r ? r : bp_params_complete(meta, &params, scene->arena, &completed);
}

static int write_and_read_back(struct scene *scene) {
        const struct bp_action_meta *meta = bp_action_entry_meta(bp_registry_find(scene->snapshot, "sample"));
        struct bp_value answer;
        struct bp_strbuf text;
        int r;

        bp_strbuf_init(&text, scene->arena, SIZE_MAX);
        bp_registry_write(&text, scene->snapshot);
        if (text.error)
                return text.error;
        r = bp_json_parse(scene->arena, text.text, text.size, NULL, &answer, NULL);
        if (r)
                return r;
        scene->draft = bp_registry_draft_new(scene->registry, true);
        if (!scene->draft)
                return -ENOMEM;
        bp_strbuf_clear(&text);
        bp_action_meta_write_params_schema(&text, meta);
        bp_action_meta_write_outputs_schema(&text, meta);
        return text.error ? text.error
                          : bp_registry_draft_add_described(scene->draft, bp_value_at(&answer, "/actions/0"), NULL,
                                                            &scene->problems);
}

static int live_a_registry(const void *data) {
        struct scene scene = {0};
        int r = open_scene(&scene);

        (void)data;
        if (r == 0)
                r = bp_registry_draft_add(scene.draft, &bp_action_sample, NULL, &scene.problems);
        if (r == 0)
                r = publish_scene(&scene);
        if (r == 0)
                r = check_params(&scene);
        if (r == 0)
                r = write_and_read_back(&scene);
        close_scene(&scene);
        return r;
}

static int refuse_a_bad_action(const void *data) {
        static const struct bp_param_definition params[] = {{.name = "a", .type = 99}};
        struct bp_action action = {.struct_size = sizeof(action),
                                   .abi_version = BP_ABI_VERSION,
                                   .type = "a/b",
                                   .params = params,
                                   .n_params = 1,
                                   .param_size = sizeof(params[0])};
        struct scene scene = {0};
        int r = open_scene(&scene);

        (void)data;
        if (r == 0)
                r = bp_registry_draft_add(scene.draft, &action, NULL, &scene.problems);
        close_scene(&scene);
        return r;
}

static void a_registry_survives_every_failed_request(void **state) {
        (void)state;
        assert_int_equal(torture(live_a_registry, NULL), 0);
        assert_int_equal(torture(refuse_a_bad_action, NULL), BP_PROBLEM);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(a_registry_survives_every_failed_request)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
