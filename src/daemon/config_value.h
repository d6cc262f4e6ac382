/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a setting: from text or from a document, checked. Inside the room only. */
#ifndef BP_DAEMON_CONFIG_VALUE_H
#define BP_DAEMON_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"

struct bp_arena;
struct bp_value;

/** Size of the text that says why a value is wrong. */
#define BP_CONFIG_WHY_SIZE 256

/** A value. Texts and lists belong to the arena of the configuration. */
struct bp_config_value {
        enum bp_setting_origin origin;
        const char *detail;
        bool is_set;
        const char *text; /**< BP_SETTING_TEXT, BP_SETTING_SECRET */
        int64_t integer;
        double number;
        bool boolean;
        const char *const *list; /**< NULL-terminated */
        size_t n_list;
        const struct bp_value *map; /**< BP_SETTING_MAP from a document, else NULL */
};

/**
 * Reads a text. A list is added to what `value` has.
 * @return 0; BP_PROBLEM with the reason, in which no secret stands; -ENOMEM.
 */
int bp_config_value_of_text(struct bp_arena *arena, const struct bp_setting *setting, const char *text,
                            struct bp_config_value *value, char reterr_why[BP_CONFIG_WHY_SIZE]);

/** Reads a value of a document. @return as above. */
int bp_config_value_of_document(struct bp_arena *arena, const struct bp_setting *setting,
                                const struct bp_value *document, struct bp_config_value *value,
                                char reterr_why[BP_CONFIG_WHY_SIZE]);

#endif
