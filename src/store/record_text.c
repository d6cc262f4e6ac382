/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record_text.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"

enum {
        /* A value nested deeper is kept as a text: with what is around it, it could not be read back otherwise. */
        DEEPEST_PLAIN = BP_VALUE_DEPTH_MAX - 8,
};

/* What a record of this kind usually says, and so is not written. */
static struct bp_record usual(enum bp_record_type type) {
        struct bp_record record = {.type = type, .step = BP_NO_STEP, .data = bp_value_null, .error = bp_value_null};

        switch (type) {
        case BP_RECORD_STEP_STARTED:
                record.attempt = record.generation = 1;
                record.effect = BP_PURE;
                break;
        case BP_RECORD_STEP_ENDED:
                record.attempt = 1;
                record.step_state = BP_STEP_COMPLETED;
                break;
        case BP_RECORD_STEP_WAITING:
        case BP_RECORD_STEP_RETRYING:
        case BP_RECORD_CLEANUP_STARTED:
        case BP_RECORD_CLEANUP_ENDED:
                record.attempt = 1;
                break;
        case BP_RECORD_STEP_PROGRESS:
                record.attempt = 1;
                record.percent = record.eta_minutes = -1.0;
                break;
        case BP_RECORD_EXECUTION_ENDED:
                record.execution_state = BP_EXECUTION_COMPLETED;
                break;
        default:
                break;
        }
        return record;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Writing
 */

void bp_text_add_int(struct bp_strbuf *text, int64_t number) {
        char digits[24], *at = digits + sizeof(digits);
        uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

        do {
                *--at = (char)('0' + left % 10);
                left /= 10;
        } while (left);
        if (number < 0)
                *--at = '-';
        bp_strbuf_add(text, at, (size_t)(digits + sizeof(digits) - at));
}

/* The object of what differs, opened by its first member. */
struct rest {
        struct bp_strbuf *text;
        bool open;
};

static void member(struct rest *rest, char key) {
        const char start[] = {rest->open ? ',' : '{', '"', key, '"', ':'};

        if (!rest->open)
                bp_strbuf_add_char(rest->text, ',');
        bp_strbuf_add(rest->text, start, sizeof(start));
        rest->open = true;
}

static void add_int(struct rest *rest, char key, int64_t number, int64_t usual_number) {
        if (number == usual_number)
                return;
        member(rest, key);
        bp_text_add_int(rest->text, number);
}

static void add_float(struct rest *rest, char key, double number) {
        if (!(number >= 0.0))
                return;
        member(rest, key);
        bp_value_write_float(rest->text, number);
}

static void add_text(struct rest *rest, char key, const char *text) {
        if (!text)
                return;
        member(rest, key);
        bp_json_write_string(rest->text, text, strlen(text));
}

static void add_deep_value(struct rest *rest, char key, const struct bp_value *value) {
        struct bp_strbuf json;

        bp_strbuf_init(&json, NULL, rest->text->limit);
        bp_json_write(&json, value);
        member(rest, (char)(key - 'a' + 'A'));
        bp_json_write_string(rest->text, bp_strbuf_text(&json), json.size);
        if (json.error && !rest->text->error)
                rest->text->error = json.error;
        bp_strbuf_done(&json);
}

static void add_value(struct rest *rest, char key, const struct bp_value *value) {
        if (!value->type || value->type == BP_NULL)
                return;
        if (value->depth > DEEPEST_PLAIN) {
                add_deep_value(rest, key, value);
                return;
        }
        member(rest, key);
        bp_json_write(rest->text, value);
}

static bool stands_in_row(enum bp_record_type type) {
        return type == BP_RECORD_EXECUTION_STARTED || type == BP_RECORD_EXECUTION_ENDED;
}

void bp_record_write(struct bp_strbuf *text, const struct bp_record *record, struct bp_wall first_at) {
        const struct bp_record normal = usual(record->type);
        struct rest rest = {.text = text};

        bp_strbuf_add_char(text, '[');
        bp_text_add_int(text, record->type);
        bp_strbuf_add_char(text, ',');
        bp_text_add_int(text, record->at.us - first_at.us);
        if (record->step != BP_NO_STEP) {
                bp_strbuf_add_char(text, ',');
                bp_text_add_int(text, record->step);
        }
        add_int(&rest, 'a', record->attempt, normal.attempt);
        add_int(&rest, 'g', record->generation, normal.generation);
        add_int(&rest, 'e', record->effect, normal.effect);
        add_int(&rest, 's', record->step_state, normal.step_state);
        add_int(&rest, 'x', record->execution_state, normal.execution_state);
        add_int(&rest, 'u', record->unknown, 0);
        add_text(&rest, 'c', record->code);
        add_text(&rest, 'm', record->message);
        add_text(&rest, 'i', record->external_id);
        if (record->deadline.us)
                add_int(&rest, 'd', record->deadline.us - record->at.us, INT64_MIN);
        if (record->type == BP_RECORD_STEP_PROGRESS) {
                add_float(&rest, 'p', record->percent);
                add_float(&rest, 't', record->eta_minutes);
        }
        if (!stands_in_row(record->type))
                add_value(&rest, 'o', &record->data);
        add_value(&rest, 'r', &record->error);
        bp_strbuf_add(text, "}]", 2);
        if (!rest.open && !text->error) { /* nothing differed */
                text->size -= 2;
                bp_strbuf_add_char(text, ']');
        }
}

/* ---------------------------------------------------------------------------------------------------------------
 * Reading
 */

int bp_stored_json_read(struct bp_arena *arena, const char *text, size_t size, struct bp_value *ret_value) {
        const struct bp_json_limits limits = {.depth = BP_VALUE_DEPTH_MAX, .size_bytes = SIZE_MAX};
        int r = bp_json_parse(arena, text, size, &limits, ret_value, NULL);

        return r > 0 ? -EPROTO : r;
}

static int read_deep(struct bp_arena *arena, const struct bp_value *value, struct bp_value *ret_value) {
        return value->type == BP_STRING ? bp_stored_json_read(arena, value->as.text, value->count, ret_value) : -EPROTO;
}

static int64_t as_int(const struct bp_value *value) {
        return value->type == BP_INT ? value->as.integer : 0;
}

static const char *as_text(const struct bp_value *value) {
        return value->type == BP_STRING ? value->as.text : NULL;
}

static int read_member(struct bp_arena *arena, char key, const struct bp_value *value, struct bp_record *record) {
        switch (key) {
        case 'a':
                record->attempt = (uint32_t)as_int(value);
                return 0;
        case 'g':
                record->generation = (uint32_t)as_int(value);
                return 0;
        case 'e':
                record->effect = (enum bp_effect)as_int(value);
                return 0;
        case 's':
                record->step_state = (enum bp_step_state)as_int(value);
                return 0;
        case 'x':
                record->execution_state = (enum bp_execution_state)as_int(value);
                return 0;
        case 'u':
                record->unknown = true;
                return 0;
        case 'c':
                record->code = as_text(value);
                return 0;
        case 'm':
                record->message = as_text(value);
                return 0;
        case 'i':
                record->external_id = as_text(value);
                return 0;
        case 'd':
                record->deadline.us = record->at.us + as_int(value);
                return 0;
        case 'p':
                record->percent = bp_value_as_float(value);
                return 0;
        case 't':
                record->eta_minutes = bp_value_as_float(value);
                return 0;
        case 'o':
                record->data = *value;
                return 0;
        case 'r':
                record->error = *value;
                return 0;
        case 'O':
                return read_deep(arena, value, &record->data);
        case 'R':
                return read_deep(arena, value, &record->error);
        default:
                return -EPROTO;
        }
}

static int read_rest(struct bp_arena *arena, const struct bp_value *rest, struct bp_record *record) {
        int r = 0;

        for (uint32_t i = 0; i < rest->count && !r; i++)
                r = read_member(arena, rest->as.members[i].key[0], &rest->as.members[i].value, record);
        return r;
}

static int read_record(struct bp_arena *arena, const struct bp_value *item, const struct bp_record_row *row,
                       struct bp_record *ret_record) {
        const struct bp_value *parts = item->as.items;
        uint32_t at = 2;

