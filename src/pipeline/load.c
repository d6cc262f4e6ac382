/* SPDX-License-Identifier: Apache-2.0 */
/* From a document to a definition: limits, schema, then the passes of loader.h, each of which reports all it finds. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "pipeline/loader.h"
#include "pipeline/places.h"
#include "pipeline/schema.h"
#include "pipeline/yaml_text.h"

static void fill_limits(struct bp_definition_limits *limits) {
        static const struct bp_definition_limits defaults = {
                .source_bytes = 4 << 20,
                .steps = 1000,
                .parameters = 1000,
                .outputs = 1000,
                .depth = 64,
                .problems = 1000,
                .arena_bytes = 64 << 20,
        };

        limits->source_bytes = limits->source_bytes ? limits->source_bytes : defaults.source_bytes;
        limits->steps = limits->steps ? limits->steps : defaults.steps;
        limits->parameters = limits->parameters ? limits->parameters : defaults.parameters;
        limits->outputs = limits->outputs ? limits->outputs : defaults.outputs;
        limits->depth = limits->depth ? limits->depth : defaults.depth;
        limits->problems = limits->problems ? limits->problems : defaults.problems;
        limits->arena_bytes = limits->arena_bytes ? limits->arena_bytes : defaults.arena_bytes;
        if (limits->depth >= BP_VALUE_DEPTH_MAX)
                limits->depth = BP_VALUE_DEPTH_MAX - 1;
}

/* The definition is made in its own arena, so that it goes away with it. */
static int open_loader(struct bp_loader *loader, const struct bp_definition_options *options,
                       const struct bp_definition_report *report) {
        static const struct bp_definition_options no_options = {0};

        *loader = (struct bp_loader){.options = options ? options : &no_options};
        if (loader->options->limits)
                loader->limits = *loader->options->limits;
        fill_limits(&loader->limits);
        loader->findings = (struct bp_findings){
                .errors = report->errors, .warnings = report->warnings, .limit = loader->limits.problems};
        loader->arena = bp_arena_new(loader->limits.arena_bytes);
        loader->loaded = loader->arena ? bp_arena_alloc(loader->arena, sizeof(*loader->loaded)) : NULL;
        if (!loader->loaded) {
                loader->arena = bp_arena_free(loader->arena);
                return -ENOMEM;
        }
        loader->definition = &loader->loaded->definition;
        loader->loaded->arena = loader->arena;
        atomic_init(&loader->loaded->owners, 1);
        return 0;
}

static int check_count(struct bp_loader *loader, const char *field, uint32_t limit) {
        const struct bp_value *value = bp_value_get(&loader->definition->source, field);
        const struct bp_path path = {.key = field};

        if (!value || (value->type != BP_LIST && value->type != BP_OBJECT) || value->count <= limit)
                return 0;
        return bp_findings_error(&loader->findings, "LIMIT", &path, "%u %s, the limit is %u", value->count, field,
                                 limit);
}

static int check_counts(struct bp_loader *loader) {
        const struct bp_definition_limits *limits = &loader->limits;
        int r = check_count(loader, "steps", limits->steps);

        if (r == 0)
                r = check_count(loader, "parameters", limits->parameters);
        return r < 0 ? r : check_count(loader, "outputs", limits->outputs);
}

static int digest_source(struct bp_loader *loader) {
        struct bp_strbuf text;
        int r;

        bp_strbuf_init(&text, NULL, loader->limits.arena_bytes);
        bp_json_write(&text, &loader->definition->source);
        r = text.error;
        if (r == 0)
                loader->definition->digest = bp_digest_of(bp_strbuf_text(&text), text.size);
        bp_strbuf_done(&text);
        return r;
}

