/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_durable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "cli/cli.h"
#include "cli/outgoing.h"
#include "pipeline/definition.h"
#include "service/service.h"
#include "store/store.h"

enum {
        DRAIN_SECONDS = 5, /* for what else is under way when the run has ended */
};

struct bp_durable_run {
        struct bp_durable_order order;
        struct bp_service *service;
};

static void notice(void *userdata, enum bp_log_level level, const char *message) {
        const struct bp_cli *cli = userdata;

        if (level >= BP_LOG_WARNING)
                bp_cli_warning(cli, "%s", message);
        else
                fprintf(cli->err, "%s\n", message);
}

static int open_service(struct bp_durable_run *run) {
        struct bp_service_settings settings = {.registry = run->order.registry,
                                               .runtime = {.invoke = &run->order.outgoing->invoke,
                                                           .system_user_id = run->order.outgoing->system_user_id,
                                                           .drain_seconds = DRAIN_SECONDS},
                                               .observer = run->order.observer,
                                               .notice = notice};
        union {
                const struct bp_cli *cli;
                void *userdata;
        } reader = {.cli = run->order.cli}; /* the notice only reads it */
        struct bp_problem problem = {0};
        int r = bp_store_url_complete(run->order.arena, run->order.store, &settings.store_url);

        if (r < 0)
                return r;
        settings.userdata = reader.userdata;
        r = bp_service_new(&settings, &run->service, &problem);
        if (r > 0)
                bp_cli_error(run->order.cli, "%s: %s", problem.code, problem.message);
        return r > 0 ? 1 : r;
}

int bp_durable_new(const struct bp_durable_order *order, struct bp_durable_run **ret_run) {
        struct bp_durable_run *run = bp_calloc(1, sizeof(*run));
        int r;

        if (!run)
                return -ENOMEM;
        run->order = *order;
        r = open_service(run);
        if (r) {
                free(run);
                return r;
        }
        *ret_run = run;
        return 0;
}

/* A start that does not become durable leaves nothing to wait for. */
static void on_started(void *userdata, const struct bp_service_answer *answer) {
        struct bp_durable_run *run = userdata;

        if (answer->result)
                bp_service_stop(run->service);
}

int bp_durable_start(struct bp_durable_run *run, const struct bp_definition *definition, const struct bp_value *params,
                     struct bp_id *ret_execution) {
        struct bp_problem_list errors = {.arena = run->order.arena};
        const struct bp_service_start start = {
                .document = &definition->source, .params = params, .initiator = "cli", .origin = "cli"};
        struct bp_service_started started;
        int r = bp_service_start(run->service, &start, run->order.arena, &errors, &started, on_started, run);

        if (r > 0)
                bp_cli_error(run->order.cli, "%s", errors.count ? errors.items[0]->message : "it cannot be started");
        if (r)
                return r > 0 ? 1 : r;
        bp_definition_unref(started.definition);
        *ret_execution = started.id;
        return 0;
}

int bp_durable_go(struct bp_durable_run *run) {
        return bp_service_run(run->service, false);
}

static void on_cancelled(void *userdata, const struct bp_service_answer *answer) {
        (void)userdata;
        (void)answer; /* the end of the execution tells */
}

int bp_durable_cancel(struct bp_durable_run *run, struct bp_id execution, const char *reason) {
        return bp_service_command(run->service, execution, BP_SERVICE_CANCEL, reason, on_cancelled, NULL);
}

void bp_durable_stop(struct bp_durable_run *run) {
        bp_service_stop(run->service);
}

struct bp_durable_run *bp_durable_free(struct bp_durable_run *run) {
        if (!run)
                return NULL;
        bp_service_free(run->service);
        free(run);
        return NULL;
}
