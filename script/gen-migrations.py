#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of migrations: gen-migrations.py OUTPUT.c NUMBER_NAME.sql...

Files are named after their number, from 0001 on without a gap, and what they bring.
"""
import re
import sys
from pathlib import Path

TEMPLATE = """\
/* Generated from the files of src/store/schema/; do not edit. */
#include "store/migrate.h"

const struct bp_migration bp_migrations[] = {{
{entries}
}};

const size_t bp_n_migrations = sizeof(bp_migrations) / sizeof(*bp_migrations);
"""


def quoted(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def entry(source, expected):
    match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", Path(source).name)
    if not match or int(match[1]) != expected:
        sys.exit(f"{source}: expected a file {expected:04}_NAME.sql")
    lines = [line for line in Path(source).read_text(encoding="utf-8").splitlines() if line]
    text = "\n".join("         " + quoted(line) for line in lines)
    return f'        {{{expected}, "{match[2]}",\n{text}}},'


def main():
    output, *sources = sys.argv[1:]
    Path(output).write_text(TEMPLATE.format(
        entries="\n".join(entry(source, number) for number, source in enumerate(sources, 1))), encoding="utf-8")


if __name__ == "__main__":
    main()
