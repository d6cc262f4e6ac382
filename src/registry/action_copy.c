/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From constant data to the host's own structs. The other side may have been built against an older header (smaller
 * structs) or a newer one (larger ones): what both know is copied, what the other does not have stays zero.
 */
#include <errno.h>
#include <string.h>

#include "registry/entry.h"
#include "registry/members.h"

/* No struct of this contract will ever be larger; a larger number is garbage. */
enum { STRUCT_SIZE_MAX = 16384 };

/* A struct as the host knows it: its size, and the part that every version has had. */
struct shape {
        const char *what;
        size_t own_size, least_size;
        const struct bp_text_members *texts;
};

#define THROUGH(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

static const struct shape action_shape = {"action", sizeof(struct bp_action), THROUGH(struct bp_action, execute),
                                          &bp_action_texts};
static const struct shape param_shape = {"params", sizeof(struct bp_param_definition),
                                         THROUGH(struct bp_param_definition, required), &bp_param_texts};
static const struct shape option_shape = {"options", sizeof(struct bp_select_option), sizeof(struct bp_select_option),
                                          &bp_option_texts};
static const struct shape rules_shape = {"validation", sizeof(struct bp_validation_rules),
                                         THROUGH(struct bp_validation_rules, rules), &bp_rules_texts};
static const struct shape visibility_shape = {"show_when", sizeof(struct bp_conditional_visibility),
                                              THROUGH(struct bp_conditional_visibility, param), &bp_visibility_texts};
static const struct shape output_shape = {"outputs", sizeof(struct bp_output_definition),
                                          THROUGH(struct bp_output_definition, type), &bp_output_texts};
static const struct shape example_shape = {"examples", sizeof(struct bp_action_example),
                                           THROUGH(struct bp_action_example, params_json), &bp_example_texts};
static const struct bp_text_members no_texts = {.count = 0};
static const struct shape retry_shape = {"retry_policy", sizeof(struct bp_retry_policy),
                                         THROUGH(struct bp_retry_policy, max_attempts), &no_texts};

struct copier {
        struct bp_arena *arena;
        struct bp_finder *finder;
};

static void out_of_memory(struct copier *copier) {
        copier->finder->error = -ENOMEM;
}

/* A text that is too long is cut just behind the limit, where the check finds it. */
static const char *copy_text(struct copier *copier, const char *text) {
        char *copy;

        if (!text)
                return NULL;
        copy = bp_arena_text(copier->arena, text, strnlen(text, BP_META_TEXT_MAX + 1));
        if (!copy)
                out_of_memory(copier);
        return copy;
}

static void copy_texts(struct copier *copier, const struct bp_text_members *texts, void *own) {
        for (size_t i = 0; i < texts->count; i++)
                bp_text_member_set(own, &texts->items[i], copy_text(copier, bp_text_member_get(own, &texts->items[i])));
}

static bool size_makes_sense(struct copier *copier, const struct shape *shape, size_t size) {
        if (size >= shape->least_size && size <= STRUCT_SIZE_MAX && size % sizeof(void *) == 0)
                return true;
        bp_finder_add(copier->finder, "",
                      "an element of %s says it has %zu bytes, %zu is the least; use the macros of "
                      "action.h, which fill in sizes",
                      shape->what, size, shape->least_size);
        return false;
}

static void copy_into(struct copier *copier, const struct shape *shape, const void *foreign, size_t size, void *own) {
        memcpy(own, foreign, size < shape->own_size ? size : shape->own_size);
        copy_texts(copier, shape->texts, own);
}

/* `count` elements that are `stride` bytes apart. NULL when there are none or a finding was added. */
static void *copy_array(struct copier *copier, const struct shape *shape, const void *foreign, size_t count,
                        size_t stride) {
        char *own;

        if (count == 0)
                return NULL;
        if (!foreign || count > BP_META_LIST_MAX) {
                bp_finder_add(copier->finder, "", "has %zu elements of %s and %s", count, shape->what,
                              foreign ? "1000 are allowed" : "no array of them");
                return NULL;
        }
        if (!size_makes_sense(copier, shape, stride))
                return NULL;
        own = bp_arena_array(copier->arena, count, shape->own_size);
        if (!own) {
                out_of_memory(copier);
                return NULL;
        }
        for (size_t i = 0; i < count; i++)
                copy_into(copier, shape, (const char *)foreign + i * stride, stride, own + i * shape->own_size);
        return own;
}

