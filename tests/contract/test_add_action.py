# SPDX-License-Identifier: Apache-2.0
"""Adding an action touches one file and one word: done here to a copy of the tree, which is then built and asked."""
import json
import os
import shutil
import subprocess

import pytest

ACTION = """\
/* SPDX-License-Identifier: Apache-2.0 */
#include <budpipeline/action.h>

static int reverse_greeting_execute(struct bp_action_context *context) {
        bp_output_string(context, "text", "olleh");
        return bp_complete(context);
}

BP_ACTION(reverse_greeting, .name = "Reverse greeting", .category = "Examples", .description = "Greets backwards.",
          .effect = BP_PURE, BP_OUTPUTS({"text", "string", "The greeting"}), .execute = reverse_greeting_execute);
"""
WORD = "  'reverse_greeting.c',\n"


@pytest.fixture(scope="module")
def copy(root, tmp_path_factory):
    """The tree's sources, without what is built."""
    target = tmp_path_factory.mktemp("tree") / "budpipeline"

    def ignored(folder, names):
        at_top = [name for name in names if name.startswith(("build", ".git"))] if folder == str(root) else []
        return at_top + [name for name in names if name in ("__pycache__", ".pytest_cache", "node_modules")]

    shutil.copytree(root, target, ignore=ignored)
    return target


def build(tree):
    """Builds the program, as plain and as fast as can be."""
    folder = tree / "build"
    if not folder.exists():
        done = subprocess.run(["meson", "setup", "-Dtests=false", "-Dweb=disabled", "-Dbuildtype=plain", folder, tree],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(["ninja", "-C", folder, "src/cli/budpipeline"], capture_output=True, text=True)
    return done, folder / "src/cli/budpipeline"


def listed(program):
    environment = {key: value for key, value in os.environ.items() if key != "BUDPIPELINE_ACTION_PATH"}
    done = subprocess.run([program, "actions", "list", "--format", "json"], capture_output=True, env=environment,
                          check=True)
    return json.loads(done.stdout)


def test_an_action_is_one_file_and_one_word(copy):
    folder = copy / "actions/builtin"
    words = (folder / "meson.build").read_text()
    (folder / "reverse_greeting.c").write_text(ACTION)
    (folder / "meson.build").write_text(words.replace("\n)", "\n" + WORD + ")"))
    done, program = build(copy)
    assert done.returncode == 0, done.stdout
    answer = listed(program)
    action = next(action for action in answer["actions"] if action["type"] == "reverse_greeting")
    assert action["name"] == "Reverse greeting" and action["outputs"][0]["name"] == "text"
    assert "Examples" in [category["name"] for category in answer["categories"]]


def test_a_file_that_is_listed_twice_is_named(copy):
    folder = copy / "actions/integration"
    words = (folder / "meson.build").read_text()
    (folder / "log.c").write_text(ACTION)
    (folder / "meson.build").write_text(words.replace("\n)", "\n  'log.c',\n)"))
    done, _ = build(copy)
    assert done.returncode != 0
    assert "log.c is listed more than once" in done.stdout + done.stderr


def test_the_table_takes_names_that_are_c_identifiers(root, tmp_path):
    done = subprocess.run([root / "script/gen-action-table.py", tmp_path / "table.c", "actions/two-words.c"],
                          capture_output=True, text=True)
    assert done.returncode != 0
    assert "two-words.c: an action's file is named after its type" in done.stderr
