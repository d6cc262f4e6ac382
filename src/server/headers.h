/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file headers.h
 * Values of headers: what clients prefer, and what may be sent. Private to the room.
 */
#ifndef BP_SERVER_HEADERS_H
#define BP_SERVER_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Quality (0 to 1000) of a word in a list such as Accept's or Accept-Encoding's, or -1 where it is not named.
 * Parameters other than q are ignored. */
int bp_header_quality(const char *list, const char *word);

/** Seconds of `wait=N` in a Prefer header, at most `most`; 0: not there. */
uint32_t bp_header_wait(const char *prefer, uint32_t most);

/** True when an If-None-Match list names the tag (weakly compared) or is `*`. */
bool bp_header_matches_tag(const char *list, const char *tag);

/** True when text may be the value of a header: no controls, so that no header can be smuggled in. */
bool bp_header_value_is_sane(const char *value);

/** True when text may be the name of a header. */
bool bp_header_name_is_sane(const char *name);

/** True for 1 to `most` bytes of printable ASCII without spaces at its ends. */
bool bp_header_is_token_text(const char *value, size_t most);

#endif
