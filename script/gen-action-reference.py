#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills the tables of docs/actions.md from include/budpipeline/action.h.

  script/gen-action-reference.py           writes them
  script/gen-action-reference.py --check   exits 1 when they are not those of the header

A table stands between `<!-- begin struct NAME -->` and `<!-- end -->`, or `enum` for `struct`.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = ROOT / "include/budpipeline/action.h"
PAGE = ROOT / "docs/actions.md"
TABLE = re.compile(r"(<!-- begin (struct|enum) (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
MEMBER = re.compile(r"(?:/\*\*(?!<)(?P<before>.*?)\*/\s*)?(?P<declaration>[^;/]+);[ \t]*\n?\s*(?:/\*\*<(?P<after>.*?)\*/)?",
                    re.DOTALL)
VALUE = re.compile(r"(?:/\*\*(?!<)(?P<before>.*?)\*/\s*)?(?P<name>BP_\w+)[^,/]*,\s*(?:/\*\*<(?P<after>.*?)\*/)?",
                   re.DOTALL)


def prose(comment):
    """A comment as one line that a table can hold."""
    lines = [line.strip().lstrip("*").strip() for line in (comment or "").strip().splitlines()]
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(lines)).replace("@return", "Returns").strip()


def body_of(header, kind, name):
    found = re.search(rf"^{kind} {name} {{\n(.*?)^}};", header, re.DOTALL | re.MULTILINE)
    if not found:
        sys.exit(f"{HEADER.name} has no {kind} {name}")
    return found.group(1)


def members(header, name):
    """Name, type and meaning of every member, in order; several of one declaration share their meaning."""
    for found in MEMBER.finditer(body_of(header, "struct", name)):
        declaration = " ".join(found["declaration"].split())
        meaning = prose(found["before"] or found["after"])
        function = re.search(r"\(\*(\w+)\)", declaration)
        if function:
            yield function.group(1), "function", meaning
            continue
        first, *others = declaration.split(",")
        kind, pointer, own = re.fullmatch(r"(.*?)\s*((?:\*\s*(?:const\s*)?)*)(\w+)", first.strip()).groups()
        for member in [own, *(other.strip().lstrip("*").removeprefix("const ").strip("* ") for other in others)]:
            if member != "reserved":
                yield member, f"{kind} {pointer}".strip(), meaning


def struct_table(header, name):
    rows = [f"| `{member}` | `{kind}` | {meaning} |" for member, kind, meaning in members(header, name)]
    return "\n".join(["| member | type | meaning |", "|---|---|---|", *rows]) + "\n"


def enum_table(header, name):
    rows = [f"| `{found['name']}` | {prose(found['before'] or found['after'])} |"
            for found in VALUE.finditer(body_of(header, "enum", name))]
    return "\n".join(["| value | meaning |", "|---|---|", *rows]) + "\n"


def fill(page, header):
    tables = {"struct": struct_table, "enum": enum_table}
    return TABLE.sub(lambda found: found[1] + tables[found[2]](header, found[3]) + found[4], page)


def main():
    page = PAGE.read_text()
    filled = fill(page, HEADER.read_text())
    if sys.argv[1:] == ["--check"]:
        if filled != page:
            sys.exit(f"{PAGE.relative_to(ROOT)} is not what the header says; run script/gen-action-reference.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PAGE.write_text(filled)


if __name__ == "__main__":
    main()
