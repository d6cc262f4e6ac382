/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery with real shared objects (tests/plugins) and real helper processes: this program describes when it is
 * started with the hidden command. Each test fills a folder of its own with links to shared objects.
 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/sanitized.h"
#include "plugins/plugins.h"
#include "registry/registry.h"

struct fixture {
        struct bp_arena *arena;
        struct bp_registry *registry;
        struct bp_registry_draft *draft;
        const struct bp_registry_snapshot *snapshot;
        char built[512], folder[64];
        struct bp_plugins_found found;
};

static int set_up(void **state) {
        struct fixture *fixture = test_calloc(1, sizeof(*fixture));
        char program[480] = "", *folder;

        *state = fixture;
        if (!fixture || readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0)
                return -1;
        folder = strstr(program, "/tests/unit/");
        if (!folder)
                return -1;
        snprintf(fixture->built, sizeof(fixture->built), "%.*s/tests/plugins", (int)(folder - program), program);
        memcpy(fixture->folder, "/tmp/bp-plugins-XXXXXX", sizeof("/tmp/bp-plugins-XXXXXX"));
        fixture->arena = bp_arena_new(BP_ARENA_UNLIMITED);
        fixture->registry = bp_registry_new();
        fixture->draft = bp_registry_draft_new(fixture->registry, true);
        return mkdtemp(fixture->folder) && fixture->arena && fixture->draft ? 0 : -1;
}

static void remove_folder(const char *path) {
        DIR *folder = opendir(path);
        struct dirent *entry;
        char file[512];

        assert_non_null(folder);
        while ((entry = readdir(folder))) {
                snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
                if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
                        remove_folder(file);
                else
                        unlink(file);
        }
        closedir(folder);
        assert_int_equal(rmdir(path), 0);
}

static int tear_down(void **state) {
        struct fixture *fixture = *state;

        bp_registry_draft_free(fixture->draft);
        bp_registry_release(fixture->snapshot);
        bp_registry_free(fixture->registry);
        bp_arena_free(fixture->arena);
        remove_folder(fixture->folder);
        test_free(fixture);
        return 0;
}

static const char *in_folder(struct fixture *fixture, const char *name) {
        char path[512];

        snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
        return bp_arena_text(fixture->arena, path, strlen(path));
}

/* Links a built shared object into the folder under another name. */
static void link_as(struct fixture *fixture, const char *built, const char *name) {
        char target[600];

        snprintf(target, sizeof(target), "%s/%s.so", fixture->built, built);
        assert_int_equal(access(target, R_OK), 0);
        assert_int_equal(symlink(target, in_folder(fixture, name)), 0);
}

static void link_all(struct fixture *fixture, const char *const *built) {
        for (; *built; built++) {
                char name[64];

                snprintf(name, sizeof(name), "%s.so", *built);
                link_as(fixture, *built, name);
        }
}

