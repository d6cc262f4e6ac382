/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file store.h
 * What must survive: executions and their journal, pipelines and their revisions, tokens, idempotency keys.
 *
 * One interface in terms of the domain; nothing above this room knows SQL. The URL chooses the driver: `sqlite:PATH`
 * or `memory:`.
 *
 * Writes are handed over and return at once. One writer thread makes them durable in groups: while one transaction
 * flushes, the next one fills; no timer, no tuning. A write that the database refuses for a reason of its own (a name
 * that is taken) fails alone. When a commit fails (disk full, I/O error) the same group is tried again until it
 * succeeds or the store is closed: nothing of it is reported durable meanwhile, and bp_store_problem() says why.
 *
 * Reads run on the calling thread, on connections of their own, and see what is durable.
 */
#ifndef BP_STORE_STORE_H
#define BP_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"
#include "engine/engine.h"

struct bp_arena;
struct bp_definition;
struct bp_metrics;
struct bp_problem;
struct bp_store;

/* Documented outcomes of functions of this room. */
#define BP_STORE_NOT_FOUND 1 /**< there is none with this name or id */
#define BP_STORE_CONFLICT 2  /**< another revision than the one expected, or a state that forbids it */
#define BP_STORE_DUPLICATE 3 /**< the name or id is taken */
#define BP_STORE_PROBLEM 4   /**< see the problem */

/* ---------------------------------------------------------------------------------------------------------------
 * Opening
 */

/** What a store is opened for. */
enum bp_store_mode {
        /** To run executions: takes the exclusive lock and raises the fencing token, which every commit checks. */
        BP_STORE_EXECUTE = 1,
        /** To look, and for short writes (tokens), beside a process that executes. No lock, no migration. */
        BP_STORE_ADMIN,
};

/** What is kept of events from outside. 0 means the default named beside the member. */
struct bp_store_inbox {
        uint32_t wait_seconds;  /**< how long an event waits for its step; 86,400 */
        uint32_t known_seconds; /**< how long a repetition is known, and an event is listed; 604,800 */
        uint32_t events;        /**< most of them; the oldest that do not wait go first; 1,000,000 */
};

/** How a store is opened. Everything is copied but `metrics`. 0 and NULL mean the default named beside the member. */
struct bp_store_settings {
        const char *url; /**< mandatory: `sqlite:PATH` or `memory:` */
        enum bp_store_mode mode;
        uint32_t readers;   /**< connections for reads at once; 4 */
        size_t queue_bytes; /**< bytes that wait to be written before bp_store_is_busy() says so; 64 MiB */
        struct bp_store_inbox inbox;
        struct bp_metrics *metrics; /**< or NULL */
        /** Everything appended before the bp_store_commit() with this ticket is durable. Writer thread. Or NULL. */
        void (*durable)(void *userdata, uint64_t ticket);
        /** Commits began to fail (the problem says why), or succeed again (NULL). Writer thread. Or NULL. */
        void (*health)(void *userdata, const struct bp_problem *problem);
        void *userdata;
};

/**
 * A URL from what a person wrote: a path is `sqlite:PATH`; what begins with letters and a colon is a URL already, of a
 * kind that bp_store_open() knows or refuses.
 * @return 0 or -ENOMEM. The text is the arena's, or the one that was given.
 */
int bp_store_url_complete(struct bp_arena *arena, const char *text, const char **ret_url);

/**
 * Opens a store, creates it when there is none, brings an older one up to date.
 * @return 0; BP_STORE_PROBLEM: STORE_URL, STORE_LOCKED (the message names the holder), STORE_NEWER (made by a newer
 *         version), STORE_CORRUPT, STORE_READ_ONLY, STORE_FULL, STORE_IO, STORE_NOT_FOUND (BP_STORE_ADMIN only);
 *         -ENOMEM.
 */
int bp_store_open(const struct bp_store_settings *settings, struct bp_store **ret_store,
                  struct bp_problem *reterr_problem);

/**
 * Makes durable what was handed over, the last thing that is written: nobody hands anything over any more.
 * @return 0; BP_STORE_PROBLEM: commits failed to the end, what waited was given up.
 */
int bp_store_finish(struct bp_store *store, struct bp_problem *reterr_problem);