static int run_passes(struct bp_loader *loader) {
        static const struct {
                int (*run)(struct bp_loader *loader);
                bool is_structure;
        } passes[] = {
                {bp_loader_build, true},    {bp_loader_find_actions, false},     {bp_loader_order, true},
                {bp_loader_compile, false}, {bp_loader_check_references, false}, {bp_loader_check_params, false},
        };

        for (size_t i = 0; i < BP_COUNT(passes); i++) {
                int r = passes[i].is_structure || !loader->options->structure_only ? passes[i].run(loader) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* The source is in place. @return 0 or negative errno; problems are counted. */
static int load_source(struct bp_loader *loader) {
        const struct bp_value *source = &loader->definition->source;
        int r;

        if (source->type != BP_OBJECT)
                return bp_findings_error(&loader->findings, "PARSE_ERROR", NULL, "a definition is an object, not %s",
                                         bp_value_python_type(source));
        r = check_counts(loader);
        if (r < 0 || loader->findings.n_errors)
                return r;
        r = bp_record_read(loader->arena, &bp_definition_record, source, NULL, &loader->findings,
                           &loader->loaded->normal);
        if (r < 0)
                return r;
        r = run_passes(loader);
        return r < 0 || loader->findings.n_errors ? r : digest_source(loader);
}

/* What does not fit into the memory a definition may take is a problem of the document, not of ours. */
static int settle(struct bp_loader *loader, int r, const struct bp_definition **ret_definition) {
        bool is_too_large = r == -E2BIG || (r == -ENOMEM && bp_arena_over_limit(loader->arena));

        if (is_too_large)
                r = bp_findings_error(&loader->findings, "LIMIT", NULL,
                                      "the definition is too large: it takes more than %zu bytes of memory",
                                      loader->limits.arena_bytes);
        if (r == 0 && !loader->findings.n_errors) {
                *ret_definition = loader->definition;
                return 0;
        }
        bp_definition_unref(loader->definition);
        return r < 0 ? r : BP_PROBLEM;
}

int bp_definition_load(const struct bp_value *document, const struct bp_definition_options *options,
                       const struct bp_definition_report *report, const struct bp_definition **ret_definition) {
        struct bp_loader loader;
        int r = open_loader(&loader, options, report);

        if (r < 0)
                return r;
        if (document->depth > loader.limits.depth)
                r = bp_findings_error(&loader.findings, "LIMIT", NULL, "nested deeper than %u levels",
                                      loader.limits.depth);
        else
                r = bp_value_copy(loader.arena, document, &loader.definition->source);
        if (r == 0 && !loader.findings.n_errors)
                r = load_source(&loader);
        return settle(&loader, r, ret_definition);
}

/* ---- from text ---- */

/* A text and what was found in it. */
struct reading {
        struct bp_loader loader;
        const char *text;
        size_t size;
        enum bp_definition_format format;
        struct bp_arena *scratch; /* of the places */
        struct bp_place places;
        size_t first_error, first_warning; /* in the lists of the report */
};

/* A problem of the text itself knows its line; it is added as it is. */
static int report_text_problem(struct bp_loader *loader, const struct bp_problem *problem) {
        loader->findings.n_errors++;
        return loader->findings.errors ? bp_problem_list_add(loader->findings.errors, problem) : 0;
}

static int parse_json(struct reading *reading, struct bp_problem *problem) {
        const struct bp_json_limits limits = {.depth = reading->loader.limits.depth, .size_bytes = reading->size};
        int r = bp_json_parse(reading->loader.arena, reading->text, reading->size, &limits,
                              &reading->loader.definition->source, problem);

        if (r == BP_PROBLEM)
                problem->code = strcmp(problem->code, "JSON_TOO_DEEP") == 0 ? "LIMIT" : "PARSE_ERROR";
        return r;
}

static int parse(struct reading *reading, struct bp_problem *problem) {
        if (reading->format == BP_FORMAT_JSON)
                return parse_json(reading, problem);
        return bp_yaml_parse(reading->loader.arena, reading->scratch, reading->text, reading->size,
                             reading->loader.limits.depth, &reading->loader.definition->source, &reading->places,
                             problem);
}

static void locate(const struct reading *reading, struct bp_problem_list *list, size_t first) {
        for (size_t i = first; list && i < list->count; i++) {
                const struct bp_place *place =
                        bp_places_find(&reading->places, &reading->loader.definition->source, list->items[i]->pointer);

                list->items[i]->line = place->line;
                list->items[i]->column = place->column;
        }
}

/* JSON is walked for places only when there is something to place. */
static int locate_all(struct reading *reading) {
        const struct bp_findings *findings = &reading->loader.findings;
        int r = 0;

        if (!findings->n_errors && !findings->n_warnings)
                return 0;
        if (reading->format == BP_FORMAT_JSON)
                r = bp_places_of_json(reading->scratch, reading->text, reading->size,
                                      &reading->loader.definition->source, &reading->places);
        if (r < 0)
                return r;
        locate(reading, findings->errors, reading->first_error);
        locate(reading, findings->warnings, reading->first_warning);
        return 0;
}

static int read_text(struct reading *reading) {
        struct bp_loader *loader = &reading->loader;
        struct bp_problem problem;
        int r;

        if (reading->size > loader->limits.source_bytes)
                return bp_findings_error(&loader->findings, "LIMIT", NULL, "%zu bytes of text, the limit is %zu",
                                         reading->size, loader->limits.source_bytes);
        r = parse(reading, &problem);
        if (r == BP_PROBLEM)
                return report_text_problem(loader, &problem);
        if (r < 0)
                return r;
        r = load_source(loader);
        return r < 0 ? r : locate_all(reading);
}

int bp_definition_read(const char *text, size_t size, enum bp_definition_format format,
                       const struct bp_definition_options *options, const struct bp_definition_report *report,
                       const struct bp_definition **ret_definition) {
        _cleanup_(bp_arena_freep) struct bp_arena *scratch = bp_arena_new(BP_ARENA_UNLIMITED);
        struct reading reading = {.text = text, .size = size, .format = format, .scratch = scratch};
        int r = scratch ? open_loader(&reading.loader, options, report) : -ENOMEM;

        if (r < 0)
                return r;
        reading.first_error = report->errors ? report->errors->count : 0;
        reading.first_warning = report->warnings ? report->warnings->count : 0;
        r = read_text(&reading);
        return settle(&reading.loader, r, ret_definition);
}
