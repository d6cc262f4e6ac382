/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outgoing.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/command.h"

enum { TRIES_MAX = 100, DEFAULT_TIMEOUT_MS = 30000 };

static int read_hosts(const struct bp_arguments *arguments, struct bp_arena *arena, struct bp_outgoing *outgoing) {
        const char **hosts = bp_arena_array(arena, arguments->n_given + 1, sizeof(*hosts));
        size_t cursor = 0, count = 0;
        const char *host;

        if (!hosts)
                return BP_EXIT_FAILED;
        while ((host = bp_arguments_next(arguments, BP_OPTION_ALLOW_HOST, &cursor)))
                hosts[count++] = host;
        outgoing->http.allow_hosts = hosts;
        return BP_EXIT_COMPLETED;
}

static int check_url(const struct bp_cli *cli, const char *option, const char *url,
                     const char *(*refusal_of)(const char *url)) {
        const char *refusal = url ? refusal_of(url) : NULL;

        if (refusal)
                bp_cli_error(cli, "--%s: '%s' is no URL of a server: %s", option, url, refusal);
        return refusal ? BP_EXIT_INVALID : BP_EXIT_COMPLETED;
}

static int read_services(const struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_arena *arena,
                         struct bp_outgoing *outgoing) {
        struct bp_invoker_service *services = bp_arena_array(arena, arguments->n_given + 1, sizeof(*services));
        size_t cursor = 0, count = 0;
        const char *pair;
        int code = BP_EXIT_COMPLETED;

        if (!services)
                return BP_EXIT_FAILED;
        while (code == BP_EXIT_COMPLETED && (pair = bp_arguments_next(arguments, BP_OPTION_SERVICE, &cursor))) {
                const char *equals = strchr(pair, '=');
                struct bp_invoker_service *service = &services[count++];

                service->name = bp_arena_text(arena, pair, (size_t)(equals - pair));
                service->url = equals + 1;
                code = service->name ? check_url(cli, "service", service->url, bp_invoker_url_refusal) : BP_EXIT_FAILED;
        }
        outgoing->invoke.services = services;
        outgoing->invoke.n_services = count;
        return code;
}

static int read_bus(const struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_outgoing *outgoing) {
        const char *bus = bp_arguments_text(arguments, BP_OPTION_BUS);

        if (!bus)
                return BP_EXIT_COMPLETED;
        if (strcmp(bus, "dapr") == 0) {
                outgoing->invoke.bus.kind = BP_BUS_DAPR;
                return BP_EXIT_COMPLETED;
        }
        outgoing->invoke.bus.kind = BP_BUS_HTTP;
        outgoing->invoke.bus.url = bus;
        return check_url(cli, "bus", bus, bp_invoker_bus_url_refusal);
}

static int read_retries(const struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_outgoing *outgoing) {
        const char *text = bp_arguments_text(arguments, BP_OPTION_RETRIES);
        char *end;
        unsigned long number;

        if (!text)
                return BP_EXIT_COMPLETED;
        number = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || number >= TRIES_MAX) {
                bp_cli_error(cli, "--retries: '%s' is not a whole number from 0 to %d", text, TRIES_MAX - 1);
                return BP_EXIT_INVALID;
        }
        outgoing->invoke.retry.tries = (uint32_t)number + 1;
        return BP_EXIT_COMPLETED;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Calls, told
 */

static void add_text(struct bp_strbuf *buffer, const char *name, const char *text) {
        bp_strbuf_printf(buffer, "\"%s\":", name);
        bp_json_write_string(buffer, text, strlen(text));
        bp_strbuf_add_char(buffer, ',');
}

static void add_value(struct bp_strbuf *buffer, const char *name, const struct bp_value *value) {
        bp_strbuf_printf(buffer, "\"%s\":", name);
        bp_json_write(buffer, value ? value : &bp_value_null);
        bp_strbuf_add_char(buffer, ',');
}

/* A text body is told as text. */
static void add_body(struct bp_strbuf *buffer, const struct bp_http_request *request) {
        if (request->json || !request->body || !bp_utf8_valid(request->body, request->body_size)) {
                add_value(buffer, "body", request->json);
                return;
        }
        bp_strbuf_add_text(buffer, "\"body\":");
        bp_json_write_string(buffer, request->body, request->body_size);
        bp_strbuf_add_char(buffer, ',');
}

void bp_outgoing_write_call(struct bp_strbuf *buffer, const struct bp_http_request *request) {
        bp_strbuf_add_char(buffer, '{');
        if (request->topic) {
                add_text(buffer, "topic", request->topic);
        } else {
                if (request->service)
                        add_text(buffer, "app_id", request->service);
                add_text(buffer, request->service ? "path" : "url", request->url ? request->url : "");
                add_text(buffer, "method", request->method ? request->method : "GET");
        }
        add_value(buffer, "query", request->query);
        add_body(buffer, request);
        bp_strbuf_add_text(buffer, "\"timeout\":");
        bp_value_write_float(buffer, (request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS) / 1000.0);
        bp_strbuf_add_char(buffer, '}');
}

/* One call of fputs, which locks the stream: steps call at the same time. */
static void tell(void *userdata, const struct bp_http_request *request) {
        const struct bp_cli *cli = userdata;
        struct bp_strbuf line;

        bp_strbuf_init(&line, NULL, SIZE_MAX);
        bp_outgoing_write_call(&line, request);
        bp_strbuf_add_char(&line, '\n');
        fputs(bp_strbuf_text(&line), cli->err);
        bp_strbuf_done(&line);
}

int bp_outgoing_read(struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_arena *arena,
                     struct bp_outgoing *ret_outgoing) {
        int code;

        *ret_outgoing = (struct bp_outgoing){.invoke.dapr_url = bp_arguments_text(arguments, BP_OPTION_DAPR),
                                             .system_user_id = bp_arguments_text(arguments, BP_OPTION_USER)};
        ret_outgoing->invoke.http = &ret_outgoing->http;
        if (bp_arguments_has(arguments, BP_OPTION_TRACE)) {
                ret_outgoing->invoke.trace = tell;
                ret_outgoing->invoke.trace_userdata = cli;
        }
        code = read_hosts(arguments, arena, ret_outgoing);
        if (code == BP_EXIT_COMPLETED)
                code = read_services(cli, arguments, arena, ret_outgoing);
        if (code == BP_EXIT_FAILED)
                return bp_cli_no_memory(cli);
        if (code == BP_EXIT_COMPLETED)
                code = check_url(cli, "dapr", ret_outgoing->invoke.dapr_url, bp_invoker_url_refusal);
        if (code == BP_EXIT_COMPLETED)
                code = read_bus(cli, arguments, ret_outgoing);
        return code == BP_EXIT_COMPLETED ? read_retries(cli, arguments, ret_outgoing) : code;
}
