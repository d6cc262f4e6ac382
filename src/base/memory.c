/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas are chains of blocks that double in size; the newest block is the one that is filled. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define BP_ADDRESS_SANITIZER
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define BP_ADDRESS_SANITIZER
#endif

#ifdef BP_TORTURE
static _Thread_local int64_t torture_left = -1;
static _Thread_local bool torture_failed;

void bp_torture_fail_after(int64_t count) {
        torture_left = count;
        torture_failed = false;
}

bool bp_torture_has_failed(void) {
        return torture_failed;
}

static bool request_fails(void) {
        if (torture_left < 0)
                return false;
        if (torture_left-- > 0)
                return false;
        torture_failed = true;
        return true;
}
#else
static inline bool request_fails(void) {
        return false;
}
#endif

void *bp_calloc(size_t count, size_t size) {
        return request_fails() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *bp_realloc(void *memory, size_t count, size_t size) {
        return request_fails() ? NULL : reallocarray(memory, count ? count : 1, size ? size : 1);
}

char *bp_memdup_text(const char *text, size_t size) {
        char *copy;

        if (size == SIZE_MAX)
                return NULL;
        copy = bp_calloc(size + 1, 1);
        if (copy && size)
                memcpy(copy, text, size);
        return copy;
}

/* Under the address sanitizer only what was handed out can be touched, and a gap follows it. */
#ifdef BP_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>

enum { GAP = 8 };

static void close_memory(void *memory, size_t size) {
        ASAN_POISON_MEMORY_REGION(memory, size);
}

static void open_memory(void *memory, size_t size) {
        ASAN_UNPOISON_MEMORY_REGION(memory, size);
}
#else
enum { GAP = 0 };

static inline void close_memory(void *memory, size_t size) {
        (void)memory;
        (void)size;
}

static inline void open_memory(void *memory, size_t size) {
        (void)memory;
        (void)size;
}
#endif

enum {
        FIRST_BLOCK = 4096,
        LARGEST_BLOCK = 1 << 20,
};

struct block {
        struct block *previous;
        size_t size, used;
        _Alignas(8) unsigned char bytes[];
};

struct bp_arena {
        struct block *newest;
        size_t limit, used;
        bool over_limit;
};

static size_t aligned(size_t size) {
        return (size + 7) & ~(size_t)7;
}

struct bp_arena *bp_arena_new(size_t limit_bytes) {
        struct bp_arena *arena = bp_calloc(1, sizeof(*arena));

        if (arena)
                arena->limit = limit_bytes;
        return arena;
}

static void free_blocks(struct block *block) {
        while (block) {
                struct block *previous = block->previous;

                open_memory(block->bytes, block->size);
                free(block);
                block = previous;
        }
}

struct bp_arena *bp_arena_free(struct bp_arena *arena) {
        if (arena) {
                free_blocks(arena->newest);
                free(arena);
        }
        return NULL;
}

void bp_arena_freep(struct bp_arena **arena) {
        *arena = bp_arena_free(*arena);
}

void bp_freep(void *pointer_to_pointer) {
        free(*(void **)pointer_to_pointer);
}

void bp_arena_reset(struct bp_arena *arena) {
        if (arena->newest) {
                free_blocks(arena->newest->previous);
                arena->newest->previous = NULL;
                open_memory(arena->newest->bytes, arena->newest->used);
                memset(arena->newest->bytes, 0, arena->newest->used);
                close_memory(arena->newest->bytes, arena->newest->size);
                arena->newest->used = 0;
        }
        arena->used = 0;
        arena->over_limit = false;
}

static struct block *add_block(struct bp_arena *arena, size_t size) {
        size_t block_size = arena->newest ? arena->newest->size * 2 : FIRST_BLOCK;
        struct block *block;

        if (block_size > LARGEST_BLOCK)
                block_size = LARGEST_BLOCK;
        if (block_size < size)
                block_size = size;
        block = bp_calloc(1, sizeof(*block) + block_size);
        if (!block)
                return NULL;
        close_memory(block->bytes, block_size);
        block->size = block_size;
        block->previous = arena->newest;
        arena->newest = block;
        return block;
}

void *bp_arena_alloc(struct bp_arena *arena, size_t size) {
        struct block *block = arena->newest;
        size_t taken = aligned(size);
        void *memory;

        if (size > SIZE_MAX / 2 || request_fails())
                return NULL;
        if (taken > arena->limit - arena->used) {
                arena->over_limit = true;
                return NULL;
        }
        if (!block || taken + GAP > block->size - block->used) {
                block = add_block(arena, taken + GAP);
                if (!block)
                        return NULL;
        }
        memory = block->bytes + block->used;
        open_memory(memory, size);
        block->used += taken + GAP;
        arena->used += taken;
        return memory;
}

void *bp_arena_array(struct bp_arena *arena, size_t count, size_t size) {
        size_t bytes;

        if (__builtin_mul_overflow(count, size, &bytes))
                return NULL;
        return bp_arena_alloc(arena, bytes);
}

void *bp_arena_grow(struct bp_arena *arena, void *memory, size_t old_size, size_t new_size) {
        struct block *block = arena->newest;
        size_t old_aligned = aligned(old_size), grown;
        void *copy;

        if (new_size > SIZE_MAX / 2)
                return NULL;
        if (memory && new_size <= old_aligned) {
                open_memory(memory, new_size > old_size ? new_size : old_size);
                return memory;
        }
        grown = aligned(new_size) - old_aligned;
        if (memory && block && (unsigned char *)memory + old_aligned + GAP == block->bytes + block->used &&
            grown <= block->size - block->used && grown <= arena->limit - arena->used) {
                open_memory(memory, new_size);
                block->used += grown;
                arena->used += grown;
                return memory;
        }
        copy = bp_arena_alloc(arena, new_size);
        if (copy && memory)
                memcpy(copy, memory, old_size);
        return copy;
}

char *bp_arena_text(struct bp_arena *arena, const char *text, size_t size) {
        char *copy;

        if (size == SIZE_MAX)
                return NULL;
        copy = bp_arena_alloc(arena, size + 1);
        if (copy && size)
                memcpy(copy, text, size);
        return copy;
}

size_t bp_arena_used(const struct bp_arena *arena) {
        return arena->used;
}

bool bp_arena_over_limit(const struct bp_arena *arena) {
        return arena->over_limit;
}
