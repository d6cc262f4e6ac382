/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file action.h
 * The contract between an action and the engine that runs it: the only header an action includes.
 *
 * An action is constant data (struct bp_action: what it is) and up to five functions (what it does). The engine
 * hands each call a struct bp_action_context; through it the action reads its parameters, builds its outputs and
 * uses what the host lends. Nothing is freed across this border: the host copies what an action sets, and what the
 * host lends is valid until the function returns.
 *
 * Growth: every struct starts with its size, and fields are only ever appended; arrays carry the size of their
 * element. An action built against an older or a newer header therefore loads into this engine, as long as
 * BP_ABI_VERSION is the same.
 *
 * Threads: unless BP_FLAG_INLINE is set, calls arrive on worker threads, several at once for different steps.
 * Actions keep no state of their own: no static variables that change. A context belongs to one call and one thread.
 */
#ifndef BUDPIPELINE_ACTION_H
#define BUDPIPELINE_ACTION_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Raised only when the meaning of something that exists changes; a plug-in of another version is refused. */
#define BP_ABI_VERSION 1u

/** Marks the one symbol a shared object exports. */
#define BP_EXPORT __attribute__((visibility("default")))

/** Checks the arguments of a printf-like function. */
#define BP_PRINTF(format_index, first_argument) __attribute__((format(printf, format_index, first_argument)))

/** Number of elements of an array. */
#define BP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------------------------------------------------------
 * Values: JSON as the host keeps it, immutable, read through the accessors below
 */

/** One JSON value, owned by the host, valid until the call that lent it returns. Opaque to actions. */
struct bp_value;

/** A list or object under construction, owned by the host. Opaque to actions. */
struct bp_builder;

/** What a value is. Integers are 64 bits; a number with a fraction or an exponent is a float. */
enum bp_type {
        BP_NULL = 1,
        BP_BOOL,
        BP_INT,
        BP_FLOAT,
        BP_STRING,
        BP_LIST,
        BP_OBJECT,
};

/* ---------------------------------------------------------------------------------------------------------------
 * Metadata: what an action is. Names and wire values follow the Actions API.
 */

/** Kind of a parameter: how it is checked and which widget edits it. */
enum bp_param_type {
        BP_PARAM_STRING = 1,      /**< `string`: one line of text */
        BP_PARAM_NUMBER,          /**< `number`: integer or float */
        BP_PARAM_BOOLEAN,         /**< `boolean` */
        BP_PARAM_SELECT,          /**< `select`: one of `options` */
        BP_PARAM_MULTISELECT,     /**< `multiselect`: a list drawn from `options` */
        BP_PARAM_JSON,            /**< `json`: any JSON value */
        BP_PARAM_TEMPLATE,        /**< `template`: text edited as a template; any JSON value once resolved */
        BP_PARAM_BRANCHES,        /**< `branches`: ordered list of `{id, label, condition, target_step}` */
        BP_PARAM_RANGE,           /**< `range`: a pair `[min, max]` */
        BP_PARAM_MODEL_REF,       /**< `model_ref`: id of a model record */
        BP_PARAM_CLUSTER_REF,     /**< `cluster_ref` */
        BP_PARAM_PROJECT_REF,     /**< `project_ref` */
        BP_PARAM_ENDPOINT_REF,    /**< `endpoint_ref` */
        BP_PARAM_PROVIDER_REF,    /**< `provider_ref` */
        BP_PARAM_CREDENTIAL_REF,  /**< `credential_ref` */
        BP_PARAM_CLOUD_MODEL_REF, /**< `cloud_model_ref` */
};

/** Whether `execute` finishes the work or starts something that an event finishes. */
enum bp_execution_mode {
        BP_SYNC = 1,     /**< `sync` */
        BP_EVENT_DRIVEN, /**< `event_driven`: may return bp_await_event(), needs `on_event` */
};

/**
 * What an action may do to the world; decides how the engine runs it and what happens after a crash.
 * Mandatory: an action that leaves it 0 is not registered.
 */
enum bp_effect {
        BP_PURE = 1,   /**< depends on its parameters only and touches nothing; simply run again after a crash */
        BP_IDEMPOTENT, /**< touches the outside and is safe to repeat with the same key; run again after a crash */
        BP_ONCE,       /**< touches the outside and must not be repeated; ends INTERRUPTED after a crash */
};

/** Answer to a yes-no question that has a default. */
enum bp_choice {
        BP_DEFAULT = 0,
        BP_YES,
        BP_NO,
};

/** Bits of bp_action.flags. */
enum bp_action_flag {
        /**
         * Runs on the engine's own thread: for `pure` built-ins whose work is about linear in their parameters. Large
         * parameters go to a worker all the same; the host decides what is large.
         */
        BP_FLAG_INLINE = 1u << 0,
        /** A wait of this action that reaches its deadline has succeeded (a delay), it has not timed out. */
        BP_FLAG_TIMEOUT_IS_SUCCESS = 1u << 1,
};

