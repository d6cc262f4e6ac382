/* SPDX-License-Identifier: Apache-2.0 */
/* What runs when: order, slots, joins, conditions, routing, skips, outputs, resolution. */
#include "scenario.h"

/* clang-format off */
static const struct scenario scenarios[] = {
        {"steps run one after another, and the execution completes",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read'},"
         " {'id': 'b', 'name': 'B', 'action': 'read', 'depends_on': ['a']}]}", .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 completed {'x': 1}", "step_ended:a#1=COMPLETED step_started:b#1 | run:b#1"},
                {"b#1 completed", "step_ended:b#1=COMPLETED execution_ended=COMPLETED | ended"},
         }},
        {"ready steps start by level and then as written, as many as there are slots",
         "{'name': 'w', 'settings': {'max_parallel_steps': 2}, 'steps': ["
         " {'id': 'c', 'name': 'C', 'action': 'read', 'depends_on': ['b']}, {'id': 'a', 'name': 'A', 'action': 'read'},"
         " {'id': 'b', 'name': 'B', 'action': 'read'}, {'id': 'd', 'name': 'D', 'action': 'read'}]}", .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"b#1 completed", "step_ended:b#1=COMPLETED step_started:d#1 | run:d#1"},
                {"a#1 completed", "step_ended:a#1=COMPLETED step_started:c#1 | run:c#1"},
         }},
        {"a join waits for all of its dependencies",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read'}, {'id': 'b', 'name': 'B', 'action': 'read'},"
         " {'id': 'j', 'name': 'J', 'action': 'read', 'depends_on': ['a', 'b']}]}", .moments = {
                {"start", "execution_started step_started:a#1 step_started:b#1 | run:a#1 run:b#1"},
                {"b#1 completed", "step_ended:b#1=COMPLETED"},
                {"a#1 completed", "step_ended:a#1=COMPLETED step_started:j#1 | run:j#1"},
         }},
        {"nothing starts beside an inline action, so the first failure among them stops the others",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'calc'}, {'id': 'b', 'name': 'B', 'action': 'calc'},"
         " {'id': 'c', 'name': 'C', 'action': 'calc'}]}", .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 completed", "step_ended:a#1=COMPLETED step_started:b#1 | run:b#1"},
                {"b#1 failed OUCH it hurts", "step_ended:b#1=FAILED(OUCH) step_ended:c#0=SKIPPED(FAIL_FAST) "
                                             "execution_ended=FAILED(OUCH) | ended"},
         }},
        {"a step whose condition is false is skipped without having started, and its dependents run",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'condition': 'false'},"
         " {'id': 'b', 'name': 'B', 'action': 'read', 'depends_on': ['a']}]}", .moments = {
                {"start", "execution_started step_ended:a#0=SKIPPED(CONDITION_FALSE) step_started:b#1 | run:b#1"},
         }},
        {"with skip_propagation all, what depends on skipped steps only is skipped too",
         "{'name': 'w', 'settings': {'skip_propagation': 'all'}, 'steps': ["
         " {'id': 'a', 'name': 'A', 'action': 'calc', 'condition': 'false'},"
         " {'id': 'b', 'name': 'B', 'action': 'calc', 'depends_on': ['a']},"
         " {'id': 'r', 'name': 'R', 'action': 'calc'},"
         " {'id': 'j', 'name': 'J', 'action': 'calc', 'depends_on': ['b', 'r']}]}", .moments = {
                {"start", "execution_started step_ended:a#0=SKIPPED(CONDITION_FALSE) step_started:r#1 | run:r#1"},
                {"r#1 completed", "step_ended:r#1=COMPLETED step_ended:b#0=SKIPPED(DEPENDENCIES_SKIPPED) "
                                  "step_started:j#1 | run:j#1"},
         }},
        {"a condition that cannot be judged fails the step without a retry",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'condition': '{{ 1 / 0 }}',"
         " 'on_failure': 'retry'}]}", .moments = {
                {"start", "execution_started step_ended:a#0=FAILED(CONDITION_ARITHMETIC) "
                          "execution_ended=FAILED(CONDITION_ARITHMETIC) | ended"},
         }},
        {"an unknown action fails the step",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'nothing_like_it', 'on_failure': 'retry'}]}", .moments = {
                {"start", "execution_started step_ended:a#0=FAILED(UNKNOWN_ACTION) "
                          "execution_ended=FAILED(UNKNOWN_ACTION) | ended"},
         }},
        {"a branch that was not taken is skipped, the one that was runs, and so does the join",
         "{'name': 'w', 'steps': [{'id': 'c', 'name': 'C', 'action': 'choose', 'params': {'branches': ["
         "  {'id': 'x', 'label': 'X', 'condition': 'true', 'target_step': 't'},"
         "  {'id': 'y', 'label': 'Y', 'condition': 'true', 'target_step': 'u'}]}},"
         " {'id': 't', 'name': 'T', 'action': 'read', 'depends_on': ['c']},"
         " {'id': 'u', 'name': 'U', 'action': 'read', 'depends_on': ['c']},"
         " {'id': 'j', 'name': 'J', 'action': 'read', 'depends_on': ['t', 'u']}]}", .moments = {
                {"start", "execution_started step_started:c#1 | run:c#1"},
                {"c#1 completed {'target_step': 'u', 'matched_label': 'Y'}",
                 "step_ended:c#1=COMPLETED step_ended:t#0=SKIPPED(BRANCH_NOT_TAKEN) step_started:u#1 | run:u#1"},
                {"u#1 completed", "step_ended:u#1=COMPLETED step_started:j#1 | run:j#1"},
         }},
        {"when no branch matched, every target is skipped",
         "{'name': 'w', 'steps': [{'id': 'c', 'name': 'C', 'action': 'choose', 'params': {'branches': ["
         "  {'id': 'x', 'label': 'X', 'condition': 'false', 'target_step': 't'}]}},"
         " {'id': 't', 'name': 'T', 'action': 'read', 'depends_on': ['c']}]}", .moments = {
                {"start", "execution_started step_started:c#1 | run:c#1"},
                {"c#1 completed {'target_step': null, 'matched_label': 'none'}",
                 "step_ended:c#1=COMPLETED step_ended:t#0=SKIPPED(BRANCH_NOT_TAKEN) execution_ended=COMPLETED | ended"},
         }},
        {"without branches nothing is routed, whatever the outputs say",
         "{'name': 'w', 'steps': [{'id': 'c', 'name': 'C', 'action': 'choose', 'params': {'branches': []}},"
         " {'id': 't', 'name': 'T', 'action': 'read', 'depends_on': ['c']}]}", .moments = {
                {"start", "execution_started step_started:c#1 | run:c#1"},
                {"c#1 completed {'target_step': null}", "step_ended:c#1=COMPLETED step_started:t#1 | run:t#1"},
         }},
        {"a target of two routing steps runs when the second of them chose it",
         "{'name': 'w', 'steps': ["
         " {'id': 'c', 'name': 'C', 'action': 'choose', 'params': {'branches': [{'id': 'x', 'label': 'X', 'condition': 'true', 'target_step': 't'}]}},"
         " {'id': 'd', 'name': 'D', 'action': 'choose', 'params': {'branches': [{'id': 'y', 'label': 'Y', 'condition': 'true', 'target_step': 't'}]}},"
         " {'id': 't', 'name': 'T', 'action': 'read', 'depends_on': ['c', 'd']}]}", .moments = {
                {"start", "execution_started step_started:c#1 | run:c#1"},
                {"c#1 completed {'target_step': null, 'matched_label': 'none'}",
                 "step_ended:c#1=COMPLETED step_started:d#1 | run:d#1"},
                {"d#1 completed {'target_step': 't', 'matched_label': 'Y'}", "step_ended:d#1=COMPLETED step_started:t#1 | run:t#1"},
         }},
        {"a target of two routing steps is skipped when neither chose it",
         "{'name': 'w', 'steps': ["
         " {'id': 'c', 'name': 'C', 'action': 'choose', 'params': {'branches': [{'id': 'x', 'label': 'X', 'condition': 'true', 'target_step': 't'}]}},"
         " {'id': 'd', 'name': 'D', 'action': 'choose', 'params': {'branches': [{'id': 'y', 'label': 'Y', 'condition': 'true', 'target_step': 't'}]}},"
         " {'id': 't', 'name': 'T', 'action': 'read', 'depends_on': ['c', 'd']}]}", .moments = {
                {"start", "execution_started step_started:c#1 | run:c#1"},
                {"c#1 completed {'target_step': null, 'matched_label': 'none'}",
                 "step_ended:c#1=COMPLETED step_started:d#1 | run:d#1"},
                {"d#1 completed {'target_step': null, 'matched_label': 'none'}",
                 "step_ended:d#1=COMPLETED step_ended:t#0=SKIPPED(BRANCH_NOT_TAKEN) execution_ended=COMPLETED | ended"},
         }},
        {"a routing step that was skipped itself routes nothing",
         "{'name': 'w', 'steps': ["
         " {'id': 'c', 'name': 'C', 'action': 'choose', 'condition': 'false', 'params': {'branches': [{'id': 'x', 'label': 'X', 'condition': 'true', 'target_step': 't'}]}},"
         " {'id': 't', 'name': 'T', 'action': 'read', 'depends_on': ['c']}]}", .moments = {
                {"start", "execution_started step_ended:c#0=SKIPPED(CONDITION_FALSE) step_started:t#1 | run:t#1"},
         }},
        {"parameters against the rules of the action fail the step once they are resolved, without a retry",
         "{'name': 'w', 'parameters': [{'name': 'n', 'type': 'integer', 'default': 11}], 'steps': ["
         " {'id': 'a', 'name': 'A', 'action': 'typed', 'params': {'n': '{{ params.n }}'}, 'on_failure': 'retry'}]}", .moments = {
                {"start", "execution_started step_ended:a#0=FAILED(PARAM_INVALID) "
                          "execution_ended=FAILED(PARAM_INVALID) | ended"},
         }},
        {"outputs over the limit fail the step",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'calc', 'on_failure': 'retry'}]}",
         .settings = {.step_output_bytes = 10}, .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 completed {'x': 12345}", "step_ended:a#1=FAILED(LIMIT) execution_ended=FAILED(LIMIT) | ended"},
         }},
        {"outputs of exactly the limit are taken",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'calc'}]}", .settings = {.step_output_bytes = 11}, .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 completed {'x': 12345}", "step_ended:a#1=COMPLETED execution_ended=COMPLETED | ended"},
         }},
        {"the outputs of all steps together have a limit too",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'calc'}, {'id': 'b', 'name': 'B', 'action': 'calc'}]}",
         .settings = {.execution_output_bytes = 20}, .moments = {
                {"start", "execution_started step_started:a#1 | run:a#1"},
                {"a#1 completed {'x': 12345}", "step_ended:a#1=COMPLETED step_started:b#1 | run:b#1"},
                {"b#1 completed {'x': 12345}", "step_ended:b#1=FAILED(LIMIT) execution_ended=FAILED(LIMIT) | ended"},
         }},
        {"a condition that is too much work for this thread is judged on a worker, and holds a slot meanwhile",
         "{'name': 'w', 'settings': {'max_parallel_steps': 1}, 'steps': ["
         " {'id': 'a', 'name': 'A', 'action': 'read', 'condition': '{{ range(9000) | sum > 0 }}'},"
         " {'id': 'b', 'name': 'B', 'action': 'read'}]}", .settings = {.inline_work = 100}, .moments = {
                {"start", "execution_started | resolve:a"},
                {"+1", ""},
                {"resolved a", "step_started:a#1 | run:a#1"},
                {"a#1 completed", "step_ended:a#1=COMPLETED step_started:b#1 | run:b#1"},
         }},
        {"what a worker resolved for a cancelled execution is dropped, and the end waits for it",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'condition': '{{ range(9000) | sum > 0 }}'}]}",
         .settings = {.inline_work = 100}, .moments = {
                {"start", "execution_started | resolve:a"},
                {"cancel", "cancel_requested step_ended:a#0=SKIPPED(CANCELLED) execution_ended=CANCELLED(CANCELLED)"},
                {"resolved a", "| ended"},
         }},
        {"what a worker resolved during a pause is resolved again afterwards",
         "{'name': 'w', 'steps': [{'id': 'a', 'name': 'A', 'action': 'read', 'condition': '{{ range(9000) | sum > 0 }}'}]}",
         .settings = {.inline_work = 100}, .moments = {
                {"start", "execution_started | resolve:a"},
                {"pause", "execution_paused"},
                {"resolved a", ""},
                {"resume", "execution_resumed | resolve:a"},
                {"resolved a", "step_started:a#1 | run:a#1"},
         }},
};
/* clang-format on */

static void steps_run_in_order_and_within_limits(void **state) {
        (void)state;
        scenarios_run(scenarios, BP_COUNT(scenarios));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(steps_run_in_order_and_within_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
