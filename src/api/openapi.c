/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenAPI 3.1 document, made from the tables that route and check: what stands here is what is done. */
#include <stdio.h>
#include <string.h>

#include "api/private.h"
#include "api/token.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "base/writer.h"

/* ---------------------------------------------------------------------------------------------------------------
 * Fields
 */

static const char *type_word(enum bp_field_type type) {
        switch (type) {
        case BP_FIELD_TEXT:
        case BP_FIELD_UUID:
        case BP_FIELD_TIME:
                return "string";
        case BP_FIELD_INTEGER:
                return "integer";
        case BP_FIELD_NUMBER:
                return "number";
        case BP_FIELD_BOOLEAN:
                return "boolean";
        case BP_FIELD_OBJECT:
                return "object";
        case BP_FIELD_LIST:
                return "array";
        case BP_FIELD_ANY:
                break;
        }
        return NULL;
}

static void write_reference(struct bp_writer *object, const char *name) {
        bp_strbuf_printf(bp_writer_key(object, "$ref"), "\"#/components/schemas/%s\"", name);
}

static void write_type(struct bp_writer *object, const struct bp_field *field) {
        const char *word = type_word(field->type);
        struct bp_writer list;

        if (!word)
                return;
        if (!field->nullable) {
                bp_writer_text(object, "type", word);
                return;
        }
        list = bp_writer_open(bp_writer_key(object, "type"), '[');
        bp_writer_next(&list);
        bp_writer_text_or_null(list.buffer, word);
        bp_strbuf_add_text(list.buffer, ",\"null\"]");
}

static void write_words(struct bp_writer *object, const struct bp_field *field) {
        struct bp_writer list;

        if (!field->words)
                return;
        list = bp_writer_open(bp_writer_key(object, "enum"), '[');
        for (size_t i = 0; field->words[i]; i++) {
                bp_writer_next(&list);
                bp_writer_text_or_null(list.buffer, field->words[i]);
        }
        if (field->nullable) {
                bp_writer_next(&list);
                bp_strbuf_add_text(list.buffer, "null");
        }
        bp_strbuf_add_char(list.buffer, ']');
}

static void write_number(struct bp_writer *object, const char *name, double number) {
        if (number >= -9e15 && number <= 9e15 && number == (double)(int64_t)number)
                bp_strbuf_printf(bp_writer_key(object, name), "%lld", (long long)number);
        else
                bp_writer_float(object, name, number);
}

static void write_bounds(struct bp_writer *object, const struct bp_field *field) {
        if (field->type == BP_FIELD_UUID)
                bp_writer_text(object, "format", "uuid");
        if (field->type == BP_FIELD_TIME)
                bp_writer_text(object, "format", "date-time");
        if (field->min != 0 || field->max != 0) {
                write_number(object, "minimum", field->min);
                write_number(object, "maximum", field->max);
        }
        if (field->min_length)
                bp_writer_count(object, "minLength", field->min_length);
        if (field->max_length)
                bp_writer_count(object, "maxLength", field->max_length);
}

/* Members of the schema of a field; the description is that of the parameter around it, where there is one. */
static void write_field_members(struct bp_writer *object, const struct bp_field *field) {
        struct bp_writer items;

        if (field->type == BP_FIELD_OBJECT && field->schema && !field->nullable) {
                write_reference(object, field->schema);
        } else {
                write_type(object, field);
                write_words(object, field);
                write_bounds(object, field);
        }
        if (field->type == BP_FIELD_LIST) {
                items = bp_writer_open(bp_writer_key(object, "items"), '{');
                if (field->schema)
                        write_reference(&items, field->schema);
                else
                        bp_writer_text(&items, "type", "string");
                bp_strbuf_add_char(items.buffer, '}');
        }
        if (field->fallback)
                bp_strbuf_add_text(bp_writer_key(object, "default"), field->fallback);
}

