/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "invoke/invoke.h"

struct bp_bus {
        struct bp_invoker *invoker;
        uint32_t timeout_ms;
};

/* An event on its way. */
struct errand {
        bp_published_done *done;
        void *userdata;
};

static const char *code_of(const struct bp_http_response *response) {
        switch (response->failure) {
        case BP_HTTP_OK:
                return "REFUSED";
        case BP_HTTP_UNSENT:
        case BP_HTTP_BLOCKED:
                return "UNREACHABLE";
        default:
                return "NO_ANSWER";
        }
}

static void on_response(void *userdata, const struct bp_http_response *response) {
        struct errand *errand = userdata;
        struct bp_published published = {.code = code_of(response), .message = response->message};
        char status[48];

        if (response->failure == BP_HTTP_OK) {
                published.taken = response->status >= 200 && response->status < 300;
                snprintf(status, sizeof(status), "the bus answered with status %u", response->status);
                published.message = status;
        }
        errand->done(errand->userdata, &published);
        free(errand);
}

static int publish(void *userdata, const char *topic, const struct bp_value *event, bp_published_done *done,
                   void *done_userdata) {
        static const char name[] = "Content-Type", media_type[] = BP_EVENT_MEDIA_TYPE;
        const struct bp_bus *bus = userdata;
        const struct bp_member header = {.key = name,
                                         .key_size = sizeof(name) - 1,
                                         .value = bp_value_text_borrow(media_type, sizeof(media_type) - 1)};
        const struct bp_value headers = {.type = BP_OBJECT, .depth = 1, .count = 1, .as.members = &header};
        const struct bp_http_request request = {.struct_size = sizeof(request),
                                                .timeout_ms = bus->timeout_ms,
                                                .topic = topic,
                                                .headers = &headers,
                                                .json = event};
        struct errand *errand = bp_calloc(1, sizeof(*errand));
        int r;

        if (!errand)
                return -ENOMEM;
        *errand = (struct errand){.done = done, .userdata = done_userdata};
        r = bp_invoker_begin(bus->invoker, &request, NULL, on_response, errand, NULL);
        if (r)
                free(errand);
        return r;
}

int bp_bus_new(const struct bp_invoker_settings *settings, uint32_t timeout_ms, struct bp_bus **ret_bus) {
        struct bp_invoker_settings own = *settings;
        struct bp_bus *bus = bp_calloc(1, sizeof(*bus));
        int r;

        if (!bus)
                return -ENOMEM;
        own.services = NULL;
        own.n_services = 0;
        own.retry.tries = 1;
        own.breaker.failures = UINT32_MAX;
        bus->timeout_ms = timeout_ms;
        r = bp_invoker_new(&own, &bus->invoker);
        if (r)
                free(bus);
        else
                *ret_bus = bus;
        return r;
}

struct bp_bus *bp_bus_free(struct bp_bus *bus) {
        if (bus)
                bp_invoker_free(bus->invoker);
        free(bus);
        return NULL;
}

struct bp_publisher_bus bp_bus_interface(struct bp_bus *bus) {
        return (struct bp_publisher_bus){.publish = publish, .userdata = bus};
}
