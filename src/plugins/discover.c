/* SPDX-License-Identifier: Apache-2.0 */
/* From folders to registered actions: scan, describe, then load or take the description. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/value.h"
#include "plugins/folder.h"
#include "plugins/helper.h"
#include "plugins/plugins.h"
#include "plugins/shared_object.h"
#include "registry/registry.h"

static const struct {
        enum bp_plugin_reason reason;
        const char *code;
} reasons[] = {
        {BP_PLUGIN_LOADED, "PLUGIN_LOADED"},     {BP_PLUGIN_UNTRUSTED, "PLUGIN_UNTRUSTED"},
        {BP_PLUGIN_FOLDER, "PLUGIN_FOLDER"},     {BP_PLUGIN_UNREADABLE, "PLUGIN_UNREADABLE"},
        {BP_PLUGIN_NO_ENTRY, "PLUGIN_NO_ENTRY"}, {BP_PLUGIN_ABI, "PLUGIN_ABI"},
        {BP_PLUGIN_CRASHED, "PLUGIN_CRASHED"},   {BP_PLUGIN_TIMEOUT, "PLUGIN_TIMEOUT"},
        {BP_PLUGIN_EXIT, "PLUGIN_EXIT"},         {BP_PLUGIN_OUTPUT, "PLUGIN_OUTPUT"},
        {BP_PLUGIN_METADATA, "PLUGIN_METADATA"}, {BP_PLUGIN_DUPLICATE, "PLUGIN_DUPLICATE"},
};

const char *bp_plugin_reason_code(enum bp_plugin_reason reason) {
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (reasons[i].reason == reason)
                        return reasons[i].code;
        return "PLUGIN_UNKNOWN";
}

static enum bp_plugin_reason reason_of(const char *code) {
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (strcmp(reasons[i].code, code) == 0)
                        return reasons[i].reason;
        return BP_PLUGIN_OUTPUT;
}

static size_t count_parts(const char *text) {
        size_t parts = 1;

        for (; *text; text++)
                parts += *text == ':';
        return parts;
}

int bp_plugins_parse_path(struct bp_arena *arena, const char *text, bool trusted,
                          const struct bp_plugin_folder **ret_folders, size_t *ret_count) {
        struct bp_plugin_folder *folders = bp_arena_array(arena, text ? count_parts(text) : 0, sizeof(*folders));
        size_t count = 0;

        if (!folders)
                return -ENOMEM;
        while (text && *text) {
                size_t size = strcspn(text, ":");

                if (size) {
                        const char *path = bp_arena_text(arena, text, size);

                        if (!path)
                                return -ENOMEM;
                        folders[count++] = (struct bp_plugin_folder){path, trusted};
                }
                text += size + (text[size] == ':');
        }
        *ret_folders = folders;
        *ret_count = count;
        return 0;
}

/* The discovery of one call. */
struct discovery {
        struct bp_registry_draft *draft;
        const struct bp_plugins_options *options;
        struct bp_arena *arena;
        struct bp_plugin_files files;
        struct bp_plugin_report *reports;
        size_t n_reports;
};

static struct bp_plugin_report *add_report(struct discovery *discovery, const char *path) {
        struct bp_plugin_report *report = &discovery->reports[discovery->n_reports++];

        *report = (struct bp_plugin_report){.path = path, .reason = BP_PLUGIN_LOADED, .message = ""};
        return report;
}

static int set_reason(struct discovery *discovery, struct bp_plugin_report *report, enum bp_plugin_reason reason,
                      const char *message) {
        report->reason = reason;
        report->message = bp_arena_text(discovery->arena, message, strlen(message));
        return report->message ? 0 : -ENOMEM;
}

static int scan_folders(struct discovery *discovery) {
        for (size_t i = 0; i < discovery->options->n_folders; i++) {
                const struct bp_plugin_folder *folder = &discovery->options->folders[i];
                int r = bp_plugin_files_scan(&discovery->files, folder);

                if (r > 0)
                        r = set_reason(discovery, add_report(discovery, folder->path), BP_PLUGIN_FOLDER,
                                       strerrordesc_np(errno));
                if (r < 0)
                        return r;
        }
        return 0;
}

static enum bp_plugin_reason reason_of_problem(const struct bp_problem *problem) {
        if (strcmp(problem->code, "ACTION_ABI") == 0)
                return BP_PLUGIN_ABI;
        if (strcmp(problem->code, "ACTION_DUPLICATE") == 0)
                return BP_PLUGIN_DUPLICATE;
        return BP_PLUGIN_METADATA;
}

/* The first finding speaks for the file; all of them are in the details. */
static int report_problems(struct discovery *discovery, struct bp_plugin_report *report,
                           const struct bp_problem_list *problems) {
        report->details = problems->items;
        report->n_details = problems->count;
        if (problems->count == 0)
                return 0;
        return set_reason(discovery, report, reason_of_problem(problems->items[0]), problems->items[0]->message);
}

static const char *text_of(const struct bp_value *object, const char *key) {
        const struct bp_value *value = bp_value_get(object, key);

        return value && value->type == BP_STRING ? value->as.text : "";
}

/* Findings that the helper made about actions, which it then left out of its description. */
static int read_problems(struct bp_problem_list *problems, const struct bp_value *description) {
        const struct bp_value *list = bp_value_get(description, "problems");

        for (uint32_t i = 0; list && list->type == BP_LIST && i < list->count; i++) {
                const struct bp_value *item = &list->as.items[i];
                int r = bp_problem_list_addf(problems, text_of(item, "code"), text_of(item, "pointer"), "%s",
                                             text_of(item, "message"));

                if (r < 0)
                        return r;
        }
        return 0;
}

