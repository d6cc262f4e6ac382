# SPDX-License-Identifier: Apache-2.0
"""budpipeline beside the stand-in platform: both connected, directly or as through a Dapr sidecar."""
import contextlib
import time

import httpx

from running_platform import SERVICES
from running_server import RunningServer

MODES = ("direct", "dapr")
TOKEN = "what-the-platform-shows"
FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "INTERRUPTED", "SKIPPED")


def seed_id(number):
    """The id of a record that the platform has from the start."""
    return f"00000000-0000-4000-8000-{number:012d}"


LLAMA, BGE, GPT = seed_id(101), seed_id(102), seed_id(103)
CLUSTER, CPU_CLUSTER, EMPTY_CLUSTER = seed_id(201), seed_id(202), seed_id(203)
PROVISIONED, EMPTY_PROVISIONED = seed_id(251), seed_id(253)
PROJECT, ENDPOINT, PROVIDER = seed_id(301), seed_id(401), seed_id(501)
USER = seed_id(901)


@contextlib.contextmanager
def sites_of(start):
    """One site a mode for all tests of a file: site(mode) is what start(mode) made when it was first asked for."""
    running = {}

    def site(mode):
        if mode not in running:
            running[mode] = start(mode)
        running[mode].world.control("DELETE", "")
        return running[mode]

    yield site
    for each in running.values():
        each.close()
        each.world.close()


def connection(world, mode):
    """Options of `budpipeline serve` that reach the services of a world."""
    if mode == "dapr":
        return ["--dapr-url", world.url, "--bus-kind", "dapr"]
    services = [word for name in SERVICES for word in ("--service", f"{name}={world.service(name)}")]
    return [*services, "--bus-kind", "http", "--bus-url", world.url + "/topics/{topic}"]


class Site:
    """One budpipeline that calls one world of the platform and is told its events."""

    def __init__(self, program, world, mode, store, *arguments, **how):
        self.world, self.mode = world, mode
        self.server = RunningServer(program, store, *connection(world, mode), "--http-rate-limit", "0", *arguments,
                                    env={"APP_API_TOKEN": TOKEN}, **how)
        self.client = httpx.Client(timeout=60, verify=False)
        self.subscribe()

    def subscribe(self, **how):
        """Tells the platform where budpipeline is; again after each start."""
        self.world.subscriber(self.server.url, self.mode, headers={"dapr-api-token": TOKEN}, **how)

    def restart(self, crash=False):
        self.server.restart(crash)
        self.subscribe()

    def close(self):
        self.client.close()
        self.server.close()

    def get(self, path):
        answer = self.client.get(self.server.url + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def start(self, *steps, params=None, **fields):
        """Starts an execution of steps. @return its id"""
        steps = [{"name": step["id"], **step} for step in steps]
        done = self.client.post(self.server.url + "/executions/run",
                                json={"pipeline_definition": {"name": "test", **fields, "steps": steps}, "params": params or {}})
        assert done.status_code == 201, done.text
        return done.json()["execution_id"]

    def action(self, action, action_params, step=None, **how):
        """Starts an execution of one step, `it`. @return its id"""
        return self.start({"id": "it", "action": action, "params": action_params, **(step or {})}, **how)

    def run(self, action, action_params, **how):
        """An execution of one step, to its end. @return the step"""
        return self.ended(self.action(action, action_params, **how))

    def execution(self, execution):
        return self.get(f"/executions/{execution}")

    def steps(self, execution):
        return {step["step_id"]: step for step in self.get(f"/executions/{execution}/steps")["steps"]}

    def step(self, execution, name="it"):
        return self.steps(execution).get(name)

    def until(self, what, within=15):
        """Waits until something is so. @return what it came to"""
        deadline = time.monotonic() + within
        while not (found := what()):
            assert time.monotonic() < deadline, f"not so within {within} s:\n{self.server.log[-3000:]}"
            time.sleep(0.01)
        return found

    def ended(self, execution, step="it"):
        """The step of an execution that has ended."""
        self.until(lambda: self.execution(execution)["status"] in FINAL)
        return self.step(execution, step)

    def waiting(self, execution, step="it"):
        """The step, once it waits for its event."""

        def waits():
            found = self.step(execution, step)
            assert not found or found["status"] not in FINAL, found
            return found if found and found["awaiting_event"] else None

        return self.until(waits)

    def called(self):
        """The calls that the platform got, one text each."""
        return [f"{call['method']} {call['service']} {call['path']}" for call in self.world.calls()]
