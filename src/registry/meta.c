/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an action to its metadata. Every check adds its finding and goes on, so that an author sees all of them at
 * once, in the order of the struct.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "registry/entry.h"
#include "registry/members.h"

void bp_finder_add(struct bp_finder *finder, const char *pointer, const char *format, ...) {
        struct bp_problem problem;
        va_list arguments;
        char text[400];
        int r;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        bp_problem_set(&problem, "ACTION_INVALID", "action '%.64s': %s", finder->action, text);
        snprintf(problem.pointer, sizeof(problem.pointer), "%s", pointer);
        r = bp_problem_list_add(finder->problems, &problem);
        if (r < 0)
                finder->error = r;
        finder->count++;
}

int bp_finder_result(const struct bp_finder *finder) {
        if (finder->error)
                return finder->error;
        return finder->count ? BP_PROBLEM : 0;
}

static void check_text(const struct bp_text_member *member, const char *text, const char *pointer, const char *what,
                       struct bp_finder *finder) {
        size_t size = text ? strnlen(text, BP_META_TEXT_MAX + 1) : 0;
        char path[96];

        snprintf(path, sizeof(path), "%s/%s", pointer, member->wire);
        if (member->mandatory && size == 0)
                bp_finder_add(finder, path, "%s%s is mandatory and empty", what, member->wire);
        else if (size > BP_META_TEXT_MAX)
                bp_finder_add(finder, path, "%s%s is longer than %u bytes", what, member->wire, BP_META_TEXT_MAX);
        else if (size && !bp_utf8_valid(text, size))
                bp_finder_add(finder, path, "%s%s is not UTF-8", what, member->wire);
}

void bp_texts_check(const struct bp_text_members *members, size_t first, size_t count, const void *object,
                    const char *pointer, const char *what, struct bp_finder *finder) {
        for (size_t i = first; i < members->count && i < first + count; i++)
                check_text(&members->items[i], bp_text_member_get(object, &members->items[i]), pointer, what, finder);
}

bool bp_meta_json(struct bp_arena *arena, const char *text, const char *pointer, const char *what,
                  struct bp_finder *finder, struct bp_value *ret_value) {
        struct bp_problem problem;
        int r = bp_json_parse(arena, text, strnlen(text, BP_META_TEXT_MAX), NULL, ret_value, &problem);

        if (r == 0)
                return true;
        if (r < 0)
                finder->error = r;
        else
                bp_finder_add(finder, pointer, "%s: %.200s", what, problem.message);
        return false;
}

/* The reference's rule (letters and digits of any script, and `_`), and two characters that separate names. */
static void check_type_name(const char *type, struct bp_finder *finder) {
        size_t size = strnlen(type, BP_META_TEXT_MAX), step;
        bool alphanumeric = false;

        if (!bp_utf8_valid(type, size))
                return;
        if (strpbrk(type, "/@")) {
                bp_finder_add(finder, "/type", "type must not contain `/` or `@`: they separate publisher and version");
                return;
        }
        for (size_t i = 0; i < size; i += step) {
                uint32_t code_point = bp_utf8_decode(type + i, &step);

                if (code_point != '_' && !bp_utf8_is_alphanumeric(code_point)) {
                        bp_finder_add(finder, "/type", "type must consist of letters, digits and `_`");
                        return;
                }
                alphanumeric |= code_point != '_';
        }
        if (!alphanumeric)
                bp_finder_add(finder, "/type", "type must have a letter or a digit");
}

static const char *or_text(const char *text, const char *otherwise) {
        return text ? text : otherwise;
}

static void build_params(struct bp_arena *arena, const struct bp_action *action, struct bp_finder *finder,
                         struct bp_action_meta *meta) {
        struct bp_param_meta *params = bp_arena_array(arena, action->n_params, sizeof(*params));

        if (!params) {
                finder->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < action->n_params; i++)
                bp_param_meta_build(arena, action, i, finder, &params[i]);
        meta->params = params;
        meta->n_params = action->n_params;
}

/* Among the first `count`, not all of which need have a name: that is a finding of its own. */
static bool has_output(const struct bp_action *action, size_t count, const char *name) {
        for (size_t i = 0; i < count; i++)
                if (action->outputs[i].name && strcmp(action->outputs[i].name, name) == 0)
                        return true;
        return false;
}

static bool output_seen_before(const struct bp_action *action, size_t index) {
        const char *name = action->outputs[index].name;

        return name && name[0] && has_output(action, index, name);
}

static void build_outputs(const struct bp_action *action, struct bp_finder *finder, struct bp_action_meta *meta) {
        for (size_t i = 0; i < action->n_outputs; i++) {
                char pointer[32], what[32];

                snprintf(pointer, sizeof(pointer), "/outputs/%zu", i);
                snprintf(what, sizeof(what), "outputs[%zu].", i);
                bp_texts_check(&bp_output_texts, 0, 1, &action->outputs[i], pointer, what, finder);
                if (output_seen_before(action, i))
                        bp_finder_add(finder, pointer, "outputs[%zu] has the name '%.64s' of another output", i,
                                      action->outputs[i].name);
                bp_texts_check(&bp_output_texts, 1, 2, &action->outputs[i], pointer, what, finder);
        }
        meta->outputs = action->outputs;
        meta->n_outputs = action->n_outputs;
}

