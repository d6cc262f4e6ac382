/* SPDX-License-Identifier: Apache-2.0 */
#include "service/contexts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
        FIRST_BUCKETS = 64, /* a power of two */
};

_Static_assert(sizeof(struct bp_context) <= 64, "there may be a hundred thousand of them");

static int grow(struct bp_contexts *contexts) {
        size_t n_new = contexts->n_buckets ? contexts->n_buckets * 2 : FIRST_BUCKETS;
        struct bp_context **old = contexts->buckets, **new = bp_calloc(n_new, sizeof(struct bp_context *));

        if (!new)
                return -ENOMEM;
        for (size_t i = 0; i < contexts->n_buckets; i++)
                for (struct bp_context *context = old[i], *next; context; context = next) {
                        uint64_t hash = bp_hash64(context->id.bytes, sizeof(context->id.bytes), 0);

                        next = context->next;
                        context->next = new[hash & (n_new - 1)];
                        new[hash & (n_new - 1)] = context;
                }
        free(old);
        contexts->buckets = new;
        contexts->n_buckets = n_new;
        return 0;
}

int bp_contexts_init(struct bp_contexts *contexts) {
        int r = pthread_mutex_init(&contexts->mutex, NULL);

        if (r)
                return -r;
        contexts->has_mutex = true;
        return grow(contexts);
}

static struct bp_context **place_of(const struct bp_contexts *contexts, struct bp_id id) {
        uint64_t hash = bp_hash64(id.bytes, sizeof(id.bytes), 0);
        struct bp_context **place = &contexts->buckets[hash & (contexts->n_buckets - 1)];

        while (*place && memcmp((*place)->id.bytes, id.bytes, sizeof(id.bytes)) != 0)
                place = &(*place)->next;
        return place;
}

struct bp_context *bp_contexts_find(const struct bp_contexts *contexts, struct bp_id id) {
        return *place_of(contexts, id);
}

int bp_contexts_enter(struct bp_contexts *contexts, struct bp_context *context) {
        struct bp_context **place;

        if (contexts->n >= contexts->n_buckets && grow(contexts) < 0)
                return -ENOMEM;
        place = place_of(contexts, context->id);
        context->next = *place;
        *place = context;
        contexts->n++;
        return 0;
}

static void free_context(struct bp_context *context) {
        for (struct bp_service_wait *wait = context->waits; wait; wait = wait->next)
                wait->place = NULL;
        bp_creation_free(context->creation);
        free(context);
}

void bp_contexts_forget(struct bp_contexts *contexts, struct bp_context *context) {
        pthread_mutex_lock(&contexts->mutex);
        *place_of(contexts, context->id) = context->next;
        contexts->n--;
        free_context(context);
        pthread_mutex_unlock(&contexts->mutex);
}

void bp_contexts_each(struct bp_contexts *contexts, void (*visit)(void *userdata, struct bp_context *context),
                      void *userdata) {
        pthread_mutex_lock(&contexts->mutex);
        for (size_t i = 0; i < contexts->n_buckets; i++)
                for (struct bp_context *context = contexts->buckets[i]; context; context = context->next)
                        visit(userdata, context);
        pthread_mutex_unlock(&contexts->mutex);
}

void bp_contexts_done(struct bp_contexts *contexts) {
        for (size_t i = 0; i < contexts->n_buckets; i++)
                while (contexts->buckets[i]) {
                        struct bp_context *context = contexts->buckets[i];

                        contexts->buckets[i] = context->next;
                        free_context(context);
                }
        free(contexts->buckets);
        if (contexts->has_mutex)
                pthread_mutex_destroy(&contexts->mutex);
        *contexts = (struct bp_contexts){0};
}

struct bp_creation *bp_creation_free(struct bp_creation *creation) {
        if (!creation)
                return NULL;
        while (creation->first.next) {
                struct bp_starter *starter = creation->first.next;

                creation->first.next = starter->next;
                free(starter);
        }
        bp_definition_unref(creation->row.definition);
        bp_arena_free(creation->arena);
        return NULL;
}
