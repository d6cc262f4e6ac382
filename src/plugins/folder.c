/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"

static bool is_candidate_name(const char *name) {
        size_t size = strlen(name);

        return name[0] != '.' && size > 3 && strcmp(name + size - 3, ".so") == 0;
}

static int keep_candidates(const struct dirent *entry) {
        return is_candidate_name(entry->d_name);
}

/* By bytes: the same order whatever the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_listed(const struct bp_plugin_files *files, const struct stat *status) {
        for (size_t i = 0; i < files->count; i++)
                if (files->items[i].status.st_dev == status->st_dev && files->items[i].status.st_ino == status->st_ino)
                        return true;
        return false;
}

/* Whoever can write a file, or put another in its place, decides what runs here. */
static const char *why_untrusted(const struct bp_plugin_folder *folder, const struct stat *folder_status,
                                 const struct stat *file_status) {
        if (!folder->trusted)
                return "from a folder that is not trusted";
        if (folder_status->st_mode & S_IWOTH)
                return "from a folder that anyone can write to";
        if (file_status->st_mode & S_IWOTH)
                return "from a file that anyone can write to";
        return NULL;
}

static int append(struct bp_plugin_files *files, const struct bp_plugin_file *file) {
        if (files->count == files->capacity) {
                size_t capacity = files->capacity ? files->capacity * 2 : 16;
                struct bp_plugin_file *items = bp_arena_grow(
                        files->arena, files->items, files->capacity * sizeof(*items), capacity * sizeof(*items));

                if (!items)
                        return -ENOMEM;
                files->items = items;
                files->capacity = capacity;
        }
        files->items[files->count++] = *file;
        return 0;
}

static int add_file(struct bp_plugin_files *files, const struct bp_plugin_folder *folder,
                    const struct stat *folder_status, const char *name) {
        struct bp_plugin_file file = {0};
        struct bp_strbuf path;

        bp_strbuf_init(&path, files->arena, SIZE_MAX);
        bp_strbuf_printf(&path, "%s/%s", folder->path, name);
        if (path.error)
                return path.error;
        file.path = path.text;
        if (stat(file.path, &file.status) < 0 || S_ISDIR(file.status.st_mode) || is_listed(files, &file.status))
                return 0;
        file.untrusted = why_untrusted(folder, folder_status, &file.status);
        return append(files, &file);
}

int bp_plugin_files_scan(struct bp_plugin_files *files, const struct bp_plugin_folder *folder) {
        struct stat folder_status;
        struct dirent **entries = NULL;
        int count, r = 0;

        if (stat(folder->path, &folder_status) < 0)
                return 1;
        count = scandir(folder->path, &entries, keep_candidates, compare_names);
        if (count < 0)
                return errno == ENOMEM ? -ENOMEM : 1;
        for (int i = 0; i < count; i++) {
                if (r == 0)
                        r = add_file(files, folder, &folder_status, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        return r;
}

bool bp_plugin_file_is_unchanged(const struct bp_plugin_file *file) {
        struct stat now;

        return stat(file->path, &now) == 0 && now.st_dev == file->status.st_dev && now.st_ino == file->status.st_ino &&
               now.st_size == file->status.st_size && now.st_mtim.tv_sec == file->status.st_mtim.tv_sec &&
               now.st_mtim.tv_nsec == file->status.st_mtim.tv_nsec;
}