/** Makes durable what was handed over (unless commits fail), closes. NULL is allowed. Always returns NULL. */
struct bp_store *bp_store_close(struct bp_store *store);

/** Why commits fail at the moment. @return 0: they do not; BP_STORE_PROBLEM: STORE_FULL, STORE_IO, STORE_READ_ONLY,
 * STORE_FENCED (another process took the store over: nothing of this one is written any more). Any thread. */
int bp_store_problem(struct bp_store *store, struct bp_problem *reterr_problem);

/** True while more than settings.queue_bytes wait to be written: refuse new work. Any thread. */
bool bp_store_is_busy(struct bp_store *store);

/** How it was opened: driver, path, fencing token, migration. Lives as long as the store. */
struct bp_store_info {
        const char *driver, *path;
        uint64_t fencing_token;
        uint32_t migration;
};

/** @see struct bp_store_info */
struct bp_store_info bp_store_info(const struct bp_store *store);

/* ---------------------------------------------------------------------------------------------------------------
 * Idempotency keys
 */

/** Largest answer that is kept with a key. A larger one is kept as not known (status 0), to be made again. */
#define BP_STORE_ANSWER_BYTES (1u << 20)

/** A key that a caller gave a POST with. `scope` names caller and route. */
struct bp_store_key {
        const char *scope, *key;
        struct bp_digest body; /**< of the request's body */
        struct bp_id subject;  /**< what the request made: execution or pipeline; all zero: nothing of its own */
        uint32_t status;       /**< of the first answer; 0: not known, the process ended before it was given */
        const char *answer;    /**< body of the first answer, or NULL */
        size_t answer_size;
        struct bp_wall created_at;
};

/** Looks a key up that is younger than 24 hours. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_store_key_find(struct bp_store *store, const char *scope, const char *key, struct bp_wall now,
                      struct bp_arena *arena, struct bp_store_key *ret_key);

/** Keeps a key with its answer (or adds the answer to one kept with its subject; one of another body stays as it is).
 * Handed over; copies. 0 or -ENOMEM. */
int bp_store_key_keep(struct bp_store *store, const struct bp_store_key *key);

/** Removes keys older than `before`. Handed over. @return 0 or -ENOMEM. */
int bp_store_keys_expire(struct bp_store *store, struct bp_wall before);

/* ---------------------------------------------------------------------------------------------------------------
 * Executions: writing. One thread, the engine's.
 */

/** An execution to be created. Borrowed during the call. */
struct bp_store_new_execution {
        struct bp_id id;
        const struct bp_definition *definition; /**< its document is stored once per digest */
        bool has_pipeline, has_retry_of;
        uint32_t revision;     /**< of has_pipeline */
        struct bp_id pipeline; /**< of has_pipeline */
        struct bp_id retry_of; /**< of has_retry_of */
        const struct bp_value *params;
        const struct bp_value *given;   /**< what the caller gave, before defaults; for a retry with a newer revision */
        const struct bp_value *options; /**< object: callback_topics, subscriber_ids, payload_type ...; or NULL */
        const char *initiator;
        const char *principal, *origin; /**< or NULL */
        struct bp_wall created_at;
        const struct bp_store_key *key;  /**< kept in the same transaction, or NULL */
        const char *const *topics;       /**< that are told what happens: NULL-terminated, each once; or NULL. See
                                            deliveries.h */
        const char *topics_refused;      /**< why nobody will be told: they are entered as failed; or NULL */
        struct bp_wall topics_expire_at; /**< 0: never */
};

/**
 * Enters an execution into the group that fills; its first records should follow before the commit, so that it is
 * created and they are written as one. @return 0 and its number (which names it in this room), or -ENOMEM.
 */
int bp_store_execution_create(struct bp_store *store, const struct bp_store_new_execution *execution,
                              uint64_t *ret_number);

/** Place of a record among those of all executions: in the order in which they were appended and became durable. */
struct bp_position {
        uint64_t row; /**< grows; one for records of one execution in one group, unless others came in between */
        uint64_t sequence;
};

/**
 * Appends records of one execution to the group that fills. State, times, outputs and failure of its row follow from
 * them. The group is not written before the next bp_store_commit(), whatever else is handed over meanwhile.
 * @return 0 and the place of the last one (`ret_position` may be NULL), -ENOMEM, -E2BIG (more than 2^24 records).
 */
