/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "daemon/signals.h"

/* What the thread called, as a text of letters. */
struct heard {
        sem_t called;
        char calls[16];
        atomic_size_t n_calls;
        int last_signal;
};

static void call(struct heard *heard, char letter, int signal) {
        heard->last_signal = signal;
        heard->calls[atomic_fetch_add(&heard->n_calls, 1) % sizeof(heard->calls)] = letter;
        sem_post(&heard->called);
}

static void stop(void *userdata, int signal) {
        call(userdata, 's', signal);
}

static void stop_at_once(void *userdata, int signal) {
        call(userdata, 'a', signal);
}

static void hang_up(void *userdata) {
        call(userdata, 'h', 0);
}

static void alive(void *userdata) {
        call(userdata, 'w', 0);
}

static void wait_for_call(struct heard *heard) {
        struct timespec deadline;

        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 10;
        assert_int_equal(sem_timedwait(&heard->called, &deadline), 0);
}

static struct bp_signals *start(struct heard *heard, uint64_t alive_us) {
        const struct bp_signals_settings settings = {.stop = stop,
                                                     .abort = stop_at_once,
                                                     .hang_up = hang_up,
                                                     .alive = alive,
                                                     .alive_us = alive_us,
                                                     .userdata = heard};
        struct bp_signals *signals = NULL;

        sem_init(&heard->called, 0, 0);
        assert_int_equal(bp_signals_start(&settings, &signals), 0);
        return signals;
}

static void the_second_signal_stops_at_once_and_a_hang_up_does_not_count(void **state) {
        static const int sent[] = {SIGHUP, SIGTERM, SIGHUP, SIGINT};
        struct heard heard = {0};
        struct bp_signals *signals = start(&heard, 0);

        (void)state;
        for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
                kill(getpid(), sent[i]);
                wait_for_call(&heard);
        }
        assert_null(bp_signals_stop(signals));
        assert_string_equal(heard.calls, "hsha");
        assert_int_equal(heard.last_signal, SIGINT);
}

static void a_signal_that_came_before_the_thread_is_not_lost(void **state) {
        struct heard heard = {0};
        struct bp_signals *signals;

        (void)state;
        kill(getpid(), SIGTERM);
        signals = start(&heard, 0);
        wait_for_call(&heard);
        bp_signals_stop(signals);
        assert_string_equal(heard.calls, "s");
        assert_int_equal(heard.last_signal, SIGTERM);
}

static void the_watchdog_is_fed_again_and_again(void **state) {
        struct heard heard = {0};
        struct bp_signals *signals = start(&heard, 1000);

        (void)state;
        for (int i = 0; i < 3; i++)
                wait_for_call(&heard);
        bp_signals_stop(signals);
        assert_true(atomic_load(&heard.n_calls) >= 3);
        assert_int_equal(heard.calls[0], 'w');
}

static void a_broken_pipe_ends_nobody(void **state) {
        int ends[2];

        (void)state;
        assert_int_equal(pipe(ends), 0);
        close(ends[0]);
        assert_int_equal(write(ends[1], "x", 1), -1);
        close(ends[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_second_signal_stops_at_once_and_a_hang_up_does_not_count),
                cmocka_unit_test(a_signal_that_came_before_the_thread_is_not_lost),
                cmocka_unit_test(the_watchdog_is_fed_again_and_again),
                cmocka_unit_test(a_broken_pipe_ends_nobody),
        };

        bp_signals_block();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
