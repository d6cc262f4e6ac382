/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: what is made, what is refused and in which words, and who may hold a store. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fixture.h"
#include "store/migrate.h"

#include "store/migrate.h"

static void refused(struct fixture *fixture, enum bp_store_mode mode, const char *code, const char *words) {
        struct bp_store *store = NULL;
        struct bp_problem problem = {0};

        assert_int_equal(fixture_try_open(fixture, mode, &store, &problem), BP_STORE_PROBLEM);
        assert_null(store);
        assert_string_equal(problem.code, code);
        if (!strstr(problem.message, words))
                fail_msg("`%s` does not say `%s`", problem.message, words);
}

static void change(const struct fixture *fixture, const char *sql) {
        sqlite3 *db;

        assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

static void write_file(const char *path, const char *bytes, size_t size) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
        close(fd);
}

static size_t read_file(const char *path, char *bytes, size_t capacity) {
        int fd = open(path, O_RDONLY);
        ssize_t size = read(fd, bytes, capacity);

        assert_true(size >= 0);
        close(fd);
        return (size_t)size;
}

static void test_info(void **state) {
        struct fixture *fixture = *state;
        struct bp_store_info info = bp_store_info(fixture->store);

        assert_string_equal(info.driver, fixture->in_memory ? "memory" : "sqlite");
        assert_int_equal(info.fencing_token, 1);
        assert_int_equal(info.migration, bp_n_migrations);
        assert_int_equal(bp_store_problem(fixture->store, NULL), 0);
        assert_false(bp_store_is_busy(fixture->store));
}

static void test_token_grows_with_each_opening(void **state) {
        struct fixture *fixture = *state;

        for (uint64_t i = 1; i <= 3; i++) {
                fixture_open(fixture);
                assert_int_equal(bp_store_info(fixture->store).fencing_token, i);
                fixture_close(fixture);
        }
        assert_int_equal(access(fixture->path, F_OK), 0);
}

static void test_files_are_for_their_owner_alone(void **state) {
        static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
        struct fixture *fixture = *state;
        mode_t mask = umask(0);

        fixture_open(fixture);
        umask(mask);
        for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
                struct stat file;
                char path[128];

                snprintf(path, sizeof(path), "%s%s", fixture->path, endings[i]);
                assert_int_equal(stat(path, &file), 0);
                assert_int_equal(file.st_mode & 0777, 0600);
        }
        fixture_close(fixture);
}

static void test_clean_stop_leaves_no_log(void **state) {
        struct fixture *fixture = *state;
        char log[128];

        fixture_open(fixture);
        snprintf(log, sizeof(log), "%s-wal", fixture->path);
        assert_int_equal(access(log, F_OK), 0);
        fixture_close(fixture);
        assert_int_equal(access(log, F_OK), -1);
}

static void test_url(void **state) {
        struct fixture *fixture = *state;

        snprintf(fixture->url, sizeof(fixture->url), "postgres://somewhere");
        refused(fixture, BP_STORE_EXECUTE, "STORE_URL", "postgres://somewhere");
        snprintf(fixture->url, sizeof(fixture->url), "sqlite:");
        refused(fixture, BP_STORE_EXECUTE, "STORE_URL", "sqlite:PATH");
        snprintf(fixture->url, sizeof(fixture->url), "sqlite:%s/odd %%41?x#y", fixture->folder);
        fixture_open(fixture);
        snprintf(fixture->path, sizeof(fixture->path), "%s", bp_store_info(fixture->store).path);
        assert_int_equal(access(fixture->path, F_OK), 0);
        fixture_close(fixture);
}

static void test_admin_finds_no_store(void **state) {
        struct fixture *fixture = *state;

        refused(fixture, BP_STORE_ADMIN, "STORE_NOT_FOUND", fixture->path);
        assert_int_equal(access(fixture->path, F_OK), -1);
}

static void test_admin_beside_an_executing_one(void **state) {
        struct fixture *fixture = *state;
        struct bp_store *admin = NULL;

        fixture_open(fixture);
        assert_int_equal(fixture_try_open(fixture, BP_STORE_ADMIN, &admin, NULL), 0);
        assert_int_equal(bp_store_info(fixture->store).fencing_token, 1);
        bp_store_close(admin);
        assert_int_equal(bp_store_problem(fixture->store, NULL), 0);
}

