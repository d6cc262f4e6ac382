/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file members.h
 * The text members of the structs in action.h, as tables: one description drives copying a foreign struct, checking
 * it, and reading it back from JSON. Private to the room.
 */
#ifndef BP_REGISTRY_MEMBERS_H
#define BP_REGISTRY_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest text in metadata; more is a finding. */
#define BP_META_TEXT_MAX 65536u

/** Most elements of a list in metadata; more is a finding. */
#define BP_META_LIST_MAX 1000u

/** A member that points to text. */
struct bp_text_member {
        const char *wire; /**< its key in the Actions API */
        size_t offset;
        bool mandatory; /**< must be there and not empty */
        bool json;      /**< holds JSON text: any value in the Actions API */
};

/** The text members of one struct. */
struct bp_text_members {
        const struct bp_text_member *items;
        size_t count;
};

/** How many of bp_action_texts stand before all others in the order of findings. */
#define BP_ACTION_TEXTS_MANDATORY 4u

/** The texts of each struct of the contract. */
extern const struct bp_text_members bp_action_texts, bp_param_texts, bp_option_texts, bp_rules_texts,
        bp_visibility_texts, bp_output_texts, bp_example_texts;

/** The text a member points to, or NULL. */
const char *bp_text_member_get(const void *object, const struct bp_text_member *member);

/** Points a member to a text. */
void bp_text_member_set(void *object, const struct bp_text_member *member, const char *text);

/** An enumeration's value and its name on the wire. */
struct bp_wire_name {
        uint32_t value;
        const char *name;
};

/** The names of one enumeration. */
struct bp_wire_names {
        const struct bp_wire_name *items;
        size_t count;
};

/** The names of each enumeration that stands in metadata. */
extern const struct bp_wire_names bp_param_type_names, bp_execution_mode_names, bp_effect_names;

/** The name of a value, or NULL. */
const char *bp_wire_name_of(const struct bp_wire_names *names, uint32_t value);

/** The value of a name, or 0. */
uint32_t bp_wire_value_of(const struct bp_wire_names *names, const char *name);

#endif
