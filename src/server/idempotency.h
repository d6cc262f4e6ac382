/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file idempotency.h
 * Idempotency-Key: the first answer to a key is kept and given again. Private to the room.
 */
#ifndef BP_SERVER_IDEMPOTENCY_H
#define BP_SERVER_IDEMPOTENCY_H

struct bp_keys_under_way;
struct bp_request;

/** The keys whose requests are under way. @return 0 or -ENOMEM */
int bp_keys_under_way_new(struct bp_keys_under_way **ret_keys);

/** Gives back. NULL is allowed. Always returns NULL. */
struct bp_keys_under_way *bp_keys_under_way_free(struct bp_keys_under_way *keys);

/**
 * Looks at the key of a request whose body is complete; answers when it has been answered before, is under way, or was
 * used for something else.
 */
void bp_idempotency_begin(struct bp_request *request);

/** Keeps the answer of a request with a key, unless it says that another try may end differently; the key is under way
 * no more. */
void bp_idempotency_end(struct bp_request *request);

#endif
