/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a run. A parameter whose templates read only `params` is shown as it will be, others as written. */
#include "cli/run_plan.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "cli/cli.h"
#include "pipeline/definition.h"
#include "registry/registry.h"
#include "template/template.h"

static int reads_steps(void *userdata, const char *pointer, const struct bp_template *template) {
        const struct bp_template_reference *references;
        size_t count;

        (void)userdata;
        (void)pointer;
        references = bp_template_references(template, &count);
        for (size_t i = 0; i < count; i++)
                if (references[i].n_path && strcmp(references[i].path[0], "steps") == 0)
                        return 1;
        return 0;
}

/* What cannot be resolved now, because of steps or because it fails, stays as written. */
static int resolve(const struct bp_value *written, const struct bp_value *params, struct bp_arena *arena,
                   struct bp_value *ret_value) {
        const struct bp_template_scope scope = {.params = params, .steps = &bp_value_empty_object};
        const struct bp_template_tree *tree;
        struct bp_value value;
        int r;

        *ret_value = *written;
        r = bp_template_tree_compile(arena, written, NULL, NULL, NULL, &tree, NULL);
        if (r || bp_template_tree_visit(tree, reads_steps, NULL))
                return r < 0 ? r : 0;
        r = bp_template_tree_evaluate(tree, &scope, arena, NULL, &value, NULL);
        if (r == 0)
                *ret_value = value;
        return r < 0 ? r : 0;
}

/* What the action evaluates itself stays as written too. */
static bool is_raw(const struct bp_step_definition *step, const char *name) {
        const struct bp_param_meta *param =
                step->entry ? bp_action_meta_param(bp_action_entry_meta(step->entry), name) : NULL;

        return param && param->raw;
}

static int resolve_params(const struct bp_step_definition *step, const struct bp_value *params, struct bp_arena *arena,
                          struct bp_value *ret_params) {
        struct bp_object_builder resolved;

        bp_object_init(&resolved, arena);
        for (uint32_t i = 0; step->params.type == BP_OBJECT && i < step->params.count; i++) {
                const struct bp_member *member = &step->params.as.members[i];
                struct bp_value value = member->value;
                int r;

                r = is_raw(step, member->key) ? 0 : resolve(&member->value, params, arena, &value);
                if (r)
                        return r;
                bp_object_set(&resolved, member->key, member->key_size, value);
        }
        return bp_object_finish(&resolved, ret_params);
}

static bool starts_level(const struct bp_definition *definition, uint32_t place) {
        const uint32_t *order = definition->start_order;

        return place == 0 || definition->steps[order[place]].level != definition->steps[order[place - 1]].level;
}

/* ---------------------------------------------------------------------------------------------------------------
 * For a person
 */

static void add_json_line(struct bp_strbuf *buffer, const struct bp_value *value) {
        struct bp_strbuf text;

        bp_strbuf_init(&text, NULL, SIZE_MAX);
        bp_json_write(&text, value);
        bp_show_text(buffer, bp_strbuf_text(&text), 0);
        bp_strbuf_add_char(buffer, '\n');
        bp_strbuf_done(&text);
}

static int add_step_text(struct bp_strbuf *buffer, const struct bp_definition *definition,
                         const struct bp_step_definition *step, const struct bp_value *params, struct bp_arena *arena) {
        struct bp_value resolved;
        int r;

        r = resolve_params(step, params, arena, &resolved);
        if (r)
                return r;
        bp_strbuf_add_text(buffer, "  ");
        bp_show_text(buffer, step->id, 0);
        bp_strbuf_add_text(buffer, ": ");
        bp_show_text(buffer, step->action, 0);
        for (uint32_t i = 0; i < step->n_depends_on; i++) {
                bp_strbuf_add_text(buffer, i ? ", " : ", after ");
                bp_show_text(buffer, definition->steps[step->depends_on[i]].id, 0);
        }
        bp_strbuf_add_char(buffer, '\n');
        if (step->condition_text) {
                bp_strbuf_add_text(buffer, "      if ");
                bp_show_text(buffer, step->condition_text, 0);
                bp_strbuf_add_char(buffer, '\n');
        }
        for (uint32_t i = 0; i < resolved.count; i++) {
                bp_strbuf_add_text(buffer, "      ");
                bp_show_text(buffer, resolved.as.members[i].key, 0);
                bp_strbuf_add_text(buffer, " = ");
                add_json_line(buffer, &resolved.as.members[i].value);
        }
        return 0;
}

int bp_run_plan_write_text(struct bp_strbuf *buffer, const struct bp_definition *definition,
                           const struct bp_value *params, struct bp_arena *arena) {
        bp_show_text(buffer, definition->name, 0);
        bp_strbuf_add_text(buffer, "\nparameters: ");
        add_json_line(buffer, params);
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                const struct bp_step_definition *step = &definition->steps[definition->start_order[i]];
                int r;

                if (starts_level(definition, i))
                        bp_strbuf_printf(buffer, "\nlevel %u\n", step->level);
                r = add_step_text(buffer, definition, step, params, arena);
                if (r)
                        return r;
        }
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * For a program
 */

static void add_text(struct bp_strbuf *buffer, const char *text) {
        bp_json_write_string(buffer, text, strlen(text));
}

static int add_step_json(struct bp_strbuf *buffer, const struct bp_definition *definition,
                         const struct bp_step_definition *step, const struct bp_value *params, struct bp_arena *arena) {
        struct bp_value resolved;
        int r;

        r = resolve_params(step, params, arena, &resolved);
        if (r)
                return r;
        bp_strbuf_add_text(buffer, "{\"id\":");
        add_text(buffer, step->id);
        bp_strbuf_add_text(buffer, ",\"action\":");
        add_text(buffer, step->action);
        bp_strbuf_add_text(buffer, ",\"depends_on\":[");
        for (uint32_t i = 0; i < step->n_depends_on; i++) {
                if (i)
                        bp_strbuf_add_char(buffer, ',');
                add_text(buffer, definition->steps[step->depends_on[i]].id);
        }
        bp_strbuf_add_text(buffer, "],\"condition\":");
        if (step->condition_text)
                add_text(buffer, step->condition_text);
        else
                bp_strbuf_add_text(buffer, "null");
        bp_strbuf_add_text(buffer, ",\"params\":");
        bp_json_write(buffer, &resolved);
        bp_strbuf_add_char(buffer, '}');
        return 0;
}

int bp_run_plan_write_json(struct bp_strbuf *buffer, const struct bp_definition *definition,
                           const struct bp_value *params, struct bp_arena *arena) {
        bp_strbuf_add_text(buffer, "{\"name\":");
        add_text(buffer, definition->name);
        bp_strbuf_add_text(buffer, ",\"params\":");
        bp_json_write(buffer, params);
        bp_strbuf_add_text(buffer, ",\"levels\":[");
        for (uint32_t i = 0; i < definition->n_steps; i++) {
                int r;

                if (i)
                        bp_strbuf_add_text(buffer, starts_level(definition, i) ? "],[" : ",");
                else
                        bp_strbuf_add_char(buffer, '[');
                r = add_step_json(buffer, definition, &definition->steps[definition->start_order[i]], params, arena);
                if (r)
                        return r;
        }
        bp_strbuf_add_text(buffer, "]]}\n");
        return 0;
}
