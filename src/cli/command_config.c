/* SPDX-License-Identifier: Apache-2.0 */
/* budpipeline config: every setting in force, its value, and where it comes from. */
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/read_settings.h"
#include "daemon/config.h"

enum { NAME_COLUMNS = 36, VALUE_COLUMNS = 28 };

struct shown {
        const struct bp_setting *setting;
        const char *value; /* "" when it is not set */
        const char *const *list;
        enum bp_setting_origin origin;
        const char *detail;
};

static const char *const origin_names[] = {
        [BP_FROM_DEFAULT] = "default",
        [BP_FROM_FILE] = "file",
        [BP_FROM_ENVIRONMENT] = "environment",
        [BP_FROM_FLAG] = "flag",
};

/* ---------------------------------------------------------------------------------------------------------------
 * Table
 */

static void add_padded(struct bp_strbuf *buffer, const char *text, size_t columns) {
        size_t before = buffer->size;

        bp_show_text(buffer, text, 0);
        do {
                bp_strbuf_add_char(buffer, ' ');
        } while (!buffer->error && buffer->size - before < columns);
}

static void write_table_row(struct bp_strbuf *buffer, const struct shown *shown, bool is_last) {
        (void)is_last;
        add_padded(buffer, shown->setting->name, NAME_COLUMNS);
        add_padded(buffer, shown->value[0] ? shown->value : "-", VALUE_COLUMNS);
        bp_show_text(buffer, shown->detail[0] ? shown->detail : origin_names[shown->origin], 0);
        bp_strbuf_add_char(buffer, '\n');
}

/* ---------------------------------------------------------------------------------------------------------------
 * YAML: a file that could be read again, secrets excepted. JSON texts are YAML too.
 */

static void add_json_text(struct bp_strbuf *buffer, const char *text) {
        bp_json_write_string(buffer, text, strlen(text));
}

static void add_list(struct bp_strbuf *buffer, const char *const *list) {
        bp_strbuf_add_char(buffer, '[');
        for (size_t i = 0; list[i]; i++) {
                bp_strbuf_add_text(buffer, i ? ", " : "");
                add_json_text(buffer, list[i]);
        }
        bp_strbuf_add_char(buffer, ']');
}

static void add_value(struct bp_strbuf *buffer, const struct shown *shown) {
        enum bp_setting_type type = shown->setting->type;

        if (type == BP_SETTING_LIST || type == BP_SETTING_MAP)
                add_list(buffer, shown->list);
        else if (!shown->value[0])
                bp_strbuf_add_text(buffer, "null");
        else if (type == BP_SETTING_TEXT || type == BP_SETTING_SECRET)
                add_json_text(buffer, shown->value);
        else
                bp_strbuf_add_text(buffer, shown->value);
}

static void write_yaml_row(struct bp_strbuf *buffer, const struct shown *shown, bool is_last) {
        size_t group = strcspn(shown->setting->name, ".");
        bool has_group = shown->setting->name[group] != '\0';
        bool begins =
                shown->setting == bp_settings || strncmp(shown->setting[-1].name, shown->setting->name, group + 1) != 0;

        (void)is_last;
        if (begins && has_group)
                bp_strbuf_printf(buffer, "%.*s:\n", (int)group, shown->setting->name);
        bp_strbuf_printf(buffer, "%s%s: ", has_group ? "  " : "", shown->setting->name + (has_group ? group + 1 : 0));
        add_value(buffer, shown);
        bp_strbuf_printf(buffer, "  # %s\n", shown->detail[0] ? shown->detail : origin_names[shown->origin]);
}

/* ---------------------------------------------------------------------------------------------------------------
 * JSON
 */

static void write_json_row(struct bp_strbuf *buffer, const struct shown *shown, bool is_last) {
        bp_strbuf_add_text(buffer, shown->setting == bp_settings ? "{\n  " : "  ");
        add_json_text(buffer, shown->setting->name);
        bp_strbuf_add_text(buffer, ": {\"value\": ");
        add_value(buffer, shown);
        bp_strbuf_printf(buffer, ", \"origin\": \"%s\", \"detail\": ", origin_names[shown->origin]);
        add_json_text(buffer, shown->detail);
        bp_strbuf_add_text(buffer, is_last ? "}\n}\n" : "},\n");
}

