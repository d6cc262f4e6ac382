/* SPDX-License-Identifier: Apache-2.0 */
/* The distance is the optimal string alignment one, computed row by row; names are short, so three rows suffice. */
#include "base/similar.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Distances of one prefix of `a` to all prefixes of `b`. */
struct row {
        uint8_t to[BP_SIMILAR_LENGTH_MAX + 1];
};

static char lower(char byte) {
        return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static uint8_t smaller(uint8_t a, uint8_t b) {
        return a < b ? a : b;
}

static bool swapped(const char *a, size_t i, const char *b, size_t j) {
        return i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
}

/* @return the smallest distance in the row: later rows have none below it, but for a swap, which costs one more. */
static uint8_t fill_row(struct row *current, const struct row *previous, const struct row *before, const char *a,
                        size_t i, const char *b, size_t b_size) {
        uint8_t least = current->to[0] = (uint8_t)i;

        for (size_t j = 1; j <= b_size; j++) {
                uint8_t replaced = (uint8_t)(previous->to[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
                uint8_t best = smaller(replaced, (uint8_t)(smaller(previous->to[j], current->to[j - 1]) + 1));

                if (swapped(a, i, b, j))
                        best = smaller(best, (uint8_t)(before->to[j - 2] + 1));
                current->to[j] = best;
                least = smaller(least, best);
        }
        return least;
}

size_t bp_similar_distance(const char *a, const char *b, size_t limit) {
        size_t a_size = strnlen(a, BP_SIMILAR_LENGTH_MAX + 1), b_size = strnlen(b, BP_SIMILAR_LENGTH_MAX + 1);
        size_t difference = a_size > b_size ? a_size - b_size : b_size - a_size;
        struct row rows[3] = {0};

        if (a_size > BP_SIMILAR_LENGTH_MAX || b_size > BP_SIMILAR_LENGTH_MAX || difference > limit)
                return limit + 1;
        for (size_t j = 0; j <= b_size; j++)
                rows[0].to[j] = (uint8_t)j;
        for (size_t i = 1; i <= a_size; i++) {
                uint8_t least = fill_row(&rows[i % 3], &rows[(i + 2) % 3], &rows[(i + 1) % 3], a, i, b, b_size);

                if (least > limit + 1)
                        return limit + 1;
        }
        return rows[a_size % 3].to[b_size] <= limit ? rows[a_size % 3].to[b_size] : limit + 1;
}

void bp_similar_init(struct bp_similar *similar, const char *wanted) {
        size_t length = strnlen(wanted, BP_SIMILAR_LENGTH_MAX);

        *similar = (struct bp_similar){.wanted = wanted, .distance = length < 3 ? 1 : length / 3};
}

void bp_similar_offer(struct bp_similar *similar, const char *known) {
        size_t limit = similar->nearest ? similar->distance - 1 : similar->distance;
        size_t distance;

        if (similar->nearest && similar->distance == 0)
                return;
        distance = bp_similar_distance(similar->wanted, known, limit);
        if (distance > limit)
                return;
        similar->nearest = known;
        similar->distance = distance;
}