/* Writes the first `size` bytes of a built shared object, or of anything. */
static void write_file(struct fixture *fixture, const char *name, const void *bytes, size_t size) {
        int fd = open(in_folder(fixture, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        close(fd);
}

static void copy_start(struct fixture *fixture, const char *built, size_t parts_of_8, const char *name) {
        static char bytes[4 << 20];
        char path[600];
        ssize_t size;
        int fd;

        snprintf(path, sizeof(path), "%s/%s.so", fixture->built, built);
        fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        size = read(fd, bytes, sizeof(bytes));
        assert_true(size > 0 && (size_t)size < sizeof(bytes));
        close(fd);
        write_file(fixture, name, bytes, (size_t)size * parts_of_8 / 8);
}

static void discover_with(struct fixture *fixture, struct bp_plugins_options options, bool trusted) {
        const struct bp_plugin_folder folder = {fixture->folder, trusted};

        options.folders = &folder;
        options.n_folders = 1;
        assert_int_equal(bp_plugins_discover(fixture->draft, &options, fixture->arena, &fixture->found), 0);
        assert_int_equal(bp_registry_publish(fixture->registry, fixture->draft), 0);
        fixture->draft = NULL;
        fixture->snapshot = bp_registry_acquire(fixture->registry);
}

static void discover(struct fixture *fixture) {
        discover_with(fixture, (struct bp_plugins_options){0}, true);
}

struct expected {
        const char *name;
        enum bp_plugin_reason reason;
        const char *message; /* part of it */
        size_t n_actions;
};

static void assert_reports(struct fixture *fixture, const struct expected *expected, size_t count) {
        assert_int_equal(fixture->found.count, count);
        for (size_t i = 0; i < count; i++) {
                const struct bp_plugin_report *report = &fixture->found.reports[i];

                assert_string_equal(report->path, in_folder(fixture, expected[i].name));
                if (report->reason != expected[i].reason || !strstr(report->message, expected[i].message))
                        fail_msg("%s: %s %s, expected %s ...%s...", report->path, bp_plugin_reason_code(report->reason),
                                 report->message, bp_plugin_reason_code(expected[i].reason), expected[i].message);
                assert_int_equal(report->n_actions, expected[i].n_actions);
        }
}

static void a_sound_shared_object_is_loaded_and_can_be_run(void **state) {
        static const struct expected expected[] = {{"good.so", BP_PLUGIN_LOADED, "", 1}};
        struct fixture *fixture = *state;
        const struct bp_action_entry *entry;

        link_as(fixture, "good", "good.so");
        discover(fixture);
        assert_reports(fixture, expected, 1);
        entry = bp_registry_find(fixture->snapshot, "good");
        assert_string_equal(bp_action_entry_publisher(entry), "good");
        assert_string_equal(bp_action_entry_source(entry), in_folder(fixture, "good.so"));
        assert_null(bp_action_entry_unavailable(entry));
        assert_non_null(bp_action_entry_executor(entry)->execute);
        assert_string_equal(bp_action_entry_meta(entry)->params[0].name, "text");
}

static void files_are_taken_in_order_and_nothing_but_shared_objects(void **state) {
        static const struct expected expected[] = {
                {"a.so", BP_PLUGIN_LOADED, "", 2},
                {"b.so", BP_PLUGIN_LOADED, "", 1},
        };
        struct fixture *fixture = *state;

        link_as(fixture, "good", "b.so");
        link_as(fixture, "several", "a.so");
        link_as(fixture, "several", "a.so.1");
        link_as(fixture, "twin_first", ".hidden.so");
        write_file(fixture, "notes.txt", "x", 1);
        assert_int_equal(mkdir(in_folder(fixture, "folder.so"), 0755), 0);
        discover(fixture);
        assert_reports(fixture, expected, 2);
        assert_int_equal(bp_registry_count(fixture->snapshot), 3);
        assert_string_equal(bp_action_entry_meta(bp_registry_at(fixture->snapshot, 0))->type, "several_one");
        assert_string_equal(bp_action_entry_meta(bp_registry_at(fixture->snapshot, 2))->type, "good");
}

static void whatever_is_wrong_with_one_file_is_reported_and_the_rest_loads(void **state) {
        static const char *const built[] = {"bad_metadata",
                                            "crash_constructor",
                                            "crash_entry",
                                            "exits",
                                            "floods",
                                            "good",
                                            "hang",
                                            "impostor",
                                            "leaves_child",
                                            "no_entry",
                                            "other_abi",
                                            "several",
                                            "twin_first",
                                            "twin_second",
                                            NULL};
        static const struct expected expected[] = {
                {"bad_metadata.so", BP_PLUGIN_METADATA, "action 'bad': name is mandatory", 1},
                {"crash_constructor.so", BP_PLUGIN_CRASHED, "SIGABRT", 0},
                {"crash_entry.so", BP_PLUGIN_CRASHED, "SIGILL", 0},
                {"cut_off.so", BP_PLUGIN_UNREADABLE, "is cut off", 0},
                {"empty.so", BP_PLUGIN_UNREADABLE, "is not a shared object", 0},
                {"exits.so", BP_PLUGIN_EXIT, "exit status 3", 0},
                {"floods.so", BP_PLUGIN_OUTPUT, "larger than 8 MiB", 0},
                {"good.so", BP_PLUGIN_LOADED, "", 1},
                {"hang.so", BP_PLUGIN_TIMEOUT, "within 2500 ms", 0},
                {"impostor.so", BP_PLUGIN_METADATA, "reserved for built-in actions", 0},
                {"leaves_child.so", BP_PLUGIN_EXIT, "exit status 4", 0},
                {"no_entry.so", BP_PLUGIN_NO_ENTRY, "does not export bp_plugin_entry", 0},
                {"other_abi.so", BP_PLUGIN_ABI, "is built for ABI 7, this program speaks ABI 1", 0},
                {"pipe.so", BP_PLUGIN_UNREADABLE, "is not a file", 0},
                {"several.so", BP_PLUGIN_LOADED, "", 2},
                {"text.so", BP_PLUGIN_UNREADABLE, "is not a shared object", 0},
                {"twin_first.so", BP_PLUGIN_LOADED, "", 1},
                {"twin_second.so", BP_PLUGIN_DUPLICATE, "already registered by twin_first", 0},
        };
        struct fixture *fixture = *state;

        link_all(fixture, built);
        copy_start(fixture, "good", 1, "cut_off.so");
        write_file(fixture, "empty.so", "", 0);
        write_file(fixture, "text.so", "#!/bin/sh\necho an action\n", 24);
        assert_int_equal(mkfifo(in_folder(fixture, "pipe.so"), 0600), 0);
        discover_with(fixture, (struct bp_plugins_options){.timeout_ms = 2500}, true);
        assert_reports(fixture, expected, BP_COUNT(expected));
        assert_int_equal(bp_registry_count(fixture->snapshot), 5);
        assert_string_equal(bp_action_entry_meta(bp_registry_find(fixture->snapshot, "twin"))->description,
                            "The first.");
}

static void all_findings_about_the_actions_of_a_file_are_in_its_report(void **state) {
        static const char *const pointers[] = {
                "/name", "/params/0/label", "/params/0/options", "/params/0/default", "/effect", ""};
        struct fixture *fixture = *state;
        const struct bp_plugin_report *report;

        link_as(fixture, "bad_metadata", "bad_metadata.so");
        discover(fixture);
        report = &fixture->found.reports[0];
        assert_int_equal(report->n_details, BP_COUNT(pointers));
        for (size_t i = 0; i < BP_COUNT(pointers); i++)
                assert_string_equal(report->details[i]->pointer, pointers[i]);
        assert_non_null(bp_registry_find(fixture->snapshot, "beside_bad"));
        assert_null(bp_registry_find(fixture->snapshot, "bad"));
}

static void assert_described_only(struct fixture *fixture, const char *reason) {
        static const char *const types[] = {"several_one", "several_two"};

        assert_int_equal(fixture->found.reports[0].reason, BP_PLUGIN_UNTRUSTED);
        assert_int_equal(fixture->found.reports[0].n_actions, 2);
        for (size_t i = 0; i < BP_COUNT(types); i++) {
                const struct bp_action_entry *entry = bp_registry_find(fixture->snapshot, types[i]);

                assert_string_equal(bp_action_entry_unavailable(entry), reason);
                assert_null(bp_action_entry_executor(entry));
                assert_string_equal(bp_action_entry_publisher(entry), "several");
        }
}

static void a_file_from_an_untrusted_folder_is_described_and_not_run(void **state) {
        struct fixture *fixture = *state;

        link_as(fixture, "several", "several.so");
        discover_with(fixture, (struct bp_plugins_options){0}, false);
        assert_described_only(fixture, "from a folder that is not trusted");
}

static void findings_of_an_untrusted_file_are_reported_too(void **state) {
        struct fixture *fixture = *state;

        link_as(fixture, "bad_metadata", "bad_metadata.so");
        discover_with(fixture, (struct bp_plugins_options){0}, false);
        assert_int_equal(fixture->found.reports[0].reason, BP_PLUGIN_METADATA);
        assert_int_equal(fixture->found.reports[0].n_details, 6);
        assert_int_equal(fixture->found.reports[0].n_actions, 1);
        assert_non_null(bp_action_entry_unavailable(bp_registry_find(fixture->snapshot, "beside_bad")));
}

static void a_folder_that_anyone_can_write_to_is_not_trusted(void **state) {
        struct fixture *fixture = *state;

        link_as(fixture, "several", "several.so");
        assert_int_equal(chmod(fixture->folder, 0777), 0);
        discover(fixture);
        assert_described_only(fixture, "from a folder that anyone can write to");
}

static void a_file_that_anyone_can_write_to_is_not_trusted(void **state) {
        struct fixture *fixture = *state;

        copy_start(fixture, "several", 8, "several.so");
        assert_int_equal(chmod(in_folder(fixture, "several.so"), 0666), 0);
        discover(fixture);
        assert_described_only(fixture, "from a file that anyone can write to");
}

static void a_helper_has_no_secrets_no_files_and_no_input(void **state) {
        static const struct expected expected[] = {{"curious.so", BP_PLUGIN_EXIT, "exit status 20", 0}};
        struct fixture *fixture = *state;
        int fd = open("/proc/self/exe", O_RDONLY); /* without O_CLOEXEC, and marked by its offset */

        assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
        assert_int_equal(setenv("BP_TEST_SECRET", "s3cret", 1), 0);
        link_as(fixture, "curious", "curious.so");
        discover(fixture);
        close(fd);
        unsetenv("BP_TEST_SECRET");
        assert_reports(fixture, expected, 1);
}

#if !BP_SANITIZED
static void a_helper_gets_no_more_memory_than_allowed(void **state) {
        static const struct expected expected[] = {{"greedy.so", BP_PLUGIN_EXIT, "exit status 21", 0}};
        struct fixture *fixture = *state;

        link_as(fixture, "greedy", "greedy.so");
        discover(fixture);
        assert_reports(fixture, expected, 1);
}
#endif

static void helpers_that_hang_do_so_at_the_same_time(void **state) {
        struct fixture *fixture = *state;
        struct bp_mono start = bp_mono_now();
        char name[16];

        for (int i = 0; i < 8; i++) {
                copy_start(fixture, "hang", 8, "copy");
                snprintf(name, sizeof(name), "%d.so", i);
                assert_int_equal(rename(in_folder(fixture, "copy"), in_folder(fixture, name)), 0);
        }
        discover_with(fixture, (struct bp_plugins_options){.timeout_ms = 500, .parallel = 8}, true);
        assert_int_equal(fixture->found.count, 8);
        for (int i = 0; i < 8; i++)
                assert_int_equal(fixture->found.reports[i].reason, BP_PLUGIN_TIMEOUT);
        assert_in_range(bp_mono_now().us - start.us, 500000, 3000000); /* one after the other would take 4 s */
}

static void a_folder_that_is_not_there_is_reported(void **state) {
        struct fixture *fixture = *state;
        const struct bp_plugin_folder folders[] = {
                {in_folder(fixture, "missing"), true}, {fixture->folder, true}, {fixture->folder, false}};
        const struct bp_plugins_options options = {.folders = folders, .n_folders = 3};

        link_as(fixture, "good", "good.so");
        assert_int_equal(bp_plugins_discover(fixture->draft, &options, fixture->arena, &fixture->found), 0);
        assert_int_equal(fixture->found.count, 2);
        assert_int_equal(fixture->found.reports[0].reason, BP_PLUGIN_FOLDER);
        assert_string_equal(fixture->found.reports[0].message, "No such file or directory");
        assert_int_equal(fixture->found.reports[1].reason, BP_PLUGIN_LOADED);
}

static void a_program_that_does_not_describe_is_reported(void **state) {
        struct fixture *fixture = *state;

        link_as(fixture, "good", "good.so");
        discover_with(fixture, (struct bp_plugins_options){.program = "/bin/true"}, true);
        assert_int_equal(fixture->found.reports[0].reason, BP_PLUGIN_OUTPUT);
        assert_int_equal(bp_registry_count(fixture->snapshot), 0);
}

static void a_list_of_folders_is_split_at_colons(void **state) {
        static const struct {
                const char *text;
                const char *folders[3];
        } cases[] = {
                {NULL, {NULL}},
                {"", {NULL}},
                {":::", {NULL}},
                {"/a", {"/a", NULL}},
                {":/a::/b c:", {"/a", "/b c", NULL}},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < BP_COUNT(cases); i++) {
                const struct bp_plugin_folder *folders;
                size_t count, expected = 0;

                assert_int_equal(bp_plugins_parse_path(fixture->arena, cases[i].text, true, &folders, &count), 0);
                for (; cases[i].folders[expected]; expected++)
                        assert_string_equal(folders[expected].path, cases[i].folders[expected]);
                assert_int_equal(count, expected);
        }
}

int main(int argc, char **argv) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_sound_shared_object_is_loaded_and_can_be_run),
                TEST(files_are_taken_in_order_and_nothing_but_shared_objects),
                TEST(whatever_is_wrong_with_one_file_is_reported_and_the_rest_loads),
                TEST(all_findings_about_the_actions_of_a_file_are_in_its_report),
                TEST(a_file_from_an_untrusted_folder_is_described_and_not_run),
                TEST(findings_of_an_untrusted_file_are_reported_too),
                TEST(a_folder_that_anyone_can_write_to_is_not_trusted),
                TEST(a_file_that_anyone_can_write_to_is_not_trusted),
                TEST(a_helper_has_no_secrets_no_files_and_no_input),
#if !BP_SANITIZED
                TEST(a_helper_gets_no_more_memory_than_allowed),
#endif
                TEST(helpers_that_hang_do_so_at_the_same_time),
                TEST(a_folder_that_is_not_there_is_reported),
                TEST(a_program_that_does_not_describe_is_reported),
                TEST(a_list_of_folders_is_split_at_colons),
        };

        if (argc == 3 && strcmp(argv[1], BP_PLUGINS_DESCRIBE_COMMAND) == 0)
                return bp_plugins_describe_main(argv[2], BP_PLUGINS_DESCRIBE_FD);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
