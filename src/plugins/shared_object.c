/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/shared_object.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/problem.h"
#include "base/utf8.h"
#include "registry/registry.h"

int bp_plugin_fail(struct bp_plugin_failure *reterr_failure, enum bp_plugin_reason reason, const char *format, ...) {
        va_list arguments;

        reterr_failure->reason = reason;
        va_start(arguments, format);
        vsnprintf(reterr_failure->message, sizeof(reterr_failure->message), format, arguments);
        va_end(arguments);
        return 1;
}

/*
 * The loader maps segments beyond the end of a truncated file without a word and crashes on first touch; so the end
 * of the last segment is compared with the size of the file before.
 */
static int check_segments(int fd, const Elf64_Ehdr *header, uint64_t file_size,
                          struct bp_plugin_failure *reterr_failure) {
        for (unsigned i = 0; i < header->e_phnum; i++) {
                Elf64_Phdr segment;
                off_t offset = (off_t)(header->e_phoff + i * sizeof(segment));

                if (pread(fd, &segment, sizeof(segment), offset) != sizeof(segment))
                        return bp_plugin_fail(reterr_failure, BP_PLUGIN_UNREADABLE,
                                              "is cut off: the table of its segments is not complete");
                if (segment.p_offset > file_size || segment.p_filesz > file_size - segment.p_offset)
                        return bp_plugin_fail(reterr_failure, BP_PLUGIN_UNREADABLE,
                                              "is cut off: it has %llu bytes and a segment reaches beyond",
                                              (unsigned long long)file_size);
        }
        return 0;
}

static int check_header(int fd, uint64_t file_size, struct bp_plugin_failure *reterr_failure) {
        Elf64_Ehdr header;

        if (pread(fd, &header, sizeof(header), 0) != sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_UNREADABLE, "is not a shared object (no ELF header)");
        if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN ||
            header.e_phentsize != sizeof(Elf64_Phdr))
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_UNREADABLE, "is not a 64-bit shared object");
        return check_segments(fd, &header, file_size, reterr_failure);
}

static int check_file(const char *path, struct bp_plugin_failure *reterr_failure) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat status;
        int r;

        if (fd < 0)
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_UNREADABLE, "can't be read: %m");
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
                r = bp_plugin_fail(reterr_failure, BP_PLUGIN_UNREADABLE, "is not a file");
        else
                r = check_header(fd, (uint64_t)status.st_size, reterr_failure);
        close(fd);
        return r;
}

/* Publisher names stand in front of type names, `acme/resize@2`, and one is taken. */
static int check_name(const char *name, struct bp_plugin_failure *reterr_failure) {
        size_t size = name ? strnlen(name, 65) : 0;

        if (size == 0 || size > 64 || !bp_utf8_valid(name, size) || strpbrk(name, "/@"))
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_METADATA,
                                      "its name must have 1 to 64 bytes of text without `/` and `@`");
        if (strcmp(name, "budpipeline") == 0)
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_METADATA,
                                      "its name 'budpipeline' is reserved for built-in actions");
        return 0;
}

static int check_plugin(const struct bp_plugin *plugin, struct bp_plugin_failure *reterr_failure) {
        if (!plugin)
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_NO_ENTRY, "its bp_plugin_entry() returns nothing");
        if (plugin->abi_version != BP_ABI_VERSION)
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_ABI,
                                      "is built for ABI %u, this program speaks ABI %u: rebuild it with this program's "
                                      "header (pkg-config budpipeline), or use a program that speaks ABI %u",
                                      plugin->abi_version, BP_ABI_VERSION, plugin->abi_version);
        if (plugin->struct_size < offsetof(struct bp_plugin, actions) + sizeof(plugin->actions) || !plugin->actions)
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_METADATA,
                                      "its struct bp_plugin is not complete: declare it with BP_PLUGIN");
        return check_name(plugin->name, reterr_failure);
}

int bp_shared_object_open(const char *path, const struct bp_plugin **ret_plugin,
                          struct bp_plugin_failure *reterr_failure) {
        const struct bp_plugin *(*entry)(void);
        void *object;
        int r = check_file(path, reterr_failure);

        if (r)
                return r;
        object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!object)
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_UNREADABLE, "the loader refuses it: %.400s", dlerror());
        *(void **)&entry = dlsym(object, "bp_plugin_entry");
        if (!entry)
                /* cppcheck-suppress resourceLeak ; loaded for good */
                return bp_plugin_fail(reterr_failure, BP_PLUGIN_NO_ENTRY,
                                      "does not export bp_plugin_entry: declare it with BP_PLUGIN, or compile it with "
                                      "-DBP_PLUGIN_SHARED");
        *ret_plugin = entry();
        /* cppcheck-suppress resourceLeak ; loaded for good */
        return check_plugin(*ret_plugin, reterr_failure);
}

int bp_shared_object_register(struct bp_registry_draft *draft, const struct bp_plugin *plugin, const char *path,
                              struct bp_problem_list *problems, size_t *ret_registered) {
        const struct bp_action_origin origin = {.publisher = plugin->name, .source = path};
        size_t registered = 0;

        for (size_t i = 0; i < BP_PLUGIN_ACTIONS_MAX && plugin->actions[i]; i++) {
                int r = bp_registry_draft_add(draft, plugin->actions[i], &origin, problems);

                if (r < 0)
                        return r;
                registered += r == 0;
        }
        *ret_registered = registered;
        return 0;
}
