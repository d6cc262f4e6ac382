/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to live executions. What came of one is told when it is durable. */
#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "service/state.h"

/* A command on its way. malloc'ed. */
struct command {
        struct bp_service *service;
        struct bp_id execution;
        enum bp_service_command command;
        bp_service_done *done;
        void *userdata;
};

static bool find_state(struct bp_service *service, struct bp_id execution, enum bp_execution_state *ret_state) {
        const struct bp_context *context;

        pthread_mutex_lock(&service->contexts.mutex);
        context = bp_contexts_find(&service->contexts, execution);
        if (context)
                *ret_state = (enum bp_execution_state)context->state;
        pthread_mutex_unlock(&service->contexts.mutex);
        return context != NULL;
}

/* The execution is not live: it has ended, or cannot go on in this process. `result`: what to say when it exists. */
static void answer_from_store(const struct command *command, int result) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_service_answer answer = {.id = command->execution};
        struct bp_execution_row row;
        struct bp_value outputs;
        int r = arena ? bp_store_execution(command->service->store, command->execution, arena, &row) : -ENOMEM;

        if (r == 0)
                r = bp_answer_from_row(&row, arena, &outputs, &answer);
        answer.result = r ? r : result;
        command->done(command->userdata, &answer);
}

static int result_of(const struct command *command, int receipt) {
        if (receipt == BP_COMMAND_UNKNOWN)
                return BP_STORE_CONFLICT;
        if (receipt == BP_COMMAND_IDLE)
                return command->command == BP_SERVICE_RESUME ? BP_STORE_CONFLICT : 0;
        return receipt;
}

static void on_receipt(void *userdata, int receipt) {
        struct command *command = userdata;
        struct bp_service_answer answer = {.id = command->execution, .result = result_of(command, receipt)};
        bool is_live = find_state(command->service, command->execution, &answer.state);

        if (receipt >= 0 && (!is_live || receipt == BP_COMMAND_UNKNOWN))
                answer_from_store(command, answer.result);
        else
                command->done(command->userdata, &answer);
        free(command);
}

static int send(const struct command *command, const char *reason, const struct bp_receipt *receipt) {
        struct bp_runtime *runtime = command->service->runtime;

        if (command->command == BP_SERVICE_CANCEL)
                return bp_runtime_cancel(runtime, command->execution, reason, receipt);
        return bp_runtime_pause(runtime, command->execution, command->command == BP_SERVICE_PAUSE, receipt);
}

int bp_service_command(struct bp_service *service, struct bp_id execution, enum bp_service_command command,
                       const char *reason, bp_service_done *done, void *userdata) {
        const struct command asked = {
                .service = service, .execution = execution, .command = command, .done = done, .userdata = userdata};
        struct command *kept;
        enum bp_execution_state state;
        int r;

        if (!find_state(service, execution, &state) || bp_execution_state_is_final(state)) {
                answer_from_store(&asked, BP_STORE_CONFLICT);
                return 0;
        }
        kept = bp_calloc(1, sizeof(*kept));
        if (!kept)
                return -ENOMEM;
        *kept = asked;
        r = send(kept, reason, &(struct bp_receipt){.done = on_receipt, .userdata = kept});
        if (r < 0)
                free(kept);
        return r;
}

/* To an execution that cannot exist; the answer is that there is none. */
int bp_service_ping(struct bp_service *service, const struct bp_receipt *receipt) {
        return bp_runtime_pause(service->runtime, (struct bp_id){0}, false, receipt);
}
