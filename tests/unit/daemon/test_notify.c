/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

/* A service manager's socket; NAME begins with @ for one without a path. */
static int listen_as(const char *name) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        memcpy(address.sun_path, name, strlen(name));
        if (name[0] == '@')
                address.sun_path[0] = '\0';
        assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                         0);
        return fd;
}

static void assert_told(int fd, const char *expected) {
        char text[256];
        ssize_t size = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

        assert_true(size >= 0);
        text[size] = '\0';
        assert_string_equal(text, expected);
}

static void assert_talk(const char *name) {
        int fd = listen_as(name);
        struct bp_notify notify;

        setenv("NOTIFY_SOCKET", name, 1);
        bp_notify_open(&notify);
        assert_null(getenv("NOTIFY_SOCKET"));
        bp_notify_send(&notify, "READY=1\nSTATUS=here");
        bp_notify_send(&notify, "WATCHDOG=1");
        assert_told(fd, "READY=1\nSTATUS=here");
        assert_told(fd, "WATCHDOG=1");
        bp_notify_close(&notify);
        close(fd);
}

static void the_manager_is_told_by_path_and_by_name(void **state) {
        char folder[] = "/tmp/test-notify-XXXXXX", path[64], name[64];

        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/socket", folder);
        assert_talk(path);
        unlink(path);
        rmdir(folder);
        snprintf(name, sizeof(name), "@test-notify-%d", (int)getpid());
        assert_talk(name);
}

static void without_a_manager_nothing_happens(void **state) {
        static const char *const sockets[] = {NULL, "", "relative", "/nowhere/at/all"};

        (void)state;
        for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
                struct bp_notify notify;

                if (sockets[i])
                        setenv("NOTIFY_SOCKET", sockets[i], 1);
                bp_notify_open(&notify);
                assert_int_equal(notify.fd, -1);
                assert_int_equal(notify.listen_fd, 0);
                assert_int_equal(notify.watchdog_us, 0);
                bp_notify_send(&notify, "READY=1");
                bp_notify_close(&notify);
        }
}

static void open_with(const char *listen_pid, const char *watchdog_pid, struct bp_notify *notify) {
        setenv("LISTEN_FDS", "1", 1);
        setenv("WATCHDOG_USEC", "3000000", 1);
        if (listen_pid)
                setenv("LISTEN_PID", listen_pid, 1);
        if (watchdog_pid)
                setenv("WATCHDOG_PID", watchdog_pid, 1);
        bp_notify_open(notify);
        assert_null(getenv("LISTEN_FDS"));
        assert_null(getenv("WATCHDOG_USEC"));
}

static void what_is_meant_for_another_process_is_not_taken(void **state) {
        struct bp_notify notify;
        char own[16];

        (void)state;
        snprintf(own, sizeof(own), "%d", (int)getpid());
        open_with(own, own, &notify);
        assert_int_equal(notify.listen_fd, 3);
        assert_int_equal(notify.watchdog_us, 3000000);
        open_with("1", "1", &notify);
        assert_int_equal(notify.listen_fd, 0);
        assert_int_equal(notify.watchdog_us, 0);
        open_with(NULL, NULL, &notify);
        assert_int_equal(notify.listen_fd, 0);
        assert_int_equal(notify.watchdog_us, 3000000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_manager_is_told_by_path_and_by_name),
                cmocka_unit_test(without_a_manager_nothing_happens),
                cmocka_unit_test(what_is_meant_for_another_process_is_not_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