static void check_execution(const struct bp_action *action, const struct bp_meta_source *source,
                            struct bp_finder *finder) {
        if (action->execution_mode > BP_EVENT_DRIVEN)
                bp_finder_add(finder, "/executionMode", "execution_mode must be BP_SYNC or BP_EVENT_DRIVEN");
        if (action->effect < BP_PURE || action->effect > BP_ONCE)
                bp_finder_add(finder, "/effect", "effect is mandatory: BP_PURE, BP_IDEMPOTENT or BP_ONCE");
        if (action->idempotent > BP_NO)
                bp_finder_add(finder, "/idempotent", "idempotent must be BP_DEFAULT, BP_YES or BP_NO");
        if ((action->flags & BP_FLAG_INLINE) && action->effect != BP_PURE)
                bp_finder_add(finder, "/effect", "BP_FLAG_INLINE is for actions whose effect is BP_PURE");
        if (source->described)
                return;
        if (!action->execute)
                bp_finder_add(finder, "", "execute is missing");
        if (action->execution_mode == BP_EVENT_DRIVEN && !action->on_event)
                bp_finder_add(finder, "", "on_event is missing, which BP_EVENT_DRIVEN needs");
}

static bool is_interval(double seconds) {
        return isfinite(seconds) && seconds >= 0;
}

static void check_retry_policy(const struct bp_retry_policy *policy, struct bp_finder *finder) {
        if (!policy)
                return;
        if (policy->max_attempts == 0)
                bp_finder_add(finder, "/retryPolicy/maxAttempts", "retry_policy: max_attempts must be at least 1");
        if (!isfinite(policy->backoff_multiplier) || policy->backoff_multiplier < 1)
                bp_finder_add(finder, "/retryPolicy/backoffMultiplier",
                              "retry_policy: backoff_multiplier must be at least 1");
        if (!is_interval(policy->initial_interval_seconds))
                bp_finder_add(finder, "/retryPolicy/initialIntervalSeconds",
                              "retry_policy: initial_interval_seconds must not be negative");
        if (!is_interval(policy->max_interval_seconds))
                bp_finder_add(finder, "/retryPolicy/maxIntervalSeconds",
                              "retry_policy: max_interval_seconds must not be negative");
        if (!(policy->jitter >= 0 && policy->jitter <= 1))
                bp_finder_add(finder, "/retryPolicy/jitter", "retry_policy: jitter must lie in 0..1");
}

static void check_routes(const struct bp_action_meta *meta, struct bp_finder *finder) {
        const struct bp_param_meta *param;

        if (!meta->routes)
                return;
        param = bp_action_meta_param(meta, meta->routes);
        if (!param || param->type != BP_PARAM_BRANCHES)
                bp_finder_add(finder, "/routes", "routes must name a parameter of type branches, '%.64s' is none",
                              meta->routes);
}

static void check_woken(const struct bp_action *action, const char *output, const char *pointer,
                        struct bp_finder *finder) {
        if (output && !has_output(action, action->n_outputs, output))
                bp_finder_add(finder, pointer, "%s must name an output, '%.64s' is none", pointer + 1, output);
}

static void check_names(const char *const *texts, const char *member, struct bp_finder *finder) {
        const struct bp_text_member service = {.wire = member, .mandatory = true};

        for (size_t i = 0; texts && texts[i]; i++)
                check_text(&service, texts[i], "", "", finder);
}

static void check_visibility_targets(const struct bp_action_meta *meta, struct bp_finder *finder) {
        for (size_t i = 0; i < meta->n_params; i++) {
                const char *param = meta->params[i].visible_when_param;
                char pointer[48];

                if (!param || !param[0])
                        continue;
                snprintf(pointer, sizeof(pointer), "/params/%zu/visibleWhen/param", i);
                if (!bp_action_meta_param(meta, param))
                        bp_finder_add(finder, pointer, "params[%zu].show_when names '%.64s', which is no parameter", i,
                                      param);
                else if (bp_action_meta_param(meta, param) == &meta->params[i])
                        bp_finder_add(finder, pointer, "params[%zu].show_when names the parameter itself", i);
        }
}

/* Passes findings about parameters on as findings about the action. */
static void forward_findings(const struct bp_problem_list *from, const char *pointer, const char *what,
                             struct bp_finder *finder) {
        for (size_t i = 0; i < from->count; i++) {
                char path[320];

                snprintf(path, sizeof(path), "%s%s", pointer, from->items[i]->pointer);
                bp_finder_add(finder, path, "%s: %.300s", what, from->items[i]->message);
        }
}