int bp_store_append(struct bp_store *store, uint64_t number, const struct bp_record *records, size_t n_records,
                    struct bp_position *ret_position);

/** A line that an action logged. */
struct bp_store_line {
        uint32_t step, attempt;
        struct bp_wall at;
        uint8_t level; /**< enum bp_log_level */
        const char *message;
};

/** Appends a line to the execution's log, at most 10,000 a step; further ones are counted in the last. 0 or -ENOMEM. */
int bp_store_log(struct bp_store *store, uint64_t number, const struct bp_store_line *line);

/** Closes the group as far as the engine is concerned: settings.durable answers with the ticket. */
void bp_store_commit(struct bp_store *store, uint64_t ticket);

/* ---------------------------------------------------------------------------------------------------------------
 * Executions: reading. Any thread.
 */

/** Text of known size; NULL: none. */
struct bp_text {
        const char *text;
        size_t size;
};

/** An execution as its row shows it. Texts belong to the arena of the call. */
struct bp_execution_row {
        uint64_t number;
        struct bp_id id;
        bool has_pipeline, has_retry_of;
        struct bp_id pipeline, retry_of;
        uint32_t revision;
        uint64_t definition; /**< number, for bp_store_definition() */
        const char *name;    /**< of the definition */
        uint32_t n_steps;
        enum bp_execution_state state;
        const char *code, *message;                                  /**< of its failure, or NULL */
        struct bp_wall created_at, started_at, ended_at, updated_at; /**< 0: not yet */
        const char *initiator, *principal, *origin;                  /**< the last two or NULL */
        uint64_t sequence;                                           /**< of its last record */
        struct bp_text params, given, outputs, options;              /**< JSON; raw, not sanitised */
};

/** An execution by id. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_store_execution(struct bp_store *store, struct bp_id id, struct bp_arena *arena,
                       struct bp_execution_row *ret_row);

/** Which executions to list. Zeroed: all. */
struct bp_execution_filter {
        bool has_pipeline;
        struct bp_id pipeline;
        uint32_t states;                         /**< bits 1 << enum bp_execution_state; 0: all */
        const char *initiator;                   /**< or NULL */
        const char *principal;                   /**< or NULL */
        struct bp_wall created_from, created_to; /**< inclusive; 0: open */
        uint64_t offset;
        uint32_t limit;
};

/** Lists, newest first, and counts all that match. @return 0 or negative errno. */
int bp_store_executions(struct bp_store *store, const struct bp_execution_filter *filter, struct bp_arena *arena,
                        struct bp_execution_row **ret_rows, size_t *ret_n_rows, uint64_t *ret_total);

/** How many executions are in each state, by enum bp_execution_state. @return 0 or negative errno. */
int bp_store_execution_counts(struct bp_store *store, uint64_t ret_counts[BP_EXECUTION_INTERRUPTED + 1]);

/** Document of a definition as JSON text. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_store_definition(struct bp_store *store, uint64_t definition, struct bp_arena *arena, struct bp_text *ret_json,
                        struct bp_digest *ret_digest);

/**
 * Records of one execution with a sequence greater than `after`, at most `limit` (0: all), in order.
 * @return 0 or negative errno.
 */
int bp_store_records(struct bp_store *store, uint64_t number, uint64_t after, uint32_t limit, struct bp_arena *arena,
                     struct bp_record **ret_records, size_t *ret_n_records);

/** A record of any execution. */
struct bp_feed_item {
        struct bp_position position;
        struct bp_id execution;
        uint64_t definition; /**< number */
        struct bp_record record;
};

/** Records of all executions after a position, at most `limit`, in order. @return 0 or negative errno. */
int bp_store_feed(struct bp_store *store, struct bp_position after, uint32_t limit, struct bp_arena *arena,
                  struct bp_feed_item **ret_items, size_t *ret_n_items);

/** The last durable position; zero when there is none. @return 0 or negative errno. */
int bp_store_feed_end(struct bp_store *store, struct bp_position *ret_position);

