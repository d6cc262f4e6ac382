/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/installed.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/problem.h"
#include "plugins/plugins.h"
#include "registry/registry.h"

enum { MESSAGE_SIZE = 5000 };

__attribute__((format(printf, 2, 3))) static void say(const struct bp_installed_listener *listener, const char *format,
                                                      ...) {
        char message[MESSAGE_SIZE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        listener->left_out(listener->userdata, message);
}

/* The message of a file's report is that of its first detail. */
static void say_report(const struct bp_installed_listener *listener, const struct bp_plugin_report *report) {
        if (report->reason != BP_PLUGIN_LOADED)
                say(listener, "plug-in %s: %s: %s", report->path, bp_plugin_reason_code(report->reason),
                    report->message);
        for (size_t i = 1; i < report->n_details; i++)
                say(listener, "plug-in %s: %s", report->path, report->details[i]->message);
}

static int add_plugins(struct bp_registry_draft *draft, const struct bp_plugin_folder *folders, size_t n_folders,
                       struct bp_arena *arena, const struct bp_installed_listener *listener) {
        const struct bp_plugins_options options = {.folders = folders, .n_folders = n_folders};
        struct bp_plugins_found found;
        int r;

        if (n_folders == 0)
                return 0;
        r = bp_plugins_discover(draft, &options, arena, &found);
        if (r == -ENOMEM)
                return r;
        if (r) {
                say(listener, "no plug-in is used: %s", strerror(-r));
                return 0;
        }
        for (size_t i = 0; i < found.count; i++)
                say_report(listener, &found.reports[i]);
        return 0;
}

int bp_installed_load(struct bp_registry *registry, const struct bp_plugin_folder *folders, size_t n_folders,
                      const struct bp_installed_listener *listener) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_problem_list problems = {.arena = arena};
        struct bp_registry_draft *draft;
        int r;

        draft = arena ? bp_registry_draft_new(registry, true) : NULL;
        if (!draft)
                return -ENOMEM;
        r = bp_registry_draft_add_all(draft, bp_builtin_actions, &problems);
        if (r >= 0)
                r = add_plugins(draft, folders, n_folders, arena, listener);
        if (r < 0) {
                bp_registry_draft_free(draft);
                return r;
        }
        for (size_t i = 0; i < problems.count; i++)
                say(listener, "action left out: %s: %s", problems.items[i]->code, problems.items[i]->message);
        return bp_registry_publish(registry, draft);
}