/* A process of its own takes the store, says so, and waits to be killed. */
static pid_t holder(struct fixture *fixture) {
        int ready[2];
        char byte;
        pid_t pid;

        assert_int_equal(pipe(ready), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
                struct bp_store *store;

                if (fixture_try_open(fixture, BP_STORE_EXECUTE, &store, NULL) != 0 || write(ready[1], "x", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        return pid;
}

static void test_two_processes_contend(void **state) {
        struct fixture *fixture = *state;
        pid_t pid = holder(fixture);
        char words[32];

        snprintf(words, sizeof(words), "process %d on ", (int)pid);
        refused(fixture, BP_STORE_EXECUTE, "STORE_LOCKED", words);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        fixture_open(fixture); /* no lock is left behind by a process that was killed */
        assert_int_equal(bp_store_info(fixture->store).fencing_token, 2);
}

static void test_one_process_cannot_have_it_twice(void **state) {
        struct fixture *fixture = *state;

        fixture_open(fixture);
        refused(fixture, BP_STORE_EXECUTE, "STORE_LOCKED", "in use by process");
}

static void test_newer_version(void **state) {
        struct fixture *fixture = *state;

        fixture_open(fixture);
        fixture_close(fixture);
        change(fixture, "INSERT INTO migrations VALUES (1000, 'to_come', 0)");
        refused(fixture, BP_STORE_EXECUTE, "STORE_NEWER", "schema 1000");
        refused(fixture, BP_STORE_ADMIN, "STORE_NEWER", "schema 1000");
        change(fixture, "DELETE FROM migrations WHERE number = 1000");
        fixture_open(fixture);
        assert_int_equal(bp_store_info(fixture->store).fencing_token, 2); /* the refused ones raised nothing */
}

static void test_older_version_for_admin(void **state) {
        struct fixture *fixture = *state;

        fixture_open(fixture);
        fixture_close(fixture);
        change(fixture, "DELETE FROM migrations");
        refused(fixture, BP_STORE_ADMIN, "STORE_OLDER", "start the service");
}

static void test_garbage_is_left_alone(void **state) {
        struct fixture *fixture = *state;
        char garbage[8192], after[8193];

        for (size_t i = 0; i < sizeof(garbage); i++)
                garbage[i] = (char)(i * 7);
        write_file(fixture->path, garbage, sizeof(garbage));
        refused(fixture, BP_STORE_EXECUTE, "STORE_CORRUPT", "is not a store");
        assert_int_equal(read_file(fixture->path, after, sizeof(after)), sizeof(garbage));
        assert_memory_equal(garbage, after, sizeof(garbage));
}

static void test_database_of_another_program(void **state) {
        struct fixture *fixture = *state;

        change(fixture, "CREATE TABLE things (name TEXT)");
        refused(fixture, BP_STORE_EXECUTE, "STORE_CORRUPT", "is not a store");
        refused(fixture, BP_STORE_EXECUTE, "STORE_CORRUPT", "(its tables are another program's)");
}

static void test_truncated_database(void **state) {
        struct fixture *fixture = *state;

        fixture_open(fixture);
        fixture_close(fixture);
        assert_int_equal(truncate(fixture->path, 3 * 4096), 0);
        refused(fixture, BP_STORE_EXECUTE, "STORE_CORRUPT", "damaged");
}

static void test_missing_folder(void **state) {
        struct fixture *fixture = *state;

        snprintf(fixture->url, sizeof(fixture->url), "sqlite:%s/no/such", fixture->folder);
        refused(fixture, BP_STORE_EXECUTE, "STORE_IO", "No such file");
}

/* Root may write everywhere: the permissions are tried as somebody else. */
static void as_nobody(struct fixture *fixture, const char *code) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (!pid) {
                struct bp_store *store;
                struct bp_problem problem = {0};

                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(3);
                if (fixture_try_open(fixture, BP_STORE_EXECUTE, &store, &problem) != BP_STORE_PROBLEM)
                        _exit(4);
                if (strcmp(problem.code, code) != 0) {
                        fprintf(stderr, "%s: %s\n", problem.code, problem.message);
                        _exit(5);
                }
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_read_only_folder(void **state) {
        struct fixture *fixture = *state;

        assert_int_equal(chmod(fixture->folder, 0555), 0);
        as_nobody(fixture, "STORE_READ_ONLY");
        assert_int_equal(chmod(fixture->folder, 0755), 0);
        fixture_open(fixture);
}

static void test_read_only_file(void **state) {
        struct fixture *fixture = *state;
        char lock[128];

        fixture_open(fixture);
        fixture_close(fixture);
        snprintf(lock, sizeof(lock), "%s.lock", fixture->path);
        assert_int_equal(chmod(fixture->folder, 0777), 0);
        assert_int_equal(chmod(lock, 0666), 0);
        assert_int_equal(chmod(fixture->path, 0444), 0);
        as_nobody(fixture, "STORE_READ_ONLY");
        assert_int_equal(chmod(fixture->path, 0644), 0);
        fixture_open(fixture);
}

#define CLOSED(test) cmocka_unit_test_setup_teardown(test, fixture_setup_closed, fixture_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_BOTH_DRIVERS(test_info),
                CLOSED(test_token_grows_with_each_opening),
                CLOSED(test_files_are_for_their_owner_alone),
                CLOSED(test_clean_stop_leaves_no_log),
                CLOSED(test_url),
                CLOSED(test_admin_finds_no_store),
                CLOSED(test_admin_beside_an_executing_one),
                CLOSED(test_two_processes_contend),
                CLOSED(test_one_process_cannot_have_it_twice),
                CLOSED(test_newer_version),
                CLOSED(test_older_version_for_admin),
                CLOSED(test_garbage_is_left_alone),
                CLOSED(test_database_of_another_program),
                CLOSED(test_truncated_database),
                CLOSED(test_missing_folder),
                CLOSED(test_read_only_folder),
                CLOSED(test_read_only_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