        if (item->type != BP_LIST || item->count < 2 || parts[0].type != BP_INT || parts[1].type != BP_INT ||
            parts[0].as.integer < BP_RECORD_EXECUTION_STARTED || parts[0].as.integer > BP_RECORD_LATE)
                return -EPROTO;
        *ret_record = usual((enum bp_record_type)parts[0].as.integer);
        ret_record->at.us = row->at.us + parts[1].as.integer;
        if (at < item->count && parts[at].type == BP_INT)
                ret_record->step = (uint32_t)parts[at++].as.integer;
        if (ret_record->type == BP_RECORD_EXECUTION_STARTED && row->params)
                ret_record->data = *row->params;
        if (ret_record->type == BP_RECORD_EXECUTION_ENDED && row->outputs)
                ret_record->data = *row->outputs;
        if (at == item->count)
                return 0;
        return parts[at].type == BP_OBJECT ? read_rest(arena, &parts[at], ret_record) : -EPROTO;
}

int bp_records_read(struct bp_arena *arena, struct bp_text text, const struct bp_record_row *row,
                    struct bp_record **ret_records, size_t *ret_n_records) {
        struct bp_record *records;
        struct bp_value list;
        int r = bp_stored_json_read(arena, text.text, text.size, &list);

        if (r)
                return r;
        if (list.type != BP_LIST)
                return -EPROTO;
        records = bp_arena_array(arena, list.count, sizeof(*records));
        if (!records)
                return -ENOMEM;
        for (uint32_t i = 0; i < list.count; i++) {
                r = read_record(arena, &list.as.items[i], row, &records[i]);
                if (r)
                        return r;
                records[i].sequence = row->first_sequence + i;
        }
        *ret_records = records;
        *ret_n_records = list.count;
        return 0;
}
