/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's side of describing. A helper is a process group of its own, so that nothing it starts outlives it; it
 * gets no descriptor but its output, no input, and an environment without secrets.
 */
#include "plugins/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/sanitized.h"

enum {
        DEFAULT_TIMEOUT_MS = 2000,
        DEFAULT_MEMORY_MIB = 512,
        MOST_HELPERS = 64,
        FIRST_SPARE_FD = 10,
};

/* A helper under way. */
struct helper {
        struct bp_helper_job *job;
        pid_t pid;
        int pid_fd, output_fd;
        struct bp_mono deadline;
};

/* What a helper is started with; made before the fork, since little may be done after one. */
struct start {
        const char *program;
        char *const *arguments;
        char *const *environment;
        rlim_t cpu_seconds, memory_bytes;
};

static void limit(int resource, rlim_t soft, rlim_t hard) {
        const struct rlimit limits = {.rlim_cur = soft, .rlim_max = hard};

        setrlimit(resource, &limits);
}

/* Runs in the child: only calls that are safe between fork and exec. */
_Noreturn static void become_helper(const struct start *start, int output_fd) {
        int null_fd = open("/dev/null", O_RDWR), spare_fd = fcntl(output_fd, F_DUPFD, FIRST_SPARE_FD);
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (null_fd < 0 || spare_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(null_fd, 2) < 0 ||
            dup2(spare_fd, BP_PLUGINS_DESCRIBE_FD) < 0)
                _exit(126);
        close_range(BP_PLUGINS_DESCRIBE_FD + 1, ~0u, 0);
        limit(RLIMIT_CORE, 0, 0);
        limit(RLIMIT_FSIZE, 0, 0);
        limit(RLIMIT_CPU, start->cpu_seconds, start->cpu_seconds + 1);
        if (!BP_SANITIZED)
                limit(RLIMIT_AS, start->memory_bytes, start->memory_bytes);
        execve(start->program, start->arguments, start->environment);
        _exit(127);
}

/* What the loader and sanitizers read; nothing else of the environment reaches code from outside. */
static size_t copy_environment(char *environment[], size_t most) {
        static const char *const kept[] = {
                "PATH=",          "LD_LIBRARY_PATH=", "LANG=",         "LC_ALL=",         "ASAN_OPTIONS=",
                "UBSAN_OPTIONS=", "TSAN_OPTIONS=",    "LSAN_OPTIONS=", "MALLOC_PERTURB_="};
        size_t count = 0;

        for (char **variable = environ; variable && *variable; variable++)
                for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
                        if (count + 1 < most && strncmp(*variable, kept[i], strlen(kept[i])) == 0)
                                environment[count++] = *variable;
        environment[count] = NULL;
        return count;
}

static int watch(struct helper *helper, int timeout_ms) {
        helper->pid_fd = pidfd_open(helper->pid, 0);
        if (helper->pid_fd < 0) {
                int r = -errno;

                kill(helper->pid, SIGKILL);
                waitpid(helper->pid, NULL, 0);
                return r;
        }
        setpgid(helper->pid, helper->pid);
        helper->deadline = bp_mono_now();
        helper->deadline.us += (int64_t)timeout_ms * 1000;
        return 0;
}

static int fork_helper(struct helper *helper, const struct start *start, int timeout_ms) {
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        helper->pid = fork();
        if (helper->pid == 0)
                become_helper(start, fds[1]);
        r = helper->pid < 0 ? -errno : watch(helper, timeout_ms);
        close(fds[1]);
        if (r < 0) {
                close(fds[0]);
                return r;
        }
        helper->output_fd = fds[0];
        fcntl(fds[0], F_SETFL, O_NONBLOCK);
        return 0;
}

static uint32_t timeout_of(const struct bp_plugins_options *options) {
        return options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
}

static int start_helper(struct helper *helper, const struct bp_plugins_options *options, struct bp_helper_job *job) {
        char *environment[32];
        const char *arguments[] = {"budpipeline", BP_PLUGINS_DESCRIBE_COMMAND, job->path, NULL};
        const struct start start = {
                .program = options->program ? options->program : "/proc/self/exe",
                .arguments = (char *const *)(uintptr_t)arguments,
                .environment = environment,
                .cpu_seconds = timeout_of(options) / 1000 + 1,
                .memory_bytes = options->memory_bytes ? options->memory_bytes : (rlim_t)DEFAULT_MEMORY_MIB << 20,
        };

        copy_environment(environment, sizeof(environment) / sizeof(environment[0]));
        *helper = (struct helper){.job = job, .output_fd = -1, .pid_fd = -1};
        bp_strbuf_init(&job->output, NULL, BP_HELPER_OUTPUT_MAX);
        return fork_helper(helper, &start, (int)timeout_of(options));
}

static void fail_once(struct helper *helper, enum bp_plugin_reason reason, const char *message) {
        if (helper->job->failed)
                return;
        helper->job->failed = true;
        bp_plugin_fail(&helper->job->failure, reason, "%s", message);
}

static void close_output(struct helper *helper) {
        if (helper->output_fd >= 0)
                close(helper->output_fd);
        helper->output_fd = -1;
}

static void kill_helper(const struct helper *helper) {
        kill(-helper->pid, SIGKILL);
        kill(helper->pid, SIGKILL);
}

/* Reads what is there, to the end once the helper has ended. @return 0 or -ENOMEM */
static int read_output(struct helper *helper) {
        char bytes[16384];
        ssize_t size;

        while (helper->output_fd >= 0) {
                size = read(helper->output_fd, bytes, sizeof(bytes));
                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0 && errno == EAGAIN)
                        return 0;
                if (size <= 0) {
                        close_output(helper);
                        return 0;
                }
                bp_strbuf_add(&helper->job->output, bytes, (size_t)size);
                if (helper->job->output.error == -ENOMEM)
                        return -ENOMEM;
                if (helper->job->output.error) {
                        fail_once(helper, BP_PLUGIN_OUTPUT, "its description is larger than 8 MiB");
                        close_output(helper);
                        kill_helper(helper);
                }
        }
        return 0;
}

