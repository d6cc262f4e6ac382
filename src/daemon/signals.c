/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/signals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/memory.h"

enum { STACK_BYTES = 128 * 1024 };

struct bp_signals {
        struct bp_signals_settings settings;
        int signals, end; /* descriptors */
        pthread_t id;
};

static void signal_set(sigset_t *set) {
        sigemptyset(set);
        sigaddset(set, SIGTERM);
        sigaddset(set, SIGINT);
        sigaddset(set, SIGHUP);
}

void bp_signals_block(void) {
        sigset_t set;

        signal_set(&set);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
}

static void handle(const struct bp_signals *thread, int signal, bool *stopping) {
        const struct bp_signals_settings *settings = &thread->settings;

        if (signal == SIGHUP) {
                settings->hang_up(settings->userdata);
        } else if (*stopping) {
                settings->abort(settings->userdata, signal);
        } else {
                *stopping = true;
                settings->stop(settings->userdata, signal);
        }
}

static void *attend(void *userdata) {
        const struct bp_signals *thread = userdata;
        const struct bp_signals_settings *settings = &thread->settings;
        int timeout = settings->alive_us ? (int)(settings->alive_us / 1000) + 1 : -1;
        bool stopping = false;

        for (;;) {
                struct pollfd fds[] = {{.fd = thread->signals, .events = POLLIN},
                                       {.fd = thread->end, .events = POLLIN}};
                struct signalfd_siginfo info;
                int n = poll(fds, 2, timeout);

                if (n < 0 && errno != EINTR)
                        return NULL;
                if (fds[1].revents)
                        return NULL;
                if (n > 0 && read(thread->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
                        handle(thread, (int)info.ssi_signo, &stopping);
                if (settings->alive_us)
                        settings->alive(settings->userdata);
        }
}

static int open_descriptors(struct bp_signals *thread) {
        sigset_t set;

        signal_set(&set);
        thread->signals = signalfd(-1, &set, SFD_CLOEXEC);
        thread->end = eventfd(0, EFD_CLOEXEC);
        return thread->signals < 0 || thread->end < 0 ? -errno : 0;
}

static void release(struct bp_signals *thread) {
        if (thread->signals >= 0)
                close(thread->signals);
        if (thread->end >= 0)
                close(thread->end);
        free(thread);
}

int bp_signals_start(const struct bp_signals_settings *settings, struct bp_signals **ret_thread) {
        struct bp_signals *thread = bp_calloc(1, sizeof(*thread));
        pthread_attr_t attributes;
        int r;

        if (!thread)
                return -ENOMEM;
        thread->settings = *settings;
        r = open_descriptors(thread);
        if (r == 0) {
                pthread_attr_init(&attributes);
                pthread_attr_setstacksize(&attributes, STACK_BYTES);
                r = -pthread_create(&thread->id, &attributes, attend, thread);
                pthread_attr_destroy(&attributes);
        }
        if (r) {
                release(thread);
                return r;
        }
        *ret_thread = thread;
        return 0;
}

struct bp_signals *bp_signals_stop(struct bp_signals *thread) {
        if (!thread)
                return NULL;
        eventfd_write(thread->end, 1);
        pthread_join(thread->id, NULL);
        release(thread);
        return NULL;
}
