/* SPDX-License-Identifier: Apache-2.0 */
/* Times, and how they are told. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "load.h"

void load_times_add(struct load_times *times, double ms) {
        if (times->n == times->capacity) {
                times->capacity = times->capacity ? times->capacity * 2 : 1024;
                times->ms = realloc(times->ms, times->capacity * sizeof(*times->ms));
                if (!times->ms)
                        load_die("no memory");
        }
        times->ms[times->n++] = ms;
}

static int by_size(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

double load_times_at(struct load_times *times, double share) {
        size_t rank;

        if (!times->n)
                return 0;
        qsort(times->ms, times->n, sizeof(*times->ms), by_size);
        rank = (size_t)ceil(share * (double)times->n);
        return times->ms[rank ? rank - 1 : 0];
}

void load_print(int json, ...) {
        va_list arguments;
        const char *name;
        bool first = true;

        va_start(arguments, json);
        while ((name = va_arg(arguments, const char *))) {
                double value = va_arg(arguments, double);

                if (json)
                        printf("%s\"%s\": %.9g", first ? "{" : ", ", name, isfinite(value) ? value : 0);
                else
                        printf("%-14s %.6g\n", name, value);
                first = false;
        }
        va_end(arguments);
        if (json)
                puts("}");
}
