/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file request.h
 * The request as it goes over the wire. Inside the room only.
 */
#ifndef BP_INVOKE_REQUEST_H
#define BP_INVOKE_REQUEST_H

#include <budpipeline/action.h>

#include "http/client.h"
#include "invoke/invoke.h"
#include "invoke/services.h"

struct bp_arena;
struct bp_strbuf;

/** A request, and what holds for it. Everything is in the arena of the call, or lives as long as the invoker. */
struct bp_wire_request {
        struct bp_http_request request;
        struct bp_http_exchange_options options; /**< `refusal` says why it cannot be sent */
};

/** Headers under construction; a name counts once, whatever its case. */
struct bp_wire_headers {
        struct bp_arena *arena;
        struct bp_member *items;
        uint32_t count, capacity;
        int error;
};

/** Sets a header; `keep`: one of that name that is there already stays. */
void bp_wire_header(struct bp_wire_headers *headers, const char *name, const char *value, bool keep);

/** The value of a header, or NULL. */
const char *bp_wire_header_of(const struct bp_value *headers, const char *name);

/** Sets each header of an object; values that are no text are passed on for the client to refuse. */
void bp_wire_headers_merge(struct bp_wire_headers *headers, const struct bp_value *object, bool keep);

/** Ends the construction. @return 0 or -ENOMEM */
int bp_wire_headers_finish(const struct bp_wire_headers *headers, const struct bp_value **ret_headers);

/** A text in the arena, as printf. NULL when memory is exhausted. */
__attribute__((format(printf, 2, 3))) const char *bp_wire_text(struct bp_arena *arena, const char *format, ...);

/** Sets `traceparent` (W3C), unless it is there or nobody is known who calls. */
void bp_wire_trace(struct bp_wire_headers *headers, const struct bp_invoker_caller *caller);

/** A request to a URL: `json` and `query` become body and URL. @return 0 or -ENOMEM */
int bp_wire_plain(struct bp_arena *arena, const struct bp_http_request *request, struct bp_wire_request *ret_wire);

/** A request to a service. @return 0 or -ENOMEM */
int bp_wire_service(struct bp_arena *arena, const struct bp_services *services, const struct bp_service_entry *entry,
                    const struct bp_invoker_settings *settings, const struct bp_http_request *request,
                    const struct bp_invoker_caller *caller, struct bp_wire_request *ret_wire);

/** An event on its way to the bus. @return 0 or -ENOMEM */
int bp_wire_event(struct bp_arena *arena, const struct bp_services *services,
                  const struct bp_invoker_settings *settings, const struct bp_http_request *request,
                  const struct bp_invoker_caller *caller, struct bp_wire_request *ret_wire);

/** Appends a text, percent-encoded but for unreserved characters. */
void bp_wire_encode(struct bp_strbuf *buffer, const char *text, size_t size);

#endif