static void explain_signal(struct helper *helper, int number) {
        const char *name = sigabbrev_np(number);
        char message[128];

        snprintf(message, sizeof(message), "its code was ended by %s%s while it was being described", name ? "SIG" : "",
                 name ? name : "a signal");
        fail_once(helper, BP_PLUGIN_CRASHED, message);
}

static void explain_status(struct helper *helper, int status) {
        char message[128];

        snprintf(message, sizeof(message), "its code ended the helper with exit status %d", status);
        fail_once(helper, BP_PLUGIN_EXIT, message);
}

/* The helper has ended. What it may have started ends too, before its process id can be given to another. */
static int reap(struct helper *helper) {
        siginfo_t info = {0};
        int r;

        kill(-helper->pid, SIGKILL);
        r = read_output(helper);
        while (waitid(P_PIDFD, (id_t)helper->pid_fd, &info, WEXITED) < 0 && errno == EINTR)
                continue;
        close(helper->pid_fd);
        close_output(helper);
        if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED)
                explain_signal(helper, info.si_status);
        else if (info.si_status != 0)
                explain_status(helper, info.si_status);
        helper->job = NULL;
        return r;
}

static void check_deadline(struct helper *helper, struct bp_mono now, uint32_t timeout_ms) {
        char message[128];

        if (now.us < helper->deadline.us || helper->job->failed)
                return;
        snprintf(message, sizeof(message), "did not describe itself within %u ms", timeout_ms);
        fail_once(helper, BP_PLUGIN_TIMEOUT, message);
        kill_helper(helper);
}

/* The helpers at work, and the files that wait for one. */
struct crew {
        const struct bp_plugins_options *options;
        struct helper helpers[MOST_HELPERS];
        size_t n_helpers; /* places in use or not */
        struct bp_helper_job *next, *end;
};

static int fill_places(struct crew *crew) {
        for (size_t i = 0; i < crew->n_helpers && crew->next < crew->end; i++) {
                int r;

                if (crew->helpers[i].job)
                        continue;
                r = start_helper(&crew->helpers[i], crew->options, crew->next);
                if (r < 0) {
                        crew->helpers[i].job = NULL;
                        return r;
                }
                crew->next++;
        }
        return 0;
}

/* Until the nearest deadline, at most a second. */
static int wait_ms(const struct crew *crew, struct bp_mono now) {
        int64_t nearest_us = 1000000;

        for (size_t i = 0; i < crew->n_helpers; i++) {
                const struct helper *helper = &crew->helpers[i];

                if (helper->job && !helper->job->failed && helper->deadline.us - now.us < nearest_us)
                        nearest_us = helper->deadline.us - now.us;
        }
        return nearest_us <= 0 ? 0 : (int)((nearest_us + 999) / 1000);
}

/* Waits until some helper has something to say. @return 0 or -errno */
static int wait_for_any(const struct crew *crew, struct pollfd polled[]) {
        for (size_t i = 0; i < crew->n_helpers; i++) {
                const struct helper *helper = &crew->helpers[i];

                polled[2 * i] = (struct pollfd){.fd = helper->job ? helper->pid_fd : -1, .events = POLLIN};
                polled[2 * i + 1] = (struct pollfd){.fd = helper->job ? helper->output_fd : -1, .events = POLLIN};
        }
        if (poll(polled, 2 * crew->n_helpers, wait_ms(crew, bp_mono_now())) < 0 && errno != EINTR)
                return -errno;
        return 0;
}

static int attend(struct crew *crew, const struct pollfd polled[]) {
        struct bp_mono now = bp_mono_now();
        int r = 0;

        for (size_t i = 0; r == 0 && i < crew->n_helpers; i++) {
                struct helper *helper = &crew->helpers[i];

                if (!helper->job)
                        continue;
                if (polled[2 * i].revents) {
                        r = reap(helper);
                        continue;
                }
                if (polled[2 * i + 1].revents)
                        r = read_output(helper);
                check_deadline(helper, now, timeout_of(crew->options));
        }
        return r;
}

static bool is_busy(const struct crew *crew) {
        for (size_t i = 0; i < crew->n_helpers; i++)
                if (crew->helpers[i].job)
                        return true;
        return crew->next < crew->end;
}

static void dismiss(struct crew *crew) {
        for (size_t i = 0; i < crew->n_helpers; i++)
                if (crew->helpers[i].job) {
                        kill_helper(&crew->helpers[i]);
                        close_output(&crew->helpers[i]);
                        reap(&crew->helpers[i]);
                }
}

static size_t places_for(const struct bp_plugins_options *options, size_t count) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        size_t places = options->parallel ? options->parallel : processors > 0 ? (size_t)processors : 1;

        places = places > MOST_HELPERS ? MOST_HELPERS : places;
        return places > count ? count : places;
}

int bp_helpers_run(const struct bp_plugins_options *options, struct bp_helper_job *jobs, size_t count) {
        struct crew crew = {
                .options = options, .n_helpers = places_for(options, count), .next = jobs, .end = jobs + count};
        struct pollfd polled[2 * MOST_HELPERS];
        int r = 0;

        while (r == 0 && is_busy(&crew)) {
                r = fill_places(&crew);
                if (r == 0)
                        r = wait_for_any(&crew, polled);
                if (r == 0)
                        r = attend(&crew, polled);
        }
        dismiss(&crew);
        return r;
}
