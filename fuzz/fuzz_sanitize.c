/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a text with secrets. What comes out is bounded in size, is left alone when it comes in again, and is
 * valid UTF-8 where the input was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "sanitize/sanitize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition) {
        if (!condition)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        const char *text = (const char *)data, *once, *twice;
        size_t once_size, twice_size;

        demand(arena);
        demand(bp_sanitize_text(arena, text, size, &once, &once_size) == 0);
        demand(once_size <= 4 * size);
        demand(!bp_utf8_valid(text, size) || bp_utf8_valid(once, once_size));
        demand(bp_sanitize_text(arena, once, once_size, &twice, &twice_size) == 0);
        demand(twice == once && twice_size == once_size);
        bp_arena_free(arena);
        return 0;
}
