/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/events_log.h"

#include <errno.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "pipeline/definition.h"
#include "service/service.h"

struct bp_events_log {
        struct bp_service *service;
        struct bp_log *log;
        struct bp_service_subscription *subscription;
};

static const char *step_of(const struct bp_service_event *event, uint32_t step) {
        return step < event->definition->n_steps ? event->definition->steps[step].id : NULL;
}

static void log_record(struct bp_log *log, const struct bp_service_event *event, const char *execution) {
        const struct bp_record *record = event->record;
        const char *state = NULL;

        if (record->type == BP_RECORD_STEP_ENDED)
                state = bp_step_state_name(record->step_state);
        else if (record->type == BP_RECORD_EXECUTION_ENDED)
                state = bp_execution_state_name(record->execution_state);

        const struct bp_log_field fields[] = {
                {.name = "execution_id", .text = execution},
                {.name = "step_id", .text = step_of(event, record->step)},
                {.name = "attempt", .number = record->attempt},
                {.name = "status", .text = state},
                {.name = "code", .text = record->code},
                {.name = "reason", .text = record->message},
        };

        bp_log_write(log, BP_LOG_DEBUG, "engine", fields, sizeof(fields) / sizeof(fields[0]),
                     bp_record_type_name(record->type));
}

static void log_line(struct bp_log *log, const struct bp_service_event *event, const char *execution) {
        const struct bp_log_field fields[] = {
                {.name = "execution_id", .text = execution},
                {.name = "step_id", .text = step_of(event, event->line->step)},
                {.name = "attempt", .number = event->line->attempt},
        };

        bp_log_write(log, (enum bp_log_level)event->line->level, "action", fields, sizeof(fields) / sizeof(fields[0]),
                     event->line->message);
}

static void log_event(void *userdata, const struct bp_service_event *event) {
        const struct bp_events_log *events_log = userdata;
        char execution[BP_ID_TEXT_SIZE];

        bp_id_format(event->execution, execution);
        if (event->record)
                log_record(events_log->log, event, execution);
        else
                log_line(events_log->log, event, execution);
}

int bp_events_log_begin(struct bp_service *service, struct bp_log *log, struct bp_events_log **ret_events_log) {
        struct bp_events_log *events_log = bp_calloc(1, sizeof(*events_log));
        int r;

        if (!events_log)
                return -ENOMEM;
        events_log->service = service;
        events_log->log = log;
        r = bp_service_subscribe(service, NULL, log_event, events_log, &events_log->subscription);
        if (r) {
                free(events_log);
                return r;
        }
        *ret_events_log = events_log;
        return 0;
}

void bp_events_log_end(struct bp_events_log *events_log) {
        if (!events_log)
                return;
        bp_service_unsubscribe(events_log->service, events_log->subscription);
        free(events_log);
}
