/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsed definitions are kept by the digest of their document and the registry snapshot that they were checked with: a
 * document that comes again costs a digest. Those of stored executions are kept by their number too, so that their text
 * is not even read.
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "runtime/call_action.h"
#include "service/state.h"

enum {
        SOURCE_BYTES = 4 << 20,
};

static void ref_definition(void *value) {
        bp_definition_ref(value);
}

static void unref_definition(void *value) {
        bp_definition_unref(value);
}

const struct bp_lru_kind bp_lru_definitions = {.ref = ref_definition, .unref = unref_definition};

static struct bp_lru_key key_of(const void *bytes, size_t size, uint64_t generation) {
        struct bp_lru_key key = {0};

        memcpy(key.bytes, bytes, size);
        memcpy(key.bytes + BP_LRU_KEY_SIZE - sizeof(generation), &generation, sizeof(generation));
        return key;
}

static int load(struct bp_service *service, const struct bp_registry_snapshot *snapshot,
                const struct bp_value *document, struct bp_problem_list *errors, struct bp_problem_list *warnings,
                const struct bp_definition **ret_definition) {
        const struct bp_definition_options options = {
                .registry = snapshot, .limits = &service->limits, .check_action = bp_check_action};
        const struct bp_definition_report report = {.errors = errors, .warnings = warnings};
        int r = bp_definition_load(document, &options, &report, ret_definition);

        return r == BP_PROBLEM ? BP_SERVICE_INVALID : r;
}

/* @return false: the document is longer than any definition may be, or memory is short */
static bool digest_of(const struct bp_service *service, const struct bp_value *document, struct bp_digest *ret_digest) {
        size_t limit = service->limits.source_bytes ? service->limits.source_bytes : SOURCE_BYTES;
        struct bp_strbuf json;
        bool whole;

        bp_strbuf_init(&json, NULL, limit);
        bp_json_write(&json, document);
        whole = json.error == 0;
        if (whole)
                *ret_digest = bp_digest_of(json.text, json.size);
        bp_strbuf_done(&json);
        return whole;
}

static void keep(struct bp_lru *lru, const struct bp_lru_key *key, const struct bp_definition *definition) {
        union {
                const struct bp_definition *definition;
                void *value;
        } kept = {.definition = definition}; /* the table counts owners and changes nothing */

        bp_lru_put(lru, key, kept.value);
}

static int by_digest(struct bp_service *service, const struct bp_registry_snapshot *snapshot,
                     const struct bp_value *document, struct bp_problem_list *errors,
                     const struct bp_definition **ret_definition) {
        const struct bp_definition *definition;
        struct bp_digest digest;
        struct bp_lru_key key;
        bool known = digest_of(service, document, &digest);
        int r;

        if (known) {
                key = key_of(&digest, sizeof(digest), bp_registry_generation(snapshot));
                definition = bp_lru_find(&service->by_digest, &key, NULL);
                if (definition) {
                        *ret_definition = definition;
                        return 0;
                }
        }
        r = load(service, snapshot, document, errors, NULL, ret_definition);
        if (r == 0 && known)
                keep(&service->by_digest, &key, *ret_definition);
        return r;
}

int bp_service_definition(struct bp_service *service, const struct bp_value *document, struct bp_problem_list *errors,
                          struct bp_problem_list *warnings, const struct bp_definition **ret_definition) {
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(service->registry);
        int r;

        if (warnings)
                r = load(service, snapshot, document, errors, warnings, ret_definition);
        else
                r = by_digest(service, snapshot, document, errors, ret_definition);
        bp_registry_release(snapshot);
        return r;
}

static int read_document(struct bp_service *service, uint64_t number, struct bp_arena *arena,
                         struct bp_value *ret_document) {
        struct bp_digest digest;
        struct bp_text text;
        int r = bp_store_definition(service->store, number, arena, &text, &digest);

        return r ? r : bp_stored_json(&text, arena, ret_document);
}

static int from_store(struct bp_service *service, const struct bp_registry_snapshot *snapshot, uint64_t number,
                      struct bp_problem_list *errors, const struct bp_definition **ret_definition) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_value document;
        int r;

        if (!arena)
                return -ENOMEM;
        r = read_document(service, number, arena, &document);
        return r ? r : by_digest(service, snapshot, &document, errors, ret_definition);
}

int bp_definition_by_number(struct bp_service *service, uint64_t number, struct bp_problem_list *errors,
                            const struct bp_definition **ret_definition) {
        const struct bp_registry_snapshot *snapshot = bp_registry_acquire(service->registry);
        struct bp_lru_key key = key_of(&number, sizeof(number), bp_registry_generation(snapshot));
        const struct bp_definition *definition = bp_lru_find(&service->by_number, &key, NULL);
        int r = 0;

        if (!definition) {
                r = from_store(service, snapshot, number, errors, &definition);
                if (r == 0)
                        keep(&service->by_number, &key, definition);
        }
        bp_registry_release(snapshot);
        if (r == 0)
                *ret_definition = definition;
        return r;
}

int bp_service_row_definition(struct bp_service *service, const struct bp_execution_row *row,
                              const struct bp_definition **ret_definition) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list errors = {.arena = arena};
        int r;

        if (!arena)
                return -ENOMEM;
        r = bp_definition_by_number(service, row->definition, &errors, ret_definition);
        return r > 0 ? -EBADMSG : r;
}
