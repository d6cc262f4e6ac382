/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file options.h
 * What a parameter may be set to: the options that its action states, or, for a parameter that names a thing of the
 * platform (`model_ref`, `cluster_ref` ...), what the service that knows these things lists.
 *
 * A service is asked by an invoker of this room's own, which repeats nothing and holds nothing back: whoever searches
 * asks again anyway, and a list that is slow or ill must not keep steps from the same service. No thread is held by a
 * question that waits.
 */
#ifndef BP_OPTIONS_OPTIONS_H
#define BP_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_invoker_settings;
struct bp_options;
struct bp_param_meta;

/** Most options of one answer. */
#define BP_OPTIONS_MAX 100

/** How questions are asked. 0 and NULL mean the default named beside the member. Copied. */
struct bp_options_settings {
        const struct bp_invoker_settings *invoke; /**< how services are reached; mandatory */
        uint32_t timeout_ms;                      /**< how long a service may take; 10,000 */
        size_t response_bytes;                    /**< longest answer of a service; 1 MiB */
};

/** Makes it. It starts a thread with the first question that a service answers. @return 0 or as bp_invoker_new() */
int bp_options_new(const struct bp_options_settings *settings, struct bp_options **ret_options);

/** Ends the questions under way (they are answered with BP_OPTIONS_UNREACHABLE or BP_OPTIONS_LATE before this returns),
 * and gives it back. NULL is allowed. Always returns NULL. */
struct bp_options *bp_options_free(struct bp_options *options);

/** How long a service may take. */
uint32_t bp_options_timeout_ms(const struct bp_options *options);

/** True for a parameter that has options, its own or a service's. */
bool bp_options_has(const struct bp_param_meta *param);

/** The service that lists what a parameter may name: "budapp"; NULL: the action states its options, or there are none.
 */
const char *bp_options_service(const struct bp_param_meta *param);

/** What is asked. Borrowed until bp_options_ask() returns. */
struct bp_options_question {
        const struct bp_param_meta *param; /**< one that bp_options_has() */
        const char *text;    /**< what label, description or value hold, in letters of any case; NULL: all */
        const char *within;  /**< id of what it belongs to: a cloud model's provider; NULL: any; else without effect */
        const char *user_id; /**< on whose behalf; NULL: nobody's */
        uint32_t limit;      /**< most options wanted, 1..BP_OPTIONS_MAX */
};

/** How a question ended. */
enum bp_options_end {
        BP_OPTIONS_FOUND = 1,      /**< there may be none */
        BP_OPTIONS_NOT_CONFIGURED, /**< nobody said how the service is reached */
        BP_OPTIONS_UNREACHABLE,    /**< nothing was sent, or the connection broke */
        BP_OPTIONS_LATE,           /**< the service took too long */
        BP_OPTIONS_REFUSED,        /**< it answered with another status than 2xx */
        BP_OPTIONS_UNREADABLE,     /**< its answer is too long, or not what docs/services.md says */
};

/** One option. Valid UTF-8, as it came: nothing is taken out. */
struct bp_option {
        const char *value;       /**< not empty */
        const char *label;       /**< not empty; the value where the service has none */
        const char *description; /**< or NULL */
};

/** The answer to a question. */
struct bp_options_answer {
        int error; /**< -ENOMEM: nothing else counts; else 0 */
        enum bp_options_end end;
        const char *message; /**< for a person, unless BP_OPTIONS_FOUND; it may have words of the service */
        const struct bp_option *items;
        size_t n_items;
        bool has_more; /**< there are more of them, or there may be */
        bool has_total;
        uint64_t total; /**< how many match, whatever the limit */
};

/** Takes the answer, and gives it back with bp_options_answer_free(). Called once, in bp_options_ask() or on the
 * invoker's thread: must not block. */
typedef void bp_options_done(void *userdata, struct bp_options_answer *answer);

/** Asks. @return 0 (the callback has run or will), or it will not: -ENOMEM, -ELIBACC without libcurl */
int bp_options_ask(struct bp_options *options, const struct bp_options_question *question, bp_options_done *done,
                   void *userdata);

/** Gives an answer back; NULL is allowed. For bp_deferred_complete(). */
void bp_options_answer_free(void *answer);

#endif
