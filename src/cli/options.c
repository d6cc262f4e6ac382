/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a command: those of the table of commands, and those that are made from the table of settings. */
#include <assert.h>
#include <string.h>

#include "cli/command.h"
#include "daemon/config.h"

enum { SETTINGS_MAX = 200 };

/* Made once, on first use: the program reads its command line on one thread. */
static struct {
        size_t count;
        struct bp_option options[SETTINGS_MAX];
        char names[SETTINGS_MAX][BP_SETTING_NAME_SIZE];
} made;

static const char *argument_of(const struct bp_setting *setting) {
        if (setting->placeholder)
                return setting->placeholder;
        switch (setting->type) {
        case BP_SETTING_INTEGER:
                if (setting->unit)
                        return strcmp(setting->unit, "bytes") == 0 ? "BYTES" : "TIME";
                return "N";
        case BP_SETTING_NUMBER:
                return "NUMBER";
        case BP_SETTING_BOOLEAN:
                return NULL;
        case BP_SETTING_TEXT:
        case BP_SETTING_SECRET:
        case BP_SETTING_LIST:
        case BP_SETTING_MAP:
                break;
        }
        return "TEXT";
}

/* Values are checked with the whole configuration, so that everything wrong is said at once. */
static enum bp_argument_kind kind_of(const struct bp_setting *setting) {
        static const char *const paths[] = {"FILE", "FOLDER", "PATH"};

        if (setting->type == BP_SETTING_BOOLEAN)
                return BP_ARGUMENT_SWITCH;
        for (size_t i = 0; setting->placeholder && i < sizeof(paths) / sizeof(paths[0]); i++)
                if (strcmp(setting->placeholder, paths[i]) == 0)
                        return BP_ARGUMENT_FILE;
        return setting->words ? BP_ARGUMENT_CHOICE : BP_ARGUMENT_TEXT;
}

static void make(void) {
        made.count = bp_n_settings();
        assert(made.count <= SETTINGS_MAX);
        for (size_t i = 0; i < made.count; i++) {
                const struct bp_setting *setting = &bp_settings[i];

                made.options[i] = (struct bp_option){.id = BP_OPTION_SETTING + (enum bp_option_id)i,
                                                     .name = bp_setting_flag(setting, made.names[i]),
                                                     .argument = argument_of(setting),
                                                     .kind = kind_of(setting),
                                                     .choices = setting->words,
                                                     .repeatable = setting->type == BP_SETTING_LIST ||
                                                                   setting->type == BP_SETTING_MAP,
                                                     .help = setting->help};
        }
}

static bool takes(const struct bp_command *command, size_t setting) {
        return strncmp(bp_settings[setting].name, command->settings, strlen(command->settings)) == 0;
}

const struct bp_option *bp_command_option(const struct bp_command *command, size_t index) {
        if (index < command->n_options)
                return &command->options[index];
        index -= command->n_options;
        if (command->settings && !made.count)
                make();
        for (size_t i = 0; command->settings && i < made.count; i++)
                if (takes(command, i) && index-- == 0)
                        return &made.options[i];
        return index < bp_n_common_options ? &bp_common_options[index] : NULL;
}
