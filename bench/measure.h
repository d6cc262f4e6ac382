/* SPDX-License-Identifier: Apache-2.0 */
/* How the small measuring programs measure: rounds of a piece of work, each timed; the median and the best are told. */
#ifndef BP_BENCH_MEASURE_H
#define BP_BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MEASURE_ROUNDS = 51 };

static inline double measure_now(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline int measure_order(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* Prints one JSON line: seconds that one of `count` repetitions takes, by the median round and by the best. */
static inline void measure(const char *name, void (*work)(void *data), void *data, unsigned count) {
        double rounds[MEASURE_ROUNDS];

        for (int i = 0; i < MEASURE_ROUNDS; i++) {
                double start = measure_now();

                for (unsigned j = 0; j < count; j++)
                        work(data);
                rounds[i] = (measure_now() - start) / count;
        }
        qsort(rounds, MEASURE_ROUNDS, sizeof(*rounds), measure_order);
        printf("{\"name\": \"%s\", \"median\": %.9f, \"best\": %.9f}\n", name, rounds[MEASURE_ROUNDS / 2], rounds[0]);
}

/* A measurement that went wrong is none. */
static inline void measure_demand(int condition, const char *what) {
        if (!condition) {
                fprintf(stderr, "%s\n", what);
                exit(EXIT_FAILURE);
        }
}

#endif
