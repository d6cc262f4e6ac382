/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle of a program that was built without the application. */
#include "editor/editor.h"

const struct bp_editor_bundle bp_editor_bundle = {0};
