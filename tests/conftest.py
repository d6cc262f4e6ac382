# SPDX-License-Identifier: Apache-2.0
"""What the tests from outside share: where the tree and the build are, and the programs in it.

BUDPIPELINE_BUILD names the build folder to test; without it, it is build/ of the tree.
"""
import os
from pathlib import Path

import pytest

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
def budpipeline(build):
    """The command line."""
    return build / "src/cli/budpipeline"


@pytest.fixture(scope="session")
def support(build):
    """A program of tests/support by its name."""
    return lambda name: build / "tests/support" / name