/** Bits of bp_param_definition.flags. */
enum bp_param_flag {
        /** Templates inside the value reach the action as they were written; it evaluates them itself. */
        BP_PARAM_RAW = 1u << 0,
        /** null is a value like any other and reaches the action; elsewhere null means absent and is dropped. */
        BP_PARAM_NULLABLE = 1u << 1,
        /** The default only fills forms: a parameter that is absent from the step stays absent. */
        BP_PARAM_FORM_DEFAULT = 1u << 2,
};

/** Bits of bp_validation_rules.rules: which of its members count. */
enum bp_rule {
        BP_RULE_MIN = 1u << 0,
        BP_RULE_MAX = 1u << 1,
        BP_RULE_MIN_LENGTH = 1u << 2,
        BP_RULE_MAX_LENGTH = 1u << 3,
};

/** One choice of a select or multiselect parameter. Both members are mandatory. */
struct bp_select_option {
        const char *value; /**< what the action receives */
        const char *label; /**< what a person sees */
};

/** Rules that the type of a parameter does not express; checked by the server and by forms. */
struct bp_validation_rules {
        uint32_t struct_size;
        uint32_t rules;              /**< enum bp_rule bits: which of the four bounds are set */
        double min, max;             /**< numeric bounds, inclusive */
        uint32_t min_length;         /**< in code points */
        uint32_t max_length;         /**< in code points */
        const char *pattern;         /**< PCRE2 pattern that text must match, or NULL */
        const char *pattern_message; /**< what to tell a person when it does not, or NULL */
};

/**
 * Shows a parameter only when another one has, or has not, a value. A hidden parameter is never demanded.
 * `equals_json` wins when both are set.
 */
struct bp_conditional_visibility {
        uint32_t struct_size;
        uint32_t reserved;
        const char *param;           /**< the parameter that is looked at */
        const char *equals_json;     /**< JSON text, or NULL */
        const char *not_equals_json; /**< JSON text, or NULL */
};

/** One parameter of an action. */
struct bp_param_definition {
        const char *name;         /**< key in the step's `params`; mandatory */
        const char *label;        /**< what a person sees; mandatory */
        uint32_t type;            /**< enum bp_param_type; mandatory */
        uint32_t required;        /**< 1: must be present, not null and not "" */
        const char *default_json; /**< JSON text applied when the parameter is absent or null; "" only fills forms */
        const char *description;  /**< or NULL */
        const char *placeholder;  /**< or NULL */
        const char *group;        /**< form section, or NULL */
        const struct bp_select_option *options; /**< mandatory for select and multiselect; see BP_OPTIONS */
        uint32_t option_size, n_options;
        const struct bp_validation_rules *validation;      /**< see BP_RULES, or NULL */
        const struct bp_conditional_visibility *show_when; /**< see BP_SHOW_WHEN, or NULL; wire name `visibleWhen` */
        uint32_t flags;                                    /**< enum bp_param_flag bits */
        uint32_t reserved;
        const char *alias; /**< an older name that is accepted too, or NULL */
};

/** One output of an action. The name `*` stands for any keys. */
struct bp_output_definition {
        const char *name;        /**< mandatory */
        const char *type;        /**< string number boolean object array any json; mandatory */
        const char *description; /**< or NULL */
};

/** How failed attempts are repeated when neither the step nor the pipeline says otherwise. See BP_RETRY. */
struct bp_retry_policy {
        uint32_t struct_size;
        uint32_t max_attempts; /**< attempts in all, the first included */
        double backoff_multiplier;
        double initial_interval_seconds;
        double max_interval_seconds;
        double jitter; /**< 0..1: share of the interval that is drawn at random */
};

/** A worked example; its parameters must be valid for the action. */
struct bp_action_example {
        const char *title;       /**< mandatory */
        const char *params_json; /**< JSON object text; mandatory */
        const char *description; /**< or NULL */
};

struct bp_action_context;
struct bp_event_context;
struct bp_http_response;

/**
 * One action: metadata first, then the executor. Always constant data, made with BP_ACTION.
 * Defaults in brackets are what 0 or NULL mean.
 */
