# SPDX-License-Identifier: Apache-2.0
"""What the tests from outside share: where the tree and the build are, and the programs in it.

BUDPIPELINE_BUILD names the build folder to test; without it, it is build/ of the tree.
"""
import json
import os
import subprocess
from pathlib import Path

import pytest

from running_platform import RunningPlatform
from running_server import RunningServer
from terminal import Terminal

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root():
    """The working tree."""
    return ROOT


@pytest.fixture(scope="session")
def build():
    """The Meson build folder."""
    return Path(os.environ.get("BUDPIPELINE_BUILD", ROOT / "build")).resolve()


@pytest.fixture(scope="session")
def is_sanitized(build):
    """Whether the build is for a sanitizer, which takes several times as long."""
    options = json.loads((build / "meson-info/intro-buildoptions.json").read_text())
    used = next(option["value"] for option in options if option["name"] == "b_sanitize")  # later Mesons have a list
    return used not in ("none", [], ["none"])


@pytest.fixture(scope="session")
def budpipeline(build):
    """The command line."""
    return build / "src/cli/budpipeline"


@pytest.fixture(scope="session")
def support(build):
    """A program of tests/support by its name."""
    return lambda name: build / "tests/support" / name


class Done:
    """A finished command: exit code and both outputs as text."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture(scope="session")
def cli(budpipeline, root):
    """Runs the command line: cli("run", "file.yaml", stdin="...", env={...}) in the working tree, or in `cwd`."""

    def run(*arguments, stdin="", env=None, cwd=root, timeout=60):
        surroundings = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "LC_ALL")}
        return Done(subprocess.run([budpipeline, *map(str, arguments)], input=stdin.encode(), capture_output=True,
                                   cwd=cwd, env=surroundings | {"LANG": "C.UTF-8"} | (env or {}), timeout=timeout))

    return run


@pytest.fixture
def terminal(budpipeline, root):
    """Runs the command line on a terminal: `with terminal("run", "file.yaml", columns=80) as screen:`"""

    def start(*arguments, **how):
        return Terminal([budpipeline, *arguments], cwd=root, **how)

    return start


@pytest.fixture(scope="session")
def planets(root):
    """The service of the examples. @return its URL"""
    service = subprocess.Popen(["/usr/bin/python3", root / "examples/service/serve.py", "--port", "0"],
                               stdout=subprocess.PIPE, text=True)
    yield service.stdout.readline().split()[-1]
    service.terminate()
    service.wait()


@pytest.fixture(scope="session")
def platform():
    """The stand-in platform, one for all tests."""
    running = RunningPlatform()
    yield running
    running.close()


@pytest.fixture
def world(platform):
    """A world of the platform that is this test's alone: its records, rules, jobs and calls."""
    world = platform.world()
    yield world
    world.close()


@pytest.fixture
def pipeline(tmp_path):
    """Writes a pipeline as JSON: pipeline(steps, **fields). @return its path"""

    def write(steps, **fields):
        steps = [{"name": step["id"], **step} for step in steps]
        path = tmp_path / f"pipeline-{len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps({"name": "test", **fields, "steps": steps}))
        return path

    return write


@pytest.fixture
def serve(budpipeline, tmp_path):
    """Starts services: serve("--auth", store="memory:", env={...}). @return a RunningServer; all end with the test"""
    running = []

    def start(*arguments, store=None, **how):
        server = RunningServer(budpipeline, store or f"sqlite:{tmp_path}/store.db", *arguments, cwd=tmp_path, **how)
        running.append(server)
        return server

    yield start
    for server in running:
        server.close()


@pytest.fixture
def server(serve):
    """A service with a store of this test: url, stop(), kill(), restart(), log."""
    return serve()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A service that ended by itself says why beside the test that found it gone."""
    report = (yield).get_result()
    if report.failed:
        report.sections += [(f"service {server.pid} ended by itself, exit status {server.code}", server.log)
                            for server in RunningServer.all if server.died]
