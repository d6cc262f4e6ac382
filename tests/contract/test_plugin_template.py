# SPDX-License-Identifier: Apache-2.0
"""The template of an action outside the tree: with nothing but what is installed, it builds, loads and passes its own
test."""
import json
import os
import shutil
import subprocess

import pytest

TEMPLATE = "examples/action-template"


@pytest.fixture(scope="module")
def installed(build, tmp_path_factory):
    """What a package of budpipeline would bring, in a folder of its own; the environment that finds it."""
    target = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "--destdir", target, "-C", build], check=True,
                   capture_output=True)
    packages = list(target.rglob("budpipeline.pc"))
    assert len(packages) == 1
    return os.environ | {"PKG_CONFIG_PATH": str(packages[0].parent), "PKG_CONFIG_SYSROOT_DIR": str(target)}


@pytest.fixture(scope="module")
def template(root, installed, budpipeline, tmp_path_factory):
    """The template, built outside the tree."""
    folder = tmp_path_factory.mktemp("acme") / "shout"
    shutil.copytree(root / TEMPLATE, folder)
    done = subprocess.run(["make", "-C", folder, "CFLAGS=-O1 -Wall -Wextra -Wpedantic -Werror"], env=installed,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_complete_action_takes_40_lines_or_fewer(root):
    assert len((root / TEMPLATE / "shout.c").read_text().splitlines()) <= 40


def test_pkg_config_knows_the_header_and_the_folder_of_actions(installed):
    flags = subprocess.run(["pkg-config", "--cflags", "budpipeline"], env=installed, capture_output=True, text=True,
                           check=True).stdout
    folder = subprocess.run(["pkg-config", "--variable=actiondir", "budpipeline"], env=installed, capture_output=True,
                            text=True, check=True).stdout
    assert flags.startswith("-I") and folder.strip().endswith("/lib/budpipeline/actions")


@pytest.mark.parametrize("compiler, standard", [("cc", "c11"), ("c++", "c++17")])
def test_the_installed_header_compiles_alone(installed, tmp_path, compiler, standard):
    source = tmp_path / ("alone.c" if compiler == "cc" else "alone.cc")
    source.write_text("#include <budpipeline/action.h>\n")
    flags = subprocess.run(["pkg-config", "--cflags", "budpipeline"], env=installed, capture_output=True, text=True,
                           check=True).stdout.split()
    subprocess.run([compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", *flags,
                    source], check=True)


def test_the_shared_object_exports_one_symbol_and_needs_libc_only(template):
    symbols = subprocess.run(["nm", "-D", template / "shout.so"], capture_output=True, text=True, check=True).stdout
    defined = [line.split()[-1] for line in symbols.splitlines() if " T " in line or " D " in line]
    undefined = [line.split()[-1] for line in symbols.splitlines() if " U " in line]
    assert defined == ["bp_plugin_entry"]
    assert all("@GLIBC" in symbol for symbol in undefined)


def test_the_built_action_is_listed_with_its_metadata(cli, template):
    done = cli("actions", "show", "shout", "--format", "json", env={"BUDPIPELINE_ACTION_PATH": str(template)})
    action = json.loads(done.out)
    assert (action["publisher"], action["unavailable"]) == ("shout", None)
    assert [param["name"] for param in action["params"]] == ["text", "marks"]


def test_the_template_passes_its_own_test(template, budpipeline, installed):
    done = subprocess.run(["make", "-C", template, "check"], env=installed | {"BUDPIPELINE": str(budpipeline)},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all cases passed" in done.stdout