struct bp_action {
        uint32_t struct_size, abi_version; /**< filled in by BP_ACTION */
        uint32_t param_size, output_size;  /**< size of one element, filled in by BP_PARAMS, BP_OUTPUTS */
        uint32_t example_size, reserved;
        const char *type;                         /**< unique name: letters, digits, `_`; filled in by BP_ACTION */
        const char *name;                         /**< what a person sees; mandatory */
        const char *category;                     /**< palette section; mandatory */
        const char *description;                  /**< mandatory */
        const char *version;                      /**< ["1.0.0"] */
        const char *icon;                         /**< [""] */
        const char *color;                        /**< ["#8c8c8c"] */
        const struct bp_param_definition *params; /**< in the order of the form */
        const struct bp_output_definition *outputs;
        const struct bp_action_example *examples;
        uint32_t n_params, n_outputs, n_examples;
        uint32_t execution_mode;  /**< enum bp_execution_mode [BP_SYNC] */
        uint32_t effect;          /**< enum bp_effect; mandatory */
        uint32_t idempotent;      /**< enum bp_choice, wire field `idempotent` [no for BP_ONCE, else yes] */
        uint32_t flags;           /**< enum bp_action_flag bits */
        uint32_t timeout_seconds; /**< bound of one attempt [none] */
        const struct bp_retry_policy *retry_policy; /**< [the pipeline's or the configuration's] */
        const char *const *required_services;       /**< NULL-terminated, see BP_STRINGS [none] */
        const char *const *required_permissions;    /**< NULL-terminated [none] */
        const char *docs_url;                       /**< [none] */
        const char *deprecated;                     /**< why, and what to use instead [not deprecated] */
        const char *routes; /**< name of the `branches` parameter that decides which targets run [none] */

        /**
         * Does the work of one attempt, or starts it. Mandatory.
         * @return what bp_complete(), bp_fail(), bp_unknown(), bp_await_event(), bp_await_reply() or bp_sleep_until()
         *         returned; anything else fails the step with code INVALID_RESULT.
         */
        int (*execute)(struct bp_action_context *context);

        /**
         * Handles an event that names the external id the step waits for.
         * @return what bp_event_complete(), bp_event_fail(), bp_event_progress() or bp_event_ignore() returned.
         */
        int (*on_event)(struct bp_action_context *context, const struct bp_event_context *event);

        /**
         * Goes on after bp_await_reply(): no thread was held meanwhile. Outputs set before are still there.
         * @return as execute.
         */
        int (*on_reply)(struct bp_action_context *context, const struct bp_http_response *reply);

        /** Checks what the metadata cannot express; reports each finding with bp_finding(). Touches nothing else. */
        void (*validate_params)(struct bp_action_context *context);

        /**
         * Undoes what a last attempt may have left behind that ended failed, timed out, cancelled or interrupted.
         * Never called for BP_PURE. May run more than once.
         * @return bp_complete() or bp_fail(); a failure is recorded, tried again, and changes no status.
         */
        int (*cleanup)(struct bp_action_context *context);

        /** The effect for these parameters where it depends on them (GET or POST), else NULL. @return enum bp_effect */
        uint32_t (*effect_of)(struct bp_action_context *context);

        /** Parameters that are read though no form offers them: NULL-terminated names, see BP_STRINGS [none] */
        const char *const *also_accepts;

        /* What becomes of outputs when a sleep is over, see bp_sleep_until(). */

        const char *woken;    /**< the output that becomes true [none] */
        const char *woken_at; /**< the output that becomes the time, as ISO 8601 in UTC [none] */
};

/** What a shared object offers. Constant data. */
struct bp_plugin {
        uint32_t struct_size, abi_version;
        const char *name, *version;             /**< mandatory */
        const char *vendor, *license;           /**< or NULL */
        const struct bp_action *const *actions; /**< NULL-terminated */
};

/** The one exported function of a shared object. */
BP_EXPORT const struct bp_plugin *bp_plugin_entry(void);

/* ---------------------------------------------------------------------------------------------------------------
 * What a call receives
 */

/** Severity of a log line. */
enum bp_log_level {
        BP_LOG_DEBUG = 1,
        BP_LOG_INFO,
        BP_LOG_WARNING,
        BP_LOG_ERROR,
};

/** Result of execute and on_reply. Returned through the helpers below, which keep the rules of each. */
enum bp_outcome {
        BP_COMPLETED = 1,
        BP_FAILED,
        BP_UNKNOWN,
        BP_AWAITING_EVENT,
        BP_AWAITING_REPLY,
        BP_SLEEPING,
};

/** Result of on_event. */
enum bp_event_action {
        BP_EVENT_COMPLETE = 1,    /**< `complete`: the step has ended, completed or failed */
        BP_EVENT_UPDATE_PROGRESS, /**< `update_progress` */
        BP_EVENT_IGNORE,          /**< `ignore` */
};

/** Why an HTTP exchange has no complete answer. */
enum bp_http_failure {
        BP_HTTP_OK = 1,  /**< it has one, whatever its status */
        BP_HTTP_UNSENT,  /**< the request did not leave: safe to repeat */
        BP_HTTP_TIMEOUT, /**< no complete answer in time: outcome unknown */
        BP_HTTP_BROKEN,  /**< the connection broke after sending: outcome unknown */
        BP_HTTP_BLOCKED, /**< refused by the address guard: did not leave */
        BP_HTTP_LIMIT,   /**< the answer is larger than allowed: outcome unknown */
};