static void write_body_schema(struct bp_strbuf *buffer, const struct bp_field *fields) {
        struct bp_writer object = bp_writer_open(buffer, '{'), members;

        bp_writer_text(&object, "type", "object");
        members = bp_writer_open(bp_writer_key(&object, "required"), '[');
        for (const struct bp_field *field = fields; field->name; field++) {
                if (!field->required)
                        continue;
                bp_writer_next(&members);
                bp_writer_text_or_null(buffer, field->name);
        }
        bp_strbuf_add_char(buffer, ']');
        members = bp_writer_open(bp_writer_key(&object, "properties"), '{');
        for (const struct bp_field *field = fields; field->name; field++) {
                struct bp_writer schema = bp_writer_open(bp_writer_key(&members, field->name), '{');

                write_field_members(&schema, field);
                bp_writer_text_if_any(&schema, "description", field->description);
                bp_writer_text_if_any(&schema, "x-alias", field->alias);
                bp_strbuf_add_char(buffer, '}');
        }
        bp_strbuf_add_text(buffer, "}}");
}

/* ---------------------------------------------------------------------------------------------------------------
 * An operation
 */

static void write_parameters_in(struct bp_writer *list, const char *place, const struct bp_field *fields) {
        for (const struct bp_field *field = fields; field && field->name; field++) {
                struct bp_writer object, schema;

                bp_writer_next(list);
                object = bp_writer_open(list->buffer, '{');
                bp_writer_text(&object, "name", field->name);
                bp_writer_text(&object, "in", place);
                bp_writer_bool(&object, "required", field->required);
                bp_writer_text_if_any(&object, "description", field->description);
                bp_writer_text_if_any(&object, "x-alias", field->alias);
                schema = bp_writer_open(bp_writer_key(&object, "schema"), '{');
                write_field_members(&schema, field);
                bp_strbuf_add_text(list->buffer, "}}");
        }
}

static void write_parameters(struct bp_writer *operation, const struct bp_route *route) {
        struct bp_writer list = bp_writer_open(bp_writer_key(operation, "parameters"), '[');

        write_parameters_in(&list, "path", route->path_fields);
        write_parameters_in(&list, "query", route->query);
        write_parameters_in(&list, "header", route->headers);
        if (route->method == BP_POST) {
                bp_writer_next(&list);
                bp_strbuf_add_text(list.buffer, "{\"$ref\":\"#/components/parameters/IdempotencyKey\"}");
        }
        bp_strbuf_add_char(list.buffer, ']');
}

static void write_raw_body(struct bp_writer *operation, const struct bp_route *route) {
        struct bp_writer object, content;

        object = bp_writer_open(bp_writer_key(operation, "requestBody"), '{');
        bp_writer_bool(&object, "required", true);
        content = bp_writer_open(bp_writer_key(&object, "content"), '{');
        for (const char *const *type = route->raw_types; *type; type++) {
                struct bp_writer schema = bp_writer_open(bp_writer_key(&content, *type), '{');

                schema = bp_writer_open(bp_writer_key(&schema, "schema"), '{');
                if (route->body_schema)
                        write_reference(&schema, route->body_schema);
                bp_strbuf_add_text(content.buffer, "}}");
        }
        bp_strbuf_add_text(object.buffer, "}}");
}

static void write_body(struct bp_writer *operation, const struct bp_route *route) {
        struct bp_writer object, schema;

        if (route->raw_types)
                write_raw_body(operation, route);
        if (!route->body)
                return;
        object = bp_writer_open(bp_writer_key(operation, "requestBody"), '{');
        bp_writer_bool(&object, "required", !route->body_optional);
        bp_strbuf_add_text(bp_writer_key(&object, "content"), "{\"application/json\":{\"schema\":");
        if (route->body_schema) {
                schema = bp_writer_open(object.buffer, '{');
                write_reference(&schema, route->body_schema);
                bp_strbuf_add_char(object.buffer, '}');
        } else {
                write_body_schema(object.buffer, route->body);
        }
        bp_strbuf_add_text(object.buffer, "}}}");
}

/* What the server itself may say of a request. */
static const struct bp_answer_spec common_answers[] = {
        {400, "The request or its JSON is malformed", NULL, NULL},
        {401, "No token, or none that counts", NULL, NULL},
        {403, "The token may not do this, or a page of another origin asks", NULL, NULL},
        {408, "The request took too long to arrive", NULL, NULL},
        {409, "A request with the same Idempotency-Key is under way", NULL, NULL},
        {413, "The body is too large", NULL, NULL},
        {414, "The URL is too long", NULL, NULL},
        {415, "The body is not JSON in UTF-8", NULL, NULL},
        {422, "A parameter or a member of the body is missing or wrong", NULL, NULL},
        {429, "Too many requests; see Retry-After", NULL, NULL},
        {431, "The headers are too large", NULL, NULL},
        {503, "The service cannot take it at the moment; see Retry-After", NULL, NULL},
        {0},
};