/** Lines of a step's log (BP_NO_STEP: of all steps), oldest first. @return 0 or negative errno. */
int bp_store_logs(struct bp_store *store, uint64_t number, uint32_t step, uint64_t offset, uint32_t limit,
                  struct bp_arena *arena, struct bp_store_line **ret_lines, size_t *ret_n_lines);

/** An execution that has not ended, for recovery. Valid during the visit. */
struct bp_live_execution {
        const struct bp_execution_row *row;
        const struct bp_value *params;
        const struct bp_record *records;
        size_t n_records;
};

/**
 * Visits every execution that has not ended, oldest first; stops when a visit does not return 0.
 * @return 0, what the visit returned, or negative errno (-EPROTO: records of a format this program does not know).
 */
int bp_store_each_live(struct bp_store *store, int (*visit)(void *userdata, const struct bp_live_execution *live),
                       void *userdata);

/* ---------------------------------------------------------------------------------------------------------------
 * Writes with an answer. Any thread. Handed over; arguments are copied.
 */

/**
 * Called once, on the writer thread, when the write is durable or was refused.
 * @param result 0, BP_STORE_NOT_FOUND, BP_STORE_CONFLICT, BP_STORE_DUPLICATE, or a negative errno (-ECANCELED: closed)
 * @param row    struct bp_pipeline_row of pipelines, else NULL; valid during the call
 */
typedef void bp_store_done(void *userdata, int result, const void *row);

/** Deletes an execution that has ended, with its records and logs. BP_STORE_CONFLICT: it has not. 0 or -ENOMEM. */
int bp_store_execution_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata);

/* ---------------------------------------------------------------------------------------------------------------
 * Events from outside
 */

/** Where an event stands. */
enum bp_inbox_state {
        BP_INBOX_WAITING = 1, /**< on its way to a step, or kept until a step waits for it */
        BP_INBOX_HANDLED,     /**< a step had it, see the effect */
        BP_INBOX_LATE,        /**< its step, or the execution, had ended */
        BP_INBOX_EXPIRED,     /**< no step waited for it in time */
        BP_INBOX_DROPPED,     /**< too many waited, and it was the oldest */
        BP_INBOX_UNROUTABLE,  /**< it carries no correlation id */
};

/** States of events that no step had, as bits 1 << state. */
#define BP_INBOX_UNMATCHED \
        (1u << BP_INBOX_WAITING | 1u << BP_INBOX_EXPIRED | 1u << BP_INBOX_DROPPED | 1u << BP_INBOX_UNROUTABLE)

/** What the step made of an event. */
enum bp_inbox_effect {
        BP_INBOX_COMPLETED = 1, /**< it ended the wait */
        BP_INBOX_PROGRESS,
        BP_INBOX_IGNORED,
};

/** An event that arrived. Texts may be NULL, but the body. */
struct bp_store_event {
        struct bp_id id; /**< the same for a repetition */
        const char *source, *event_id, *type;
        const char *correlation; /**< NULL: it can be for no step */
        struct bp_text body;     /**< JSON */
        struct bp_wall at;
};

/** An event as stored. Texts belong to the arena of the call, and may be NULL. */
struct bp_event_row {
        struct bp_id id;
        const char *source, *event_id, *type, *correlation;
        enum bp_inbox_state state;
        enum bp_inbox_effect effect; /**< of BP_INBOX_HANDLED */
        struct bp_wall arrived_at, kept_from, settled_at;
        bool has_execution;
        struct bp_id execution; /**< that it went to */
        const char *step;
        size_t size;         /**< of the body */
        struct bp_text body; /**< where it was asked for and is still kept */
};

/** The newest step that waits, or once waited, for a correlation id. */
struct bp_awaited {
        bool found;
        bool ended; /**< its execution has */
        struct bp_id execution;
        uint32_t step; /**< index */
};

/** What is known of an event that was kept. Valid during the call. */
struct bp_event_kept {
        struct bp_event_row first; /**< of a duplicate: the event that came first; of a replay: as it was */
        struct bp_awaited awaited;
};

/** Called once, on the writer thread. @param result 0; BP_STORE_DUPLICATE, BP_STORE_NOT_FOUND, BP_STORE_CONFLICT as the
 * function says; negative errno */
typedef void bp_store_event_kept(void *userdata, int result, const struct bp_event_kept *kept);