static int register_described(struct discovery *discovery, const struct bp_plugin_file *file,
                              const struct bp_value *description, struct bp_plugin_report *report) {
        const struct bp_action_origin origin = {
                .publisher = text_of(description, "name"), .source = file->path, .unavailable = file->untrusted};
        const struct bp_value *list = bp_value_get(description, "actions");
        struct bp_problem_list problems = {.arena = discovery->arena};
        int r = set_reason(discovery, report, BP_PLUGIN_UNTRUSTED, file->untrusted);

        if (r == 0)
                r = read_problems(&problems, description);
        for (uint32_t i = 0; r == 0 && i < list->count; i++) {
                r = bp_registry_draft_add_described(discovery->draft, &list->as.items[i], &origin, &problems);
                report->n_actions += r == 0;
                r = r > 0 ? 0 : r;
        }
        return r < 0 ? r : report_problems(discovery, report, &problems);
}

static int register_loaded(struct discovery *discovery, const struct bp_plugin_file *file,
                           struct bp_plugin_report *report) {
        struct bp_problem_list problems = {.arena = discovery->arena};
        const struct bp_plugin *plugin;
        struct bp_plugin_failure failure;
        int r;

        if (!bp_plugin_file_is_unchanged(file))
                return set_reason(discovery, report, BP_PLUGIN_UNREADABLE, "was changed while it was being described");
        if (bp_shared_object_open(file->path, &plugin, &failure) != 0)
                return set_reason(discovery, report, failure.reason, failure.message);
        r = bp_shared_object_register(discovery->draft, plugin, file->path, &problems, &report->n_actions);
        return r < 0 ? r : report_problems(discovery, report, &problems);
}

/* Nothing of it can be used, so its code is not loaded either. */
static int report_useless(struct discovery *discovery, const struct bp_value *description,
                          struct bp_plugin_report *report) {
        struct bp_problem_list problems = {.arena = discovery->arena};
        int r = read_problems(&problems, description);

        if (r < 0)
                return r;
        if (problems.count == 0)
                return set_reason(discovery, report, BP_PLUGIN_METADATA, "offers no action");
        return report_problems(discovery, report, &problems);
}

static int register_file(struct discovery *discovery, const struct bp_plugin_file *file,
                         const struct bp_value *description, struct bp_plugin_report *report) {
        const struct bp_value *failure = bp_value_get(description, "failure");
        const struct bp_value *list = bp_value_get(description, "actions");

        if (failure)
                return set_reason(discovery, report, reason_of(text_of(description, "failure")),
                                  text_of(description, "message"));
        if (!list || list->type != BP_LIST)
                return set_reason(discovery, report, BP_PLUGIN_OUTPUT, "its description lists no actions");
        if (list->count == 0)
                return report_useless(discovery, description, report);
        if (file->untrusted)
                return register_described(discovery, file, description, report);
        return register_loaded(discovery, file, report);
}

static int register_output(struct discovery *discovery, const struct bp_plugin_file *file,
                           const struct bp_helper_job *job) {
        struct bp_plugin_report *report = add_report(discovery, file->path);
        struct bp_value description;
        struct bp_problem problem;
        int r;

        if (job->failed)
                return set_reason(discovery, report, job->failure.reason, job->failure.message);
        r = bp_json_parse(discovery->arena, bp_strbuf_text(&job->output), job->output.size, NULL, &description,
                          &problem);
        if (r < 0)
                return r;
        if (r > 0)
                return set_reason(discovery, report, BP_PLUGIN_OUTPUT, "its description is not JSON");
        return register_file(discovery, file, &description, report);
}

static int describe_and_register(struct discovery *discovery, struct bp_helper_job *jobs) {
        size_t count = discovery->files.count;
        int r;

        for (size_t i = 0; i < count; i++)
                jobs[i].path = discovery->files.items[i].path;
        r = bp_helpers_run(discovery->options, jobs, count);
        for (size_t i = 0; i < count; i++) {
                if (r == 0)
                        r = register_output(discovery, &discovery->files.items[i], &jobs[i]);
                bp_strbuf_done(&jobs[i].output);
        }
        return r;
}

static int discover_files(struct discovery *discovery) {
        _cleanup_(bp_freep) struct bp_helper_job *jobs = bp_calloc(discovery->files.count, sizeof(*jobs));
        size_t most = discovery->n_reports + discovery->files.count;
        struct bp_plugin_report *reports = bp_arena_array(discovery->arena, most, sizeof(*reports));

        if (!jobs || !reports)
                return -ENOMEM;
        if (discovery->n_reports)
                memcpy(reports, discovery->reports, discovery->n_reports * sizeof(*reports));
        discovery->reports = reports;
        return describe_and_register(discovery, jobs);
}

int bp_plugins_discover(struct bp_registry_draft *draft, const struct bp_plugins_options *options,
                        struct bp_arena *arena, struct bp_plugins_found *ret_found) {
        struct discovery discovery = {.draft = draft, .options = options, .arena = arena, .files.arena = arena};
        int r;

        discovery.reports = bp_arena_array(arena, options->n_folders, sizeof(*discovery.reports));
        if (!discovery.reports)
                return -ENOMEM;
        r = scan_folders(&discovery);
        if (r == 0 && discovery.files.count)
                r = discover_files(&discovery);
        if (r < 0)
                return r;
        *ret_found = (struct bp_plugins_found){discovery.reports, discovery.n_reports};
        return 0;
}
