/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conditional: chooses one of several ways on.
 *
 * With `branches`, their conditions are judged in order and the first true one is taken: its `target_step` runs, the
 * targets of the others are skipped. A branch may leave out everything: `id` is then "unknown", `label` the id, and a
 * branch without condition is always taken. Conditions follow the rules of step conditions and see `params` and
 * `steps`; one that cannot be judged is logged and counts as false. When none is true the step still completes, with
 * `branch` "none".
 *
 * Without branches (legacy), `condition` is a value that a template has produced; `result` is then `true_result` or
 * `false_result`. The texts false, 0 and no are false in any letter case.
 *
 * Fails when `branches` is not a list, or a branch that would have to be judged is not an object.
 */
#include <budpipeline/action.h>

#include <string.h>
#include <strings.h>

static const char *const false_words[] = {"false", "0", "no"};

static const struct bp_value *member(struct bp_action_context *context, const struct bp_value *object, const char *key,
                                     const struct bp_value *fallback) {
        const struct bp_value *value = context->host->get(object, key);

        return value ? value : fallback;
}

static int take(struct bp_action_context *context, const struct bp_value *id, const struct bp_value *label,
                const struct bp_value *target, const struct bp_value *result) {
        bp_output(context, "matched_branch", id);
        bp_output(context, "matched_label", label);
        bp_output(context, "target_step", target);
        bp_output(context, "result", result);
        return bp_complete(context);
}

static int take_branch(struct bp_action_context *context, const struct bp_value *branch) {
        const struct bp_value *null = context->host->make_null(context);
        const struct bp_value *id = member(context, branch, "id", bp_make_text(context, "unknown"));
        const struct bp_value *label = member(context, branch, "label", id);

        bp_output(context, "branch", id);
        return take(context, id, label, member(context, branch, "target_step", null), label);
}

static int take_none(struct bp_action_context *context) {
        const struct bp_value *null = context->host->make_null(context), *none = bp_make_text(context, "none");

        bp_output(context, "branch", none);
        return take(context, null, none, null, null);
}

static bool is_taken(struct bp_action_context *context, const struct bp_value *branch, size_t index) {
        const char *error;
        bool taken = false;

        if (context->host->condition(context, context->host->get(branch, "condition"), &taken, &error) == 0)
                return taken;
        bp_log(context, BP_LOG_WARNING, "branches[%zu]: the condition cannot be judged and counts as false: %s", index,
               error);
        return false;
}

static int choose_branch(struct bp_action_context *context, const struct bp_value *branches) {
        if (bp_type(context, branches) != BP_LIST)
                return bp_fail(context, "PARAM_INVALID", "branches must be a list, not %s",
                               bp_type_name(context, branches));
        for (size_t i = 0; i < context->host->count(branches); i++) {
                const struct bp_value *branch = context->host->item(branches, i);

                if (bp_type(context, branch) != BP_OBJECT)
                        return bp_fail(context, "PARAM_INVALID", "branches[%zu] must be an object, not %s", i,
                                       bp_type_name(context, branch));
                if (is_taken(context, branch, i))
                        return take_branch(context, branch);
        }
        return take_none(context);
}

static bool is_false_word(struct bp_action_context *context, const struct bp_value *condition) {
        const char *text = context->host->as_string(condition, NULL);
        size_t size;

        text += strspn(text, " \t\r\n");
        size = strcspn(text, " \t\r\n");
        if (text[size + strspn(text + size, " \t\r\n")] != '\0')
                return false;
        for (size_t i = 0; i < BP_COUNT(false_words); i++)
                if (strlen(false_words[i]) == size && strncasecmp(text, false_words[i], size) == 0)
                        return true;
        return false;
}

static bool legacy_truth(struct bp_action_context *context) {
        const struct bp_value *condition = bp_param(context, "condition");

        return !condition || (bp_truth(context, condition) && !is_false_word(context, condition));
}

