/* SPDX-License-Identifier: Apache-2.0 */
/* How things are cut short: cancel, cleanup, pause, crash, shutdown. */
#include "scenario.h"

/* clang-format off */
static const struct scenario scenarios[] = {
        {"cancel is recorded first, tells what runs, ends waits, skips the rest",
         "{'name': 'w', 'settings': {'max_parallel_steps': 3}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}, {'id': 'c', 'name': 'C', 'action': 'bare', 'on_failure': 'retry'},"
         " {'id': 'd', 'name': 'D', 'action': 'bare', 'depends_on': ['a']}]}",
         .moments = {
                {"start",
                 "execution_started step_started:a#1 step_started:b#1 step_started:c#1 | run:a#1 run:b#1 run:c#1"},
                {"b#1 waits key", "step_waiting:b#1+1800 | await:b#1=key"},
                {"c#1 failed E no", "step_retrying:c#1(E)+60"},
                {"cancel",
                 "cancel_requested step_ended:b#1=CANCELLED(CANCELLED) step_ended:c#1=CANCELLED(CANCELLED) "
                 "step_ended:d#0=SKIPPED(CANCELLED) | stop:a#1 forget:b#1=key"},
                {"cancel", ""},
                {"a#1 failed STOPPED told",
                 "step_ended:a#1=CANCELLED(CANCELLED) execution_ended=CANCELLED(CANCELLED) | ended"},
                {"cancel", ""},
         }},
        {"within the grace period a completed attempt counts",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"cancel", "cancel_requested | stop:a#1"},
                {"a#1 completed", "step_ended:a#1=COMPLETED execution_ended=CANCELLED(CANCELLED) | ended"},
         }},
        {"an attempt that begins to wait after the cancel is cancelled",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"cancel", "cancel_requested | stop:a#1"},
                {"a#1 waits key", "step_ended:a#1=CANCELLED(CANCELLED) execution_ended=CANCELLED(CANCELLED) | ended"},
         }},
        {"after the grace period the outcome is discarded, once attempts included",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send'}]}",
         .settings = {.cancel_grace_seconds = 4}, .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"cancel", "cancel_requested | stop:a#1"},
                {"+3", ""},
                {"+1", "step_ended:a#1=CANCELLED(CANCELLED) cleanup_started:a#1 | cleanup:a#1"},
                {"cleanup a#1 completed", "cleanup_ended:a#1 execution_ended=CANCELLED(CANCELLED)"},
                {"a#1 completed", "late:a#1 | ended"},
         }},
        {"an execution can be cancelled before it has started",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"cancel",
                 "cancel_requested step_ended:a#0=SKIPPED(CANCELLED) execution_ended=CANCELLED(CANCELLED) | ended"},
                {"start", ""},
         }},
        {"cancel overrides a failure that is still winding up",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'send'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"a#1 failed E no", "step_ended:a#1=FAILED(E)"},
                {"cancel", "cancel_requested | stop:b#1"},
                {"b#1 completed", "step_ended:b#1=COMPLETED execution_ended=CANCELLED(CANCELLED) | ended"},
         }},
        {"cleanup runs once the last attempt has ended badly, is tried three times, and changes no status",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_ended:a#1=FAILED(E) cleanup_started:a#1 | cleanup:a#1"},
                {"cleanup a#1 failed BUSY no", "cleanup_ended:a#1(BUSY)+1"},
                {"cancel", ""},
                {"+1", "cleanup_started:a#2 | cleanup:a#2"},
                {"cleanup a#2 failed BUSY no", "cleanup_ended:a#2(BUSY)+2"},
                {"+2", "cleanup_started:a#3 | cleanup:a#3"},
                {"cleanup a#3 failed BUSY no", "cleanup_ended:a#3(BUSY) execution_ended=FAILED(E) | ended"},
         }},
        {"a cleanup gets what the last attempt left, also after a crash",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'on_failure': 'retry',"
         " 'retry': {'max_attempts': 2, 'backoff_seconds': 1}}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E {'x': 1}", "step_retrying:a#1(E)+1"},
                {"+1", "step_started:a#2 | run:a#2/2"},
                {"a#2 failed E {'y': 2}", "step_ended:a#2=FAILED(E) cleanup_started:a#1 | cleanup:a#1{\"y\":2}"},
                {"crash", "cleanup_ended:a#1(INTERRUPTED)+0 cleanup_started:a#2 | cleanup:a#2{\"y\":2}"},
                {"cleanup a#2 completed", "cleanup_ended:a#2 execution_ended=FAILED(E) | ended"},
         }},
        {"a wait that is cancelled leaves its outputs to the cleanup",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 waits key 60 {'job': 'j7'}", "step_waiting:a#1+60 | await:a#1=key"},
                {"crash", "| await:a#1=key"},
                {"cancel", "cancel_requested step_ended:a#1=CANCELLED(CANCELLED) cleanup_started:a#1 | forget:a#1=key"
                           " cleanup:a#1{\"job\":\"j7\"}"},
                {"cleanup a#1 completed", "cleanup_ended:a#1 execution_ended=CANCELLED(CANCELLED) | ended"},
         }},
        {"so does one that runs out of time, or that an event fails",
         "{'name': 'w', 'settings': {'fail_fast': false}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'read'},"
         " {'id': 'b', 'name': 'B', 'action': 'read'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"a#1 waits key 60 {'job': 'j7'}", "step_waiting:a#1+60 | await:a#1=key"},
                {"b#1 waits key2 90 {'job': 'j8'}", "step_waiting:b#1+90 | await:b#1=key2"},
                {"+60", "step_ended:a#1=TIMEOUT(TIMEOUT) cleanup_started:a#1 | forget:a#1=key"
                        " cleanup:a#1{\"job\":\"j7\",\"timeout\":true}"},
                {"event b#1 failed E {'why': 'full'}",
                 "step_ended:b#1=FAILED(E) cleanup_started:b#1 | forget:b#1=key2"
                 " cleanup:b#1{\"job\":\"j8\",\"why\":\"full\"}"},
                {"cleanup a#1 completed", "cleanup_ended:a#1"},
                {"cleanup b#1 completed", "cleanup_ended:b#1 execution_ended=FAILED(TIMEOUT) | ended"},
         }},
        {"no cleanup after a retry that is still to come, nor after success",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_retrying:a#1(E)+60"},
                {"+60", "step_started:a#2 | run:a#2/2"},
                {"a#2 completed", "step_ended:a#2=COMPLETED execution_ended=COMPLETED | ended"},
         }},
        {"no cleanup for a step that never started, nor for a pure one",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'work'},"
         " {'id': 'b', 'name': 'B', 'action': 'read', 'depends_on': ['a']}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no",
                 "step_ended:a#1=FAILED(E) step_ended:b#0=SKIPPED(FAIL_FAST) execution_ended=FAILED(E) | ended"},
         }},
        {"the cleanup of a timed-out attempt waits for it, but no longer than the grace period",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'timeout_seconds': 5}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+5 | run:a#1"},
                {"+5", "step_ended:a#1=TIMEOUT(TIMEOUT) | stop:a#1"},
                {"+9", ""},
                {"+1", "cleanup_started:a#1 | cleanup:a#1"},
                {"a#1 completed", "late:a#1"},
                {"cleanup a#1 completed", "cleanup_ended:a#1 execution_ended=FAILED(TIMEOUT) | ended"},
         }},
        {"while paused nothing starts, running attempts end, waits go on",
         "{'name': 'w', 'settings': {'timeout_seconds': 100}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}, {'id': 'c', 'name': 'C', 'action': 'bare', 'depends_on': ['a']}]}",
         .moments = {
                {"start", "execution_started+100 step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"b#1 waits key", "step_waiting:b#1+1800 | await:b#1=key"},
                {"+10", ""},
                {"pause", "execution_paused"},
                {"pause", ""},
                {"a#1 completed", "step_ended:a#1=COMPLETED"},
                {"event b#1 completed", "step_ended:b#1=COMPLETED | forget:b#1=key"},
                {"+500", ""},
                {"resume", "execution_resumed+90 step_started:c#1 | run:c#1"},
                {"+90",
                 "cancel_requested(TIMEOUT) step_ended:c#1=CANCELLED(TIMEOUT) execution_ended=TIMEOUT(TIMEOUT) | "
                 "stop:c#1"},
         }},
        {"the clocks of steps go on during a pause, and a retry waits for the end of it",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"pause", "execution_paused"},
                {"+20", "step_retrying:a#1(TIMEOUT)+60 | stop:a#1"},
                {"a#1 failed E told", "late:a#1"},
                {"+60", ""},
                {"resume", "execution_resumed step_started:a#2+20 | run:a#2"},
         }},
        {"a paused execution can be cancelled",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare', 'depends_on': ['a']}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"pause", "execution_paused"},
                {"a#1 completed", "step_ended:a#1=COMPLETED"},
                {"cancel",
                 "cancel_requested step_ended:b#0=SKIPPED(CANCELLED) execution_ended=CANCELLED(CANCELLED) | ended"},
                {"resume", ""},
         }},
        {"after a crash pure and idempotent attempts are run again with the same generation",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'work'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"crash",
                 "step_retrying:a#1(INTERRUPTED)+0 step_retrying:b#1(INTERRUPTED)+0 step_started:a#2 "
                 "step_started:b#2 | run:a#2 run:b#2"},
                {"b#2 completed", "step_ended:b#2=COMPLETED"},
         }},
        {"after a crash a once attempt ends INTERRUPTED, and so does the execution",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"crash", "step_ended:a#1=INTERRUPTED(INTERRUPTED) cleanup_started:a#1 | cleanup:a#1"},
                {"cleanup a#1 completed", "cleanup_ended:a#1 execution_ended=INTERRUPTED(INTERRUPTED) | ended"},
         }},
        {"after a crash a once attempt is run again when its author says so",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send', 'on_interrupt': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"crash", "step_retrying:a#1(INTERRUPTED)+0 step_started:a#2 | run:a#2"},
         }},
        {"a step in flight at three crashes in a row fails",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"crash", "step_retrying:a#1(INTERRUPTED)+0 step_started:a#2 | run:a#2"},
                {"crash", "step_retrying:a#2(INTERRUPTED)+0 step_started:a#3 | run:a#3"},
                {"crash", "step_ended:a#3=FAILED(CRASH_LOOP) execution_ended=FAILED(CRASH_LOOP) | ended"},
         }},
        {"crashes do not use up the retries",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"crash", "step_retrying:a#1(INTERRUPTED)+0 step_started:a#2 | run:a#2"},
                {"a#2 failed E no", "step_retrying:a#2(E)+60"},
                {"+60", "step_started:a#3 | run:a#3/2"},
                {"crash", "step_retrying:a#3(INTERRUPTED)+0 step_started:a#4 | run:a#4/2"},
                {"a#4 failed E no", "step_retrying:a#4(E)+120"},
                {"+120", "step_started:a#5 | run:a#5/3"},
                {"a#5 failed E no", "step_ended:a#5=FAILED(E) execution_ended=FAILED(E) | ended"},
         }},
        {"after a crash a wait goes on, and a deadline that has passed counts",
         "{'name': 'w', 'settings': {'fail_fast': false}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"a#1 waits key", "step_waiting:a#1+1800 | await:a#1=key"},
                {"b#1 sleeps 60", "step_waiting:b#1+60"},
                {"crash", "| await:a#1=key"},
                {"+60", "step_ended:b#1=COMPLETED"},
                {"event a#1 completed", "step_ended:a#1=COMPLETED execution_ended=COMPLETED | forget:a#1=key ended"},
         }},
        {"after a crash a cancelled execution goes on winding up",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'send'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"cancel", "cancel_requested | stop:a#1 stop:b#1"},
                {"crash",
                 "step_ended:a#1=CANCELLED(CANCELLED) step_ended:b#1=INTERRUPTED(INTERRUPTED) "
                 "cleanup_started:b#1 | cleanup:b#1"},
                {"cleanup b#1 completed", "cleanup_ended:b#1 execution_ended=CANCELLED(CANCELLED) | ended"},
         }},
        {"after a crash a cleanup under way counts as a try and is tried again",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_ended:a#1=FAILED(E) cleanup_started:a#1 | cleanup:a#1"},
                {"crash", "cleanup_ended:a#1(INTERRUPTED)+0 cleanup_started:a#2 | cleanup:a#2"},
                {"crash", "cleanup_ended:a#2(INTERRUPTED)+0 cleanup_started:a#3 | cleanup:a#3"},
                {"crash", "cleanup_ended:a#3(INTERRUPTED) execution_ended=FAILED(E) | ended"},
         }},
        {"a paused execution stays paused over a crash",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"pause", "execution_paused"},
                {"crash", "step_retrying:a#1(INTERRUPTED)+0"},
                {"resume", "execution_resumed step_started:a#2 | run:a#2"},
         }},
        {"at shutdown once attempts are interrupted and the others marked to be run again",
         "{'name': 'w', 'settings': {'fail_fast': false}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'send'}, {'id': 'c', 'name': 'C', 'action': 'bare', 'depends_on': ['a']}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"shutdown",
                 "step_retrying:a#1(SHUTDOWN)+0 step_ended:b#1=INTERRUPTED(INTERRUPTED) | stop:a#1 stop:b#1"},
                {"a#1 completed", "late:a#1"},
                {"+1", ""},
                {"crash", "step_started:a#2 cleanup_started:b#1 | run:a#2 cleanup:b#1"},
         }},
        {"shutdowns are no crashes, however many there are",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"shutdown", "step_retrying:a#1(SHUTDOWN)+0 | stop:a#1"},
                {"crash", "step_started:a#2 | run:a#2"},
                {"shutdown", "step_retrying:a#2(SHUTDOWN)+0 | stop:a#2"},
                {"crash", "step_started:a#3 | run:a#3"},
                {"shutdown", "step_retrying:a#3(SHUTDOWN)+0 | stop:a#3"},
                {"crash", "step_started:a#4 | run:a#4"},
         }},
};
/* clang-format on */

static void executions_wind_up_and_recover(void **state) {
        (void)state;
        scenarios_run(scenarios, BP_COUNT(scenarios));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(executions_wind_up_and_recover),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
