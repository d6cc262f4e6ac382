/* SPDX-License-Identifier: Apache-2.0 */
#include "server/fields.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "server/field_text.h"
#include "server/finding.h"
#include "server/request.h"
#include "server/state.h"
#include "server/target.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Path, query, headers
 */

static void add_missing(struct bp_findings *findings, const struct bp_place *place, const struct bp_value *input) {
        bp_request_findings_add(
                findings, place,
                &(struct bp_finding){
                        .type = "missing", .code = "FIELD_REQUIRED", .message = "Field required", .input = input});
}

/* Checks one text that stands for a field; NULL: absent. */
static int check_text(struct bp_request *request, struct bp_findings *findings, const char *part,
                      const struct bp_field *field, const struct bp_value *fallback, const char *text) {
        struct bp_place place = {.part = part, .name = field->name, .index = -1};
        struct bp_field_value *kept = &request->fields[request->n_fields++];
        struct bp_finding finding;
        struct bp_value value;
        int r;

        *kept = (struct bp_field_value){.name = field->name};
        if (!text) {
                if (field->required)
                        add_missing(findings, &place, NULL);
                else if (fallback && fallback->type && fallback->type != BP_NULL)
                        *kept = (struct bp_field_value){.name = field->name, .value = *fallback, .there = true};
                return 0;
        }
        value = bp_value_text_borrow(text, strlen(text));
        r = bp_field_check(request->arena, field, &value, &kept->value, &finding);
        kept->there = r == 0;
        if (r > 0) {
                finding.input = &value;
                bp_request_findings_add(findings, &place, &finding);
        }
        return r < 0 ? r : 0;
}

static const struct bp_field *field_named(const struct bp_field *fields, size_t count, const char *name) {
        for (size_t i = 0; i < count; i++) {
                if (strcmp(fields[i].name, name) == 0)
                        return &fields[i];
        }
        return NULL;
}

static int check_path(struct bp_request *request, struct bp_findings *findings) {
        const struct bp_match *match = &request->match;

        for (size_t i = 0; i < match->n_values; i++) {
                const struct bp_field plain = {.name = match->names[i], .type = BP_FIELD_TEXT};
                const struct bp_field *field =
                        field_named(match->route->route->path_fields, match->route->n_path, match->names[i]);
                int r = check_text(request, findings, "path", field ? field : &plain, NULL, match->values[i]);

                if (r)
                        return r;
        }
        return 0;
}

static int check_query(struct bp_request *request, struct bp_findings *findings) {
        const struct bp_compiled_route *compiled = request->match.route;
        struct bp_parameter *parameters;
        int r;

        r = bp_target_query(request->arena, request->query, &parameters);
        for (size_t i = 0; !r && i < compiled->n_query; i++) {
                const struct bp_field *field = &compiled->route->query[i];
                const char *text = bp_target_parameter(parameters, field->name);

                if (!text && field->alias)
                        text = bp_target_parameter(parameters, field->alias);
                r = check_text(request, findings, "query", field, &compiled->query_defaults[i], text);
        }
        return r;
}

/* Headers carry bytes; only text goes on. */
static int check_headers(struct bp_request *request, struct bp_findings *findings) {
        const struct bp_compiled_route *compiled = request->match.route;

        for (size_t i = 0; i < compiled->n_headers; i++) {
                const struct bp_field *field = &compiled->route->headers[i];
                const char *text = bp_request_header(request, field->name);
                int r;

                if (!text && field->alias)
                        text = bp_request_header(request, field->alias);
                if (text && !bp_utf8_valid(text, strlen(text)))
                        text = "?";
                r = check_text(request, findings, "header", field, &compiled->header_defaults[i], text);
                if (r)
                        return r;
        }
        return 0;
}