/** Keeps an event. BP_STORE_DUPLICATE: it came before, and is known. Copied. @return 0 or -ENOMEM. */
int bp_store_event_keep(struct bp_store *store, const struct bp_store_event *event, bp_store_event_kept *done,
                        void *userdata);

/** What became of an event. */
struct bp_event_settlement {
        struct bp_id id;
        enum bp_inbox_state state;
        enum bp_inbox_effect effect; /**< of BP_INBOX_HANDLED */
        bool has_execution;
        struct bp_id execution;
        const char *step; /**< id, or NULL */
        struct bp_wall at;
};

/** Notes what became of an event, with what the engine has appended since its last commit. Copied. `done` may be NULL.
 * @return 0 or -ENOMEM. */
int bp_store_event_settle(struct bp_store *store, const struct bp_event_settlement *settlement, bp_store_done *done,
                          void *userdata);

/** An event that expired or was dropped waits again. NOT_FOUND; CONFLICT: it does already, or was settled otherwise.
 * @return 0 or -ENOMEM. */
int bp_store_event_replay(struct bp_store *store, struct bp_id id, struct bp_wall now, bp_store_event_kept *done,
                          void *userdata);

/** Deletes an event that no step had. NOT_FOUND; CONFLICT: one had it. @return 0 or -ENOMEM. */
int bp_store_event_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata);

/** Events that waited too long expire; those that are no longer known are forgotten, and the oldest that are too many.
 * Handed over. @return 0 or -ENOMEM. */
int bp_store_events_expire(struct bp_store *store, struct bp_wall now);

/** An event with its body. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_store_event(struct bp_store *store, struct bp_id id, struct bp_arena *arena, struct bp_event_row *ret_row);

/** Who waits, or waited, for a correlation id. @return 0 or negative errno. */
int bp_store_event_awaited(struct bp_store *store, const char *correlation, struct bp_awaited *ret_awaited);

/** Visits the events that wait, without bodies, in the order in which they came; stops when a visit does not return 0.
 * @return 0, what the visit returned, or negative errno. */
int bp_store_each_waiting_event(struct bp_store *store,
                                int (*visit)(void *userdata, const struct bp_event_row *row,
                                             const struct bp_awaited *awaited),
                                void *userdata);

/** Which events to list. Zeroed: all. */
struct bp_event_filter {
        uint32_t states;                         /**< bits 1 << enum bp_inbox_state; 0: all */
        const char *correlation, *source, *type; /**< or NULL */
        bool has_execution;
        struct bp_id execution;
        struct bp_wall from, to; /**< of the arrival, inclusive; 0: open */
        uint64_t offset;
        uint32_t limit;
};

/** Lists, newest first, without bodies, and counts all that match. @return 0 or negative errno. */
int bp_store_events(struct bp_store *store, const struct bp_event_filter *filter, struct bp_arena *arena,
                    struct bp_event_row **ret_rows, size_t *ret_n_rows, uint64_t *ret_total);

/* ---------------------------------------------------------------------------------------------------------------
 * Pipelines
 */

/** Status of a pipeline. */
enum bp_pipeline_status {
        BP_PIPELINE_DRAFT = 1,
        BP_PIPELINE_ACTIVE,
        BP_PIPELINE_ARCHIVED,
};

/** A pipeline as stored. Texts belong to the arena of the call. */
struct bp_pipeline_row {
        struct bp_id id;
        uint32_t revision;                     /**< 1, 2, 3 ... with each save: the current one, or the one asked for */
        const char *name, *description, *icon; /**< the last two or NULL */
        enum bp_pipeline_status status;
        bool has_user;
        struct bp_id user; /**< owner; without one it belongs to the system context */
        bool system_owned;
        const char *created_by;                /**< of the pipeline */
        const char *saved_by;                  /**< of this revision */
        uint32_t restored_from;                /**< revision that this one repeats, or 0 */
        struct bp_wall created_at, updated_at; /**< updated_at: of this revision */
        uint32_t n_steps;
        uint64_t definition; /**< number */
        struct bp_digest digest;
        struct bp_text dag;       /**< document as JSON, exactly as it was saved; or NULL where it was not asked for */
        uint64_t execution_count; /**< over all revisions; 0 in a list of revisions */
        struct bp_wall last_execution_at; /**< 0: never, and in a list of revisions */
};