/** An outgoing HTTP request. Borrowed by the host until the call it is given to returns. */
struct bp_http_request {
        uint32_t struct_size;
        uint32_t timeout_ms;            /**< whole exchange [30000] */
        const char *method;             /**< ["GET"] */
        const char *url;                /**< http or https; mandatory */
        const struct bp_value *headers; /**< object of text values [none] */
        const char *body;               /**< [none]; the bytes are sent as they are */
        size_t body_size;
        /**
         * App id of a service ("budapp"): the request goes to it through a Dapr sidecar or directly, as the
         * configuration says, and `url` is the path of a method ("/models/7"). NULL: `url` is a whole URL.
         */
        const char *service;
        /** Topic to which `json` is published as an event; `service`, `url` and `method` do not count. NULL: none. */
        const char *topic;
        const struct bp_value *query; /**< object of scalars, added to the URL; null members are left out [none] */
        const struct bp_value *json;  /**< sent as JSON in place of `body` [none] */
};

/** The answer to a bp_http_request. */
struct bp_http_response {
        uint32_t struct_size;
        uint32_t failure;               /**< enum bp_http_failure */
        uint32_t status;                /**< HTTP status, 0 without a complete answer */
        uint32_t timed_out;             /**< 1: because the time was up; with BP_HTTP_UNSENT before anything had left */
        const struct bp_value *headers; /**< object, names in lower case, repeated ones joined with ", " */
        const char *body;               /**< NUL-terminated, never NULL */
        size_t body_size;
        const char *message;          /**< for a person, when failure is not BP_HTTP_OK; never NULL */
        const struct bp_value *state; /**< what bp_await_reply() was given, or NULL */
        uint32_t no_connection;       /**< 1: unsent, because too many others were under way: code CONNECTION_LIMIT */
};

/** The event that on_event handles. */
struct bp_event_context {
        uint32_t struct_size;
        uint32_t reserved;
        const char *step_execution_id;
        const char *execution_id;
        const char *external_workflow_id;    /**< the key that matched */
        const char *event_type;              /**< `type` of the event, "unknown" when absent */
        const struct bp_value *event_data;   /**< the whole event */
        const struct bp_value *step_outputs; /**< what execute left as outputs */
};

/**
 * What the host lends, as one table. Actions call the helpers further down, which read better and cope with a host
 * that is older than this header. Every function may be called on the thread of the call, and on no other.
 * Functions that make something return NULL when memory or a limit is exhausted; the host remembers it and fails the
 * step with code LIMIT, so that NULL may be passed on without a check.
 */
struct bp_host {
        uint32_t struct_size, abi_version;

        /* Reading a value. None of these fails; a value of another kind reads as false, 0, "" or empty. */

        uint32_t (*type)(const struct bp_value *value);   /**< enum bp_type */
        bool (*as_bool)(const struct bp_value *value);    /**< a boolean */
        int64_t (*as_int)(const struct bp_value *value);  /**< a number, cut towards 0, held within 64 bits */
        double (*as_float)(const struct bp_value *value); /**< a number or a boolean */
        /** A text: UTF-8, NUL-terminated, without NUL inside. `ret_size` may be NULL. */
        const char *(*as_string)(const struct bp_value *value, size_t *ret_size);
        size_t (*count)(const struct bp_value *value); /**< items of a list, members of an object, else 0 */
        /** An item of a list, or NULL beyond its end. */
        const struct bp_value *(*item)(const struct bp_value *list, size_t index);
        /** A member of an object by its place, or NULL beyond the last. */
        const struct bp_value *(*member)(const struct bp_value *object, size_t index, const char **ret_key);
        /** A member of an object by its key, or NULL. */
        const struct bp_value *(*get)(const struct bp_value *object, const char *key);
        /** Python's equality: 1 == 1.0 == true, objects without regard to order. */
        bool (*equal)(const struct bp_value *a, const struct bp_value *b);
        /**
         * Python's order: numbers and booleans by size, text by code points, lists item by item.
         * @return 0 with -1, 0 or 1 in `ret_order`, or 1 when the two have no order
         */
        int (*compare)(const struct bp_value *a, const struct bp_value *b, int *ret_order);

        /* Making a value. The result lives until the call returns; what is set as an output lives on. */

