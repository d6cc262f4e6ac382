/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a failed attempt is repeated. Settings count as whole objects: the step's, else the pipeline's, else the
 * action's, else the configuration's. The pause before the second attempt is the backoff; each further one is the last
 * times the factor, cut to whole seconds (where it is at least one), and at most the cap.
 */
#include <math.h>

#include "base/id.h"
#include "engine/state.h"
#include "registry/registry.h"

struct plan {
        uint32_t attempts;
        double first, factor, cap, jitter;
};

static struct plan plan_from(const struct bp_retry *retry) {
        return (struct plan){.attempts = retry->max_attempts,
                             .first = retry->backoff_seconds,
                             .factor = retry->backoff_multiplier,
                             .cap = retry->max_backoff_seconds,
                             .jitter = retry->jitter};
}

static struct plan plan_of_action(const struct bp_retry_policy *policy, const struct bp_retry *configured) {
        return (struct plan){.attempts = policy->max_attempts,
                             .first = policy->initial_interval_seconds,
                             .factor = policy->backoff_multiplier,
                             .cap = policy->max_interval_seconds > 0.0 ? policy->max_interval_seconds
                                                                       : configured->max_backoff_seconds,
                             .jitter = policy->jitter};
}

static struct plan plan_for(const struct bp_execution *execution, uint32_t index) {
        const struct bp_step_definition *definition = bp_step_definition(execution, index);

        if (definition->retry)
                return plan_from(definition->retry);
        if (execution->definition->retry_policy)
                return plan_from(execution->definition->retry_policy);
        if (definition->entry && bp_action_entry_meta(definition->entry)->retry_policy)
                return plan_of_action(bp_action_entry_meta(definition->entry)->retry_policy,
                                      &execution->settings->retry);
        return plan_from(&execution->settings->retry);
}

uint32_t bp_retry_attempts(const struct bp_execution *execution, uint32_t index) {
        return plan_for(execution, index).attempts;
}

static double next_pause(const struct plan *plan, double pause) {
        double next = pause * plan->factor;

        if (next >= 1.0)
                next = floor(next);
        return next < plan->cap ? next : plan->cap;
}

static double pause_after(const struct plan *plan, uint32_t failures) {
        double pause = plan->first;

        for (uint32_t i = 1; i < failures; i++) {
                double next = next_pause(plan, pause);

                if (next == pause)
                        return pause;
                pause = next;
        }
        return pause;
}

/* Drawn from identities, so that the same execution decides the same: 0 <= share < 1. */
static double drawn_share(const struct bp_execution *execution, uint32_t index) {
        uint64_t seed = (uint64_t)index << 32 | execution->steps[index].attempt;

        return (double)(bp_hash64(execution->id.bytes, sizeof(execution->id.bytes), seed) >> 11) * 0x1p-53;
}

struct bp_wall bp_retry_deadline(const struct bp_execution *execution, uint32_t index, struct bp_wall now) {
        struct plan plan = plan_for(execution, index);
        double pause = pause_after(&plan, execution->steps[index].failures + 1);

        if (plan.jitter > 0.0)
                pause *= 1.0 - plan.jitter * (1.0 - drawn_share(execution, index));
        return (struct bp_wall){now.us + (int64_t)(fmin(fmax(pause, 0.0), 1e9) * 1e6)};
}
