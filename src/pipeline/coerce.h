/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers and booleans that a field accepts besides its own kind (lax mode of the original). Room only. */
#ifndef BP_PIPELINE_COERCE_H
#define BP_PIPELINE_COERCE_H

struct bp_value;

/**
 * An integer from an integer, a boolean, a float without fraction, or a text that is an integer.
 * @return NULL and the value, or what is wrong.
 */
const char *bp_coerce_int(const struct bp_value *value, struct bp_value *ret_value);

/** A finite float from a number, a boolean, or a text that is a number. @return NULL and the value, or what is wrong.
 */
const char *bp_coerce_float(const struct bp_value *value, struct bp_value *ret_value);

/**
 * A boolean from a boolean, 0 or 1, or one of true false 1 0 yes no on off y n t f in any letter case.
 * @return NULL and the value, or what is wrong.
 */
const char *bp_coerce_bool(const struct bp_value *value, struct bp_value *ret_value);

#endif
