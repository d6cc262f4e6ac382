/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a failure: retries and their pauses, effects, timeouts, fail_fast. */
#include "scenario.h"

/* clang-format off */
static const struct scenario scenarios[] = {
        {"a failed attempt is repeated by the configuration's policy, 60 and 120 seconds later, with a new generation",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E1 first", "step_retrying:a#1(E1)+60"},
                {"+59", ""},
                {"+1", "step_started:a#2 | run:a#2/2"},
                {"a#2 failed E2 second", "step_retrying:a#2(E2)+120"},
                {"+120", "step_started:a#3 | run:a#3/3"},
                {"a#3 failed E3 third", "step_ended:a#3=FAILED(E3) cleanup_started:a#1 | cleanup:a#1"},
                {"cleanup a#1 completed", "cleanup_ended:a#1 execution_ended=FAILED(E3) | ended"},
         }},
        {"without on_failure retry nothing is repeated, whatever the retry settings say",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'retry': {'max_attempts': 5}}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_ended:a#1=FAILED(E) execution_ended=FAILED(E) | ended"},
         }},
        {"the step's retry settings count as a whole before the pipeline's",
         "{'name': 'w', 'settings': {'retry_policy': {'max_attempts': 9, 'backoff_seconds': 7}},"
         " 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'on_failure': 'retry', 'retry': {'max_attempts': 2, 'backoff_seconds': 5}}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_retrying:a#1(E)+5"},
                {"+5", "step_started:a#2 | run:a#2/2"},
                {"a#2 failed E no", "step_ended:a#2=FAILED(E) execution_ended=FAILED(E) | ended"},
         }},
        {"the pipeline's retry policy counts before the action's",
         "{'name': 'w', 'settings': {'retry_policy': {'max_attempts': 3, 'backoff_seconds': 7}},"
         " 'steps': [{'id': 'a', 'name': 'A', 'action': 'stubborn', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_retrying:a#1(E)+7"},
                {"+7", "step_started:a#2 | run:a#2/2"},
                {"a#2 failed E no", "step_retrying:a#2(E)+14"},
         }},
        {"the action's policy counts before the configuration's; each pause is cut to whole seconds and capped",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'stubborn', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_retrying:a#1(E)+3"},
                {"+3", "step_started:a#2 | run:a#2/2"},
                {"a#2 failed E no", "step_retrying:a#2(E)+4"},
                {"+4", "step_started:a#3 | run:a#3/3"},
                {"a#3 failed E no", "step_retrying:a#3(E)+6"},
                {"+6", "step_started:a#4 | run:a#4/4"},
                {"a#4 failed E no", "step_retrying:a#4(E)+6"},
                {"+6", "step_started:a#5 | run:a#5/5"},
                {"a#5 failed E no", "step_ended:a#5=FAILED(E) execution_ended=FAILED(E) | ended"},
         }},
        {"a backoff holds no slot, and the retry waits for one",
         "{'name': 'w', 'settings': {'max_parallel_steps': 1}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'on_failure': 'retry', 'retry': {'backoff_seconds': 5}},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_retrying:a#1(E)+5 step_started:b#1 | run:b#1"},
                {"+6", ""},
                {"b#1 completed", "step_ended:b#1=COMPLETED step_started:a#2 | run:a#2/2"},
         }},
        {"an attempt of unknown outcome is repeated with the same generation when that is safe",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 unknown BROKEN cut off", "step_retrying:a#1(BROKEN)+60"},
                {"+60", "step_started:a#2 | run:a#2"},
                {"a#2 failed E no", "step_retrying:a#2(E)+120"},
                {"+120", "step_started:a#3 | run:a#3/2"},
         }},
        {"a once step of unknown outcome is not repeated",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 unknown BROKEN cut off", "step_ended:a#1=FAILED(BROKEN) cleanup_started:a#1 | cleanup:a#1"},
                {"cleanup a#1 completed", "cleanup_ended:a#1 execution_ended=FAILED(BROKEN) | ended"},
         }},
        {"a once step that failed definitely is repeated",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed REFUSED no", "step_retrying:a#1(REFUSED)+60"},
                {"+60", "step_started:a#2 | run:a#2/2"},
         }},
        {"a once step of unknown outcome is repeated when its author says on_interrupt retry",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send', 'on_failure': 'retry', 'on_interrupt': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 unknown BROKEN cut off", "step_retrying:a#1(BROKEN)+60"},
                {"+60", "step_started:a#2 | run:a#2"},
         }},
        {"a step may say that its once action is idempotent",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send', 'on_failure': 'retry', 'effect': 'idempotent'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 unknown BROKEN cut off", "step_retrying:a#1(BROKEN)+60"},
         }},
        {"a timed-out attempt is told to stop, and the next one waits until it has returned",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"+20", "step_retrying:a#1(TIMEOUT)+60 | stop:a#1"},
                {"+60", ""},
                {"a#1 completed {'x': 1}", "late:a#1 step_started:a#2+20 | run:a#2"},
                {"a#2 completed {'x': 2}", "step_ended:a#2=COMPLETED execution_ended=COMPLETED | ended"},
                {"a#1 completed", ""},
         }},
        {"a timed-out attempt that has returned is repeated after the backoff",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"+20", "step_retrying:a#1(TIMEOUT)+60 | stop:a#1"},
                {"a#1 failed E told", "late:a#1"},
                {"+59", ""},
                {"+1", "step_started:a#2+20 | run:a#2"},
         }},
        {"without a retry a timeout ends the step, and the last effect waits for the attempt",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"+20", "step_ended:a#1=TIMEOUT(TIMEOUT) execution_ended=FAILED(TIMEOUT) | stop:a#1"},
                {"a#1 completed", "late:a#1 | ended"},
         }},
        {"the step's timeout counts before the action's",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow', 'timeout_seconds': 5}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+5 | run:a#1"},
         }},
        {"a once step that timed out ends TIMEOUT",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'send', 'on_failure': 'retry', 'timeout_seconds': 5}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+5 | run:a#1"},
                {"+5", "step_ended:a#1=TIMEOUT(TIMEOUT) | stop:a#1"},
                {"a#1 completed", "late:a#1 cleanup_started:a#1 | cleanup:a#1"},
                {"cleanup a#1 completed", "cleanup_ended:a#1 execution_ended=FAILED(TIMEOUT) | ended"},
         }},
        {"on_failure continue lets dependents run, and the execution completes",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'on_failure': 'continue'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare', 'depends_on': ['a']}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 failed E no", "step_ended:a#1=FAILED(E) step_started:b#1 | run:b#1"},
                {"b#1 completed", "step_ended:b#1=COMPLETED execution_ended=COMPLETED | ended"},
         }},
        {"fail_fast stops what runs, skips the rest, and lets once attempts finish",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}, {'id': 'b', 'name': 'B', 'action': 'bare'},"
         " {'id': 'c', 'name': 'C', 'action': 'send'}, {'id': 'd', 'name': 'D', 'action': 'bare', 'depends_on': ['a']}]}",
         .moments = {
                {"start",
                 "execution_started step_started:a#1 step_started:b#1 step_started:c#1 | run:a#1 run:b#1 run:c#1"},
                {"a#1 failed E no", "step_ended:a#1=FAILED(E) step_ended:d#0=SKIPPED(FAIL_FAST) | stop:b#1"},
                {"b#1 failed STOPPED told", "step_ended:b#1=CANCELLED(FAIL_FAST)"},
                {"c#1 completed", "step_ended:c#1=COMPLETED execution_ended=FAILED(E) | ended"},
         }},
        {"fail_fast cuts off what does not stop in time",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"a#1 failed E no", "step_ended:a#1=FAILED(E) | stop:b#1"},
                {"+10", "step_ended:b#1=CANCELLED(FAIL_FAST) execution_ended=FAILED(E)"},
                {"b#1 completed", "late:b#1 | ended"},
         }},
        {"fail_fast cancels waits and backoffs, and a result in time still counts",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}, {'id': 'b', 'name': 'B', 'action': 'bare'},"
         " {'id': 'c', 'name': 'C', 'action': 'bare', 'on_failure': 'retry'}, {'id': 'd', 'name': 'D', 'action': 'bare'}]}",
         .moments = {
                {"start",
                 "execution_started step_started:a#1 step_started:b#1 step_started:c#1 step_started:d#1 | "
                 "run:a#1 run:b#1 run:c#1 run:d#1"},
                {"b#1 waits key", "step_waiting:b#1+1800 | await:b#1=key"},
                {"c#1 failed E no", "step_retrying:c#1(E)+60"},
                {"a#1 failed E no",
                 "step_ended:a#1=FAILED(E) step_ended:b#1=CANCELLED(FAIL_FAST) "
                 "step_ended:c#1=CANCELLED(FAIL_FAST) | forget:b#1=key stop:d#1"},
                {"d#1 completed", "step_ended:d#1=COMPLETED execution_ended=FAILED(E) | ended"},
         }},
        {"without fail_fast the rest goes on, what depends on the failure is skipped, and the execution fails",
         "{'name': 'w', 'settings': {'fail_fast': false}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}, {'id': 'c', 'name': 'C', 'action': 'bare', 'depends_on': ['a']},"
         " {'id': 'd', 'name': 'D', 'action': 'bare', 'depends_on': ['c']}, {'id': 'e', 'name': 'E', 'action': 'bare', 'depends_on': ['b']}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"a#1 failed E no",
                 "step_ended:a#1=FAILED(E) step_ended:c#0=SKIPPED(DEPENDENCY_FAILED) "
                 "step_ended:d#0=SKIPPED(DEPENDENCY_FAILED)"},
                {"b#1 completed", "step_ended:b#1=COMPLETED step_started:e#1 | run:e#1"},
                {"e#1 completed", "step_ended:e#1=COMPLETED execution_ended=FAILED(E) | ended"},
         }},
        {"of several failures the first is the execution's",
         "{'name': 'w', 'settings': {'fail_fast': false}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"b#1 failed FIRST no", "step_ended:b#1=FAILED(FIRST)"},
                {"a#1 failed SECOND no", "step_ended:a#1=FAILED(SECOND) execution_ended=FAILED(FIRST) | ended"},
         }},
        {"the pipeline's timeout tells what runs to stop, ends it at once, and skips the rest",
         "{'name': 'w', 'settings': {'timeout_seconds': 30}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare', 'depends_on': ['a']}]}",
         .moments = {
                {"start", "execution_started+30 step_started:a#1 | run:a#1"},
                {"+29", ""},
                {"+1",
                 "cancel_requested(TIMEOUT) step_ended:a#1=CANCELLED(TIMEOUT) step_ended:b#0=SKIPPED(TIMEOUT) "
                 "execution_ended=TIMEOUT(TIMEOUT) | stop:a#1"},
                {"a#1 completed", "late:a#1 | ended"},
         }},
        {"a timeout that the author did not state is not enforced",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"+8000", ""},
                {"a#1 completed", "step_ended:a#1=COMPLETED execution_ended=COMPLETED | ended"},
         }},
};
/* clang-format on */

static void failures_are_repeated_or_end_the_execution(void **state) {
        (void)state;
        scenarios_run(scenarios, BP_COUNT(scenarios));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(failures_are_repeated_or_end_the_execution),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
