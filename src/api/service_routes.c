/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator and a program ask of the service itself: is it well, what does it count, what does it offer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/docs_page.h"
#include "api/documents.h"
#include "api/json.h"
#include "api/private.h"
#include "base/problem.h"
#include "base/strbuf.h"
#include "metrics/metrics.h"
#include "service/service.h"

#define METRICS_BYTES ((size_t)16 * 1024 * 1024)

static void get_health(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_problem problem = {0};
        bool fails = bp_store_problem(bp_service_store(api->settings.service), &problem) != 0;
        bool ready = bp_service_ready(api->settings.service, &problem) == 0;
        struct bp_writer object;
        struct bp_strbuf buffer;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_text(&object, "status", fails || !ready ? "degraded" : "healthy");
        bp_writer_text(&object, "service", api->settings.service_name);
        bp_writer_text(&object, "version", BP_VERSION);
        bp_writer_text(&object, "database", fails ? "disconnected" : "connected");
        bp_writer_bool(&object, "fallback_mode", fails);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

static void get_readiness(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_problem problem = {0}, failure = {0};
        bool ready = bp_service_ready(api->settings.service, &problem) == 0;
        bool fails = bp_store_problem(bp_service_store(api->settings.service), &failure) != 0;
        struct bp_writer object;
        struct bp_strbuf buffer;

        bp_api_begin(&buffer);
        object = bp_writer_open(&buffer, '{');
        bp_writer_text(&object, "status", ready ? "ready" : "not_ready");
        bp_writer_bool(&object, "dapr_connected", true);
        bp_writer_bool(&object, "database_connected", !fails);
        bp_writer_bool(&object, "fallback_active", fails);
        bp_writer_text(&object, "reason", ready ? NULL : problem.message);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, ready ? 200 : 503, &buffer);
}

static void get_metrics(struct bp_request *request, void *app) {
        const struct bp_api *api = app;
        struct bp_strbuf buffer;

        bp_strbuf_init(&buffer, NULL, METRICS_BYTES);
        if (api->settings.metrics)
                bp_metrics_write(api->settings.metrics, &buffer);
        if (buffer.error)
                bp_request_fail_errno(request, -ENOMEM);
        else
                bp_request_answer_bytes(request, 200, "text/plain; version=0.0.4; charset=utf-8",
                                        bp_strbuf_text(&buffer), buffer.size);
        bp_strbuf_done(&buffer);
}

/* Browsers ask for pages by name, programs do not. */
static bool is_for_a_person(const struct bp_request *request) {
        const char *accepted = bp_request_header(request, "Accept");

        return accepted && strstr(accepted, "text/html");
}

static void get_links(struct bp_request *request, void *app) {
        static const char *const links[][2] = {
                {"editor", "/ui"},       {"docs", "/docs"},           {"openapi", "/openapi.json"},
                {"actions", "/actions"}, {"pipelines", "/pipelines"}, {"health", "/health"},
                {"ready", "/ready"},     {"metrics", "/metrics"},
        };
        const struct bp_api *api = app;
        const char *base = api->settings.public_url ? api->settings.public_url : bp_request_base_url(request);
        struct bp_writer object, members;
        struct bp_strbuf buffer, url;

        if (bp_api_has_editor(api) && is_for_a_person(request)) {
                bp_request_add_header(request, "Location", "/ui");
                bp_request_add_header(request, "Vary", "Accept");
                bp_request_answer_empty(request, 307);
                return;
        }
        bp_api_begin(&buffer);
        bp_strbuf_init(&url, bp_request_arena(request), BP_API_ANSWER_BYTES);
        object = bp_writer_open(&buffer, '{');
        bp_writer_text(&object, "service", api->settings.service_name);
        bp_writer_text(&object, "version", BP_VERSION);
        members = bp_writer_open(bp_writer_key(&object, "links"), '{');
        for (size_t i = bp_api_has_editor(api) ? 0 : 1; i < sizeof(links) / sizeof(links[0]); i++) {
                bp_strbuf_clear(&url);
                bp_strbuf_printf(&url, "%s%s", base, links[i][1]);
                bp_writer_text(&members, links[i][0], bp_strbuf_text(&url));
        }
        bp_strbuf_add_char(&buffer, '}');
        bp_writer_text(&object, "note", bp_api_has_editor(api) ? NULL : bp_api_no_editor);
        bp_strbuf_add_char(&buffer, '}');
        bp_api_answer(request, 200, &buffer);
}

