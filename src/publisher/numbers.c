/* SPDX-License-Identifier: Apache-2.0 */
/* One queue fills while another is emptied to its end; so nothing is ever taken out of the hash but everything. */
#include "publisher/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PLACES = 2 * BP_NUMBERS_MAX };

int bp_numbers_init(struct bp_numbers *numbers) {
        *numbers = (struct bp_numbers){.items = bp_calloc(BP_NUMBERS_MAX, sizeof(*numbers->items)),
                                       .places = bp_calloc(PLACES, sizeof(*numbers->places)),
                                       .round = 1};
        if (numbers->items && numbers->places)
                return 0;
        bp_numbers_done(numbers);
        return -ENOMEM;
}

void bp_numbers_done(struct bp_numbers *numbers) {
        free(numbers->items);
        free(numbers->places);
        *numbers = (struct bp_numbers){0};
}

static uint32_t place_of(const struct bp_numbers *numbers, uint64_t number) {
        uint32_t place = (uint32_t)(number * 0x9E3779B97F4A7C15u >> 32) & (PLACES - 1);

        while (numbers->places[place] >> 32 == numbers->round &&
               numbers->items[(uint32_t)numbers->places[place]] != number)
                place = (place + 1) & (PLACES - 1);
        return place;
}

bool bp_numbers_add(struct bp_numbers *numbers, uint64_t number) {
        uint32_t place = place_of(numbers, number);

        if (numbers->places[place] >> 32 == numbers->round)
                return true;
        if (numbers->n == BP_NUMBERS_MAX)
                return false;
        numbers->places[place] = (uint64_t)numbers->round << 32 | numbers->n;
        numbers->items[numbers->n++] = number;
        return true;
}

bool bp_numbers_peek(const struct bp_numbers *numbers, uint64_t *ret_number) {
        if (numbers->first == numbers->n)
                return false;
        *ret_number = numbers->items[numbers->first];
        return true;
}

/* After four thousand million rounds the hash is wiped, so that nothing of long ago seems to be there. */
void bp_numbers_pop(struct bp_numbers *numbers) {
        if (++numbers->first < numbers->n)
                return;
        numbers->n = numbers->first = 0;
        if (++numbers->round == 0) {
                memset(numbers->places, 0, PLACES * sizeof(*numbers->places));
                numbers->round = 1;
        }
}

uint32_t bp_numbers_count(const struct bp_numbers *numbers) {
        return numbers->n - numbers->first;
}
