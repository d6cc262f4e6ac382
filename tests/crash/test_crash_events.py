# SPDX-License-Identifier: Apache-2.0
"""Events and SIGKILL: what was acknowledged is true ever after, what was not is sent again and handled once.

Clients send CloudEvents for steps that wait, that do not wait yet, and that have ended, while the service is killed at
random moments and started again on the same store. BUDPIPELINE_SEED and BUDPIPELINE_KILLS choose."""
import os
import random
import shutil
import sqlite3
import threading
import time
import uuid

import httpx

from running_server import PLATFORM_TOKEN

SEED = int(os.environ.get("BUDPIPELINE_SEED", "20260117"))
KILLS = int(os.environ.get("BUDPIPELINE_KILLS", "100" if os.environ.get("BUDPIPELINE_TESTS") == "full" else "8"))
STEPS = 24  # of each round, each with an event of its own


class Client:
    """Sends a request until it is answered, over crashes."""

    def __init__(self, server):
        self.server = server
        self.client = httpx.Client(timeout=20, headers={"dapr-api-token": PLATFORM_TOKEN})
        self.repeated = 0

    def ask(self, method, path, **how):
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = self.client.request(method, self.server.url + path, **how)
                if answer.status_code != 503:
                    return answer
            except (httpx.TransportError, TypeError):  # it is down, and has no URL while it starts
                self.repeated += 1
            assert time.monotonic() < deadline, f"{method} {path}"
            time.sleep(0.01)

    def event(self, event_id, data):
        return self.ask("POST", "/workflow-events", headers={"content-type": "application/cloudevents+json"},
                        json={"specversion": "1.0", "id": event_id, "source": "urn:crash", "type": "t",
                              "data": data}).json()

    def start(self, keys, idempotency_key):
        steps = [{"id": f"s{i}", "name": "S", "action": "test_waits", "params": {"workflow_id": key}}
                 for i, key in enumerate(keys)]
        return self.ask("POST", "/executions/run", headers={"Idempotency-Key": idempotency_key},
                        json={"pipeline_definition": {"name": "p", "steps": steps,
                                                      "settings": {"max_parallel_steps": STEPS}}}).json()["execution_id"]


class Killer(threading.Thread):
    """Kills the service at random moments and starts it again."""

    def __init__(self, server, rng):
        super().__init__(daemon=True)
        self.server, self.rng, self.kills, self.over = server, rng, 0, threading.Event()

    def run(self):
        while self.kills < KILLS and not self.over.wait(self.rng.uniform(0.02, 0.25)):
            self.server.restart(crash=True)
            self.kills += 1
        self.over.set()


def test_nothing_acknowledged_is_lost_and_nothing_is_handled_twice(serve, build, tmp_path):
    rng = random.Random(SEED)
    folder = tmp_path / "actions"
    folder.mkdir()
    shutil.copy(build / "tests/plugins/waits.so", folder)
    server = serve("--http-rate-limit", "0", "--engine-crash-limit", "1000",
                   env={"BUDPIPELINE_ACTION_PATH": str(folder), "APP_API_TOKEN": PLATFORM_TOKEN})
    killer = Killer(server, random.Random(SEED + 1))
    acknowledged, executions, lock = {}, [], threading.Lock()
    repeated = []

    def one_round(number, order):
        """Some events come before their step waits, some after, progress before the end, everything twice."""
        client = Client(server)
        keys = [f"{number}-{i}-{uuid.UUID(int=order.getrandbits(128))}" for i in range(STEPS)]
        early, rest = keys[::3], [key for i, key in enumerate(keys) if i % 3]
        sent = [(f"{key}/end", {"workflow_id": key, "status": "COMPLETED", "result": {"key": key}}) for key in early]
        answers = {event: client.event(event, data) for event, data in sent}
        execution = client.start(keys, f"start-{number}")
        later = [(f"{key}/{kind}", {"workflow_id": key, **data}) for key in rest
                 for kind, data in (("half", {"status": "PROGRESS", "percent": 50}),
                                    ("end", {"status": "COMPLETED", "result": {"key": key}}),
                                    ("after", {"status": "FAILED"}))]
        for event, data in later:
            answers[event] = client.event(event, data)
        for event, data in order.sample(sent + later, 8):
            again = client.event(event, data)
            assert again["duplicate"] and again["id"] == answers[event]["id"]
        with lock:
            acknowledged.update(answers)
            executions.append((execution, keys))
            repeated.append(client.repeated)

    def work(first):
        number, order = first, random.Random(SEED + 10 + first)
        while not killer.over.is_set():
            try:
                one_round(number, order)
            except BaseException as error:
                failures.append(error)
                return
            number += 4

    failures = []
    killer.start()
    workers = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    killer.join(60)
    assert not failures, failures
    assert killer.kills == KILLS and sum(repeated) > 0, "nothing was under way at a kill"
    client = Client(server)
    for execution, keys in executions:
        deadline = time.monotonic() + 60
        while (shown := client.ask("GET", f"/executions/{execution}").json())["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"seed {SEED}: {shown}"
            time.sleep(0.02)
        assert shown["status"] == "COMPLETED", f"seed {SEED}: {shown}"
        steps = client.ask("GET", f"/executions/{execution}/steps").json()["steps"]
        assert sorted(step["outputs"]["result"]["key"] for step in steps) == sorted(keys)
    assert server.stop() == 0
    with sqlite3.connect(f"{tmp_path}/store.db") as db:
        states = dict(db.execute("SELECT event_id, state FROM events"))
        handled = dict(db.execute("SELECT step || execution || sequence, count(*) FROM execution_events "
                                  "WHERE event = 'step_progress' GROUP BY 1"))
        halves = db.execute("SELECT execution, step_index, count(*) FROM execution_events "
                            "WHERE event = 'step_progress' GROUP BY 1, 2 HAVING count(*) > 1").fetchall()
    assert set(states) == set(acknowledged), "an event that was acknowledged is not there, or one nobody sent"
    assert not halves and handled, halves
    assert set(states.values()) <= {2, 3}, "handled or late, now that everything has ended"
    assert all(states[event] == 3 for event in states if event.endswith("/after"))
    assert all(states[event] == 2 for event in states if event.endswith("/end"))
    rng.shuffle(executions)
    print(f"{killer.kills} kills, {len(executions)} executions, {len(acknowledged)} events, {sum(repeated)} repeated")
