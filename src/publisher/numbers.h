/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file numbers.h
 * A bounded queue of numbers in which each stands once. Inside the room only.
 */
#ifndef BP_PUBLISHER_NUMBERS_H
#define BP_PUBLISHER_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Most numbers in a queue; a power of two. */
#define BP_NUMBERS_MAX (1u << 15)

struct bp_numbers {
        uint64_t *items;  /**< in the order in which they came */
        uint64_t *places; /**< hash of them, twice as many: round << 32 | index; of another round: free */
        uint32_t n, first;
        uint32_t round; /**< grows with every time it was emptied */
};

/** An empty one. @return 0 or -ENOMEM. */
int bp_numbers_init(struct bp_numbers *numbers);

/** Gives it back. */
void bp_numbers_done(struct bp_numbers *numbers);

/** Adds a number, unless it is there. @return false when there is no room. */
bool bp_numbers_add(struct bp_numbers *numbers, uint64_t number);

/** The next one, without taking it. @return false when there is none. */
bool bp_numbers_peek(const struct bp_numbers *numbers, uint64_t *ret_number);

/** Takes the one that was looked at. When it was the last one, the queue is empty and takes numbers again. */
void bp_numbers_pop(struct bp_numbers *numbers);

/** How many there are. */
uint32_t bp_numbers_count(const struct bp_numbers *numbers);

#endif
