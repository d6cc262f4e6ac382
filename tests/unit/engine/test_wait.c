/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting: for events, for a time, in vain; progress; what comes late. */
#include "scenario.h"

/* clang-format off */
static const struct scenario scenarios[] = {
        {"an event ends the step, its outputs over those of execute",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 waits key 60", "step_waiting:a#1+60 | await:a#1=key"},
                {"event a#1 ignored", ""},
                {"event a#1 progress 40", "step_progress:a#1"},
                {"event a#1 progress 40", ""},
                {"event a#1 completed {'y': 2}",
                 "step_ended:a#1=COMPLETED execution_ended=COMPLETED | forget:a#1=key ended"},
                {"event a#1 completed", ""},
         }},
        {"an event can fail the step, and the policy repeats it with a new generation",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 waits key", "step_waiting:a#1+1800 | await:a#1=key"},
                {"event a#1 failed BAD news", "step_retrying:a#1(BAD)+60 | forget:a#1=key"},
                {"event a#1 completed", "late:a#1"},
                {"+60", "step_started:a#2 | run:a#2/2"},
                {"a#2 waits key2", "step_waiting:a#2+1800 | await:a#2=key2"},
                {"event a#1 completed", "late:a#1"},
                {"event a#2 failed BAD news", "step_retrying:a#2(BAD)+120 | forget:a#2=key2"},
         }},
        {"the step's timeout bounds the attempt and its wait together",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"+5", ""},
                {"a#1 waits key", "step_waiting:a#1+15 | await:a#1=key"},
                {"+15", "step_ended:a#1=TIMEOUT(TIMEOUT) execution_ended=FAILED(TIMEOUT) | forget:a#1=key ended"},
         }},
        {"a result's own timeout takes the place of the step's for the wait",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"a#1 waits key 100", "step_waiting:a#1+100 | await:a#1=key"},
                {"+99", ""},
                {"+1", "step_ended:a#1=TIMEOUT(TIMEOUT) execution_ended=FAILED(TIMEOUT) | forget:a#1=key ended"},
         }},
        {"a wait that runs out of time is repeated with the same generation",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow', 'on_failure': 'retry'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"a#1 waits key", "step_waiting:a#1+20 | await:a#1=key"},
                {"+20", "step_retrying:a#1(TIMEOUT)+60 | forget:a#1=key"},
                {"+60", "step_started:a#2+20 | run:a#2"},
         }},
        {"where running out of time is success, it is",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'nap', 'timeout_seconds': 30}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+30 | run:a#1"},
                {"a#1 waits key", "step_waiting:a#1+30 | await:a#1=key"},
                {"+30", "step_ended:a#1=COMPLETED execution_ended=COMPLETED | forget:a#1=key ended"},
         }},
        {"an attempt that does not even begin to wait in time has not succeeded",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'nap', 'timeout_seconds': 30}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+30 | run:a#1"},
                {"+30", "step_ended:a#1=TIMEOUT(TIMEOUT) execution_ended=FAILED(TIMEOUT) | stop:a#1"},
         }},
        {"a wait without an id fails the step",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 waits", "step_ended:a#1=FAILED(INVALID_RESULT) execution_ended=FAILED(INVALID_RESULT) | ended"},
         }},
        {"a step that sleeps completes when its time has come",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 sleeps 90", "step_waiting:a#1+90"},
                {"+89", ""},
                {"event a#1 completed", "late:a#1"},
                {"+1", "step_ended:a#1=COMPLETED execution_ended=COMPLETED | ended"},
         }},
        {"a sleep longer than the step's timeout times out",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'slow'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1+20 | run:a#1"},
                {"a#1 sleeps 90", "step_waiting:a#1+90"},
                {"+20", "step_ended:a#1=TIMEOUT(TIMEOUT) execution_ended=FAILED(TIMEOUT) | ended"},
         }},
        {"a wait for an event holds its slot, a sleep does not",
         "{'name': 'w', 'settings': {'max_parallel_steps': 1}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}, {'id': 'c', 'name': 'C', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 sleeps 90", "step_waiting:a#1+90 step_started:b#1 | run:b#1"},
                {"b#1 waits key", "step_waiting:b#1+1800 | await:b#1=key"},
                {"event b#1 completed", "step_ended:b#1=COMPLETED step_started:c#1 | forget:b#1=key run:c#1"},
         }},
        {"what runs out of time first ends first, although the clock was told late",
         "{'name': 'w', 'settings': {'fail_fast': false}, 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'},"
         " {'id': 'b', 'name': 'B', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"a#1 sleeps 90", "step_waiting:a#1+90"},
                {"b#1 sleeps 30", "step_waiting:b#1+30"},
                {"+500", "step_ended:b#1=COMPLETED step_ended:a#1=COMPLETED execution_ended=COMPLETED | ended"},
         }},
        {"progress of a running attempt is recorded, and only news",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'bare'}]}",
         .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"progress a#1 30", "step_progress:a#1"},
                {"progress a#1 30", ""},
                {"progress a#1 -1", ""},
                {"a#1 completed", "step_ended:a#1=COMPLETED execution_ended=COMPLETED | ended"},
                {"progress a#1 40", ""},
         }},
};
/* clang-format on */

static void waits_end_by_event_or_time(void **state) {
        (void)state;
        scenarios_run(scenarios, BP_COUNT(scenarios));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(waits_end_by_event_or_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
