/* SPDX-License-Identifier: Apache-2.0 */
/* An answer is kept as it would be sent: lines of headers, an empty line, the body. */
#include "server/idempotency.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "server/headers.h"
#include "server/request.h"
#include "server/state.h"

enum { BUCKETS = 256, LONGEST_KEY = 255, LARGEST_KEPT = 16 << 20 };

struct under_way {
        struct under_way *next;
        char text[]; /* scope, newline, key */
};

struct bp_keys_under_way {
        pthread_mutex_t lock;
        struct under_way *buckets[BUCKETS];
};

int bp_keys_under_way_new(struct bp_keys_under_way **ret_keys) {
        struct bp_keys_under_way *keys = bp_calloc(1, sizeof(*keys));

        if (!keys)
                return -ENOMEM;
        pthread_mutex_init(&keys->lock, NULL);
        *ret_keys = keys;
        return 0;
}

struct bp_keys_under_way *bp_keys_under_way_free(struct bp_keys_under_way *keys) {
        if (keys) {
                pthread_mutex_destroy(&keys->lock);
                free(keys);
        }
        return NULL;
}

static struct under_way **find(struct bp_keys_under_way *keys, const char *text) {
        struct under_way **place = &keys->buckets[bp_hash64(text, strlen(text), 0) % BUCKETS];

        while (*place && strcmp((*place)->text, text) != 0)
                place = &(*place)->next;
        return place;
}

/* @return 0; 1: it is under way; -ENOMEM */
static int add_key(struct bp_keys_under_way *keys, const char *text) {
        struct under_way *added, **place;
        size_t size = strlen(text) + 1;
        int r = 0;

        added = bp_calloc(1, sizeof(*added) + size);
        if (!added)
                return -ENOMEM;
        memcpy(added->text, text, size);
        pthread_mutex_lock(&keys->lock);
        place = find(keys, text);
        if (*place)
                r = 1;
        else
                *place = added;
        pthread_mutex_unlock(&keys->lock);
        if (r)
                free(added);
        return r;
}

static void remove_key(struct bp_keys_under_way *keys, const char *text) {
        struct under_way **place, *removed;

        pthread_mutex_lock(&keys->lock);
        place = find(keys, text);
        removed = *place;
        if (removed)
                *place = removed->next;
        pthread_mutex_unlock(&keys->lock);
        free(removed);
}

/* ---------------------------------------------------------------------------------------------------------------
 * What a key counts for
 */

static const char *text_of(struct bp_request *request) {
        struct bp_strbuf buffer;

        bp_strbuf_init(&buffer, request->arena, LARGEST_KEPT);
        bp_strbuf_printf(&buffer, "%s\n%s", request->key.scope, request->key.key);
        return buffer.error ? NULL : buffer.text;
}

/* Another query makes another request of the same body. */
static int digest_request(struct bp_request *request) {
        struct bp_strbuf buffer;

        if (!request->query) {
                request->key.body = bp_digest_of(request->body_text ? request->body_text : "", request->body_size);
                return 0;
        }
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        bp_strbuf_printf(&buffer, "%s\n", request->query);
        bp_strbuf_add(&buffer, request->body_text ? request->body_text : "", request->body_size);
        request->key.body = bp_digest_of(bp_strbuf_text(&buffer), buffer.size);
        bp_strbuf_done(&buffer);
        return buffer.error;
}