static void check_example_params(const struct bp_action_meta *meta, const struct bp_value *params, const char *pointer,
                                 const char *what, struct bp_finder *finder) {
        const struct bp_params_check how = {.templates = true, .unknown_names = true};
        struct bp_problem_list findings = {.arena = finder->problems->arena};
        int r = bp_params_check(meta, params, &how, &findings);

        if (r < 0)
                finder->error = r;
        else
                forward_findings(&findings, pointer, what, finder);
}

static void build_example(struct bp_arena *arena, const struct bp_action_meta *meta,
                          const struct bp_action_example *example, size_t index, bool params_are_sound,
                          struct bp_finder *finder, struct bp_example_meta *ret_example) {
        char pointer[48], what[32];

        snprintf(pointer, sizeof(pointer), "/examples/%zu", index);
        snprintf(what, sizeof(what), "examples[%zu].", index);
        bp_texts_check(&bp_example_texts, 0, bp_example_texts.count, example, pointer, what, finder);
        ret_example->title = example->title;
        ret_example->description = example->description;
        if (!example->params_json || !example->params_json[0])
                return;
        snprintf(pointer, sizeof(pointer), "/examples/%zu/params", index);
        snprintf(what, sizeof(what), "examples[%zu].params", index);
        if (bp_meta_json(arena, example->params_json, pointer, what, finder, &ret_example->params) && params_are_sound)
                check_example_params(meta, &ret_example->params, pointer, what, finder);
}

static void build_examples(struct bp_arena *arena, const struct bp_action *action, struct bp_finder *finder,
                           struct bp_action_meta *meta) {
        struct bp_example_meta *examples = bp_arena_array(arena, action->n_examples, sizeof(*examples));
        bool params_are_sound = finder->count == 0;

        if (!examples) {
                finder->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; !finder->error && i < action->n_examples; i++)
                build_example(arena, meta, &action->examples[i], i, params_are_sound, finder, &examples[i]);
        meta->examples = examples;
        meta->n_examples = action->n_examples;
}

static void fill_plain_members(const struct bp_action *action, const struct bp_meta_source *source,
                               struct bp_action_meta *meta) {
        static const char *const no_texts[] = {NULL};

        meta->type = action->type;
        meta->name = action->name;
        meta->category = action->category;
        meta->description = action->description;
        meta->version = or_text(action->version, "1.0.0");
        meta->icon = or_text(action->icon, "");
        meta->color = or_text(action->color, "#8c8c8c");
        meta->execution_mode = action->execution_mode ? (enum bp_execution_mode)action->execution_mode : BP_SYNC;
        meta->effect = (enum bp_effect)action->effect;
        meta->idempotent = action->idempotent ? action->idempotent == BP_YES : action->effect != BP_ONCE;
        meta->is_inline = source->built_in && (action->flags & BP_FLAG_INLINE);
        meta->timeout_is_success = action->flags & BP_FLAG_TIMEOUT_IS_SUCCESS;
        meta->timeout_seconds = action->timeout_seconds;
        meta->retry_policy = action->retry_policy;
        meta->required_services = action->required_services ? action->required_services : no_texts;
        meta->required_permissions = action->required_permissions ? action->required_permissions : no_texts;
        meta->also_accepts = action->also_accepts ? action->also_accepts : no_texts;
        meta->docs_url = action->docs_url;
        meta->deprecated = action->deprecated;
        meta->routes = action->routes;
        meta->woken = action->woken;
        meta->woken_at = action->woken_at;
}

int bp_action_meta_build(struct bp_arena *arena, const struct bp_action *action, const struct bp_meta_source *source,
                         struct bp_finder *finder, struct bp_action_meta *ret_meta) {
        struct bp_action_meta meta = {0};

        fill_plain_members(action, source, &meta);
        bp_texts_check(&bp_action_texts, 0, BP_ACTION_TEXTS_MANDATORY, action, "", "", finder);
        if (action->type && action->type[0])
                check_type_name(action->type, finder);
        build_params(arena, action, finder, &meta);
        build_outputs(action, finder, &meta);
        bp_texts_check(&bp_action_texts, BP_ACTION_TEXTS_MANDATORY, bp_action_texts.count, action, "", "", finder);
        check_execution(action, source, finder);
        check_retry_policy(action->retry_policy, finder);
        check_names(action->required_services, "requiredServices", finder);
        check_names(action->required_permissions, "requiredPermissions", finder);
        check_names(action->also_accepts, "alsoAccepts", finder);
        if (finder->error)
                return finder->error;
        check_visibility_targets(&meta, finder);
        check_routes(&meta, finder);
        check_woken(action, action->woken, "/woken", finder);
        check_woken(action, action->woken_at, "/wokenAt", finder);
        build_examples(arena, action, finder, &meta);
        if (bp_finder_result(finder))
                return bp_finder_result(finder);
        *ret_meta = meta;
        return 0;
}
