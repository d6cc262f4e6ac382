/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file input.h
 * What a command reads: whole files, and parameters from the command line and from files.
 */
#ifndef BP_CLI_INPUT_H
#define BP_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_arena;
struct bp_arguments;
struct bp_problem;
struct bp_value;

/** Largest file that is read whole. */
#define BP_INPUT_SIZE_MAX ((size_t)16 * 1024 * 1024)

/** A text and where it came from, for messages. Belongs to the arena it was read into. */
struct bp_source {
        const char *name; /**< path, "<stdin>", or what the text is: "<template>" */
        const char *text; /**< NUL-terminated */
        size_t size;
};

/**
 * Reads a file whole; "-" is standard input.
 * @return 0; -ENOMEM; BP_PROBLEM with FILE_UNREADABLE or FILE_TOO_LARGE; the source then has a name and no text.
 */
int bp_source_read(struct bp_arena *arena, const char *path, struct bp_source *ret_source,
                   struct bp_problem *reterr_problem);

/** True when the name ends in .json, or it says nothing and the text begins as JSON does. */
bool bp_source_is_json(const struct bp_source *source);

/** Reads a file that holds a JSON or YAML object. @return as bp_source_read(), with a problem of the format too. */
int bp_object_read(struct bp_arena *arena, const char *path, struct bp_source *ret_source, struct bp_value *ret_object,
                   struct bp_problem *reterr_problem);

/** Whether the value of a parameter given as NAME=VALUE is text as it stands; else it is JSON where it reads as JSON.
 */
typedef bool bp_parameter_is_text(const void *userdata, const char *name);

/**
 * Collects the parameters of a command line: --params-file first, then each --param over it.
 * @param is_text or NULL: no parameter is known to be text
 * @param ret_source of the file when the problem is in it
 * @return as bp_object_read().
 */
int bp_parameters_read(const struct bp_arguments *arguments, bp_parameter_is_text *is_text, const void *userdata,
                       struct bp_arena *arena, struct bp_value *ret_params, struct bp_source *ret_source,
                       struct bp_problem *reterr_problem);

#endif
