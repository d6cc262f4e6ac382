/* SPDX-License-Identifier: Apache-2.0 */
/* Files read whole, and parameters from --param and --params-file. Sizes are bounded before memory is asked for. */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"
#include "cli/command.h"
#include "pipeline/document.h"

static int refuse_file(const char *name, int error, struct bp_problem *reterr_problem) {
        return bp_problem_set(reterr_problem, "FILE_UNREADABLE", "cannot read %s: %s", name, strerror(error));
}

/* One byte more than allowed is enough to know. */
static int read_descriptor(int descriptor, const char *name, struct bp_strbuf *text,
                           struct bp_problem *reterr_problem) {
        char chunk[16384];
        ssize_t got;

        while ((got = read(descriptor, chunk, sizeof(chunk))) != 0) {
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return refuse_file(name, errno, reterr_problem);
                bp_strbuf_add(text, chunk, (size_t)got);
                if (text->error == -E2BIG)
                        return bp_problem_set(reterr_problem, "FILE_TOO_LARGE", "%s is larger than %zu bytes", name,
                                              BP_INPUT_SIZE_MAX);
                if (text->error)
                        return text->error;
        }
        return 0;
}

static int read_named(const char *path, struct bp_strbuf *text, struct bp_problem *reterr_problem) {
        int descriptor = open(path, O_RDONLY | O_CLOEXEC), r;

        if (descriptor < 0)
                return refuse_file(path, errno, reterr_problem);
        r = read_descriptor(descriptor, path, text, reterr_problem);
        close(descriptor);
        return r;
}

int bp_source_read(struct bp_arena *arena, const char *path, struct bp_source *ret_source,
                   struct bp_problem *reterr_problem) {
        bool standard = strcmp(path, "-") == 0;
        struct bp_source source = {.name = standard ? "<stdin>" : path};
        struct bp_strbuf text;
        int r;

        bp_strbuf_init(&text, NULL, BP_INPUT_SIZE_MAX);
        r = standard ? read_descriptor(STDIN_FILENO, source.name, &text, reterr_problem)
                     : read_named(path, &text, reterr_problem);
        if (r == 0) {
                source.text = bp_arena_text(arena, bp_strbuf_text(&text), text.size);
                source.size = text.size;
                r = source.text ? 0 : -ENOMEM;
        }
        bp_strbuf_done(&text);
        *ret_source = source;
        return r;
}

static bool ends_with(const char *name, const char *ending) {
        size_t size = strlen(name), ending_size = strlen(ending);

        return size > ending_size && strcasecmp(name + size - ending_size, ending) == 0;
}

bool bp_source_is_json(const struct bp_source *source) {
        size_t start = strspn(source->text, " \t\r\n");

        if (ends_with(source->name, ".json"))
                return true;
        if (ends_with(source->name, ".yaml") || ends_with(source->name, ".yml"))
                return false;
        return source->text[start] == '{' || source->text[start] == '[';
}

int bp_object_read(struct bp_arena *arena, const char *path, struct bp_source *ret_source, struct bp_value *ret_object,
                   struct bp_problem *reterr_problem) {
        struct bp_value value;
        int r;

        r = bp_source_read(arena, path, ret_source, reterr_problem);
        if (r)
                return r;
        r = bp_document_read(arena, ret_source->text, ret_source->size,
                             bp_source_is_json(ret_source) ? BP_FORMAT_JSON : BP_FORMAT_YAML, &value, reterr_problem);
        if (r)
                return r;
        if (value.type != BP_OBJECT)
                return bp_problem_set(reterr_problem, "NOT_AN_OBJECT", "%s must hold an object, not %s",
                                      ret_source->name, bp_value_python_type(&value));
        *ret_object = value;
        return 0;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Parameters
 */

static int read_parameter(const char *text, bool is_text, struct bp_arena *arena, struct bp_value *ret_value) {
        size_t size = strlen(text);

        if (!is_text) {
                int r = bp_json_parse(arena, text, size, NULL, ret_value, NULL);

                if (r <= 0)
                        return r;
        }
        *ret_value = bp_value_text_borrow(text, size);
        return 0;
}

static int add_parameter(struct bp_object_builder *params, const char *pair, bp_parameter_is_text *is_text,
                         const void *userdata, struct bp_problem *reterr_problem) {
        const char *equals = strchr(pair, '=');
        const char *name = bp_arena_text(params->arena, pair, (size_t)(equals - pair));
        struct bp_value value;
        int r;

        if (!name)
                return -ENOMEM;
        if (!bp_utf8_valid(pair, strlen(pair)))
                return bp_problem_set(reterr_problem, "PARAM_INVALID", "a parameter on the command line is not UTF-8");
        r = read_parameter(equals + 1, is_text && is_text(userdata, name), params->arena, &value);
        if (r)
                return r;
        bp_object_set_z(params, name, value);
        return params->error;
}

int bp_parameters_read(const struct bp_arguments *arguments, bp_parameter_is_text *is_text, const void *userdata,
                       struct bp_arena *arena, struct bp_value *ret_params, struct bp_source *ret_source,
                       struct bp_problem *reterr_problem) {
        const char *path = bp_arguments_text(arguments, BP_OPTION_PARAMS_FILE), *pair;
        struct bp_object_builder params;
        struct bp_value from_file;
        size_t cursor = 0;

        *ret_source = (struct bp_source){.name = "command line"};
        bp_object_init(&params, arena);
        if (path) {
                int r = bp_object_read(arena, path, ret_source, &from_file, reterr_problem);

                if (r)
                        return r;
                bp_object_merge(&params, &from_file);
        }
        while ((pair = bp_arguments_next(arguments, BP_OPTION_PARAM, &cursor))) {
                int r = add_parameter(&params, pair, is_text, userdata, reterr_problem);

                if (r)
                        return r;
        }
        return bp_object_finish(&params, ret_params);
}
