/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that waits for signals and for time to pass. No signal handler runs code: signals are read as data. */
#include "cli/attendant.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/command.h"

enum { TICK_MS = 80 };

struct bp_attendant {
        struct bp_attendant_calls calls;
        pthread_t thread;
        int signals, ending;
        bool has_cancelled;
};

static void fill_signals(sigset_t *signals) {
        static const int heard[] = {SIGINT, SIGTERM, SIGHUP};

        sigemptyset(signals);
        for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++)
                sigaddset(signals, heard[i]);
}

int bp_attendant_block_signals(void) {
        sigset_t signals;

        fill_signals(&signals);
        return -pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static void call(const struct bp_attendant *attendant, void (*function)(void *userdata)) {
        if (function)
                function(attendant->calls.userdata);
}

static void hear(struct bp_attendant *attendant) {
        struct signalfd_siginfo signal;

        if (read(attendant->signals, &signal, sizeof(signal)) != sizeof(signal))
                return;
        if (attendant->has_cancelled) {
                call(attendant, attendant->calls.leave);
                _exit(BP_EXIT_CANCELLED);
        }
        attendant->has_cancelled = true;
        call(attendant, attendant->calls.cancel);
}

static void *attend(void *userdata) {
        struct bp_attendant *attendant = userdata;
        struct pollfd descriptors[] = {{.fd = attendant->ending, .events = POLLIN},
                                       {.fd = attendant->signals, .events = POLLIN}};

        while (!(descriptors[0].revents & POLLIN)) {
                descriptors[0].revents = descriptors[1].revents = 0;
                poll(descriptors, sizeof(descriptors) / sizeof(descriptors[0]), attendant->calls.tick ? TICK_MS : -1);
                if (descriptors[1].revents & POLLIN)
                        hear(attendant);
                call(attendant, attendant->calls.tick);
        }
        return NULL;
}

static void free_attendant(struct bp_attendant *attendant) {
        if (attendant->signals >= 0)
                close(attendant->signals);
        if (attendant->ending >= 0)
                close(attendant->ending);
        free(attendant);
}

int bp_attendant_start(const struct bp_attendant_calls *calls, struct bp_attendant **ret_attendant) {
        struct bp_attendant *attendant = bp_calloc(1, sizeof(*attendant));
        sigset_t signals;
        int r = 0;

        if (!attendant)
                return -ENOMEM;
        fill_signals(&signals);
        attendant->calls = *calls;
        attendant->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        attendant->ending = eventfd(0, EFD_CLOEXEC);
        if (attendant->signals < 0 || attendant->ending < 0)
                r = -errno;
        if (r == 0)
                r = -pthread_create(&attendant->thread, NULL, attend, attendant);
        if (r) {
                free_attendant(attendant);
                return r;
        }
        *ret_attendant = attendant;
        return 0;
}

void bp_attendant_stop(struct bp_attendant *attendant) {
        const uint64_t one = 1;

        if (!attendant)
                return;
        /* Cannot fail: the counter of an eventfd is far from its end. */
        if (write(attendant->ending, &one, sizeof(one)) == sizeof(one))
                pthread_join(attendant->thread, NULL);
        free_attendant(attendant);
}
