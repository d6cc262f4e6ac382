# SPDX-License-Identifier: Apache-2.0
"""How fast events complete the steps that wait for them: one event a step, each answered when that is durable."""
import json
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from .report import Row
from .service import Failed, running

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS, EXECUTIONS, CONNECTIONS, TOKEN = 100, 10, 64, "bench"


def action_folder(folder):
    """Builds the action that waits (tests/plugins/waits.c)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["cc", "-std=gnu17", "-O2", "-shared", "-fPIC", "-DBP_PLUGIN_SHARED", "-I", ROOT / "include", "-o",
                    folder / "waits.so", ROOT / "tests/plugins/waits.c"], check=True)
    return folder


def start(service, number):
    steps = [{"id": f"s{i}", "name": "S", "action": "test_waits", "params": {"workflow_id": f"{number}-{i}"}}
             for i in range(STEPS)]
    body = {"pipeline_definition": {"name": "burst", "steps": steps, "settings": {"max_parallel_steps": STEPS}}}
    status, answer = service.ask("POST", "/executions/run", body)
    if status != 201:
        raise Failed(f"a start was answered with {status}: {answer[:200]}")
    return json.loads(answer)["execution_id"]


def wait_until(service, execution, what, holds):
    deadline = time.perf_counter() + 60
    while not holds(service.get(f"/executions/{execution}{what}")):
        if time.perf_counter() > deadline:
            raise Failed(f"{execution} is not as far as it should be")
        time.sleep(0.005)


def request(key):
    body = json.dumps({"workflow_id": key, "status": "COMPLETED"}).encode()
    return (f"POST /workflow-events HTTP/1.1\r\nHost: x\r\ndapr-api-token: {TOKEN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def send(port, requests, failures):
    """Sends one after another on a connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for one in requests:
            connection.sendall(one)
            answer = b""
            while b"}" not in answer:
                answer += connection.recv(65536)
            if b'"step_completed":true' not in answer:
                failures.append(answer)


def burst(bench):
    """A thousand events for a thousand steps that wait, at once."""
    folder = action_folder(bench.data / "burst-actions")
    flush_ms = bench.flush_ms()
    with running(bench.build, bench.data / "burst", "--auth-app-api-token", TOKEN, "--plugins-folders", folder) as service:
        executions = [start(service, number) for number in range(EXECUTIONS)]
        for execution in executions:
            wait_until(service, execution, "/steps",
                       lambda shown: all(step.get("awaiting_event") for step in shown["steps"]))
        requests = [request(f"{number}-{i}") for number in range(EXECUTIONS) for i in range(STEPS)]
        failures = []
        senders = [threading.Thread(target=send, args=(service.port, requests[i::CONNECTIONS], failures))
                   for i in range(CONNECTIONS)]
        begun = time.perf_counter()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        seconds = time.perf_counter() - begun
        for execution in executions:
            wait_until(service, execution, "", lambda shown: shown["status"] == "COMPLETED")
    if failures:
        raise Failed(f"{len(failures)} events did not complete their step: {failures[0][-300:]}")
    yield Row("1,000 events for waiting steps", seconds, "s", aim=1.0, note=f"{CONNECTIONS} connections, F {flush_ms:.2f} ms")
    yield Row("events a second", len(requests) / seconds, "/s")
