/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file gather.h
 * An answer under construction: which candidates are what was looked for, and how many there are. Private to the room.
 */
#ifndef BP_OPTIONS_GATHER_H
#define BP_OPTIONS_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "options/options.h"

struct bp_arena;
struct bp_options_source;
struct bp_value;

/** What was found so far. Items belong to the arena. */
struct bp_options_found {
        struct bp_arena *arena;
        const char *needle; /**< case folded; "": everything is looked for */
        const char *within; /**< or NULL */
        uint32_t limit;
        struct bp_option *items; /**< room for `limit` */
        size_t n_items, n_matches;
};

/** Begins to look for what a question asks. @return 0 or -ENOMEM */
int bp_options_found_init(struct bp_options_found *found, struct bp_arena *arena,
                          const struct bp_options_question *question);

/** Looks at one candidate, and keeps a copy of what is looked for while there is room. `scratch` is for what is needed
 * meanwhile. @return 0 or -ENOMEM */
int bp_options_found_offer(struct bp_options_found *found, struct bp_arena *scratch, const struct bp_option *candidate);

/** Looks at all items of a service's answer, of which `asked` were wanted; fills in `answer` what came of it, a message
 * too where it is not what it should be. @return 0 or -ENOMEM */
int bp_options_found_read(struct bp_options_found *found, const struct bp_options_source *source, uint32_t asked,
                          struct bp_arena *scratch, const struct bp_value *body, struct bp_options_answer *answer);

/** The items so far, of a list that is complete. */
void bp_options_found_all(const struct bp_options_found *found, struct bp_options_answer *answer);

/** Says why there are no items, as printf() does. @return 0 or -ENOMEM */
__attribute__((format(printf, 4, 5))) int bp_options_fail(struct bp_options_answer *answer, struct bp_arena *arena,
                                                          enum bp_options_end end, const char *format, ...);

#endif
