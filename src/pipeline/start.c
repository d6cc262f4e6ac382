/* SPDX-License-Identifier: Apache-2.0 */
/* What an execution is started with: the parameters in force, and everything that must hold before. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/problem.h"
#include "base/value.h"
#include "pipeline/definition.h"
#include "pipeline/report.h"
#include "registry/registry.h"

int bp_definition_merge_params(const struct bp_definition *definition, const struct bp_value *given,
                               struct bp_arena *arena, struct bp_value *ret_params) {
        struct bp_object_builder merged;
        struct bp_value params;
        int r;

        bp_object_init(&merged, arena);
        for (size_t i = 0; i < definition->n_parameters; i++) {
                const struct bp_parameter *parameter = &definition->parameters[i];
                const struct bp_value *value = bp_value_get(given, parameter->name);

                if (value)
                        bp_object_set_z(&merged, parameter->name, *value);
                else if (parameter->has_default)
                        bp_object_set_z(&merged, parameter->name, parameter->default_value);
        }
        if (given->type == BP_OBJECT)
                bp_object_merge(&merged, given);
        r = bp_object_finish(&merged, &params);
        return r < 0 ? r : bp_value_copy(arena, &params, ret_params);
}

/* ---- before the start ---- */

static int check_action(struct bp_findings *findings, const struct bp_step_definition *step) {
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step->index};
        const struct bp_path path = {.parent = &at, .key = "action"};
        const char *unavailable;

        if (!step->entry)
                return bp_findings_error(findings, "UNKNOWN_ACTION", &path,
                                         "Step '%s': the action '%s' is not installed", step->id, step->action);
        if (bp_action_entry_executor(step->entry))
                return 0;
        unavailable = bp_action_entry_unavailable(step->entry);
        return bp_findings_error(findings, "ACTION_UNAVAILABLE", &path, "Step '%s': the action '%s' cannot be run: %s",
                                 step->id, step->action, unavailable ? unavailable : "it is described only");
}

static bool is_integer(const struct bp_value *value) {
        return value->type == BP_INT || (value->type == BP_FLOAT && value->as.number == floor(value->as.number));
}

static bool is_text(const struct bp_value *value) {
        return value->type == BP_STRING;
}

static bool is_boolean(const struct bp_value *value) {
        return value->type == BP_BOOL;
}

static bool is_list(const struct bp_value *value) {
        return value->type == BP_LIST;
}

static bool is_object(const struct bp_value *value) {
        return value->type == BP_OBJECT;
}

/* Types that are not listed take anything. */
static const struct parameter_type {
        const char *name;
        bool (*matches)(const struct bp_value *value);
} parameter_types[] = {
        {"string", is_text},       {"integer", is_integer},  {"float", bp_value_is_number}, {"boolean", is_boolean},
        {"array", is_list},        {"object", is_object},    {"cluster_ref", is_text},      {"model_ref", is_text},
        {"endpoint_ref", is_text}, {"project_ref", is_text}, {"credential_ref", is_text},
};

static bool matches_type(const struct bp_value *value, const char *type) {
        for (size_t i = 0; i < BP_COUNT(parameter_types); i++)
                if (strcmp(parameter_types[i].name, type) == 0)
                        return parameter_types[i].matches(value);
        return true;
}

static int check_parameter(struct bp_findings *findings, const struct bp_parameter *parameter,
                           const struct bp_value *params) {
        const struct bp_path root = {.key = "params"}, path = {.parent = &root, .key = parameter->name};
        const struct bp_value *value = bp_value_get(params, parameter->name);

        if (!value && parameter->has_default)
                value = &parameter->default_value;
        if (!value || value->type == BP_NULL) {
                if (!parameter->required)
                        return 0;
                return bp_findings_error(findings, "PARAM_REQUIRED", &path, "Missing required parameter: %s",
                                         parameter->name);
        }
        if (!parameter->has_type || matches_type(value, parameter->type))
                return 0;
        return bp_findings_error(findings, "PARAM_TYPE", &path, "Parameter '%s' must be of type %s, not %s",
                                 parameter->name, parameter->type, bp_value_python_type(value));
}

int bp_definition_check_start(const struct bp_definition *definition, const struct bp_value *params,
                              struct bp_problem_list *errors) {
        struct bp_findings findings = {.errors = errors, .limit = UINT32_MAX};

        for (uint32_t i = 0; i < definition->n_steps; i++) {
                int r = check_action(&findings, &definition->steps[i]);

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < definition->n_parameters; i++) {
                int r = check_parameter(&findings, &definition->parameters[i], params);

                if (r < 0)
                        return r;
        }
        return findings.n_errors ? BP_PROBLEM : 0;
}
