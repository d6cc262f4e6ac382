/* SPDX-License-Identifier: Apache-2.0 */
/* Built against a newer header: more members, larger elements, and a function that an older host does not have. */
#include "newer.h"

static int execute(struct bp_action_context *context) {
        const struct newer_host *host = (const struct newer_host *)(const void *)context->host;

        if (host->known.struct_size >= sizeof(*host) && host->celebrate)
                return host->celebrate(context);
        return bp_complete(context);
}

static const struct newer_option options[] = {{.known = {"a", "A"}, .icon = "star"},
                                              {.known = {"b", "B"}, .icon = "moon"}};

static const struct newer_rules rules = {
        .known = {.struct_size = sizeof(struct newer_rules), .rules = BP_RULE_MAX, .max = 9}, .unit = "kg"};

static const struct newer_param params[] = {
        {.known = {.name = "first",
                   .label = "First",
                   .type = BP_PARAM_SELECT,
                   .options = &options[0].known,
                   .option_size = sizeof(options[0]),
                   .n_options = 2},
         .unit = "m"},
        {.known = {.name = "second", .label = "Second", .type = BP_PARAM_NUMBER, .validation = &rules.known},
         .columns = 2},
};

static const struct newer_output outputs[] = {{.known = {"one", "string", NULL}, .unit = "s"},
                                              {.known = {"two", "number", NULL}, .unit = "s"}};

static const struct newer_example examples[] = {
        {.known = {"One", "{\"first\": \"a\"}", NULL}, .picture = "p"},
        {.known = {"Two", "{\"first\": \"b\", \"second\": 9}", NULL}, .picture = "p"},
};

static const struct newer_action action = {
        .known = {.struct_size = sizeof(struct newer_action),
                  .abi_version = BP_ABI_VERSION,
                  .param_size = sizeof(params[0]),
                  .output_size = sizeof(outputs[0]),
                  .example_size = sizeof(examples[0]),
                  .type = "newer",
                  .name = "Newer",
                  .category = "Tests",
                  .description = "Built against a newer header.",
                  .params = &params[0].known,
                  .outputs = &outputs[0].known,
                  .examples = &examples[0].known,
                  .n_params = 2,
                  .n_outputs = 2,
                  .n_examples = 2,
                  .effect = BP_PURE,
                  .execute = execute},
        .licence = "Apache-2.0",
};

const struct bp_plugin *bp_plugin_entry(void) {
        static const struct bp_action *const actions[] = {&action.known, NULL};
        static const struct newer_plugin plugin = {.known = {.struct_size = sizeof(struct newer_plugin),
                                                             .abi_version = BP_ABI_VERSION,
                                                             .name = "newer",
                                                             .version = "9.0.0",
                                                             .actions = actions},
                                                   .homepage = "https://example.com"};

        return &plugin.known;
}