int bp_fields_check(struct bp_request *request, struct bp_findings *findings) {
        const struct bp_compiled_route *compiled = request->match.route;
        size_t most = request->match.n_values + compiled->n_query + compiled->n_headers;
        int r;

        request->fields = bp_arena_array(request->arena, most, sizeof(*request->fields));
        if (!request->fields)
                return -ENOMEM;
        r = check_path(request, findings);
        if (!r)
                r = check_query(request, findings);
        if (!r)
                r = check_headers(request, findings);
        return r;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Body
 */

/* Items of a list of texts. */
static void check_items(struct bp_findings *findings, const struct bp_field *field, const struct bp_value *list) {
        for (uint32_t i = 0; i < list->count; i++) {
                struct bp_place place = {.part = "body", .name = field->name, .index = i};

                if (list->as.items[i].type != BP_STRING)
                        bp_request_findings_add(findings, &place,
                                                &(struct bp_finding){.type = "string_type",
                                                                     .code = "FIELD_TYPE",
                                                                     .message = "Input should be a valid string",
                                                                     .input = &list->as.items[i]});
        }
}

/* Checks one member and puts it, or its default, into the object that handlers see. */
static int check_member(struct bp_request *request, struct bp_findings *findings, const struct bp_field *field,
                        const struct bp_value *fallback, struct bp_object_builder *checked) {
        const struct bp_value *value = bp_value_get(&request->body, field->name);
        struct bp_place place = {.part = "body", .name = field->name, .index = -1};
        struct bp_finding finding;
        struct bp_value converted;
        int r;

        if (!value && field->alias)
                value = bp_value_get(&request->body, field->alias);
        if (!value || (value->type == BP_NULL && field->nullable)) {
                if (field->required)
                        add_missing(findings, &place, &request->body);
                else if (fallback->type)
                        bp_object_set_z(checked, field->name, *fallback);
                return 0;
        }
        r = bp_field_check(request->arena, field, value, &converted, &finding);
        if (r > 0) {
                finding.input = value;
                bp_request_findings_add(findings, &place, &finding);
        } else if (!r) {
                bp_object_set_z(checked, field->name, converted);
                if (field->type == BP_FIELD_LIST && !field->schema)
                        check_items(findings, field, value);
        }
        return r < 0 ? r : 0;
}

static bool is_alias(const struct bp_compiled_route *compiled, const char *key) {
        for (size_t i = 0; i < compiled->n_body; i++) {
                const char *alias = compiled->route->body[i].alias;

                if (alias && strcmp(alias, key) == 0)
                        return true;
        }
        return false;
}

static int check_members(struct bp_request *request, struct bp_findings *findings) {
        const struct bp_compiled_route *compiled = request->match.route;
        const struct bp_value *body = &request->body;
        struct bp_object_builder checked;

        bp_object_init(&checked, request->arena);
        for (size_t i = 0; i < compiled->n_body; i++) {
                int r = check_member(request, findings, &compiled->route->body[i], &compiled->body_defaults[i],
                                     &checked);

                if (r)
                        return r;
        }
        for (uint32_t i = 0; i < body->count; i++) {
                const struct bp_member *member = &body->as.members[i];

                if (!bp_object_has(&checked, member->key, member->key_size) && !is_alias(compiled, member->key))
                        bp_object_set_z(&checked, member->key, member->value);
        }
        return bp_object_finish(&checked, &request->body) ? -ENOMEM : 0;
}

static void add_syntax(struct bp_findings *findings, struct bp_arena *arena, const struct bp_problem *problem) {
        struct bp_finding finding = {.type = "json_invalid", .code = problem->code, .context = "error"};
        struct bp_value message;

        if (bp_value_text_z(arena, problem->message, &message)) {
                findings->error = -ENOMEM;
                return;
        }
        finding.message = message.as.text;
        finding.context_value = message;
        bp_request_findings_add(findings, &(struct bp_place){.part = "body", .index = -1}, &finding);
        if (findings->problems.count) {
                struct bp_problem *kept = findings->problems.items[findings->problems.count - 1];

                kept->line = problem->line;
                kept->column = problem->column;
        }
}

static bool is_blank(const char *text, size_t size) {
        for (size_t i = 0; i < size; i++) {
                if (!isspace((unsigned char)text[i]))
                        return false;
        }
        return true;
}

int bp_body_check(struct bp_request *request, struct bp_findings *findings) {
        const struct bp_server_settings *settings = &request->server->settings;
        const struct bp_json_limits limits = {.depth = settings->json_depth, .size_bytes = settings->body_bytes};
        static const struct bp_place whole = {.part = "body", .index = -1};
        struct bp_problem problem = {0};
        int r;

        if (!request->match.route->route->body)
                return 0;
        if (is_blank(request->body_text, request->body_size)) {
                if (!request->match.route->route->body_optional)
                        add_missing(findings, &whole, NULL);
                return 0;
        }
        r = bp_json_parse(request->arena, request->body_text, request->body_size, &limits, &request->body, &problem);
        if (r < 0)
                return r;
        if (r) {
                add_syntax(findings, request->arena, &problem);
                return 0;
        }
        if (request->body.type != BP_OBJECT) {
                bp_request_findings_add(
                        findings, &whole,
                        &(struct bp_finding){
                                .type = "model_attributes_type",
                                .code = "FIELD_TYPE",
                                .message = "Input should be a valid dictionary or object to extract fields "
                                           "from",
                                .input = &request->body,
                        });
                return 0;
        }
        request->has_body = true;
        return check_members(request, findings);
}
