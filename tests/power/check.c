/* SPDX-License-Identifier: Apache-2.0 */
/* What a store must hold after the power came back. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "facts.h"
#include "workload.h"

/* A store that is looked at. Functions return false once something is wrong, with the words. */
struct check {
        struct workload *workload;
        struct bp_store *store;
        struct bp_arena *arena;
        char *words;
        size_t size;
        bool pipeline_is_there[WORKLOAD_PIPELINES], pipeline_was_there[WORKLOAD_PIPELINES];
        uint32_t revisions[WORKLOAD_PIPELINES];
        uint32_t records[WORKLOAD_EXECUTIONS], lines[WORKLOAD_EXECUTIONS];
        bool is_gone[WORKLOAD_EXECUTIONS];
        uint32_t told[WORKLOAD_EXECUTIONS];
        bool event_is_there[WORKLOAD_EVENTS], event_is_handled[WORKLOAD_EVENTS];
        uint64_t runs[2]; /* executions of the first two pipelines */
};

#define WRONG(check, ...) (snprintf((check)->words, (check)->size, __VA_ARGS__), false)

static bool same_text(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_value(struct check *check, const struct bp_value *a, const struct bp_value *b) {
        struct bp_strbuf texts[2];

        bp_strbuf_init(&texts[0], check->arena, 1 << 20);
        bp_strbuf_init(&texts[1], check->arena, 1 << 20);
        bp_json_write(&texts[0], a);
        bp_json_write(&texts[1], b);
        return strcmp(bp_strbuf_text(&texts[0]), bp_strbuf_text(&texts[1])) == 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Keys
 */

/* @return whether it is there; `*ok` is cleared when it is there and differs */
static bool key_is_there(struct check *check, const struct bp_store_key *key, bool *ok) {
        struct bp_store_key found;
        int r = bp_store_key_find(check->store, key->scope, key->key, key->created_at, check->arena, &found);

        if (r == BP_STORE_NOT_FOUND)
                return false;
        if (r)
                *ok = WRONG(check, "key %s: %d", key->key, r);
        else if (memcmp(&found.subject, &key->subject, sizeof(found.subject)) != 0 || found.status != key->status ||
                 found.answer_size != key->answer_size ||
                 (key->answer_size && memcmp(found.answer, key->answer, key->answer_size) != 0))
                *ok = WRONG(check, "key %s is not as it was kept", key->key);
        return true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Pipelines
 */

static bool check_revision(struct check *check, uint32_t subject, uint32_t revision) {
        struct bp_store_pipeline expected = pipeline_revision(check->arena, subject, revision, check->workload->bulk);
        struct bp_pipeline_row row;
        int r = bp_store_pipeline(check->store, expected.id, revision, check->arena, &row);

        if (r)
                return WRONG(check, "pipeline %u has no revision %u: %d", subject, revision, r);
        if (row.revision != revision || !same_text(row.name, expected.name) ||
            !same_text(row.description, expected.description) || row.n_steps != revision ||
            row.dag.size != expected.dag.size || memcmp(row.dag.text, expected.dag.text, row.dag.size) != 0)
                return WRONG(check, "pipeline %u revision %u is not as it was saved", subject, revision);
        return true;
}

static bool check_pipeline(struct check *check, uint32_t subject) {
        struct bp_store_key key = pipeline_key(check->arena, subject);
        struct bp_pipeline_row row;
        bool ok = true;
        int r = bp_store_pipeline(check->store, pipeline_id(subject), 0, check->arena, &row);

        check->pipeline_was_there[subject] = key_is_there(check, &key, &ok);
        check->pipeline_is_there[subject] = !r;
        if (!ok || r == BP_STORE_NOT_FOUND)
                return ok;
        if (r)
                return WRONG(check, "pipeline %u: %d", subject, r);
        if (!check->pipeline_was_there[subject])
                return WRONG(check, "pipeline %u is there without the key of its creation", subject);
        check->revisions[subject] = row.revision;
        for (uint32_t revision = 1; ok && revision <= row.revision; revision++)
                ok = check_revision(check, subject, revision);
        return ok;
}

static bool check_counts(struct check *check) {
        for (uint32_t subject = 0; subject < 2; subject++) {
                struct bp_pipeline_row row;

                if (check->pipeline_is_there[subject] &&
                    (bp_store_pipeline(check->store, pipeline_id(subject), 0, check->arena, &row) ||
                     row.execution_count != check->runs[subject]))
                        return WRONG(check, "pipeline %u counts %llu executions, there are %llu", subject,
                                     (unsigned long long)row.execution_count, (unsigned long long)check->runs[subject]);
        }
        return true;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Executions
 */

static bool check_records(struct check *check, uint32_t subject, const struct bp_execution_row *row) {
        struct bp_record *records, *expected;
        size_t n;
        int r = bp_store_records(check->store, row->number, 0, 0, check->arena, &records, &n);

        if (r)
                return WRONG(check, "records of execution %u: %d", subject, r);
        if (n != row->sequence || n > records_of(subject))
                return WRONG(check, "execution %u has %zu records, its row says %llu", subject, n,
                             (unsigned long long)row->sequence);
        expected = records_from(check->arena, subject, 1, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
                if (records[i].type != expected[i].type || records[i].sequence != expected[i].sequence ||
                    records[i].at.us != expected[i].at.us || records[i].step != expected[i].step ||
                    records[i].attempt != expected[i].attempt || records[i].step_state != expected[i].step_state ||
                    !same_value(check, &records[i].data, &expected[i].data))
                        return WRONG(check, "record %zu of execution %u is not as it was appended", i + 1, subject);
        check->records[subject] = (uint32_t)n;
        return true;
}

static bool check_lines(struct check *check, uint32_t subject, const struct bp_execution_row *row) {
        struct bp_store_line *lines;
        size_t n;
        int r = bp_store_logs(check->store, row->number, BP_NO_STEP, 0, 1000, check->arena, &lines, &n);

        if (r)
                return WRONG(check, "lines of execution %u: %d", subject, r);
        for (size_t i = 0; i < n; i++) {
                struct bp_store_line expected = line_of(check->arena, subject, (uint32_t)i);

                if (lines[i].step != expected.step || lines[i].at.us != expected.at.us ||
                    !same_text(lines[i].message, expected.message))
                        return WRONG(check, "line %zu of execution %u is not as it was appended", i, subject);
        }
        check->lines[subject] = (uint32_t)n;
        return true;
}

/* Who was told of a record that is lost would know more than we do. */
static bool check_told(struct check *check, uint32_t subject, const struct bp_execution_row *row) {
        struct bp_subscription_row *rows;
        size_t n_rows;
        int r = bp_store_subscriptions(check->store, row->number, check->arena, &rows, &n_rows);

        if (r || n_rows != 1)
                return WRONG(check, "execution %u has %zu subscriptions: %d", subject, n_rows, r);
        if (rows[0].cursor > check->records[subject])
                return WRONG(check, "execution %u was told to %llu, and has %u records", subject,
                             (unsigned long long)rows[0].cursor, check->records[subject]);
        if ((rows[0].state == BP_SUBSCRIPTION_DONE) != (rows[0].cursor == records_of(subject)))
                return WRONG(check, "the subscription of execution %u does not follow from its cursor", subject);
        check->told[subject] = (uint32_t)rows[0].cursor;
        for (uint32_t sequence = 1; sequence <= records_of(subject); sequence++) {
                struct bp_dead_letter expected = letter_of(check->arena, subject, sequence), letter;

                r = bp_store_dead_letter(check->store, expected.id, check->arena, &letter);
                if (r && r != BP_STORE_NOT_FOUND)
                        return WRONG(check, "dead letter %u of execution %u: %d", sequence, subject, r);
                if (!r != (letter_is_due(subject, sequence) && sequence <= rows[0].cursor))
                        return WRONG(check, "dead letter %u of execution %u and the cursor do not go together",
                                     sequence, subject);
        }
        return true;
}

static bool check_execution(struct check *check, uint32_t subject) {
        struct bp_store_key key = execution_key(check->arena, subject);
        struct bp_execution_row row;
        bool ok = true, has_key = key_is_there(check, &key, &ok), ended;
        int r = bp_store_execution(check->store, execution_id(subject), check->arena, &row);

        if (!ok)
                return false;
        check->is_gone[subject] = has_key && r == BP_STORE_NOT_FOUND;
        if (has_key ? check->is_gone[subject] && !check->workload->gone[subject] : !r)
                return WRONG(check, "execution %u and its key are not there together", subject);
        if (r)
                return r == BP_STORE_NOT_FOUND || WRONG(check, "execution %u: %d", subject, r);
        if (!check_records(check, subject, &row) || !check_lines(check, subject, &row))
                return false;
        if (!check->records[subject])
                return WRONG(check, "execution %u is there without a record", subject);
        ended = check->records[subject] == records_of(subject);
        if (row.state != (ended ? BP_EXECUTION_COMPLETED : BP_EXECUTION_RUNNING) || (row.outputs.text != NULL) != ended)
                return WRONG(check, "the row of execution %u does not follow from its records", subject);
        check->runs[subject % 2]++;
        return check_told(check, subject, &row);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Events from outside
 */

/* That an event was handled, and what it brought, are there together or not at all. */
static bool check_handling(struct check *check, uint32_t subject, const struct bp_event_row *row) {
        const struct handling *handling = &check->workload->handlings[subject];
        bool is_handled = row->state == BP_INBOX_HANDLED, is_brought;

        if (subject >= check->workload->n_handled)
                return !is_handled || WRONG(check, "event %u is handled, and nobody did", subject);
        is_brought = check->is_gone[handling->execution] || check->records[handling->execution] >= handling->sequence;
        if (is_handled != is_brought)
                return WRONG(check, "event %u is %s, and record %u of execution %u is %s", subject,
                             is_handled ? "handled" : "waiting", handling->sequence, handling->execution,
                             is_brought ? "there" : "not there");
        return true;
}

static bool check_event(struct check *check, uint32_t subject) {
        struct bp_store_event expected = event_of(check->arena, subject);
        struct bp_event_row row;
        int r = bp_store_event(check->store, expected.id, check->arena, &row);

        if (r == BP_STORE_NOT_FOUND)
                return true;
        if (r)
                return WRONG(check, "event %u: %d", subject, r);
        if (!same_text(row.event_id, expected.event_id) || !same_text(row.correlation, expected.correlation) ||
            (row.state != BP_INBOX_WAITING && row.state != BP_INBOX_HANDLED) ||
            (row.state == BP_INBOX_WAITING &&
             (row.body.size != expected.body.size || memcmp(row.body.text, expected.body.text, row.body.size) != 0)))
                return WRONG(check, "event %u is not as it was kept", subject);
        check->event_is_there[subject] = true;
        check->event_is_handled[subject] = row.state == BP_INBOX_HANDLED;
        return check_handling(check, subject, &row);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Facts
 */

static bool is_present(struct check *check, const struct fact *fact, bool *ok) {
        struct bp_store_key key;

        switch (fact->type) {
        case FACT_REVISION:
                return check->pipeline_is_there[fact->subject] ? check->revisions[fact->subject] >= fact->number
                                                               : check->pipeline_was_there[fact->subject];
        case FACT_DELETED:
                return check->pipeline_was_there[fact->subject] && !check->pipeline_is_there[fact->subject];
        case FACT_KEY:
                key = kept_key(check->arena, fact->number);
                return key_is_there(check, &key, ok);
        case FACT_RECORDS:
                return check->is_gone[fact->subject] || check->records[fact->subject] >= fact->number;
        case FACT_LINES:
                return check->is_gone[fact->subject] || check->lines[fact->subject] >= fact->number;
        case FACT_GONE:
                return check->is_gone[fact->subject];
        case FACT_EVENT:
                return check->event_is_there[fact->subject];
        case FACT_HANDLED:
                return check->event_is_handled[fact->subject];
        case FACT_TOLD:
                return check->is_gone[fact->subject] || check->told[fact->subject] >= fact->number;
        default:
                return true;
        }
}

/* In each stream a first part is there, and everything that was acknowledged. */
static bool check_facts(struct check *check, size_t at) {
        static const char *const names[] = {
                [FACT_REVISION] = "revision", [FACT_DELETED] = "deletion", [FACT_KEY] = "key",
                [FACT_RECORDS] = "record",    [FACT_LINES] = "line",       [FACT_GONE] = "deletion of execution",
                [FACT_EVENT] = "event",       [FACT_HANDLED] = "handling", [FACT_TOLD] = "cursor"};
        bool missing[2] = {false, false}, ok = true;

        for (size_t i = 0; i < check->workload->n_facts; i++) {
                const struct fact *fact = &check->workload->facts[i];
                bool is = is_present(check, fact, &ok), *stream = &missing[is_of_the_journal(fact->type)];

                if (!ok)
                        return false;
                if (fact->type == FACT_NOTHING)
                        continue;
                if (is && *stream)
                        return WRONG(check, "%s %u of %u is there, one handed over before it is not", names[fact->type],
                                     fact->number, fact->subject);
                if (!is && fact->acknowledged && fact->at <= at)
                        return WRONG(check, "%s %u of %u is lost; it was reported durable at %zu", names[fact->type],
                                     fact->number, fact->subject, fact->at);
                *stream = *stream || !is;
        }
        return true;
}

/* What is there was handed over. */
static bool check_nothing_else(struct check *check) {
        for (uint32_t i = 0; i < WORKLOAD_PIPELINES; i++)
                if (check->revisions[i] > check->workload->revisions[i] ||
                    (check->pipeline_was_there[i] && !check->pipeline_is_there[i] && !check->workload->deleted[i]))
                        return WRONG(check, "pipeline %u is in a state that nobody brought it to", i);
        for (uint32_t i = 0; i < WORKLOAD_EXECUTIONS; i++)
                if (check->records[i] > check->workload->records[i] || check->lines[i] > check->workload->lines[i])
                        return WRONG(check, "execution %u has records or lines that nobody appended", i);
        for (uint32_t i = check->workload->n_events; i < WORKLOAD_EVENTS; i++)
                if (check->event_is_there[i])
                        return WRONG(check, "event %u is there, and nobody kept it", i);
        return true;
}

bool workload_check(struct workload *workload, struct bp_store *store, size_t at, char *reterr_words, size_t size) {
        struct check check = {.workload = workload,
                              .store = store,
                              .arena = bp_arena_new(BP_ARENA_UNLIMITED),
                              .words = reterr_words,
                              .size = size};
        bool ok = true;

        assert_non_null(check.arena);
        for (uint32_t i = 0; ok && i < WORKLOAD_PIPELINES; i++)
                ok = check_pipeline(&check, i);
        for (uint32_t i = 0; ok && i < WORKLOAD_EXECUTIONS; i++)
                ok = check_execution(&check, i);
        for (uint32_t i = 0; ok && i < WORKLOAD_EVENTS; i++)
                ok = check_event(&check, i);
        ok = ok && check_counts(&check) && check_nothing_else(&check) && check_facts(&check, at);
        bp_arena_free(check.arena);
        return ok;
}
