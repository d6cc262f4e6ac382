/* SPDX-License-Identifier: Apache-2.0 */
/* What Prometheus expects of every process. A figure that the system does not tell is left out. */
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "metrics/series.h"

/* Fields of /proc/self/stat behind the name, counted from 0 for the state (field 3 of proc(5)). */
enum {
        FIELD_USER = 11,
        FIELD_SYSTEM = 12,
        FIELD_THREADS = 17,
        FIELD_START = 19,
        FIELD_VIRTUAL = 20,
        FIELD_RESIDENT = 21,
        N_FIELDS = 22
};

static bool read_start(const char *path, char *text, size_t size) {
        FILE *file = fopen(path, "re");
        size_t used;

        if (!file)
                return false;
        used = fread(text, 1, size - 1, file);
        text[used] = '\0';
        fclose(file);
        return used > 0;
}

static bool read_stat(uint64_t fields[N_FIELDS]) {
        char text[2048];
        char *at;

        if (!read_start("/proc/self/stat", text, sizeof(text)))
                return false;
        at = strrchr(text, ')'); /* the name may hold anything */
        if (!at || strlen(at) < 4)
                return false;
        at += 3; /* ") S" */
        for (size_t i = 1; i < N_FIELDS; i++)
                fields[i] = strtoull(at, &at, 10);
        return true;
}

/* Seconds since 1970 at which the machine started; 0: not told. */
static uint64_t boot_time(void) {
        struct timespec wall, since_boot;

        if (clock_gettime(CLOCK_REALTIME, &wall) < 0 || clock_gettime(CLOCK_BOOTTIME, &since_boot) < 0)
                return 0;
        return (uint64_t)(wall.tv_sec - since_boot.tv_sec);
}

static bool count_open_files(uint64_t *ret_count) {
        DIR *folder = opendir("/proc/self/fd");
        uint64_t count = 0;

        if (!folder)
                return false;
        for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
                if (entry->d_name[0] != '.')
                        count++;
        closedir(folder);
        *ret_count = count - 1; /* the folder itself is open */
        return true;
}

static void write_figure(struct bp_strbuf *buffer, const char *name, const char *type, const char *help, double value) {
        bp_strbuf_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name, value);
}

static void write_stat(struct bp_strbuf *buffer, const uint64_t fields[N_FIELDS]) {
        double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
        uint64_t boot = boot_time();

        write_figure(buffer, "process_cpu_seconds_total", "counter", "User and system CPU time spent.",
                     (double)(fields[FIELD_USER] + fields[FIELD_SYSTEM]) * tick);
        write_figure(buffer, "process_virtual_memory_bytes", "gauge", "Virtual memory.", (double)fields[FIELD_VIRTUAL]);
        write_figure(buffer, "process_resident_memory_bytes", "gauge", "Resident memory.",
                     (double)fields[FIELD_RESIDENT] * (double)sysconf(_SC_PAGESIZE));
        write_figure(buffer, "process_threads", "gauge", "Threads.", (double)fields[FIELD_THREADS]);
        if (boot)
                write_figure(buffer, "process_start_time_seconds", "gauge", "Start of the process since 1970.",
                             (double)boot + (double)fields[FIELD_START] * tick);
}

void bp_metrics_write_process(struct bp_strbuf *buffer) {
        uint64_t fields[N_FIELDS] = {0}, open_files;
        struct rlimit limit;

        if (read_stat(fields))
                write_stat(buffer, fields);
        if (count_open_files(&open_files))
                write_figure(buffer, "process_open_fds", "gauge", "Open file descriptors.", (double)open_files);
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
                write_figure(buffer, "process_max_fds", "gauge", "Most open file descriptors.", (double)limit.rlim_cur);
}
