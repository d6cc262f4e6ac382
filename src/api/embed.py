#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes texts part of the program, as C source.

embed.py schemas OUTPUT schemas/*.json   the table of schemas
embed.py page OUTPUT docs.html           the page, and the policy that allows its own script and style alone
"""
import base64
import hashlib
import json
import re
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


def hash_of(text, tag):
    """The source of what stands between the tags, as a policy names it."""
    inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)[1]
    return "'sha256-" + base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode() + "'"


def page(paths):
    """The page and its policy."""
    text = Path(paths[0]).read_text()
    policy = (f"default-src 'none'; script-src {hash_of(text, 'script')}; style-src {hash_of(text, 'style')}; "
              "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    return (f'#include "api/docs_page.h"\n\nconst char bp_api_docs_page[] =\n        {literal(text)};\n'
            "const size_t bp_api_docs_page_size = sizeof(bp_api_docs_page) - 1;\n"
            f"const char bp_api_docs_page_policy[] =\n        {literal(policy)};\n")


def main():
    kind, output, *paths = sys.argv[1:]
    Path(output).write_text({"schemas": schemas, "page": page}[kind](paths))


main()