/* @param ret_text what the key is listed as while it is under way */
static int fill_key(struct bp_request *request, const char *key, const char **ret_text) {
        const struct bp_principal *principal = &request->principal;
        char user[BP_ID_TEXT_SIZE] = "";
        struct bp_strbuf scope;
        const char *text;

        if (principal->has_user)
                bp_id_format(principal->user, user);
        bp_strbuf_init(&scope, request->arena, LARGEST_KEPT);
        bp_strbuf_printf(&scope, "%s %s %s %s", principal->name ? principal->name : "", user, request->method_text,
                         request->path);
        request->key = (struct bp_request_key){.scope = scope.text, .key = key};
        text = scope.error ? NULL : text_of(request);
        if (!text || digest_request(request))
                return -ENOMEM;
        request->key.subject = bp_id_derive(text, strlen(text));
        *ret_text = text;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Kept answers
 */

/* Gives the headers of a kept answer again. @return the body, or NULL when it is not as it was written */
static const char *replay_headers(struct bp_request *request, char *at, const char **ret_media_type) {
        while (*at != '\n') {
                char *colon = strchr(at, ':'), *end = strchr(at, '\n');

                if (!colon || !end || colon > end)
                        return NULL;
                *colon = *end = 0;
                if (strcasecmp(at, "Content-Type") == 0)
                        *ret_media_type = colon + 1;
                else
                        bp_request_add_header(request, at, colon + 1);
                at = end + 1;
        }
        return at + 1;
}

static void replay(struct bp_request *request, const struct bp_kept_answer *kept) {
        const char *media_type = NULL, *body = NULL;
        char *text = kept->answer ? bp_arena_text(request->arena, kept->answer, kept->answer_size) : NULL;

        if (text)
                body = replay_headers(request, text, &media_type);
        if (!body) {
                bp_request_fail_errno(request, kept->answer && !text ? -ENOMEM : -EBADMSG);
                return;
        }
        bp_request_add_header(request, "Idempotency-Replayed", "true");
        if (media_type)
                bp_request_answer_bytes(request, kept->status, media_type, body,
                                        kept->answer_size - (size_t)(body - text));
        else
                bp_request_answer_empty(request, kept->status);
}

static void write_kept(struct bp_strbuf *buffer, const struct bp_answer *answer) {
        if (answer->media_type)
                bp_strbuf_printf(buffer, "Content-Type:%s\n", answer->media_type);
        for (const struct bp_header *header = answer->headers; header; header = header->next) {
                if (strncasecmp(header->name, "Access-Control-", 15) != 0 && strcasecmp(header->name, "Vary") != 0)
                        bp_strbuf_printf(buffer, "%s:%s\n", header->name, header->value);
        }
        bp_strbuf_add_char(buffer, '\n');
        if (answer->size)
                bp_strbuf_add(buffer, answer->bytes, answer->size);
}

static void keep(struct bp_request *request) {
        const struct bp_idempotency *store = request->server->settings.idempotency;
        struct bp_kept_answer kept = {
                .found = true,
                .body = request->key.body,
                .status = request->answer.status,
                .subject = request->key.subject,
        };
        struct bp_strbuf buffer;
        int r;

        bp_strbuf_init(&buffer, NULL, LARGEST_KEPT);
        write_kept(&buffer, &request->answer);
        kept.answer = buffer.text;
        kept.answer_size = buffer.size;
        r = buffer.error ? buffer.error : store->keep(store->userdata, request->key.scope, request->key.key, &kept);
        bp_strbuf_done(&buffer);
        if (r)
                bp_request_add_header(request, "Idempotency-Kept", "false");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Before and after the handler
 */

static void compare(struct bp_request *request, const struct bp_kept_answer *kept) {
        if (memcmp(&kept->body, &request->key.body, sizeof(kept->body)) != 0)
                bp_request_failf(request, 422, "IDEMPOTENCY_MISMATCH",
                                 "This Idempotency-Key was used for a request with another body");
        else if (kept->status)
                replay(request, kept);
        else
                request->key.repeated = true;
}

static void let_go(struct bp_request *request) {
        remove_key(request->server->keys, request->key_under_way);
        request->key_under_way = NULL;
}

static void look_up(struct bp_request *request) {
        const struct bp_idempotency *store = request->server->settings.idempotency;
        struct bp_kept_answer kept = {0};
        int r;

        r = store->find(store->userdata, request->arena, request->key.scope, request->key.key, &kept);
        if (r)
                bp_request_fail_errno(request, r < 0 ? r : -EIO);
        else if (kept.found)
                compare(request, &kept);
        if (request->answer.given)
                let_go(request);
}

void bp_idempotency_begin(struct bp_request *request) {
        const char *key = bp_request_header(request, "Idempotency-Key"), *text;
        int r;

        if (!key || request->method != BP_POST || !request->server->settings.idempotency ||
            request->match.route->route->streams)
                return;
        if (!bp_header_is_token_text(key, LONGEST_KEY)) {
                bp_request_failf(request, 400, "IDEMPOTENCY_KEY",
                                 "Idempotency-Key must be 1 to %d printable ASCII characters", LONGEST_KEY);
                return;
        }
        r = fill_key(request, key, &text);
        if (!r)
                r = add_key(request->server->keys, text);
        if (r > 0) {
                bp_request_failf(request, 409, "IDEMPOTENCY_IN_PROGRESS",
                                 "The first request with this Idempotency-Key is still under way");
        } else if (r) {
                bp_request_fail_errno(request, r);
        } else {
                request->has_key = true;
                request->key_under_way = text;
                look_up(request);
        }
}

void bp_idempotency_end(struct bp_request *request) {
        if (!request->key_under_way)
                return;
        if (request->answer.given && request->answer.status < 500 && request->answer.status != 429)
                keep(request);
        let_go(request);
}