static struct bp_strbuf *status_key(struct bp_writer *object, uint32_t status) {
        char name[16];

        snprintf(name, sizeof(name), "%u", status);
        return bp_writer_key(object, name);
}

static const char *media_of(const struct bp_answer_spec *answer) {
        return answer->media_type ? answer->media_type : "application/json";
}

static void write_answer(struct bp_strbuf *buffer, const struct bp_answer_spec *answer) {
        struct bp_writer object = bp_writer_open(buffer, '{'), media, schema;

        bp_writer_text(&object, "description", answer->description);
        if (answer->status >= 400 && !answer->schema && !answer->media_type) {
                bp_strbuf_add_text(
                        bp_writer_key(&object, "content"),
                        "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Failure\"}},"
                        "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}"
                        "}}");
        } else if (answer->status != 204 && answer->status / 100 != 3) {
                media = bp_writer_open(bp_writer_key(&object, "content"), '{');
                bp_strbuf_add_text(bp_writer_key(&media, media_of(answer)), "{\"schema\":");
                schema = bp_writer_open(buffer, '{');
                if (answer->schema)
                        write_reference(&schema, answer->schema);
                bp_strbuf_add_text(buffer, "}}}");
        }
        bp_strbuf_add_char(buffer, '}');
}

static bool has_answer(const struct bp_route *route, uint32_t status) {
        for (const struct bp_answer_spec *answer = route->answers; answer && answer->status; answer++) {
                if (answer->status == status)
                        return true;
        }
        return false;
}

/* What the server itself may say of any request to the route. */
static bool server_may_answer(const struct bp_route *route, uint32_t status) {
        switch (status) {
        case 401:
                return route->scope != BP_SCOPE_NONE;
        case 409:
                return route->method == BP_POST;
        case 411:
        case 413:
        case 415:
                return route->method == BP_POST || route->method == BP_PUT;
        default:
                return true;
        }
}

static void write_answers(struct bp_writer *operation, const struct bp_route *route) {
        struct bp_writer answers = bp_writer_open(bp_writer_key(operation, "responses"), '{');

        for (const struct bp_answer_spec *answer = route->answers; answer && answer->status; answer++)
                write_answer(status_key(&answers, answer->status), answer);
        for (const struct bp_answer_spec *answer = common_answers; answer->status; answer++) {
                if (server_may_answer(route, answer->status) && !has_answer(route, answer->status))
                        bp_strbuf_printf(status_key(&answers, answer->status),
                                         "{\"$ref\":\"#/components/responses/%u\"}", answer->status);
        }
        bp_strbuf_add_char(answers.buffer, '}');
}

static void write_security(struct bp_writer *operation, const struct bp_route *route) {
        struct bp_writer list = bp_writer_open(bp_writer_key(operation, "security"), '[');

        if (route->scope & BP_SCOPE_INTERNAL) {
                bp_writer_next(&list);
                bp_strbuf_add_text(list.buffer, "{\"platform\":[]}");
        }
        for (size_t i = 0; bp_scope_words[i]; i++) {
                if (!(route->scope & UINT32_C(1) << i))
                        continue;
                bp_writer_next(&list);
                bp_strbuf_printf(list.buffer, "{\"bearer\":[\"%s\"]}", bp_scope_words[i]);
        }
        bp_strbuf_add_char(list.buffer, ']');
}

static void write_operation(struct bp_writer *item, const struct bp_route *route) {
        static const char *const methods[] = {
                [BP_GET] = "get", [BP_POST] = "post", [BP_PUT] = "put", [BP_DELETE] = "delete"};
        struct bp_writer operation = bp_writer_open(bp_writer_key(item, methods[route->method]), '{');

        bp_writer_text(&operation, "operationId", route->operation);
        bp_strbuf_printf(bp_writer_key(&operation, "tags"), "[\"%s\"]", route->tag);
        bp_writer_text_if_any(&operation, "summary", route->summary);
        bp_writer_text_if_any(&operation, "description", route->description);
        if (route->aliases)
                bp_writer_texts(&operation, "x-aliases", route->aliases);
        write_security(&operation, route);
        write_parameters(&operation, route);
        write_body(&operation, route);
        write_answers(&operation, route);
        bp_strbuf_add_char(operation.buffer, '}');
}