/* ---------------------------------------------------------------------------------------------------------------
 * The description of the API
 */

static int make_openapi(const struct bp_api *api, struct bp_api_document **ret_document) {
        struct bp_strbuf buffer;
        char *text;
        size_t size;
        int r;

        bp_api_begin(&buffer);
        bp_api_write_openapi(&buffer, api);
        size = buffer.size;
        text = bp_strbuf_steal(&buffer);
        if (!text)
                return -ENOMEM;
        r = bp_api_document_new(
                &(struct bp_api_document_source){
                        .bytes = text, .size = size, .compress = true, .release = free, .userdata = text},
                ret_document);
        if (r)
                free(text);
        return r;
}

static void get_openapi(struct bp_request *request, void *app) {
        struct bp_api_document *document = NULL;
        struct bp_api *api = app;
        int r = 0;

        pthread_mutex_lock(&api->lock);
        if (!api->openapi)
                r = make_openapi(api, &api->openapi);
        if (r == 0)
                document = bp_api_document_ref(api->openapi);
        pthread_mutex_unlock(&api->lock);
        if (document)
                bp_api_answer_document(request, document);
        else
                bp_request_fail_errno(request, r);
}

static void get_docs(struct bp_request *request, void *app) {
        (void)app;
        bp_request_add_header(request, "Content-Security-Policy", bp_api_docs_page_policy);
        bp_request_add_header(request, "X-Content-Type-Options", "nosniff");
        bp_request_add_header(request, "Referrer-Policy", "no-referrer");
        bp_request_answer_bytes(request, 200, "text/html; charset=utf-8", bp_api_docs_page, bp_api_docs_page_size);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Table
 */

static const char *const docs_aliases[] = {"/redoc", NULL};

const struct bp_route bp_api_service_routes[] = {
        {.method = BP_GET,
         .path = "/",
         .operation = "getLinks",
         .tag = "service",
         .summary = "Where to go from here",
         .answers = (const struct bp_answer_spec[]){{200, "Links", "Links", NULL},
                                                    {307, "The editor, for who asks for a page", NULL, NULL},
                                                    {0}},
         .handler = get_links},
        {.method = BP_GET,
         .path = "/health",
         .operation = "getHealth",
         .tag = "service",
         .summary = "Whether the process is well",
         .answers = (const struct bp_answer_spec[]){{200, "How it is", "Health", NULL}, {0}},
         .handler = get_health},
        {.method = BP_GET,
         .path = "/ready",
         .operation = "getReadiness",
         .tag = "service",
         .summary = "Whether it takes new work",
         .answers = (const struct bp_answer_spec[]){{200, "It does", "Readiness", NULL},
                                                    {503, "It does not, and why", "Readiness", NULL},
                                                    {0}},
         .handler = get_readiness},
        {.method = BP_GET,
         .path = "/metrics",
         .operation = "getMetrics",
         .tag = "service",
         .summary = "What it counts, for Prometheus",
         .scope = BP_SCOPE_METRICS,
         .answers = (const struct bp_answer_spec[]){{200, "Metrics", NULL, "text/plain"}, {0}},
         .handler = get_metrics},
        {.method = BP_GET,
         .path = "/openapi.json",
         .operation = "getOpenApi",
         .tag = "service",
         .summary = "This description of the API",
         .answers = (const struct bp_answer_spec[]){{200, "OpenAPI 3.1", NULL, NULL}, {0}},
         .handler = get_openapi},
        {.method = BP_GET,
         .path = "/docs",
         .aliases = docs_aliases,
         .operation = "getDocs",
         .tag = "service",
         .summary = "The same for people, as a page",
         .answers = (const struct bp_answer_spec[]){{200, "A page", NULL, "text/html"}, {0}},
         .handler = get_docs},
        {0},
};
