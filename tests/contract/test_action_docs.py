# SPDX-License-Identifier: Apache-2.0
"""The pages about writing actions say what the header says, and the C in them compiles."""
import re
import subprocess
from pathlib import Path

import pytest

PAGES = ("docs/actions.md", "docs/action-migration.md", "CONTRIBUTING.md")


def blocks(root):
    """Every block of C that defines an action, with the page it stands on."""
    for page in PAGES:
        for number, block in enumerate(re.findall(r"^ *```c\n(.*?)^ *```", (root / page).read_text(), re.S | re.M)):
            if "BP_ACTION(" in block:
                yield pytest.param(block, id=f"{page}-{number}")


def pytest_generate_tests(metafunc):
    if "block" in metafunc.fixturenames:
        metafunc.parametrize("block", list(blocks(Path(__file__).resolve().parents[2])))


def test_the_tables_are_those_of_the_header(root):
    done = subprocess.run([root / "script/gen-action-reference.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_kind_of_parameter_and_member_is_in_the_tables(root):
    header = (root / "include/budpipeline/action.h").read_text()
    page = (root / "docs/actions.md").read_text()
    kinds = re.findall(r"\b(BP_PARAM_\w+)[ ,]", re.search(r"enum bp_param_type \{(.*?)\};", header, re.S)[1])
    assert len(kinds) >= 16 and all(f"| `{kind}` | `" in page for kind in kinds)
    for member in ("effect", "required_permissions", "show_when", "default_json", "on_reply", "jitter"):
        assert f"| `{member}` |" in page


def test_the_code_on_the_page_compiles(root, tmp_path, block):
    source = tmp_path / "block.c"
    source.write_text(block)
    done = subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", root / "include",
                           source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_code_of_discovery_is_explained(root):
    codes = re.findall(r'"(PLUGIN_\w+)"', (root / "src/plugins/discover.c").read_text())
    page = (root / "docs/actions.md").read_text()
    explained = [code for code in codes if code not in ("PLUGIN_LOADED", "PLUGIN_UNKNOWN")]
    assert len(explained) >= 11 and all(f"| `{code}` |" in page for code in explained)