/** A pipeline to be created or saved. Borrowed during the call. */
struct bp_store_pipeline {
        struct bp_id id;
        uint32_t expected_revision; /**< when saving: 0 for any */
        const char *name, *description, *icon;
        enum bp_pipeline_status status;
        bool has_user;
        struct bp_id user;
        bool system_owned;
        const char *saved_by;
        uint32_t restored_from;
        struct bp_wall now;
        uint32_t n_steps;
        struct bp_text dag;
        struct bp_digest digest;
        const struct bp_store_key *key; /**< or NULL */
};

/**
 * Creates a pipeline. BP_STORE_DUPLICATE: its owner has one of this name (no owner counts as one), or the id is taken.
 * BP_STORE_CONFLICT: the idempotency key is taken. @return 0, -ENOMEM, -EINVAL: the digest is not the document's.
 */
int bp_store_pipeline_create(struct bp_store *store, const struct bp_store_pipeline *pipeline, bp_store_done *done,
                             void *userdata);

/** Saves a new revision; the owner stays. NOT_FOUND, CONFLICT (revision, or key), DUPLICATE (name). Returns as above.
 */
int bp_store_pipeline_save(struct bp_store *store, const struct bp_store_pipeline *pipeline, bp_store_done *done,
                           void *userdata);

/** Deletes a pipeline and its revisions; its executions stay. NOT_FOUND. @return 0 or -ENOMEM. */
int bp_store_pipeline_delete(struct bp_store *store, struct bp_id id, bp_store_done *done, void *userdata);

/** A pipeline, its current revision or (revision > 0) that one, with its document. @return 0, BP_STORE_NOT_FOUND,
 * negative errno. */
int bp_store_pipeline(struct bp_store *store, struct bp_id id, uint32_t revision, struct bp_arena *arena,
                      struct bp_pipeline_row *ret_row);

/** Which pipelines to list. Zeroed: all. */
struct bp_pipeline_filter {
        bool has_user;
        struct bp_id user;
        bool include_system; /**< with has_user: those owned by the system too */
        bool with_documents; /**< fill `dag` */
};

/** Lists, newest first. @return 0 or negative errno. */
int bp_store_pipelines(struct bp_store *store, const struct bp_pipeline_filter *filter, struct bp_arena *arena,
                       struct bp_pipeline_row **ret_rows, size_t *ret_n_rows);

/** Revisions of a pipeline, newest first, without documents. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_store_pipeline_revisions(struct bp_store *store, struct bp_id id, struct bp_arena *arena,
                                struct bp_pipeline_row **ret_rows, size_t *ret_n_rows);

/* ---------------------------------------------------------------------------------------------------------------
 * Tokens. Synchronous, short: for the command line and, cached, for authentication. Any thread, any mode.
 */

/** A bearer token; the secret itself is not kept. Texts belong to the arena of the call. */
struct bp_token_row {
        struct bp_id id;
        const char *name, *owner;
        uint32_t scopes;                       /**< bits of the HTTP server's scopes */
        struct bp_digest hash;                 /**< of the secret */
        struct bp_wall created_at, expires_at; /**< expires_at 0: never */
        bool revoked;
};

/** Adds a token, durably. @return 0, BP_STORE_DUPLICATE (one of this name is in force), negative errno. */
int bp_store_token_add(struct bp_store *store, const struct bp_token_row *token);

/** All tokens, oldest first. @return 0 or negative errno. */
int bp_store_tokens(struct bp_store *store, struct bp_arena *arena, struct bp_token_row **ret_rows, size_t *ret_n_rows);

/** A token by the hash of its secret, revoked and expired ones too. @return 0, BP_STORE_NOT_FOUND, negative errno. */
int bp_store_token_find(struct bp_store *store, struct bp_digest hash, struct bp_arena *arena,
                        struct bp_token_row *ret_row);

/** Revokes the token of this name that is in force; it stays in the list. @return 0, BP_STORE_NOT_FOUND, negative
 * errno. */
int bp_store_token_revoke(struct bp_store *store, const char *name);

/** A number that changes when a token was added or revoked, by any process: for caches. @return 0 or negative errno. */
int bp_store_tokens_version(struct bp_store *store, uint64_t *ret_version);

#endif