        const struct bp_value *(*make_null)(struct bp_action_context *context);               /**< null */
        const struct bp_value *(*make_bool)(struct bp_action_context *context, bool value);   /**< a boolean */
        const struct bp_value *(*make_int)(struct bp_action_context *context, int64_t value); /**< an integer */
        /** A float; one that is not finite cannot leave the process and fails the call with code LIMIT. */
        const struct bp_value *(*make_float)(struct bp_action_context *context, double value);
        /** A text of `size` bytes. What is not UTF-8, and NUL, becomes U+FFFD. */
        const struct bp_value *(*make_string)(struct bp_action_context *context, const char *text, size_t size);
        /** The value of a JSON text. NULL when it is no JSON, too: that is no failure of the call. */
        const struct bp_value *(*parse_json)(struct bp_action_context *context, const char *text, size_t size);
        struct bp_builder *(*list_new)(struct bp_action_context *context);   /**< an empty list under construction */
        struct bp_builder *(*object_new)(struct bp_action_context *context); /**< an empty object under construction */
        /** Appends to a list. */
        void (*list_add)(struct bp_builder *list, const struct bp_value *value);
        /** Sets a member of an object; a key that is there keeps its place and gets the new value. */
        void (*object_set)(struct bp_builder *object, const char *key, const struct bp_value *value);
        /** The finished value. The builder must not be used any more. */
        const struct bp_value *(*finish)(struct bp_builder *builder);
        /** The value as JSON text without spaces. `ret_size` may be NULL here and below. */
        const char *(*to_json)(struct bp_action_context *context, const struct bp_value *value, size_t *ret_size);
        /** The value as templates render it (Python's str): text as it is, True, None, 2.0, ['a', 1]. */
        const char *(*to_text)(struct bp_action_context *context, const struct bp_value *value, size_t *ret_size);
        /** A text in upper or lower case, by the full Unicode rules. */
        const char *(*change_case)(struct bp_action_context *context, const char *text, size_t size, bool upper,
                                   size_t *ret_size);

        /* Outcomes: see the helpers of the same names. */

        void (*output)(struct bp_action_context *context, const char *name, const struct bp_value *value);
        int (*complete)(struct bp_action_context *context);
        /* In parentheses where it is called: test libraries have a macro of this name. */
        int (*fail)(struct bp_action_context *context, const char *code, const char *message, bool unknown);
        /** The error of the failure that follows, where it is another value than the message as text. */
        void (*fail_with)(struct bp_action_context *context, const struct bp_value *error);
        int (*await_event)(struct bp_action_context *context, const char *external_workflow_id,
                           int64_t timeout_seconds);
        int (*await_reply)(struct bp_action_context *context, const struct bp_http_request *request,
                           const struct bp_value *state);
        int (*sleep_until)(struct bp_action_context *context, int64_t unix_us);
        int (*event_complete)(struct bp_action_context *context, bool success, const char *code, const char *message);
        int (*event_progress)(struct bp_action_context *context, double percent, double eta_minutes);
        void (*finding)(struct bp_action_context *context, const char *message);

        /* Services. */

        int64_t (*now_us)(struct bp_action_context *context); /**< see bp_now_us() */
        bool (*cancelled)(struct bp_action_context *context); /**< see bp_cancelled() */
        /** Writes a line, of any length; `level` is an enum bp_log_level. */
        void (*log)(struct bp_action_context *context, uint32_t level, const char *message);
        void (*progress)(struct bp_action_context *context, double percent, double eta_minutes);
        /**
         * Judges a condition by the rules of step conditions. Text is the condition as it was written, templates and
         * all (see BP_PARAM_RAW), and sees the execution's parameters and step outputs; blank text and null are true;
         * any other value counts by its truth.
         * @return 0, or 1 when it cannot be judged, with the reason in `ret_error`
         */
        int (*condition)(struct bp_action_context *context, const struct bp_value *condition, bool *ret_result,
                         const char **ret_error);
        /** See bp_http(). An action whose effect is BP_PURE gets BP_HTTP_BLOCKED. */
        const struct bp_http_response *(*http)(struct bp_action_context *context,
                                               const struct bp_http_request *request);
        /** Why the URL must not be requested, as far as the URL alone tells; NULL when it may be tried. */
        const char *(*http_guard)(struct bp_action_context *context, const char *url);

        /** Later services, by name and revision: a table of their own, or NULL when this host has none. */
        const void *(*service)(struct bp_action_context *context, const char *name, uint32_t revision);
};

/** What every call of an action receives. Made by the host. */
struct bp_action_context {
        uint32_t struct_size, abi_version;
        const struct bp_host *host;
        const char *step_id;
        const char *execution_id;      /**< UUID text */
        const struct bp_value *params; /**< resolved, defaults applied, nulls dropped (but see BP_PARAM_NULLABLE) */
        const struct bp_value *workflow_params; /**< the execution's parameters, merged with the declared defaults */
        const struct bp_value *step_outputs; /**< object: outputs of the finished steps before this one, by step id */
        const struct bp_value *metadata;     /**< object: `system_user_id` where one is configured */
        int64_t timeout_seconds;             /**< bound of this attempt, 0 for none; the engine enforces it */
        uint32_t retry_count;                /**< 0 on the first attempt */
        uint32_t reserved;
        const char *idempotency_key; /**< same for every repetition whose predecessor's outcome is unknown */
        /** Object: what the step has set so far. Empty in execute; in cleanup what the last attempt left. */
        const struct bp_value *outputs;
};