/* A struct that starts with its own size. */
static void *copy_sized(struct copier *copier, const struct shape *shape, const void *foreign) {
        uint32_t size;
        void *own;

        if (!foreign)
                return NULL;
        memcpy(&size, foreign, sizeof(size));
        if (!size_makes_sense(copier, shape, size))
                return NULL;
        own = bp_arena_alloc(copier->arena, shape->own_size);
        if (!own) {
                out_of_memory(copier);
                return NULL;
        }
        copy_into(copier, shape, foreign, size, own);
        size = (uint32_t)shape->own_size;
        memcpy(own, &size, sizeof(size));
        return own;
}

static const char *const *copy_strings(struct copier *copier, const char *const *foreign, const char *what) {
        size_t count = 0;
        const char **own;

        if (!foreign)
                return NULL;
        while (count <= BP_META_LIST_MAX && foreign[count])
                count++;
        if (count > BP_META_LIST_MAX) {
                bp_finder_add(copier->finder, "", "%s has no NULL at its end; use BP_STRINGS", what);
                return NULL;
        }
        own = bp_arena_array(copier->arena, count + 1, sizeof(*own));
        if (!own) {
                out_of_memory(copier);
                return NULL;
        }
        for (size_t i = 0; i < count; i++)
                own[i] = copy_text(copier, foreign[i]);
        return own;
}

static void copy_params(struct copier *copier, struct bp_action *own, size_t stride) {
        struct bp_param_definition *params = copy_array(copier, &param_shape, own->params, own->n_params, stride);

        for (size_t i = 0; params && i < own->n_params; i++) {
                params[i].options = copy_array(copier, &option_shape, params[i].options, params[i].n_options,
                                               params[i].option_size);
                params[i].option_size = sizeof(struct bp_select_option);
                params[i].n_options = params[i].options ? params[i].n_options : 0;
                params[i].validation = copy_sized(copier, &rules_shape, params[i].validation);
                params[i].show_when = copy_sized(copier, &visibility_shape, params[i].show_when);
        }
        own->params = params;
        own->param_size = sizeof(struct bp_param_definition);
}

static int refuse_abi(const struct bp_finder *finder, uint32_t abi_version) {
        int r = bp_problem_list_addf(finder->problems, "ACTION_ABI", "",
                                     "%s is built for ABI %u, this program speaks ABI %u: rebuild it with this "
                                     "program's header (pkg-config budpipeline), or use a program that speaks ABI %u",
                                     finder->action, abi_version, BP_ABI_VERSION, abi_version);

        return r < 0 ? r : BP_PROBLEM;
}

static int refuse_size(const struct bp_finder *finder, uint32_t struct_size) {
        int r = bp_problem_list_addf(
                finder->problems, "ACTION_ABI", "",
                "%s has a struct bp_action of %u bytes, the first release had %zu and this program "
                "has %zu: declare it with BP_ACTION and rebuild it",
                finder->action, struct_size, action_shape.least_size, action_shape.own_size);

        return r < 0 ? r : BP_PROBLEM;
}

static void copy_everything(struct copier *copier, const struct bp_action *foreign, struct bp_action *own) {
        copy_into(copier, &action_shape, foreign, foreign->struct_size, own);
        own->struct_size = sizeof(*own);
        if (own->type)
                copier->finder->action = own->type;
        copy_params(copier, own, own->param_size);
        own->outputs = copy_array(copier, &output_shape, own->outputs, own->n_outputs, own->output_size);
        own->output_size = sizeof(struct bp_output_definition);
        own->examples = copy_array(copier, &example_shape, own->examples, own->n_examples, own->example_size);
        own->example_size = sizeof(struct bp_action_example);
        own->retry_policy = copy_sized(copier, &retry_shape, own->retry_policy);
        own->required_services = copy_strings(copier, own->required_services, "required_services");
        own->required_permissions = copy_strings(copier, own->required_permissions, "required_permissions");
        own->also_accepts = copy_strings(copier, own->also_accepts, "also_accepts");
}

int bp_action_copy(struct bp_arena *arena, const struct bp_action *foreign, struct bp_finder *finder,
                   struct bp_action **ret_action) {
        struct copier copier = {arena, finder};
        struct bp_action *own;

        if (foreign->abi_version != BP_ABI_VERSION)
                return refuse_abi(finder, foreign->abi_version);
        if (foreign->struct_size < action_shape.least_size || foreign->struct_size > STRUCT_SIZE_MAX)
                return refuse_size(finder, foreign->struct_size);
        own = bp_arena_alloc(arena, sizeof(*own));
        if (!own)
                return -ENOMEM;
        copy_everything(&copier, foreign, own);
        if (finder->error || finder->count)
                return bp_finder_result(finder);
        *ret_action = own;
        return 0;
}
