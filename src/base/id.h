/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file id.h
 * Identifiers and digests.
 */
#ifndef BP_BASE_ID_H
#define BP_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/** A UUID (RFC 9562). */
struct bp_id {
        uint8_t bytes[16];
};

/** Size of a UUID as text, NUL included. */
#define BP_ID_TEXT_SIZE 37

/** A new id (version 7: time first, to the microsecond, so that ids sort by age). */
struct bp_id bp_id_new(struct bp_wall now);

/** An id that follows from a text (version 8): same text, same id. */
struct bp_id bp_id_derive(const char *text, size_t size);

/** Canonical lower-case text. @return `text`. */
char *bp_id_format(struct bp_id id, char text[BP_ID_TEXT_SIZE]);

/** Reads canonical text, upper or lower case. @return true when it is a UUID. */
bool bp_id_parse(const char *text, struct bp_id *ret_id);

/** A 32-byte BLAKE2b digest of the bytes. */
struct bp_digest {
        uint8_t bytes[32];
};

/** Digest of the bytes. */
struct bp_digest bp_digest_of(const void *bytes, size_t size);

/** 64 bits that follow from the bytes and a seed: for jitter and hash tables, not for secrets. */
uint64_t bp_hash64(const void *bytes, size_t size, uint64_t seed);

#endif