/* ---------------------------------------------------------------------------------------------------------------
 * Reading
 */

/** Kind of a value; BP_NULL for NULL. */
static inline enum bp_type bp_type(const struct bp_action_context *context, const struct bp_value *value) {
        return value ? (enum bp_type)context->host->type(value) : BP_NULL;
}

/** Name of a value's kind as Python has it, which the outputs and error texts of actions use: "str", "NoneType". */
static inline const char *bp_type_name(const struct bp_action_context *context, const struct bp_value *value) {
        static const char *const names[] = {"", "NoneType", "bool", "int", "float", "str", "list", "dict"};

        return names[bp_type(context, value)];
}

/** Python's truth: null, false, 0, "", [] and {} are false, and so is NULL. */
static inline bool bp_truth(const struct bp_action_context *context, const struct bp_value *value) {
        size_t size = 0;

        switch (bp_type(context, value)) {
        case BP_BOOL:
                return context->host->as_bool(value);
        case BP_INT:
                return context->host->as_int(value) != 0;
        case BP_FLOAT:
                return context->host->as_float(value) < 0 || context->host->as_float(value) > 0;
        case BP_STRING:
                context->host->as_string(value, &size);
                return size != 0;
        case BP_LIST:
        case BP_OBJECT:
                return context->host->count(value) != 0;
        default:
                return false;
        }
}

/** A parameter by name; NULL when it is absent, or null without BP_PARAM_NULLABLE, and has no default. */
static inline const struct bp_value *bp_param(const struct bp_action_context *context, const char *name) {
        return context->host->get(context->params, name);
}

/** A text parameter; `fallback` when absent or not text. Borrowed. */
static inline const char *bp_param_string(const struct bp_action_context *context, const char *name,
                                          const char *fallback) {
        const struct bp_value *value = bp_param(context, name);

        return bp_type(context, value) == BP_STRING ? context->host->as_string(value, NULL) : fallback;
}

/** An integer parameter; floats are cut, `fallback` when absent or not a number. */
static inline int64_t bp_param_int(const struct bp_action_context *context, const char *name, int64_t fallback) {
        const struct bp_value *value = bp_param(context, name);
        enum bp_type type = bp_type(context, value);

        return type == BP_INT || type == BP_FLOAT ? context->host->as_int(value) : fallback;
}

/** A numeric parameter; `fallback` when absent or not a number. */
static inline double bp_param_float(const struct bp_action_context *context, const char *name, double fallback) {
        const struct bp_value *value = bp_param(context, name);
        enum bp_type type = bp_type(context, value);

        return type == BP_INT || type == BP_FLOAT ? context->host->as_float(value) : fallback;
}

/** A boolean parameter; `fallback` when absent or not a boolean. */
static inline bool bp_param_bool(const struct bp_action_context *context, const char *name, bool fallback) {
        const struct bp_value *value = bp_param(context, name);

        return bp_type(context, value) == BP_BOOL ? context->host->as_bool(value) : fallback;
}

