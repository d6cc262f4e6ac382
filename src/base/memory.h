/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file memory.h
 * Where memory comes from: checked malloc for what lives long, arenas for what lives and dies together.
 * Everything here may return NULL; callers return -ENOMEM. A build with -Dtorture=true can make the Nth request fail,
 * requests to arenas included. Under the address sanitizer an arena's memory can be touched only where it was handed
 * out.
 */
#ifndef BP_BASE_MEMORY_H
#define BP_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed memory for `count` elements of `size` bytes, or NULL (also when the product overflows). Free with free(). */
void *bp_calloc(size_t count, size_t size);

/** Resizes to `count` elements of `size` bytes; NULL leaves the old memory as it was. */
void *bp_realloc(void *memory, size_t count, size_t size);

/** A NUL-terminated copy of `size` bytes, or NULL. Free with free(). */
char *bp_memdup_text(const char *text, size_t size);

#ifdef BP_TORTURE
/** Lets the next `count` requests of this process succeed and the one after them fail; negative: none fails. */
void bp_torture_fail_after(int64_t count);

/** True when a request has failed since bp_torture_fail_after(). */
bool bp_torture_has_failed(void);
#endif

/**
 * Memory that is given back all at once. Not thread-safe: one thread at a time. Blocks are aligned to 8 bytes.
 * An arena has a limit, since outsiders decide how much goes into one.
 */
struct bp_arena;

/** No limit but the machine's: only for sizes that no outsider decides. */
#define BP_ARENA_UNLIMITED SIZE_MAX

/** A new, empty arena that hands out at most `limit_bytes`, or NULL. */
struct bp_arena *bp_arena_new(size_t limit_bytes);

/** Gives everything back. NULL is allowed. Returns NULL, for `arena = bp_arena_free(arena)`. */
struct bp_arena *bp_arena_free(struct bp_arena *arena);

/** Forgets everything handed out and keeps one block, so that the arena can be used again without malloc. */
void bp_arena_reset(struct bp_arena *arena);

/** Zeroed memory of `size` bytes (0 is allowed), or NULL: out of memory, or over the limit. */
void *bp_arena_alloc(struct bp_arena *arena, size_t size);

/** Zeroed memory for `count` elements of `size` bytes, or NULL. */
void *bp_arena_array(struct bp_arena *arena, size_t count, size_t size);

/** Grows the block handed out last in place where possible, else copies. `memory` may be NULL. NULL on failure. */
void *bp_arena_grow(struct bp_arena *arena, void *memory, size_t old_size, size_t new_size);

/** A NUL-terminated copy of `size` bytes, or NULL. */
char *bp_arena_text(struct bp_arena *arena, const char *text, size_t size);

/** Bytes handed out so far. */
size_t bp_arena_used(const struct bp_arena *arena);

/** True when a request was refused because of the limit, not for want of memory. */
bool bp_arena_over_limit(const struct bp_arena *arena);

/** Lets a scope give an arena back: `_cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;` */
void bp_arena_freep(struct bp_arena **arena);

/** Lets a scope give malloc'ed memory back. */
void bp_freep(void *pointer_to_pointer);

/** Runs `function` on the variable when its scope ends. */
#define _cleanup_(function) __attribute__((cleanup(function)))

#endif
