/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_output: publishes an object as the step's outputs, member by member, as it is. With templates in it, this is how
 * a pipeline gathers what its steps have found.
 *
 * Fails when `outputs` is not an object.
 */
#include <budpipeline/action.h>

static int set_output_execute(struct bp_action_context *context) {
        const struct bp_value *outputs = bp_param(context, "outputs"), *value;
        const char *name;

        if (outputs && bp_type(context, outputs) != BP_OBJECT)
                return bp_fail(context, "PARAM_INVALID", "outputs must be an object, got %s",
                               bp_type_name(context, outputs));
        for (size_t i = 0; (value = context->host->member(outputs, i, &name)); i++)
                bp_output(context, name, value);
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(set_output,
        .name = "Set Output", .category = "Control Flow", .icon = "arrow-square-out", .color = "#06b6d4",
        .description = "Publishes values of your choice as the outputs of a step.",
        .effect = BP_PURE, .flags = BP_FLAG_INLINE,
        BP_PARAMS(
                {.name = "outputs", .label = "Outputs", .type = BP_PARAM_JSON, .default_json = "{}",
                 .flags = BP_PARAM_NULLABLE, .placeholder = "{\"key\": \"value\"}",
                 .description = "Object whose members become the outputs."}),
        BP_OUTPUTS({"*", "object", "The members of `outputs`"}),
        BP_EXAMPLES({"Fixed values", "{\"outputs\": {\"region\": \"eu-1\", \"replicas\": 3}}",
                     "Later steps read them as outputs of this step."},
                    {"Gathered from steps",
                     "{\"outputs\": {\"total\": \"{{ steps.sum.outputs.result }}\", \"ok\": true}}",
                     "Puts the result of an earlier step under a name of its own."}),
        .execute = set_output_execute);
/* clang-format on */
