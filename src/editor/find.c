/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "editor/editor.h"

static int compare(const void *path, const void *element) {
        const struct bp_editor_file *file = element;

        return strcmp(path, file->path);
}

const struct bp_editor_file *bp_editor_find(const struct bp_editor_bundle *bundle, const char *path) {
        if (!bundle->n_files)
                return NULL;
        return bsearch(path, bundle->files, bundle->n_files, sizeof(*bundle->files), compare);
}