/* ---------------------------------------------------------------------------------------------------------------
 * The document
 */

static void visit_routes(void (*visit)(void *userdata, const struct bp_route *route), void *userdata) {
        const struct bp_route *const *tables;
        size_t n_tables;

        tables = bp_api_routes(&n_tables);
        for (size_t i = 0; i < n_tables; i++) {
                for (const struct bp_route *route = tables[i]; route->handler; route++) {
                        if (!route->undocumented)
                                visit(userdata, route);
                }
        }
}

struct path_item {
        struct bp_writer writer;
        const char *path;
};

static void write_if_on_path(void *userdata, const struct bp_route *route) {
        struct path_item *item = userdata;

        if (strcmp(route->path, item->path) == 0)
                write_operation(&item->writer, route);
}

struct first_route {
        const char *path;
        const struct bp_route *route;
};

static void find_first(void *userdata, const struct bp_route *route) {
        struct first_route *first = userdata;

        if (!first->route && strcmp(route->path, first->path) == 0)
                first->route = route;
}

/* All operations of a path stand together, wherever its routes are. */
static void write_path(void *userdata, const struct bp_route *route) {
        struct first_route first = {.path = route->path};
        struct bp_writer *paths = userdata;
        struct path_item item;

        visit_routes(find_first, &first);
        if (first.route != route)
                return;
        item.path = route->path;
        item.writer = bp_writer_open(bp_writer_key(paths, route->path), '{');
        visit_routes(write_if_on_path, &item);
        bp_strbuf_add_char(paths->buffer, '}');
}

static void write_request_schema(void *userdata, const struct bp_route *route) {
        struct bp_writer *schemas = userdata;

        if (route->body && route->body_schema)
                write_body_schema(bp_writer_key(schemas, route->body_schema), route->body);
}

static void write_components(struct bp_writer *document) {
        struct bp_writer components = bp_writer_open(bp_writer_key(document, "components"), '{');
        struct bp_writer schemas = bp_writer_open(bp_writer_key(&components, "schemas"), '{'), answers;

        for (const struct bp_api_component *component = bp_api_components; component->name; component++)
                bp_strbuf_add_text(bp_writer_key(&schemas, component->name), component->schema);
        visit_routes(write_request_schema, &schemas);
        bp_strbuf_add_char(schemas.buffer, '}');
        answers = bp_writer_open(bp_writer_key(&components, "responses"), '{');
        for (const struct bp_answer_spec *answer = common_answers; answer->status; answer++)
                write_answer(status_key(&answers, answer->status), answer);
        bp_strbuf_add_char(answers.buffer, '}');
        bp_strbuf_add_text(
                bp_writer_key(&components, "parameters"),
                "{\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
                "\"description\":"
                "\"The same request with the same key is done once; its first answer is kept for 24 hours.\","
                "\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}}}");
        bp_strbuf_add_text(
                bp_writer_key(&components, "securitySchemes"),
                "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A token of `budpipeline token "
                "create`; demanded where authentication is on.\"},\"platform\":{\"type\":\"apiKey\",\"in\":\"header\","
                "\"name\":\"dapr-api-token\"}}");
        bp_strbuf_add_char(components.buffer, '}');
}

void bp_api_write_openapi(struct bp_strbuf *buffer, const struct bp_api *api) {
        struct bp_writer document = bp_writer_open(buffer, '{'), object;

        bp_writer_text(&document, "openapi", "3.1.0");
        object = bp_writer_open(bp_writer_key(&document, "info"), '{');
        bp_writer_text(&object, "title", api->settings.service_name);
        bp_writer_text(&object, "version", BP_VERSION);
        bp_writer_text(&object, "summary", "A durable pipeline engine.");
        bp_writer_text(&object, "description",
                       "Times are ISO 8601 in UTC, percentages are texts with two decimals, optional members are "
                       "present as null. Every answer carries X-Correlation-ID. Failures have the member `detail`; "
                       "clients that accept application/problem+json get RFC 9457.");
        bp_strbuf_add_text(bp_writer_key(&object, "license"),
                           "{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}");
        bp_strbuf_add_char(buffer, '}');
        object = bp_writer_open(bp_writer_key(&document, "paths"), '{');
        visit_routes(write_path, &object);
        bp_strbuf_add_char(buffer, '}');
        write_components(&document);
        bp_strbuf_add_char(buffer, '}');
}
