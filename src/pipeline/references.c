/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What templates read, against what there will be to read: declared parameters, and outputs of steps that have ended
 * by then. A name that nothing has is an error, as in the original; what may still turn out well is a warning.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/similar.h"
#include "base/value.h"
#include "pipeline/loader.h"
#include "registry/registry.h"
#include "template/template.h"

/* One look over all templates. */
struct review {
        struct bp_loader *loader;
        bool *used_parameters;
        bool all_used;                   /* some template takes `params` as a whole */
        struct bp_step_definition *step; /* whose templates these are; NULL: the pipeline's outputs */
        const struct bp_path *path;      /* of what is looked at */
};

/* One template of it. */
struct place {
        struct review *review;
        const char *pointer;  /* below the path of the review */
        const char *reported; /* the name reported last, so that a name read twice in a row is reported once */
};

__attribute__((format(printf, 4, 5))) static int report(const struct place *place, bool is_error, const char *code,
                                                        const char *format, ...) {
        struct bp_problem problem;
        char message[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        bp_problem_set(&problem, code, "%s", message);
        snprintf(problem.pointer, sizeof(problem.pointer), "%s", place->pointer);
        return bp_findings_add(&place->review->loader->findings, is_error, place->review->path, &problem);
}

/* ---- params.NAME ---- */

static const char *nearest_parameter(const struct bp_loader *loader, const char *wanted) {
        struct bp_similar similar;

        if (!bp_findings_may_hint(&loader->findings) || strlen(wanted) < 3)
                return NULL;
        bp_similar_init(&similar, wanted);
        for (size_t i = 0; i < loader->definition->n_parameters; i++)
                bp_similar_offer(&similar, loader->parameters[i].name);
        return similar.nearest;
}

static int check_parameter(struct place *place, const struct bp_template_reference *reference) {
        struct bp_loader *loader = place->review->loader;
        int64_t number;
        char hint[96];

        if (reference->n_path < 2) {
                place->review->all_used = true;
                return 0;
        }
        number = bp_number_of(&loader->parameter_numbers, reference->path[1]);
        if (number >= 0)
                place->review->used_parameters[number] = true;
        if (number >= 0 || !loader->knows_parameters)
                return 0;
        if (place->reported && strcmp(place->reported, reference->path[1]) == 0)
                return 0;
        place->reported = reference->path[1];
        return report(place, true, "UNKNOWN_PARAMETER", "Unknown parameter: %s%s", reference->path[1],
                      bp_findings_hint(nearest_parameter(loader, reference->path[1]), hint));
}

/* ---- steps.ID.outputs.NAME ---- */

/* `steps.my-id` reads as a subtraction: a step whose id goes on with a dash is what was meant. */
static const char *dashed_step(const struct bp_loader *loader, const char *name) {
        size_t size = strlen(name);

        for (uint32_t i = 0; i < loader->definition->n_steps; i++) {
                const char *id = loader->steps[i].id;

                if (strncmp(id, name, size) == 0 && id[size] == '-')
                        return id;
        }
        return NULL;
}

static int report_unknown_step(struct place *place, const char *name) {
        const struct bp_loader *loader = place->review->loader;
        const char *dashed = bp_findings_may_hint(&loader->findings) ? dashed_step(loader, name) : NULL;
        char hint[96];

        if (place->reported && strcmp(place->reported, name) == 0)
                return 0;
        place->reported = name;
        if (dashed)
                return report(place, true, "UNKNOWN_STEP", "Unknown step: %s; write steps['%s']", name, dashed);
        return report(place, true, "UNKNOWN_STEP", "Unknown step: %s%s", name,
                      bp_findings_hint(bp_loader_nearest_step(loader, name), hint));
}

static int check_order(const struct place *place, const struct bp_step_definition *read) {
        const struct bp_step_definition *reader = place->review->step;

        if (!reader || !place->review->loader->is_ordered || bp_step_is_after(reader, read->index))
                return 0;
        return report(place, false, "NOT_AN_ANCESTOR",
                      "Step '%s' reads step '%s', which it does not come after: the value is undefined; add '%s' to "
                      "its depends_on",
                      reader->id, read->id, read->id);
}

static const char *nearest_output(const struct bp_action_meta *meta, const char *wanted) {
        struct bp_similar similar;

        bp_similar_init(&similar, wanted);
        for (size_t i = 0; i < meta->n_outputs; i++)
                bp_similar_offer(&similar, meta->outputs[i].name);
        return similar.nearest;
}

static int check_output(const struct place *place, const struct bp_step_definition *read,
                        const struct bp_template_reference *reference) {
        const struct bp_action_meta *meta = read->entry ? bp_action_entry_meta(read->entry) : NULL;
        char hint[96];

        if (reference->n_path < 3 || reference->guarded)
                return 0;
        if (strcmp(reference->path[2], "outputs") != 0)
                return report(place, false, "UNKNOWN_OUTPUT",
                              "Step '%s' has no '%s': what a step gives stands in steps.%s.outputs", read->id,
                              reference->path[2], read->id);
        if (reference->n_path < 4 || !meta || bp_action_meta_output(meta, reference->path[3]) ||
            bp_action_meta_output(meta, "*"))
                return 0;
        return report(place, false, "UNKNOWN_OUTPUT", "The action '%s' of step '%s' has no output '%s'%s", read->action,
                      read->id, reference->path[3],
                      bp_findings_hint(bp_findings_may_hint(&place->review->loader->findings)
                                               ? nearest_output(meta, reference->path[3])
                                               : NULL,
                                       hint));
}

static int check_step(struct place *place, const struct bp_template_reference *reference) {
        struct bp_loader *loader = place->review->loader;
        const struct bp_step_definition *read;
        int64_t number;
        int r;

        if (place->review->step)
                place->review->step->reads_steps = true;
        if (reference->n_path < 2)
                return 0;
        number = bp_number_of(&loader->loaded->step_numbers, reference->path[1]);
        if (number < 0)
                return report_unknown_step(place, reference->path[1]);
        read = &loader->steps[number];
        r = check_order(place, read);
        return r < 0 ? r : check_output(place, read, reference);
}

/* ---- templates ---- */

/* Names that are neither are undefined, or a function of the language; a slip of the pen is worth a word. */
static int check_name(const struct place *place, const char *name) {
        struct bp_similar similar;

        bp_similar_init(&similar, name);
        bp_similar_offer(&similar, "params");
        bp_similar_offer(&similar, "steps");
        if (!similar.nearest || strlen(name) < 4)
                return 0;
        return report(place, false, "UNKNOWN_NAME", "Unknown name: %s; did you mean '%s'?", name, similar.nearest);
}

static int check_template(struct review *review, const char *pointer, const struct bp_template *template) {
        struct place place = {.review = review, .pointer = pointer};
        const struct bp_template_reference *references;
        size_t count;

        if (!template)
                return 0;
        references = bp_template_references(template, &count);
        for (size_t i = 0; i < count; i++) {
                const char *name = references[i].path[0];
                int r;

                if (strcmp(name, "params") == 0)
                        r = check_parameter(&place, &references[i]);
                else if (strcmp(name, "steps") == 0)
                        r = check_step(&place, &references[i]);
                else
                        r = check_name(&place, name);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int visit_template(void *userdata, const char *pointer, const struct bp_template *template) {
        return check_template(userdata, pointer, template);
}

/* Conditions of branches are compiled here for their findings only: the action gets them as they were written. */
static int review_branch(void *userdata, const struct bp_branch *branch, const struct bp_path *path) {
        struct review *review = userdata;
        const struct bp_path condition_path = {.parent = path, .key = "condition"};
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = NULL;
        const struct bp_condition *condition;
        struct bp_problem problem;
        int r;

        if (!branch->condition || branch->condition->type != BP_STRING)
                return 0;
        scratch = bp_arena_new(review->loader->limits.arena_bytes);
        if (!scratch)
                return -ENOMEM;
        r = bp_condition_compile(scratch, branch->condition->as.text, branch->condition->count,
                                 review->loader->limits.templates, &condition, &problem);
        if (r == BP_PROBLEM)
                return bp_findings_add(&review->loader->findings, true, &condition_path, &problem);
        if (r < 0)
                return r;
        review->path = &condition_path;
        r = check_template(review, "", bp_condition_template(condition));
        review->path = NULL;
        return r;
}

static int review_step(struct review *review, struct bp_step_definition *step) {
        const struct bp_path steps = {.key = "steps"}, at = {.parent = &steps, .index = step->index};
        const struct bp_path params = {.parent = &at, .key = "params"}, condition = {.parent = &at, .key = "condition"};
        int r = 0;

        review->step = step;
        review->path = &params;
        if (step->params_tree)
                r = bp_template_tree_visit(step->params_tree, visit_template, review);
        review->path = &condition;
        if (r == 0 && step->condition)
                r = check_template(review, "", bp_condition_template(step->condition));
        review->path = NULL;
        return r < 0 ? r : bp_step_branches(step, review_branch, review);
}

static int review_output(struct review *review, const struct bp_output_template *output) {
        const struct bp_path outputs = {.key = "outputs"}, path = {.parent = &outputs, .key = output->name};
        int r;

        review->step = NULL;
        review->path = &path;
        r = check_template(review, "", output->template);
        review->path = NULL;
        return r;
}

static int warn_of_unused(const struct review *review) {
        struct bp_loader *loader = review->loader;
        const struct bp_path parameters = {.key = "parameters"};

        for (size_t i = 0; !review->all_used && i < loader->definition->n_parameters; i++) {
                const struct bp_path path = {.parent = &parameters, .index = i};
                const char *name = loader->parameters[i].name;
                int64_t number = bp_number_of(&loader->parameter_numbers, name);
                int r;

                if (!*name || number < 0 || review->used_parameters[number])
                        continue;
                r = bp_findings_warning(&loader->findings, "UNUSED_PARAMETER", &path,
                                        "No template reads the parameter '%s'", name);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int review_all(struct review *review) {
        struct bp_loader *loader = review->loader;

        for (uint32_t i = 0; i < loader->definition->n_steps; i++) {
                int r = review_step(review, &loader->steps[i]);

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < loader->definition->n_outputs; i++) {
                int r = review_output(review, &loader->outputs[i]);

                if (r < 0)
                        return r;
        }
        return warn_of_unused(review);
}

int bp_loader_check_references(struct bp_loader *loader) {
        _cleanup_(bp_freep) bool *used = bp_calloc(loader->definition->n_parameters, sizeof(*used));
        struct review review = {.loader = loader, .used_parameters = used};

        return used ? review_all(&review) : -ENOMEM;
}
