#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of built-in actions: gen-action-table.py OUTPUT.c ACTION.c...

Each action file is named after its type and defines bp_action_<type>. The order of the files is the order of the table.
"""
import re
import sys
from pathlib import Path

TEMPLATE = """\
/* Generated from the lists in actions/; do not edit. */
#include <budpipeline/action.h>

{declarations}
extern const struct bp_action *const bp_builtin_actions[];

const struct bp_action *const bp_builtin_actions[] = {{
{entries}
        NULL,
}};
"""


def action_types(sources):
    types = [Path(source).stem for source in sources]
    for name in types:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            sys.exit(f"{name}.c: an action's file is named after its type, a C identifier")
        if types.count(name) > 1:
            sys.exit(f"{name}.c is listed more than once: {', '.join(s for s in sources if Path(s).stem == name)}")
    return types


def main():
    output, *sources = sys.argv[1:]
    types = action_types(sources)
    Path(output).write_text(TEMPLATE.format(
        declarations="\n".join(f"extern const struct bp_action bp_action_{name};" for name in types),
        entries="\n".join(f"        &bp_action_{name}," for name in types)))


if __name__ == "__main__":
    main()
