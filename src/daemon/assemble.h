/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to the settings of each room. Inside the room only. */
#ifndef BP_DAEMON_ASSEMBLE_H
#define BP_DAEMON_ASSEMBLE_H

#include "api/api.h"
#include "http/client.h"
#include "invoke/invoke.h"
#include "options/options.h"
#include "pipeline/definition.h"
#include "publisher/publisher.h"
#include "server/server.h"
#include "service/service.h"

struct bp_config;

/** What settings point to; lives as long as what was made with them. */
struct bp_assembled {
        struct bp_http_client_settings http;
        struct bp_invoker_settings invoke;
        struct bp_definition_limits limits;
        struct bp_service_settings service;
        struct bp_publisher_settings publisher;
        struct bp_options_settings options;
        struct bp_api_settings api;
        struct bp_server_settings server;
};

/** Fills in everything that the configuration decides. */
void bp_assemble(const struct bp_config *config, struct bp_assembled *ret_assembled);

#endif
