/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper's side. It registers what the file offers in a registry of its own, so that the checks are the very ones
 * of the engine, and writes the metadata and the findings as one JSON object.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "plugins/plugins.h"
#include "plugins/shared_object.h"
#include "registry/registry.h"

static void write_text(struct bp_strbuf *output, const char *key, const char *text) {
        bp_strbuf_printf(output, "\"%s\":", key);
        bp_json_write_string(output, text, strlen(text));
}

static void write_problem(struct bp_strbuf *output, const struct bp_problem *problem) {
        bp_strbuf_add_char(output, '{');
        write_text(output, "code", problem->code);
        bp_strbuf_add_char(output, ',');
        write_text(output, "pointer", problem->pointer);
        bp_strbuf_add_char(output, ',');
        write_text(output, "message", problem->message);
        bp_strbuf_add_char(output, '}');
}

static void write_description(struct bp_strbuf *output, const struct bp_plugin *plugin,
                              const struct bp_registry_snapshot *snapshot, const struct bp_problem_list *problems) {
        bp_strbuf_add_char(output, '{');
        write_text(output, "name", plugin->name);
        bp_strbuf_add_text(output, ",\"actions\":[");
        for (size_t i = 0; i < bp_registry_count(snapshot); i++) {
                bp_strbuf_add_text(output, i ? "," : "");
                bp_action_meta_write(output, bp_registry_at(snapshot, i));
        }
        bp_strbuf_add_text(output, "],\"problems\":[");
        for (size_t i = 0; i < problems->count; i++) {
                bp_strbuf_add_text(output, i ? "," : "");
                write_problem(output, problems->items[i]);
        }
        bp_strbuf_add_text(output, "]}");
}

static void write_failure(struct bp_strbuf *output, const struct bp_plugin_failure *failure) {
        bp_strbuf_add_char(output, '{');
        write_text(output, "failure", bp_plugin_reason_code(failure->reason));
        bp_strbuf_add_char(output, ',');
        write_text(output, "message", failure->message);
        bp_strbuf_add_char(output, '}');
}

/* Takes the draft over. */
static int publish_and_write(struct bp_strbuf *output, struct bp_registry *registry, struct bp_registry_draft *draft,
                             const struct bp_plugin *plugin, const struct bp_problem_list *problems) {
        const struct bp_registry_snapshot *snapshot;
        int r = bp_registry_publish(registry, draft);

        if (r < 0)
                return r;
        snapshot = bp_registry_acquire(registry);
        write_description(output, plugin, snapshot, problems);
        bp_registry_release(snapshot);
        return output->error;
}

static int describe_plugin(struct bp_strbuf *output, struct bp_arena *arena, const struct bp_plugin *plugin,
                           const char *path) {
        struct bp_problem_list problems = {.arena = arena};
        struct bp_registry *registry = bp_registry_new();
        struct bp_registry_draft *draft = registry ? bp_registry_draft_new(registry, true) : NULL;
        size_t registered;
        int r = draft ? bp_shared_object_register(draft, plugin, path, &problems, &registered) : -ENOMEM;

        if (r == 0)
                r = publish_and_write(output, registry, draft, plugin, &problems);
        else
                bp_registry_draft_free(draft);
        bp_registry_free(registry);
        return r;
}

static int describe(struct bp_strbuf *output, struct bp_arena *arena, const char *path) {
        const struct bp_plugin *plugin;
        struct bp_plugin_failure failure;

        if (bp_shared_object_open(path, &plugin, &failure) == 0)
                return describe_plugin(output, arena, plugin, path);
        write_failure(output, &failure);
        return output->error;
}

static int write_all(int fd, const char *bytes, size_t size) {
        while (size) {
                ssize_t written = write(fd, bytes, size);

                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return -errno;
                bytes += written;
                size -= (size_t)written;
        }
        return 0;
}

int bp_plugins_describe_main(const char *path, int output_fd) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = bp_arena_new(BP_ARENA_UNLIMITED);
        struct bp_strbuf output;
        int r;

        if (!arena)
                return EXIT_FAILURE;
        bp_strbuf_init(&output, arena, SIZE_MAX);
        r = describe(&output, arena, path);
        if (r == 0)
                r = write_all(output_fd, output.text, output.size);
        close(output_fd);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
