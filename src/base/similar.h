/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file similar.h
 * "Did you mean": the known name that looks most like a misspelt one.
 */
#ifndef BP_BASE_SIMILAR_H
#define BP_BASE_SIMILAR_H

#include <stddef.h>

/** Names longer than this resemble nothing. */
#define BP_SIMILAR_LENGTH_MAX 64

/**
 * How many edits (insert, delete, replace one byte, swap two neighbours, each once) lead from one text to the other,
 * without regard to ASCII case.
 * @return the number, or `limit` + 1 when it is larger than `limit` or a text is longer than BP_SIMILAR_LENGTH_MAX.
 */
size_t bp_similar_distance(const char *a, const char *b, size_t limit);

/** The search for the nearest of some names. `nearest` is the result so far: NULL while none is near. */
struct bp_similar {
        const char *wanted;
        const char *nearest;
        size_t distance; /**< names further away than this are not near */
};

/** Starts a search. One edit in three characters is near, and at least one. */
void bp_similar_init(struct bp_similar *similar, const char *wanted);

/** Offers a known name, which must live as long as the search; of equally near ones the first is kept. */
void bp_similar_offer(struct bp_similar *similar, const char *known);

#endif
