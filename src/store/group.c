/* SPDX-License-Identifier: Apache-2.0 */
#include "store/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "pipeline/definition.h"
#include "store/line_text.h"
#include "store/record_text.h"
#include "store/write.h"

enum {
        FIRST_CAPACITY = 16,
        KEPT_TEXT = 1 << 20, /* bytes of text that an empty group keeps for the next time */
        KEPT_CHANGES = 4096,
        MOST_SEQUENCE = 1 << 24,
};

static const struct bp_span no_text = {0, BP_NO_TEXT};

void bp_group_init(struct bp_group *group) {
        *group = (struct bp_group){0};
        bp_strbuf_init(&group->text, NULL, SIZE_MAX / 2);
        group->writes_end = &group->writes;
}

void bp_group_done(struct bp_group *group) {
        bp_strbuf_done(&group->text);
        free(group->creations);
        free(group->changes);
        free(group->rows);
        free(group->runs);
        free(group->logs);
        free(group->waits);
        free(group->index);
}

bool bp_group_is_empty(const struct bp_group *group) {
        return !group->writes && !group->n_changes && !group->ticket;
}

void bp_group_add_write(struct bp_group *group, struct bp_write *write) {
        write->next = NULL;
        *group->writes_end = write;
        group->writes_end = &write->next;
        group->bytes += write->bytes;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Room
 */

/* Room for `more` elements. */
static int reserve(void **array, uint32_t n, uint32_t *capacity, uint32_t more, size_t element_size) {
        uint32_t wanted = *capacity ? *capacity : FIRST_CAPACITY;
        void *larger;

        if (n + more <= *capacity)
                return 0;
        while (wanted < n + more)
                wanted *= 2;
        larger = bp_realloc(*array, wanted, element_size);
        if (!larger)
                return -ENOMEM;
        *array = larger;
        *capacity = wanted;
        return 0;
}

#define RESERVE(group, array, more)                                                             \
        ({                                                                                      \
                void *array_ = (group)->array;                                                  \
                int r_ = reserve(&array_, (group)->n_##array, &(group)->array##_capacity, more, \
                                 sizeof(*(group)->array));                                      \
                (group)->array = array_;                                                        \
                r_;                                                                             \
        })

static uint32_t slot_of(const struct bp_group *group, uint64_t number) {
        uint32_t slot = (uint32_t)(number * 0x9E3779B97F4A7C15u >> 32) & (group->index_size - 1);

        while (group->index[slot] && group->changes[group->index[slot] - 1].number != number)
                slot = (slot + 1) & (group->index_size - 1);
        return slot;
}

static int grow_index(struct bp_group *group) {
        uint32_t size = group->index_size ? group->index_size * 2 : 4 * FIRST_CAPACITY;
        uint32_t *index = bp_calloc(size, sizeof(*index));

        if (!index)
                return -ENOMEM;
        free(group->index);
        group->index = index;
        group->index_size = size;
        for (uint32_t i = 0; i < group->n_changes; i++)
                index[slot_of(group, group->changes[i].number)] = i + 1;
        return 0;
}

/* The change of an execution, entered where there is none. NULL: out of memory. */
static struct bp_change *change_of(struct bp_group *group, uint64_t number) {
        uint32_t slot;

        if (group->n_changes && group->changes[group->n_changes - 1].number == number)
                return &group->changes[group->n_changes - 1];
        if (group->n_changes * 2 >= group->index_size && grow_index(group))
                return NULL;
        slot = slot_of(group, number);
        if (group->index[slot])
                return &group->changes[group->index[slot] - 1];
        if (RESERVE(group, changes, 1))
                return NULL;
        group->changes[group->n_changes] = (struct bp_change){
                .number = number, .creation = BP_NO_CREATION, .code = no_text, .message = no_text, .outputs = no_text};
        group->index[slot] = ++group->n_changes;
        group->bytes += sizeof(struct bp_change);
        return &group->changes[group->n_changes - 1];
}

/* ---------------------------------------------------------------------------------------------------------------
 * Text. A failure sticks in the buffer; whoever began restores it.
 */

static struct bp_span add_text(struct bp_group *group, const char *text) {
        size_t at = group->text.size;

        if (!text)
                return no_text;
        bp_strbuf_add_text(&group->text, text);
        return (struct bp_span){at, group->text.size - at};
}

static struct bp_span add_json(struct bp_group *group, const struct bp_value *value) {
        size_t at = group->text.size;

        if (!value || !value->type || value->type == BP_NULL)
                return no_text;
        bp_json_write(&group->text, value);
        return (struct bp_span){at, group->text.size - at};
}

/* Gives up what was added since the text had this size. @return the failure, or 0 when there was none. */
static int restore_after_failure(struct bp_group *group, size_t size) {
        int r = group->text.error;

        if (!r)
                return 0;
        group->text.error = 0;
        group->text.size = size;
        return -ENOMEM;
}

/* Ends a run that began at `at`: lengthens the execution's last one where it ends there. Room is reserved. */
static void add_run(struct bp_group *group, struct bp_run_list *list, size_t at) {
        struct bp_run *last = &group->runs[list->last];

        if (list->last && last->text.at + last->text.size == at) {
                last->text.size = group->text.size - last->text.at;
                return;
        }
        group->runs[group->n_runs] = (struct bp_run){.text = {at, group->text.size - at}};
        if (list->last)
                last->next = group->n_runs;
        else
                list->first = group->n_runs;
        list->last = group->n_runs++;
}

static int reserve_run(struct bp_group *group) {
        int r = RESERVE(group, runs, 2);

        if (!r && !group->n_runs)
                group->runs[group->n_runs++] = (struct bp_run){0}; /* index 0 means none */
        return r;
}

static void weigh(struct bp_group *group, size_t text_before) {
        group->bytes += group->text.size - text_before;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Executions and records
 */

/* What was given is kept only where it is not what came of it. */
static struct bp_span add_given(struct bp_group *group, const struct bp_value *given, struct bp_span params) {
        struct bp_span span = add_json(group, given);

        if (group->text.error || span.size != params.size || span.size == BP_NO_TEXT ||
            memcmp(bp_span_text(group, span), bp_span_text(group, params), span.size) != 0)
                return span;
        group->text.size = span.at;
        return no_text;
}

/* Topics have no line breaks: bp_topic_problem(). */
static struct bp_span add_topics(struct bp_group *group, const char *const *topics) {
        size_t at = group->text.size;

        if (!topics || !topics[0])
                return no_text;
        for (; *topics; topics++) {
                bp_strbuf_add_text(&group->text, *topics);
                bp_strbuf_add_char(&group->text, '\n');
        }
        return (struct bp_span){at, group->text.size - at};
}

int bp_group_create(struct bp_group *group, uint64_t number, const struct bp_store_new_execution *execution) {
        size_t before = group->text.size;
        struct bp_creation creation = {.id = execution->id,
                                       .pipeline = execution->pipeline,
                                       .retry_of = execution->retry_of,
                                       .has_pipeline = execution->has_pipeline,
                                       .has_retry_of = execution->has_retry_of,
                                       .revision = execution->revision,
                                       .created_at = execution->created_at,
                                       .initiator = add_text(group, execution->initiator ? execution->initiator : ""),
                                       .principal = add_text(group, execution->principal),
                                       .origin = add_text(group, execution->origin),
                                       .options = add_json(group, execution->options),
                                       .topics = add_topics(group, execution->topics),
                                       .refused = add_text(group, execution->topics_refused),
                                       .subscriptions_expire_at = execution->topics_expire_at,
                                       .params = add_json(group, execution->params)};
        struct bp_change *change;
        int r;

        creation.given = add_given(group, execution->given, creation.params);
        r = restore_after_failure(group, before);
        if (!r)
                r = RESERVE(group, creations, 1);
        change = r ? NULL : change_of(group, number);
        if (!change) {
                group->text.size = before;
                return -ENOMEM;
        }
        creation.definition = bp_definition_ref(execution->definition);
        change->creation = group->n_creations;
        change->touched = true;
        group->creations[group->n_creations++] = creation;
        group->bytes += sizeof(creation);
        weigh(group, before);
        return 0;
}

/* What a record says about its execution's row. Its texts are in the group's text already. */
static void fold(struct bp_change *change, const struct bp_record *record) {
        switch (record->type) {
        case BP_RECORD_EXECUTION_STARTED:
                change->state = BP_EXECUTION_RUNNING;
                change->started_at = record->at;
                break;
        case BP_RECORD_EXECUTION_PAUSED:
                change->state = BP_EXECUTION_PAUSED;
                break;
        case BP_RECORD_EXECUTION_RESUMED:
                change->state = BP_EXECUTION_RUNNING;
                break;
        case BP_RECORD_EXECUTION_ENDED:
                change->state = (uint8_t)record->execution_state;
                change->ended_at = record->at;
                break;
        default:
                return;
        }
        change->touched = true;
}

static const struct bp_record *ending(const struct bp_record *records, size_t n_records) {
        for (size_t i = 0; i < n_records; i++)
                if (records[i].type == BP_RECORD_EXECUTION_ENDED)
                        return &records[i];
        return NULL;
}

/* Sequences without a gap, and none so high that the row could not be read any more. */
static int check_sequences(const struct bp_group *group, const struct bp_change *change,
                           const struct bp_record *records, size_t n_records) {
        const struct bp_row *last = change->last_row ? &group->rows[change->last_row] : NULL;
        uint64_t expected = last ? last->first_sequence + last->records.n : records[0].sequence;

        if (records[n_records - 1].sequence > MOST_SEQUENCE)
                return -E2BIG;
        for (size_t i = 0; i < n_records; i++)
                if (records[i].sequence != expected + i)
                        return -EINVAL;
        return 0;
}

/* Writes the records behind one another. @return where they begin: behind a comma that joins them to earlier ones */
static size_t write_records(struct bp_group *group, const struct bp_row *row, const struct bp_record *records,
                            size_t n_records) {
        struct bp_wall first_at = row ? row->records.first_at : records[0].at;
        size_t at = group->text.size;

        for (size_t i = 0; i < n_records; i++) {
                if (i || row)
                        bp_strbuf_add_char(&group->text, ',');
                bp_record_write(&group->text, &records[i], first_at);
        }
        return at;
}

static int reserve_row(struct bp_group *group) {
        int r = RESERVE(group, rows, 2);

        if (!r && !group->n_rows)
                group->rows[group->n_rows++] = (struct bp_row){0}; /* index 0 means none */
        return r ? r : reserve_run(group);
}

/* The row that goes on with these records, or NULL: none of the execution's, or another execution's came in between. */
static struct bp_row *open_row(struct bp_group *group, const struct bp_change *change) {
        return change->last_row && change->last_row == group->n_rows - 1 ? &group->rows[change->last_row] : NULL;
}

static struct bp_row *begin_row(struct bp_group *group, struct bp_change *change, const struct bp_record *first,
                                uint64_t position) {
        struct bp_row *row = &group->rows[group->n_rows];

        *row = (struct bp_row){
                .position = position, .first_sequence = first->sequence, .records = {.first_at = first->at}};
        if (change->last_row)
                group->rows[change->last_row].next = group->n_rows;
        else
                change->first_row = group->n_rows;
        change->last_row = group->n_rows++;
        return row;
}

/* Enters steps that begin to wait for events behind those of the group, which does not count them yet. @return how
 * many, or -ENOMEM */
static int add_waits(struct bp_group *group, uint64_t number, const struct bp_record *records, size_t n_records) {
        uint32_t n = 0;

        for (size_t i = 0; i < n_records; i++)
                n += records[i].type == BP_RECORD_STEP_WAITING && records[i].external_id;
        if (n == 0)
                return 0;
        if (RESERVE(group, waits, n))
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < n_records; i++)
                if (records[i].type == BP_RECORD_STEP_WAITING && records[i].external_id)
                        group->waits[group->n_waits + n++] =
                                (struct bp_begun_wait){.number = number,
                                                       .step = records[i].step,
                                                       .correlation = add_text(group, records[i].external_id)};
        return (int)n;
}

int bp_group_append(struct bp_group *group, uint64_t number, const struct bp_record *records, size_t n_records,
                    uint64_t *position, uint64_t *ret_row) {
        const struct bp_record *end = ending(records, n_records);
        struct bp_span code = no_text, message = no_text, outputs = no_text;
        size_t before = group->text.size, at;
        struct bp_change *change = change_of(group, number);
        struct bp_row *row;
        int r = change ? check_sequences(group, change, records, n_records) : -ENOMEM, n_waits;

        if (!r)
                r = reserve_row(group);
        if (r)
                return r;
        n_waits = add_waits(group, number, records, n_records);
        if (n_waits < 0)
                return n_waits;
        if (end) {
                code = add_text(group, end->code);
                message = add_text(group, end->message);
                outputs = add_json(group, &end->data);
        }
        row = open_row(group, change);
        at = write_records(group, row, records, n_records);
        r = restore_after_failure(group, before);
        if (r)
                return r;
        if (end) {
                change->code = code;
                change->message = message;
                change->outputs = outputs;
        }
        if (!row)
                row = begin_row(group, change, &records[0], ++*position);
        add_run(group, &row->records, at);
        row->records.n += (uint32_t)n_records;
        row->records.last_at = records[n_records - 1].at;
        for (size_t i = 0; i < n_records; i++)
                fold(change, &records[i]);
        group->n_records += (uint32_t)n_records;
        group->n_waits += (uint32_t)n_waits;
        weigh(group, before);
        *ret_row = row->position;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Logs
 */

/* Counts a line of a step. Lines of one step mostly come together. Room is reserved. */
static void count_line(struct bp_group *group, struct bp_change *change, uint32_t step) {
        struct bp_log_count *last = &group->logs[change->last_log];

        if (change->last_log && last->step == step) {
                last->n++;
                return;
        }
        group->logs[group->n_logs] = (struct bp_log_count){.step = step, .n = 1};
        if (change->last_log)
                last->next = group->n_logs;
        else
                change->first_log = group->n_logs;
        change->last_log = group->n_logs++;
}

static int reserve_line(struct bp_group *group) {
        int r = reserve_run(group);

        if (!r)
                r = RESERVE(group, logs, 2);
        if (!r && !group->n_logs)
                group->logs[group->n_logs++] = (struct bp_log_count){0}; /* index 0 means none */
        return r;
}

int bp_group_log(struct bp_group *group, uint64_t number, const struct bp_store_line *line, uint64_t *position) {
        struct bp_change *change = change_of(group, number);
        size_t before = group->text.size;
        int r = change ? reserve_line(group) : -ENOMEM;

        if (r)
                return r;
        if (change->lines.n)
                bp_strbuf_add_char(&group->text, ',');
        bp_line_write(&group->text, line, change->lines.n ? change->lines.first_at : line->at);
        r = restore_after_failure(group, before);
        if (r)
                return r;
        add_run(group, &change->lines, before);
        count_line(group, change, line->step);
        if (!change->lines.n++) {
                change->lines.first_at = line->at;
                change->lines_position = ++*position;
        }
        change->lines.last_at = line->at;
        weigh(group, before);
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * The end
 */

/* Forgets everything, and gives back what only an exceptional group needed. */
static void clear(struct bp_group *group) {
        for (uint32_t i = 0; i < group->n_creations; i++)
                bp_definition_unref(group->creations[i].definition);
        if (group->text.capacity > KEPT_TEXT || group->changes_capacity > KEPT_CHANGES) {
                bp_group_done(group);
                bp_group_init(group);
                return;
        }
        bp_strbuf_clear(&group->text);
        if (group->index)
                memset(group->index, 0, group->index_size * sizeof(*group->index));
        group->bytes = 0;
        group->ticket = 0;
        group->n_creations = group->n_changes = group->n_rows = group->n_runs = group->n_logs = group->n_records = 0;
        group->n_waits = 0;
        group->writes = NULL;
        group->writes_end = &group->writes;
}

void bp_group_finish(struct bp_group *group, int error) {
        struct bp_write *write = group->writes;

        while (write) {
                struct bp_write *next = write->next; /* `done` frees it */

                write->done(write, error ? error : write->result);
                write = next;
        }
        clear(group);
}
