# SPDX-License-Identifier: Apache-2.0
"""What the tests of the HTTP API share."""
import httpx
import pytest

from running_server import PLATFORM_TOKEN, RunningServer


@pytest.fixture(scope="module")
def serve_module(budpipeline, tmp_path_factory):
    """Starts services that live as long as the module: serve_module("--auth", store=...). @return a RunningServer"""
    running = []

    def start(*arguments, store=None, **how):
        folder = tmp_path_factory.mktemp("served")
        running.append(RunningServer(budpipeline, store or f"sqlite:{folder}/store.db", *arguments, cwd=folder, **how))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture(scope="module")
def api(serve_module):
    """A client of a service of the module's own, which counts no requests."""
    served = serve_module("--http-rate-limit", "0", env={"APP_API_TOKEN": PLATFORM_TOKEN})
    with httpx.Client(base_url=served.url, timeout=20) as client:
        yield client
