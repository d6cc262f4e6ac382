# SPDX-License-Identifier: Apache-2.0
"""What a stop does to executions under way, and what the log tells of them."""
import json
import signal
import time

import httpx


def lines(server):
    return [json.loads(line) for line in server.log.splitlines()]


def get(server, path):
    return httpx.get(server.url + path, timeout=30)


def slow_pipeline(seconds):
    """A pipeline whose attempt is under way for a while."""
    return {"name": "slow", "parameters": [{"name": "url"}], "steps": [{"id": "wait", "name": "Wait", "action": "http_request",
                                       "params": {"url": f"{{{{ params.url }}}}/slow/mars?seconds={seconds}"}}]}


def start(server, dag, **params):
    done = httpx.post(server.url + "/executions/run", json={"pipeline_definition": dag, "params": params}, timeout=30)
    assert done.status_code == 201, done.text
    return done.json()["execution_id"]


def status_of(server, execution):
    return get(server, f"/executions/{execution}").json()["status"]


def wait_until(server, execution, *statuses):
    deadline = time.monotonic() + 30
    while (found := status_of(server, execution)) not in statuses:
        assert time.monotonic() < deadline, found
        time.sleep(0.01)


def test_attempts_under_way_may_finish(serve, planets):
    server = serve("--allow-host", planets.removeprefix("http://"))
    execution = start(server, slow_pipeline(1), url=planets)
    wait_until(server, execution, "RUNNING")
    server.restart()
    assert status_of(server, execution) == "COMPLETED"


def test_a_stop_does_not_wait_longer_than_it_was_told(serve, planets):
    server = serve("--allow-host", planets.removeprefix("http://"), "--drain-seconds", "1")
    execution = start(server, slow_pipeline(8), url=planets)
    wait_until(server, execution, "RUNNING")
    begun = time.monotonic()
    assert server.stop() == 0
    assert 0.9 < time.monotonic() - begun < 6
    server.start()
    assert status_of(server, execution) == "RUNNING"


def test_a_second_signal_stops_at_once_and_loses_nothing(serve, planets):
    server = serve("--allow-host", planets.removeprefix("http://"))
    execution = start(server, slow_pipeline(8), url=planets)
    wait_until(server, execution, "RUNNING")
    begun = time.monotonic()
    server.signal(signal.SIGTERM)
    server.wait_for_log("stopping")
    server.signal(signal.SIGTERM)
    assert server.wait() == 1 and time.monotonic() - begun < 5
    server.start()
    assert status_of(server, execution) == "RUNNING"


def test_at_level_debug_executions_are_logged_without_secrets(serve):
    server = serve("--log-level", "debug")
    dag = {"name": "talk", "steps": [{"id": "say", "name": "Say", "action": "log", "params": {"message": "password=hunter2"}}]}
    execution = start(server, dag)
    wait_until(server, execution, "COMPLETED")
    assert server.stop() == 0
    assert "hunter2" not in server.log
    of_it = [line for line in lines(server) if line.get("execution_id") == execution]
    assert {"say"} == {line["step_id"] for line in of_it if "step_id" in line}
    assert any(line["logger"] == "action" and "***REDACTED***" in line["message"] for line in of_it)
    assert any(line["message"] == "execution_ended" and line["status"] == "COMPLETED" for line in of_it)
