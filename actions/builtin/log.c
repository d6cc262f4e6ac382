/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: writes one line to the step's log and echoes it in its outputs. `message` may be any JSON value; it is echoed
 * with its type and written as text, "No message provided" when it is absent. A `level` that is not known is written
 * as info; it is echoed in lower case.
 *
 * Fails when the level is not text.
 */
#include <budpipeline/action.h>

#include <string.h>

static const struct {
        const char *name;
        enum bp_log_level level;
} levels[] = {
        {"debug", BP_LOG_DEBUG},
        {"info", BP_LOG_INFO},
        {"warning", BP_LOG_WARNING},
        {"error", BP_LOG_ERROR},
};

static enum bp_log_level level_of(const char *name) {
        for (size_t i = 0; i < BP_COUNT(levels); i++)
                if (strcmp(name, levels[i].name) == 0)
                        return levels[i].level;
        return BP_LOG_INFO;
}

/* An absent level is info; NULL when there is one and it is no text, or memory is exhausted. */
static const char *level_name(struct bp_action_context *context) {
        const struct bp_value *level = bp_param(context, "level");
        const char *text;
        size_t size;

        if (bp_type(context, level) == BP_NULL)
                return "info";
        if (bp_type(context, level) != BP_STRING)
                return NULL;
        text = context->host->as_string(level, &size);
        return context->host->change_case(context, text, size, false, NULL);
}

static int log_execute(struct bp_action_context *context) {
        const struct bp_value *message = bp_param(context, "message");
        const char *level = level_name(context), *text;

        if (!level)
                return bp_fail(context, "PARAM_INVALID", "level must be text");
        if (!message)
                message = bp_make_text(context, "No message provided");
        text = context->host->to_text(context, message, NULL);
        context->host->log(context, (uint32_t)level_of(level), text ? text : "");
        bp_output_bool(context, "logged", true);
        bp_output(context, "message", message);
        bp_output_string(context, "level", level);
        return bp_complete(context);
}

/* clang-format off */
BP_ACTION(log,
        .name = "Log", .category = "Control Flow", .icon = "note", .color = "#6b7280",
        .description = "Writes a message to the step's log.",
        .effect = BP_PURE, .flags = BP_FLAG_INLINE,
        BP_PARAMS(
                {.name = "message", .label = "Message", .type = BP_PARAM_TEMPLATE, .default_json = "\"\"",
                 .flags = BP_PARAM_NULLABLE, .description = "Text to write; may contain templates.", .placeholder = "Enter log message..."},
                {.name = "level", .label = "Log Level", .type = BP_PARAM_SELECT, .default_json = "\"info\"",
                 .description = "Severity of the line.",
                 BP_OPTIONS({"debug", "Debug"}, {"info", "Info"}, {"warning", "Warning"}, {"error", "Error"})}),
        BP_OUTPUTS({"logged", "boolean", "Always true"},
                   {"message", "string", "The message as written"},
                   {"level", "string", "The level, in lower case"}),
        .execute = log_execute);
/* clang-format on */