/* ---------------------------------------------------------------------------------------------------------------
 * Markdown: what there is, not what is in force
 */

static void write_bounds(struct bp_strbuf *buffer, const struct bp_setting *setting) {
        if (setting->type == BP_SETTING_INTEGER || setting->type == BP_SETTING_NUMBER)
                bp_strbuf_printf(buffer, " %.15g to %.15g%s%s.", setting->min, setting->max, setting->unit ? " " : "",
                                 setting->unit ? setting->unit : "");
        for (size_t i = 0; setting->words && setting->words[i]; i++)
                bp_strbuf_printf(buffer, "%s`%s`%s", i ? " " : " One of ", setting->words[i],
                                 setting->words[i + 1] ? "" : ".");
}

static void write_markdown_row(struct bp_strbuf *buffer, const struct shown *shown, bool is_last) {
        const struct bp_setting *setting = shown->setting;
        char variable[BP_SETTING_NAME_SIZE], flag[BP_SETTING_NAME_SIZE];

        (void)is_last;
        if (setting == bp_settings)
                bp_strbuf_add_text(buffer, "| setting | option | variables | default | |\n|---|---|---|---|---|\n");
        bp_strbuf_printf(buffer, "| `%s` | `--%s` | `%s`", setting->name, bp_setting_flag(setting, flag),
                         bp_setting_variable(setting, variable));
        for (size_t i = 0; setting->aliases && setting->aliases[i]; i++)
                bp_strbuf_printf(buffer, " `%s`", setting->aliases[i]);
        bp_strbuf_printf(buffer, setting->fallback ? " | `%s` | %s." : " | %s | %s.",
                         setting->fallback ? setting->fallback : "", setting->help);
        write_bounds(buffer, setting);
        bp_strbuf_add_text(buffer, " |\n");
}

static const struct {
        const char *format;
        void (*write)(struct bp_strbuf *buffer, const struct shown *shown, bool is_last);
} formats[] = {
        {"table", write_table_row},
        {"yaml", write_yaml_row},
        {"json", write_json_row},
        {"markdown", write_markdown_row},
};

/* ---------------------------------------------------------------------------------------------------------------
 * The command
 */

static void write_row(struct bp_strbuf *buffer, const struct bp_config *config, const struct bp_setting *setting,
                      const char *format) {
        struct shown shown = {.setting = setting};
        struct bp_strbuf value;

        bp_strbuf_init(&value, NULL, SIZE_MAX);
        bp_config_write(config, setting->name, &value);
        shown.value = bp_strbuf_text(&value);
        if (setting->type == BP_SETTING_LIST || setting->type == BP_SETTING_MAP)
                shown.list = bp_config_list(config, setting->name);
        shown.origin = bp_config_origin(config, setting->name, &shown.detail);
        for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
                if (strcmp(formats[i].format, format) == 0)
                        formats[i].write(buffer, &shown, !setting[1].name);
        bp_strbuf_done(&value);
}

int bp_command_config(struct bp_cli *cli, const struct bp_arguments *arguments) {
        const char *format = bp_arguments_text(arguments, BP_OPTION_FORMAT);
        struct bp_config *config;
        struct bp_strbuf buffer;
        int code = bp_settings_read(cli, arguments, &config);

        if (code)
                return code;
        code = bp_settings_check(cli, config);
        bp_strbuf_init(&buffer, NULL, SIZE_MAX);
        for (const struct bp_setting *setting = bp_settings; code == BP_EXIT_COMPLETED && setting->name; setting++)
                write_row(&buffer, config, setting, format);
        if (code == BP_EXIT_COMPLETED)
                code = bp_cli_write(cli, &buffer);
        bp_strbuf_done(&buffer);
        bp_config_free(config);
        return code;
}
