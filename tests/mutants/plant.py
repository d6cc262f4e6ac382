#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants a mistake: plant.py SOURCE OUTPUT TEXT REPLACEMENT. The text stands exactly once in the source."""
import sys
from pathlib import Path


def main():
    source, output, text, replacement = sys.argv[1:]
    code = Path(source).read_text(encoding="utf-8")
    if code.count(text) != 1:
        sys.exit(f"{source}: `{text}` stands there {code.count(text)} times, not once: bring the mutant in "
                 "tests/mutants/meson.build up to date with the code that it breaks")
    Path(output).write_text(f'#line 1 "{source}"\n' + code.replace(text, replacement), encoding="utf-8")


if __name__ == "__main__":
    main()
