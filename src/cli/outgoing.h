/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file outgoing.h
 * The options that say where requests of actions may go, and how services and the bus are reached: --allow-host,
 * --service, --dapr, --bus, --user, --retries.
 */
#ifndef BP_CLI_OUTGOING_H
#define BP_CLI_OUTGOING_H

#include "http/client.h"
#include "invoke/invoke.h"

struct bp_arena;
struct bp_arguments;
struct bp_cli;
struct bp_strbuf;

/** What the options say. Its address must not change, since the parts point to each other. */
struct bp_outgoing {
        struct bp_http_client_settings http;
        struct bp_invoker_settings invoke;
        const char *system_user_id; /**< or NULL */
};

/** Appends a call as JSON: app_id and path, or topic, or url; method, query, body, and timeout in seconds. */
void bp_outgoing_write_call(struct bp_strbuf *buffer, const struct bp_http_request *request);

/** Reads the options; with --trace, each call is told on the error stream, one JSON object a line; says what is wrong
 * with them. What they say belongs to the arena. @return enum bp_exit */
int bp_outgoing_read(struct bp_cli *cli, const struct bp_arguments *arguments, struct bp_arena *arena,
                     struct bp_outgoing *ret_outgoing);

#endif
