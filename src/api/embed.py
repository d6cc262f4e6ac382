#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the schemas of the API into C: embed.py schemas OUTPUT schemas/*.json"""
import json
import sys
from pathlib import Path

LINE = 100  # bytes of text a line


def literal(text):
    """A text as C source, in lines of reasonable length."""
    data = text.encode()
    lines = []
    for at in range(0, len(data), LINE):
        part = data[at:at + LINE]
        lines.append('"' + "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
                                   for byte in part) + '"')
    return "\n        ".join(lines) or '""'


def schemas(paths):
    """The table of all schemas."""
    found = {}
    for path in paths:
        for name, schema in json.loads(Path(path).read_text()).items():
            if name in found:
                sys.exit(f"{path}: {name} is described twice")
            found[name] = schema
    rows = "\n".join(f"    {{\"{name}\",\n        {literal(json.dumps(schema, separators=(',', ':'), ensure_ascii=False))}}},"
                     for name, schema in sorted(found.items()))
    return f'#include "api/private.h"\n\nconst struct bp_api_component bp_api_components[] = {{\n{rows}\n    {{0}},\n}};\n'


def main():
    kind, output, *paths = sys.argv[1:]
    Path(output).write_text({"schemas": schemas}[kind](paths))


main()