static int choose_result(struct bp_action_context *context) {
        bool truth = legacy_truth(context);
        const char *word = truth ? "true" : "false";
        const struct bp_value *text = bp_make_text(context, word);
        const struct bp_value *result = bp_param(context, truth ? "true_result" : "false_result");

        if (!result) {
                struct bp_builder *object = context->host->object_new(context);

                context->host->object_set(object, "branch", text);
                result = context->host->finish(object);
        }
        bp_output(context, "branch", text);
        return take(context, text, text, context->host->make_null(context), result);
}

static int conditional_execute(struct bp_action_context *context) {
        const struct bp_value *branches = bp_param(context, "branches");

        return bp_truth(context, branches) ? choose_branch(context, branches) : choose_result(context);
}

static void validate_branch(struct bp_action_context *context, const struct bp_value *branch, size_t index) {
        if (bp_type(context, branch) != BP_OBJECT) {
                bp_finding(context, "branches[%zu] must be an object", index);
                return;
        }
        if (!bp_truth(context, context->host->get(branch, "id")))
                bp_finding(context, "branches[%zu]: id is required", index);
        if (!bp_truth(context, context->host->get(branch, "condition")))
                bp_finding(context, "branches[%zu]: condition is required", index);
}

static void conditional_validate(struct bp_action_context *context) {
        const struct bp_value *branches = bp_param(context, "branches");

        if (bp_truth(context, branches) && bp_type(context, branches) != BP_LIST)
                bp_finding(context, "branches must be a list");
        for (size_t i = 0; bp_type(context, branches) == BP_LIST && i < context->host->count(branches); i++)
                validate_branch(context, context->host->item(branches, i), i);
}

/* clang-format off */
BP_ACTION(conditional,
        .name = "Conditional Branch", .category = "Control Flow", .icon = "git-branch", .color = "#8b5cf6",
        .description = "Runs one of several ways on: the first branch whose condition is true.",
        .effect = BP_PURE, .flags = BP_FLAG_INLINE, .routes = "branches",
        BP_PARAMS(
                {.name = "branches", .label = "Branches", .type = BP_PARAM_BRANCHES, .default_json = "[]",
                 .flags = BP_PARAM_RAW,
                 .description = "Judged in order; the first whose condition is true is taken."},
                {.name = "condition", .label = "Condition (Legacy)", .type = BP_PARAM_BOOLEAN, .default_json = "true",
                 .flags = BP_PARAM_NULLABLE, .group = "Legacy",
                 .description = "Without branches: which of the two results to take."},
                {.name = "true_result", .label = "True Result (Legacy)", .type = BP_PARAM_JSON,
                 .default_json = "{\"branch\": \"true\"}", .flags = BP_PARAM_NULLABLE, .group = "Legacy",
                 .description = "Without branches: the result when the condition is true."},
                {.name = "false_result", .label = "False Result (Legacy)", .type = BP_PARAM_JSON,
                 .default_json = "{\"branch\": \"false\"}", .flags = BP_PARAM_NULLABLE, .group = "Legacy",
                 .description = "Without branches: the result when the condition is false."}),
        BP_OUTPUTS({"matched_branch", "string", "Id of the branch taken, or null"},
                   {"matched_label", "string", "Its label, or none"},
                   {"target_step", "string", "The step it leads to, or null"},
                   {"result", "object", "Label of the branch taken; without branches, the result chosen"},
                   {"branch", "string", "Id of the branch taken, or none; without branches, true or false"}),
        BP_EXAMPLES({"Route by priority",
                     "{\"branches\": ["
                     "{\"id\": \"urgent\", \"label\": \"Urgent\", \"condition\": \"{{ params.priority >= 8 }}\","
                     " \"target_step\": \"page_someone\"},"
                     "{\"id\": \"other\", \"label\": \"All other\", \"condition\": \"true\","
                     " \"target_step\": \"write_ticket\"}]}",
                     "High priorities page someone, everything else becomes a ticket."}),
        .execute = conditional_execute, .validate_params = conditional_validate);
/* clang-format on */
