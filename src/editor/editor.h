/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file editor.h
 * The files of the web application, built into the program. Constant; any thread.
 */
#ifndef BP_EDITOR_EDITOR_H
#define BP_EDITOR_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

/** What stands in the start page where the nonce of its Content-Security-Policy belongs. */
#define BP_EDITOR_NONCE_MARK "__CSP_NONCE__"

/** What stands there, any number of times, for the path below which clients see the service. */
#define BP_EDITOR_PREFIX_MARK "__PREFIX__"

/** One file. */
struct bp_editor_file {
        const char
                *path; /**< below the application's own, without a slash in front: "index.html", "assets/main-x.js" */
        const char *media_type;
        const char *etag; /**< of its content, with quotes */
        bool immutable;   /**< the name follows from the content, so that it may be kept for ever */
        const char *bytes;
        size_t size;
        const char *gzip; /**< the same compressed, or NULL */
        size_t gzip_size;
        const char *brotli; /**< the same compressed, or NULL */
        size_t brotli_size;
};

/** All files in the order of their paths. */
struct bp_editor_bundle {
        const struct bp_editor_file *files;
        size_t n_files; /**< 0: the program was built without the application */
};

/** The bundle of this program. */
extern const struct bp_editor_bundle bp_editor_bundle;

/** The file of a path, or NULL. */
const struct bp_editor_file *bp_editor_find(const struct bp_editor_bundle *bundle, const char *path);

#endif