/** An output of a finished step before this one (get_step_output of the reference), or NULL. */
static inline const struct bp_value *bp_step_output(const struct bp_action_context *context, const char *step_id,
                                                    const char *name) {
        const struct bp_value *outputs = context->host->get(context->step_outputs, step_id);

        return outputs ? context->host->get(outputs, name) : NULL;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Outputs
 */

/** Sets one output; a second value under the same name replaces the first. */
static inline void bp_output(struct bp_action_context *context, const char *name, const struct bp_value *value) {
        context->host->output(context, name, value);
}

/** Sets a text output; NULL sets null. */
static inline void bp_output_string(struct bp_action_context *context, const char *name, const char *text) {
        size_t size = 0;

        while (text && text[size])
                size++;
        context->host->output(context, name,
                              text ? context->host->make_string(context, text, size)
                                   : context->host->make_null(context));
}

/** Sets an integer output. */
static inline void bp_output_int(struct bp_action_context *context, const char *name, int64_t value) {
        context->host->output(context, name, context->host->make_int(context, value));
}

/** Sets a float output; a value that is not finite fails the step with code LIMIT. */
static inline void bp_output_float(struct bp_action_context *context, const char *name, double value) {
        context->host->output(context, name, context->host->make_float(context, value));
}

/** Sets a boolean output. */
static inline void bp_output_bool(struct bp_action_context *context, const char *name, bool value) {
        context->host->output(context, name, context->host->make_bool(context, value));
}

/* ---------------------------------------------------------------------------------------------------------------
 * Endings. Each is the last thing a call does: `return bp_complete(context);`
 */

/** The step is done; what was set as outputs is what later steps see. */
static inline int bp_complete(struct bp_action_context *context) {
        return context->host->complete(context);
}

/**
 * The attempt failed, definitely: nothing happened outside, or what happened is known. Repeated by policy.
 * `code` is stable and upper case (HTTP_STATUS); the text is for a person. At most 1023 bytes of text.
 */
BP_PRINTF(3, 4)
static inline int bp_fail(struct bp_action_context *context, const char *code, const char *format, ...) {
        char message[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        return (context->host->fail)(context, code, message, false);
}

/** The attempt's outcome is unknown (sent, no complete answer): repeated only where the effect allows it. */
BP_PRINTF(3, 4)
static inline int bp_unknown(struct bp_action_context *context, const char *code, const char *format, ...) {
        char message[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        return (context->host->fail)(context, code, message, true);
}

/** As bp_fail(), with an error of any JSON type; its text is the message. */
static inline int bp_fail_with(struct bp_action_context *context, const char *code, const struct bp_value *error) {
        const char *message = context->host->to_text(context, error, NULL);

        context->host->fail_with(context, error);
        return (context->host->fail)(context, code, message ? message : "", false);
}

/**
 * An outside service works on; an event with this id ends the step. The id must not be empty.
 * `timeout_seconds` replaces the step's timeout for the wait; 0 keeps it.
 */
static inline int bp_await_event(struct bp_action_context *context, const char *external_workflow_id,
                                 int64_t timeout_seconds) {
        return context->host->await_event(context, external_workflow_id, timeout_seconds);
}

/** Sends the request and goes on in on_reply, holding no thread meanwhile. `state` is handed to on_reply; or NULL. */
static inline int bp_await_reply(struct bp_action_context *context, const struct bp_http_request *request,
                                 const struct bp_value *state) {
        return context->host->await_reply(context, request, state);
}

/**
 * The step completes, with the outputs set so far, at this time: durable, holds no thread and no parallel slot. The
 * action's `woken` and `woken_at` are outputs that are set then.
 */
static inline int bp_sleep_until(struct bp_action_context *context, int64_t unix_us) {
        return context->host->sleep_until(context, unix_us);
}

/** on_event: the step is completed; the outputs set here are merged over those of execute. */
static inline int bp_event_complete(struct bp_action_context *context) {
        return context->host->event_complete(context, true, NULL, NULL);
}

/** on_event: the step has failed. */
BP_PRINTF(3, 4)
static inline int bp_event_fail(struct bp_action_context *context, const char *code, const char *format, ...) {
        char message[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        return context->host->event_complete(context, false, code, message);
}

/** on_event: still under way. `percent` 0..100, or negative when unknown; `eta_minutes` negative when unknown. */
static inline int bp_event_progress(struct bp_action_context *context, double percent, double eta_minutes) {
        return context->host->event_progress(context, percent, eta_minutes);
}

/** on_event: not for this step. */
static inline int bp_event_ignore(struct bp_action_context *context) {
        (void)context;
        return BP_EVENT_IGNORE;
}

/* ---------------------------------------------------------------------------------------------------------------
 * Making values. The result lives until the call returns; NULL may be passed on, see struct bp_host.
 */

/** A text value from a NUL-terminated one; from NULL, as it comes when memory is exhausted, NULL. */
static inline const struct bp_value *bp_make_text(struct bp_action_context *context, const char *text) {
        size_t size = 0;

        while (text && text[size])
                size++;
        return context->host->make_string(context, text, size);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Services
 */

/** validate_params: reports one finding. At most 1023 bytes of text. */
BP_PRINTF(2, 3)
static inline void bp_finding(struct bp_action_context *context, const char *format, ...) {
        char message[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        context->host->finding(context, message);
}

/** Writes a line to the step's log. At most 1023 bytes of text. */
BP_PRINTF(3, 4)
static inline void bp_log(struct bp_action_context *context, enum bp_log_level level, const char *format, ...) {
        char message[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        context->host->log(context, (uint32_t)level, message);
}

/** Tells how far the attempt is: `percent` 0..100 or negative, `eta_minutes` or negative. */
static inline void bp_progress(struct bp_action_context *context, double percent, double eta_minutes) {
        context->host->progress(context, percent, eta_minutes);
}

/** True once the attempt has been cancelled or timed out: stop soon, the result no longer counts. */
static inline bool bp_cancelled(struct bp_action_context *context) {
        return context->host->cancelled(context);
}

/** Wall-clock time in microseconds since 1970. Actions use this one, so that tests can set it. */
static inline int64_t bp_now_us(struct bp_action_context *context) {
        return context->host->now_us(context);
}

/** Performs the exchange and waits for it, on a worker thread. Never NULL; see enum bp_http_failure. */
static inline const struct bp_http_response *bp_http(struct bp_action_context *context,
                                                     const struct bp_http_request *request) {
        return context->host->http(context, request);
}

/* ---------------------------------------------------------------------------------------------------------------
 * Declaring. The macros fill in sizes and counts; the rest is designated initialisers.
 */

/** `.params` of an action: BP_PARAMS({.name = "url", .label = "URL", .type = BP_PARAM_STRING, .required = 1}, ...) */
#define BP_PARAMS(...)                                                             \
        .param_size = sizeof(struct bp_param_definition),                          \
        .n_params = BP_COUNT(((const struct bp_param_definition[]){__VA_ARGS__})), \
        .params = (const struct bp_param_definition[]) {                           \
                __VA_ARGS__                                                        \
        }

/** `.outputs` of an action: BP_OUTPUTS({"body", "any", "what came back"}, ...) */
#define BP_OUTPUTS(...)                                                              \
        .output_size = sizeof(struct bp_output_definition),                          \
        .n_outputs = BP_COUNT(((const struct bp_output_definition[]){__VA_ARGS__})), \
        .outputs = (const struct bp_output_definition[]) {                           \
                __VA_ARGS__                                                          \
        }

/** `.examples` of an action: BP_EXAMPLES({"Title", "{\"message\": \"hello\"}", "description"}, ...) */
#define BP_EXAMPLES(...)                                                           \
        .example_size = sizeof(struct bp_action_example),                          \
        .n_examples = BP_COUNT(((const struct bp_action_example[]){__VA_ARGS__})), \
        .examples = (const struct bp_action_example[]) {                           \
                __VA_ARGS__                                                        \
        }

/** `.options` of a parameter: BP_OPTIONS({"info", "Info"}, {"error", "Error"}), value before label */
#define BP_OPTIONS(...)                                                          \
        .option_size = sizeof(struct bp_select_option),                          \
        .n_options = BP_COUNT(((const struct bp_select_option[]){__VA_ARGS__})), \
        .options = (const struct bp_select_option[]) {                           \
                __VA_ARGS__                                                      \
        }

/** `.validation` of a parameter: BP_RULES(.rules = BP_RULE_MIN, .min = 1) */
#define BP_RULES(...)                                                          \
        .validation = &(const struct bp_validation_rules) {                    \
                .struct_size = sizeof(struct bp_validation_rules), __VA_ARGS__ \
        }

/** `.validation` of a number between two bounds, both included */
#define BP_BETWEEN(low, high) BP_RULES(.rules = BP_RULE_MIN | BP_RULE_MAX, .min = (low), .max = (high))

/** `.show_when` of a parameter: BP_SHOW_WHEN("mode", .equals_json = "\"fast\"") */
#define BP_SHOW_WHEN(name, ...)                                                                       \
        .show_when = &(const struct bp_conditional_visibility) {                                      \
                .struct_size = sizeof(struct bp_conditional_visibility), .param = (name), __VA_ARGS__ \
        }

/** `.retry_policy` of an action: BP_RETRY(.max_attempts = 3, .backoff_multiplier = 2, ...) */
#define BP_RETRY(...)                                                      \
        .retry_policy = &(const struct bp_retry_policy) {                  \
                .struct_size = sizeof(struct bp_retry_policy), __VA_ARGS__ \
        }

/** A NULL-terminated list of texts: .required_services = BP_STRINGS("budapp") */
#define BP_STRINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/** Defines the entry point of a shared object: BP_PLUGIN("acme", "1.0.0", &bp_action_one, &bp_action_two) */
#define BP_PLUGIN(plugin_name, plugin_version, ...)                                              \
        BP_EXPORT const struct bp_plugin *bp_plugin_entry(void) {                                \
                static const struct bp_action *const actions[] = {__VA_ARGS__, NULL};            \
                static const struct bp_plugin plugin = {.struct_size = sizeof(struct bp_plugin), \
                                                        .abi_version = BP_ABI_VERSION,           \
                                                        .name = (plugin_name),                   \
                                                        .version = (plugin_version),             \
                                                        .actions = actions};                     \
                return &plugin;                                                                  \
        }                                                                                        \
        _Static_assert(1, "a semicolon follows")

#ifdef BP_PLUGIN_SHARED
#define BP_PLUGIN_OF_(id) BP_PLUGIN(#id, "1.0.0", &bp_action_##id)
#else
#define BP_PLUGIN_OF_(id) _Static_assert(1, "a semicolon follows")
#endif

/**
 * Defines the action `id`; one per file. Built in, its symbol bp_action_<id> joins the table of built-ins. Compiled
 * with -DBP_PLUGIN_SHARED, the same file becomes a shared object of its own; a shared object of several actions
 * leaves that out and defines bp_plugin_entry() with BP_PLUGIN.
 */
#define BP_ACTION(id, ...)                                                                                         \
        extern const struct bp_action bp_action_##id;                                                              \
        const struct bp_action bp_action_##id = {                                                                  \
                .struct_size = sizeof(struct bp_action), .abi_version = BP_ABI_VERSION, .type = #id, __VA_ARGS__}; \
        BP_PLUGIN_OF_(id)

#ifdef __cplusplus
}
#endif
#endif
