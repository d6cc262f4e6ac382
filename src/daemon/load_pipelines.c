/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/load_pipelines.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "daemon/log.h"
#include "pipeline/definition.h"
#include "pipeline/document.h"
#include "service/service.h"

static const char logger[] = "load";
static const char loader[] = "load"; /* who saves */

struct file {
        const char *path;
        struct bp_value document;
        const char *name; /* of the pipeline */
        struct bp_digest digest;
};

struct loading {
        struct bp_service *service;
        const struct bp_pipeline_files *settings;
        struct bp_arena *arena;
        struct file *files;
        size_t n_files, capacity, n_wrong;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Files
 */

static void wrong(struct loading *loading, const char *path, uint32_t line, uint32_t column, const char *message) {
        loading->n_wrong++;
        if (line)
                bp_logf(loading->settings->log, BP_LOG_ERROR, logger, "%s:%u:%u: %s", path, line, column, message);
        else
                bp_logf(loading->settings->log, BP_LOG_ERROR, logger, "%s: %s", path, message);
}

static int add_file(struct loading *loading, const char *path) {
        if (loading->n_files == loading->capacity) {
                size_t capacity = loading->capacity ? loading->capacity * 2 : 16;
                struct file *files = bp_arena_grow(loading->arena, loading->files, loading->capacity * sizeof(*files),
                                                   capacity * sizeof(*files));

                if (!files)
                        return -ENOMEM;
                loading->files = files;
                loading->capacity = capacity;
        }
        loading->files[loading->n_files] = (struct file){.path = path};
        loading->n_files++;
        return 0;
}

static bool ends_in(const char *name, const char *ending) {
        size_t size = strlen(name), tail = strlen(ending);

        return size > tail && strcmp(name + size - tail, ending) == 0;
}

static int is_pipeline(const struct dirent *entry) {
        const char *name = entry->d_name;

        return name[0] != '.' && (ends_in(name, ".yaml") || ends_in(name, ".yml") || ends_in(name, ".json"));
}

static int add_folder(struct loading *loading, const char *path) {
        struct dirent **entries;
        int n = scandir(path, &entries, is_pipeline, alphasort), r = 0;

        if (n < 0) {
                wrong(loading, path, 0, 0, strerror(errno));
                return 0;
        }
        for (int i = 0; i < n; i++) {
                struct bp_strbuf file;

                bp_strbuf_init(&file, loading->arena, SIZE_MAX);
                bp_strbuf_printf(&file, "%s/%s", path, entries[i]->d_name);
                if (r == 0)
                        r = file.error ? file.error : add_file(loading, bp_strbuf_text(&file));
                free(entries[i]);
        }
        free(entries);
        return r;
}

static int add_path(struct loading *loading, const char *path) {
        struct stat about;

        if (stat(path, &about) < 0) {
                wrong(loading, path, 0, 0, strerror(errno));
                return 0;
        }
        return S_ISDIR(about.st_mode) ? add_folder(loading, path) : add_file(loading, path);
}

static int read_text(struct loading *loading, const char *path, struct bp_strbuf *text) {
        FILE *stream = fopen(path, "re");
        char part[8192];
        size_t used;
        int error;

        if (!stream) {
                wrong(loading, path, 0, 0, strerror(errno));
                return BP_PROBLEM;
        }
        while ((used = fread(part, 1, sizeof(part), stream)) > 0 && !text->error)
                bp_strbuf_add(text, part, used);
        error = ferror(stream) ? errno : 0;
        fclose(stream);
        if (!error && text->error != -E2BIG)
                return text->error;
        wrong(loading, path, 0, 0, error ? strerror(error) : "longer than limits.definition_bytes");
        return BP_PROBLEM;
}

/* @return 0, also when the file is wrong */
static int read_document(struct loading *loading, struct file *file) {
        const struct bp_value *name;
        struct bp_problem problem;
        struct bp_strbuf text;
        int r;

        bp_strbuf_init(&text, loading->arena, loading->settings->file_bytes);
        r = read_text(loading, file->path, &text);
        if (r)
                return r == BP_PROBLEM ? 0 : r;
        r = bp_document_read(loading->arena, bp_strbuf_text(&text), text.size,
                             ends_in(file->path, ".json") ? BP_FORMAT_JSON : BP_FORMAT_YAML, &file->document, &problem);
        if (r == BP_PROBLEM) {
                wrong(loading, file->path, problem.line, problem.column, problem.message);
                return 0;
        }
        if (r)
                return r;
        name = bp_value_get(&file->document, "name");
        if (!name || name->type != BP_STRING || !name->count)
                wrong(loading, file->path, 0, 0, "it has no name");
        else
                file->name = name->as.text;
        return 0;
}

static void check_names(struct loading *loading) {
        for (size_t i = 0; i < loading->n_files; i++)
                for (size_t j = 0; j < i; j++)
                        if (loading->files[i].name && loading->files[j].name &&
                            strcmp(loading->files[i].name, loading->files[j].name) == 0)
                                wrong(loading, loading->files[i].path, 0, 0,
                                      "another file has a pipeline of this name");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Definitions
 */

static void say_errors(struct loading *loading, const struct file *file, const struct bp_problem_list *errors) {
        for (size_t i = 0; i < errors->count; i++) {
                const struct bp_problem *problem = errors->items[i];

                bp_logf(loading->settings->log, BP_LOG_ERROR, logger, "%s: %s: %s: %s", file->path, problem->code,
                        problem->pointer, problem->message);
        }
        loading->n_wrong++;
}

static int check_definition(struct loading *loading, struct file *file) {
        struct bp_problem_list errors = {.arena = loading->arena};
        const struct bp_definition *definition;
        int r = bp_service_definition(loading->service, &file->document, &errors, NULL, &definition);

        if (r == BP_SERVICE_INVALID) {
                say_errors(loading, file, &errors);
                return 0;
        }
        if (r)
                return r;
        file->digest = definition->digest;
        bp_definition_unref(definition);
        return 0;
}

static int read_all(struct loading *loading) {
        int r = 0;

        for (const char *const *path = loading->settings->paths; r == 0 && *path; path++)
                r = add_path(loading, *path);
        for (size_t i = 0; r == 0 && i < loading->n_files; i++)
                r = read_document(loading, &loading->files[i]);
        if (r == 0)
                check_names(loading);
        for (size_t i = 0; r == 0 && i < loading->n_files; i++)
                if (loading->files[i].name)
                        r = check_definition(loading, &loading->files[i]);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Saving
 */

/* The answer of the store, for which this thread waits. */
struct answer {
        pthread_mutex_t lock;
        pthread_cond_t came;
        bool is_there;
        int result;
};

static void take_answer(void *userdata, int result, const void *row) {
        struct answer *answer = userdata;

        (void)row;
        pthread_mutex_lock(&answer->lock);
        answer->is_there = true;
        answer->result = result;
        pthread_cond_signal(&answer->came);
        pthread_mutex_unlock(&answer->lock);
}

static int wait_for(struct answer *answer) {
        pthread_mutex_lock(&answer->lock);
        while (!answer->is_there)
                pthread_cond_wait(&answer->came, &answer->lock);
        pthread_mutex_unlock(&answer->lock);
        return answer->result;
}

static int save(struct loading *loading, const struct file *file, struct bp_id id) {
        struct answer answer = {.lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER};
        struct bp_problem_list errors = {.arena = loading->arena};
        const struct bp_service_pipeline pipeline = {.id = id, .dag = &file->document, .saved_by = loader};
        int r = bp_service_pipeline_save(loading->service, &pipeline, &errors, take_answer, &answer);

        if (r == 0)
                r = wait_for(&answer);
        if (r == BP_SERVICE_INVALID || r == BP_SERVICE_UNAVAILABLE) {
                say_errors(loading, file, &errors);
                return 0;
        }
        if (r > 0)
                wrong(loading, file->path, 0, 0, "its name was taken at the same time");
        return r < 0 ? r : 0;
}

static const struct bp_pipeline_row *row_of(const struct bp_pipeline_row *rows, size_t n_rows, const char *name) {
        for (size_t i = 0; i < n_rows; i++)
                if (!rows[i].has_user && strcmp(rows[i].name, name) == 0)
                        return &rows[i];
        return NULL;
}

static int save_all(struct loading *loading) {
        struct bp_pipeline_row *rows;
        size_t n_rows, n_new = 0, n_changed = 0;
        int r = bp_store_pipelines(bp_service_store(loading->service), &(struct bp_pipeline_filter){0}, loading->arena,
                                   &rows, &n_rows);

        for (size_t i = 0; r == 0 && i < loading->n_files; i++) {
                const struct file *file = &loading->files[i];
                const struct bp_pipeline_row *row = row_of(rows, n_rows, file->name);

                if (row && memcmp(&row->digest, &file->digest, sizeof(file->digest)) == 0)
                        continue;
                r = save(loading, file, row ? row->id : (struct bp_id){0});
                n_new += !row;
                n_changed += row != NULL;
        }
        if (r == 0)
                bp_logf(loading->settings->log, BP_LOG_INFO, logger, "%zu pipelines: %zu new, %zu changed",
                        loading->n_files, n_new, n_changed);
        return r;
}

int bp_pipelines_load(struct bp_service *service, const struct bp_pipeline_files *files,
                      struct bp_problem *reterr_problem) {
        _cleanup_(bp_arena_freep) struct bp_arena *arena = NULL;
        struct loading loading = {.service = service, .settings = files};
        int r;

        if (!files->paths[0])
                return 0;
        arena = bp_arena_new(BP_ARENA_UNLIMITED);
        if (!arena)
                return -ENOMEM;
        loading.arena = arena;
        r = read_all(&loading);
        if (r == 0 && !loading.n_wrong)
                r = save_all(&loading);
        if (r)
                return r;
        return loading.n_wrong
                       ? bp_problem_set(reterr_problem, "PIPELINE_FILE",
                                        "%zu things are wrong with what pipelines.load (--load) names, see above",
                                        loading.n_wrong)
                       : 0;
}
