/* SPDX-License-Identifier: Apache-2.0 */
/* What holds between settings. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/problem.h"
#include "daemon/config.h"
#include "envelope/envelope.h"
#include "invoke/invoke.h"

static bool is_ipv4_loopback(const struct in_addr *address) {
        return (ntohl(address->s_addr) >> 24) == 127;
}

/* 0: no address at all. */
static int family_of(const char *address, bool *ret_loopback) {
        struct in_addr four;
        struct in6_addr six;

        if (inet_pton(AF_INET, address, &four) == 1) {
                *ret_loopback = is_ipv4_loopback(&four);
                return AF_INET;
        }
        if (inet_pton(AF_INET6, address, &six) == 1) {
                *ret_loopback = IN6_IS_ADDR_LOOPBACK(&six);
                return AF_INET6;
        }
        return 0;
}

static int check_exposure(const struct bp_config *config, const char *address, struct bp_problem_list *problems) {
        int r = 0;

        if (!bp_config_boolean(config, "auth.enabled"))
                r = bp_problem_list_addf(
                        problems, "CONFIG_EXPOSED", "",
                        "%s is beyond this machine, so clients must prove who they are: make a token with "
                        "'budpipeline token create NAME' and set auth.enabled (--auth)",
                        address);
        if (r == 0 && !bp_config_text(config, "http.tls_cert") && !bp_config_boolean(config, "http.behind_proxy"))
                r = bp_problem_list_addf(
                        problems, "CONFIG_EXPOSED", "",
                        "%s is beyond this machine, so tokens would travel in clear text: give "
                        "http.tls_cert and http.tls_key (--tls-cert, --tls-key), or say that a proxy in "
                        "front does TLS with http.behind_proxy (--behind-proxy)",
                        address);
        return r;
}

int bp_config_check_address(const struct bp_config *config, const char *address, struct bp_problem_list *problems) {
        size_t before = problems->count;
        bool is_loopback;
        int r = 0;

        if (!family_of(address, &is_loopback))
                r = bp_problem_list_addf(problems, "CONFIG_VALUE", "",
                                         "http.address: '%s' is no IPv4 or IPv6 address; this machine alone is "
                                         "127.0.0.1 or ::1, all networks are 0.0.0.0 or ::",
                                         address);
        else if (!is_loopback)
                r = check_exposure(config, address, problems);
        if (r)
                return r;
        return problems->count > before ? BP_PROBLEM : 0;
}

static int check_notify_topic(const struct bp_config *config, struct bp_problem_list *problems) {
        const char *topic = bp_config_text(config, "events.notify_topic");
        const char *why = topic ? bp_topic_problem(topic, strlen(topic)) : NULL;

        return why ? bp_problem_list_addf(problems, "CONFIG_VALUE", "", "events.notify_topic: %s", why) : 0;
}

/* A URL that is needed, or given all the same. */
static int check_url(const struct bp_config *config, const char *name, bool is_needed,
                     const char *(*refusal_of)(const char *url), struct bp_problem_list *problems) {
        const char *url = bp_config_text(config, name), *why = url ? refusal_of(url) : NULL;

        if (!url && is_needed)
                return bp_problem_list_addf(problems, "CONFIG_VALUE", "", "%s is missing: bus.kind needs it", name);
        return why ? bp_problem_list_addf(problems, "CONFIG_VALUE", "", "%s: %s", name, why) : 0;
}

static int check_bus(const struct bp_config *config, struct bp_problem_list *problems) {
        const char *kind = bp_config_text(config, "bus.kind");
        int r = check_url(config, "dapr.url", strcasecmp(kind, "dapr") == 0, bp_invoker_url_refusal, problems);

        if (r == 0)
                r = check_url(config, "bus.url", strcasecmp(kind, "http") == 0, bp_invoker_bus_url_refusal, problems);
        return r ? r : check_notify_topic(config, problems);
}

int bp_config_check(const struct bp_config *config, struct bp_problem_list *problems) {
        size_t before = problems->count;
        bool has_cert = bp_config_text(config, "http.tls_cert"), has_key = bp_config_text(config, "http.tls_key");
        int r = 0;

        if (!bp_config_text(config, "http.unix"))
                r = bp_config_check_address(config, bp_config_text(config, "http.address"), problems);
        if (r < 0)
                return r;
        r = 0;
        if (has_cert != has_key)
                r = bp_problem_list_addf(
                        problems, "CONFIG_VALUE", "",
                        "http.tls_cert and http.tls_key (--tls-cert, --tls-key) belong together; %s is missing",
                        has_cert ? "http.tls_key" : "http.tls_cert");
        if (r == 0)
                r = check_bus(config, problems);
        if (r == 0 && !bp_config_text(config, "store.url"))
                r = bp_problem_list_addf(problems, "CONFIG_VALUE", "",
                                         "store.url: say where to keep everything (--store sqlite:PATH); neither "
                                         "STATE_DIRECTORY, XDG_STATE_HOME nor HOME is set");
        if (r)
                return r;
        return problems->count > before ? BP_PROBLEM : 0;
}
