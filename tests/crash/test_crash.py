# SPDX-License-Identifier: Apache-2.0
"""The server is killed at random moments, over and over, while clients start executions. Seen from outside, nothing
that was acknowledged is lost, and nothing is done twice that may not be.

Every failure names the seed, and leaves store and log where they are. BUDPIPELINE_SEED repeats a run as far as the
machine lets it; BUDPIPELINE_KILLS sets the number of kills.
"""
import collections
import itertools
import os
import random
import threading
import time

import pytest

from crash_mix import KINDS, MAY_INTERRUPT, PURE, Task, definition
from crash_recorder import Recorder
from crash_server import Gone, Server

FULL = os.environ.get("BUDPIPELINE_TESTS") == "full"
KILLS = int(os.environ.get("BUDPIPELINE_KILLS", 200 if FULL else 25))
CLIENTS = 16
PACE = 0.03  # seconds between two starts of one client
FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "INTERRUPTED")


@pytest.fixture
def seed():
    return int(os.environ.get("BUDPIPELINE_SEED", random.SystemRandom().randrange(1 << 32)))


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def serve(budpipeline, tmp_path):
    """Makes servers that do not outlive the test."""
    servers = []

    def make(name, *flags, **how):
        servers.append(Server(budpipeline, tmp_path / name, *flags, **how))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


class Crowd:
    """Clients that start executions, lose the server, and ask again with the same key."""

    def __init__(self, server, pipelines, base, seed, clients=CLIENTS, pace=PACE, limit=None, drains=False):
        self.server, self.pipelines, self.base, self.seed, self.pace = server, pipelines, base, seed, pace
        self.drains = drains  # a start may be acknowledged while no step starts any more
        self.numbers, self.limit, self.lock = itertools.count(), limit, threading.Lock()
        self.tasks, self.findings, self.stopping = [], [], False
        self.threads = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.stopping = True
        self.wait()

    def wait(self):
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a client never got its answer"

    def next_task(self):
        with self.lock:
            number = next(self.numbers)
            if self.stopping or (self.limit is not None and number >= self.limit):
                return None
            self.tasks.append(Task(self.seed, number))
            return self.tasks[-1]

    def work(self, name):
        client, drawn, mine = self.server.client(), random.Random(f"{self.seed}/client{name}"), []
        while task := self.next_task():
            try:
                self.acknowledge(client, task)
                mine.append(task)
                if drawn.random() < 0.1:  # the same request once more: the same execution
                    self.acknowledge(client, task)
                if drawn.random() < 0.3:
                    self.look(client, drawn.choice(mine))
            except Exception as error:  # told at the end; the other clients go on
                self.findings.append(f"{task}: {error!r}")
            time.sleep(self.pace)
        client.close()

    def persist(self, client, *request, **headers):
        """Asks until there is an answer that is one."""
        while True:
            try:
                answer = client.ask(*request, **headers)
            except Gone:
                time.sleep(0.005)
                continue
            if answer.status not in (409, 429, 503):
                return answer
            time.sleep(0.02)

    def acknowledge(self, client, task):
        path, body = task.start(self.pipelines, self.base)
        headers = {"Idempotency_Key": task.key, **({"Prefer": f"wait={task.wait}"} if task.wait else {})}
        answer = self.persist(client, "POST", path, body, **headers)
        assert answer.status == 201, f"answer {answer.status}: {answer.body}"
        started, status = answer.body, answer.body["status"].upper()
        assert task.id in (None, started["execution_id"]), f"started twice: {task.id} and {started['execution_id']}"
        task.id = started["execution_id"]
        assert task.kind not in PURE or status in FINAL or self.drains, f"a pure execution was acknowledged as {status}"
        if status in FINAL:
            task.seen.append((status, started["outputs"]))

    def look(self, client, task):
        answer = self.persist(client, "GET", f"/executions/{task.id}")
        assert answer.status == 200, f"acknowledged, and now {answer.status}: {answer.body}"
        if answer.body["status"] in FINAL:
            task.seen.append((answer.body["status"], answer.body["final_outputs"]))


def store_pipelines(server):
    client = server.client()
    pipelines = {}
    for kind in KINDS:
        answer = client.ask("POST", "/pipelines", {"dag": definition(kind)})
        assert answer.status == 201, f"{kind}: {answer.body}"
        pipelines[kind] = answer.body["id"]
    client.close()
    return pipelines


def live(client):
    """Executions that have not ended: at most 100 of each state, and how many there are."""
    pages = [client.get(f"/executions?status={status}&page_size=100") for status in ("PENDING", "RUNNING")]
    return [row for page in pages for row in page["executions"]], sum(page["pagination"]["total_count"] for page in pages)


def check_no_half_chain(server):
    """A pure execution is there with all it came to, or with nothing. It may come to its end while it is looked at."""
    client = server.client()
    for row in live(client)[0]:
        if row["pipeline_definition"]["workflow_name"].removeprefix("crash ") in PURE:
            states = {step["step_id"]: step["status"] for step in client.get(f"/executions/{row['id']}/steps")["steps"]}
            if set(states.values()) == {"PENDING"}:
                continue
            came = client.get(f"/executions/{row['id']}")["status"]
            assert came in FINAL and not {"PENDING", "RUNNING"} & set(states.values()), \
                f"half of a pure execution is visible: {came} with {states}"
    client.close()


def wait_until_all_ended(server, seconds=120):
    client, deadline = server.client(), time.monotonic() + seconds
    while live(client)[1]:
        assert time.monotonic() < deadline, f"still not ended after {seconds} s: {live(client)}"
        time.sleep(0.05)
    client.close()


Outcome = collections.namedtuple("Outcome", "status outputs steps")


def outcome(client, task):
    """What an execution came to; its history is checked on the way."""
    row = client.get(f"/executions/{task.id}")
    steps = client.get(f"/executions/{task.id}/steps")["steps"]
    events = client.get(f"/executions/{task.id}/events?limit=1000")
    numbers = sorted(event["sequence_number"] for event in events["events"])
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) == events["total_count"], \
        f"{task}: its events are not 1..n: {numbers}"
    return Outcome(row["status"], row["final_outputs"] or {},
                   [(step["step_id"], step["status"], step["outputs"] or {}) for step in steps])


def outcomes(server, tasks):
    client = server.client()
    found = {task.number: outcome(client, task) for task in tasks}
    client.close()
    return found


def right_ends(tasks, found, undisturbed):
    """What did not come to what it should have."""
    for task in tasks:
        status, outputs = task.expected()
        came, calm = found[task.number], undisturbed[task.number]
        if calm.status != status or (outputs is not None and calm.outputs != outputs):
            yield f"{task}: undisturbed it came to {calm}, not to {status} {outputs}"
        if came.status == "INTERRUPTED":
            interrupted = [step for step, status, _ in came.steps if status == "INTERRUPTED"]
            if task.kind not in MAY_INTERRUPT or len(interrupted) != 1:
                yield f"{task}: interrupted, at {interrupted}: {came}"
        elif came != calm:
            yield f"{task}: came to {came}, undisturbed to {calm}"
        for status, outputs in task.seen:
            if (status, outputs or {}) != (came.status, came.outputs):
                yield f"{task}: a client saw {status} {outputs}, and now it is {came.status} {came.outputs}"


def wrong_calls(tasks, found, recorder):
    """What the outside was asked to do and should not have been."""
    seen, by_key, owner = collections.defaultdict(list), recorder.by_key(), {}
    for call in recorder.calls:
        seen[call.path.split("/")[-2]].append(call)
        if call.method != "GET" and not call.key:
            yield f"{call} has no key"
        if call.key and owner.setdefault(call.key, call.path) != call.path:
            yield f"{call.key} is the key of {owner[call.key]} and of {call.path}"
    for task in tasks:
        keys = {call.key for call in seen[task.tag] if call.key}
        done, generations = found[task.number].status == "COMPLETED", 2 if task.kind.endswith("_flaky") else 1
        if task.kind in MAY_INTERRUPT and any(by_key[key] > 1 for key in keys):
            yield f"{task}: done twice: {seen[task.tag]}"
        if len(keys) > generations:
            yield f"{task}: repeated under another key: {seen[task.tag]}"
        if done and keys and len(keys) < generations:
            yield f"{task}: completed after {len(keys)} of {generations} answers: {seen[task.tag]}"


def report(server, seed, findings):
    assert not findings, f"seed {seed}, store {server.store}, log {server.log_path}, {len(findings)} findings:\n" + \
        "\n".join(findings[:20])


def run_undisturbed(serve, seed, count):
    recorder = Recorder()
    server = serve("undisturbed", "--allow-host", f"127.0.0.1:{recorder.port}").start()
    crowd = Crowd(server, store_pipelines(server), recorder.url, seed, pace=0, limit=count)
    crowd.wait()
    wait_until_all_ended(server)
    report(server, seed, crowd.findings)
    found = outcomes(server, crowd.tasks)
    assert server.stop() == 0, server.said()
    recorder.close()
    return found


def kill_over_and_over(server, crowd, kills, drawn):
    """Kills at random moments: mostly under load, now and then while it recovers."""
    early = 0
    for _ in range(kills):
        if drawn.random() < 0.15:
            early += 1
            time.sleep(drawn.uniform(0, 0.02))
        else:
            server.wait_until_ready()
            check_no_half_chain(server)
            time.sleep(drawn.uniform(0.02, 1.2))
        assert server.process.poll() is None, f"the server ended by itself:\n{server.said()}"
        server.kill()
        server.launch()
    server.wait_until_ready()
    check_no_half_chain(server)
    return early


def test_killed_over_and_over_it_loses_nothing_and_does_nothing_twice(serve, recorder, seed, record_property):
    server = serve("killed", "--allow-host", f"127.0.0.1:{recorder.port}", "--engine-crash-limit", 1000).start()
    crowd = Crowd(server, store_pipelines(server), recorder.url, seed)
    begun = time.monotonic()
    early = kill_over_and_over(server, crowd, KILLS, random.Random(seed))
    crowd.finish()
    wait_until_all_ended(server)
    killing = time.monotonic() - begun

    report(server, seed, crowd.findings)
    client = server.client()
    total = client.get("/executions?page_size=1")["pagination"]["total_count"]
    assert total == len(crowd.tasks), f"seed {seed}, {server.store}: {len(crowd.tasks)} were started, {total} are there"
    found = outcomes(server, crowd.tasks)
    undisturbed = run_undisturbed(serve, seed, len(crowd.tasks))
    report(server, seed, [*right_ends(crowd.tasks, found, undisturbed), *wrong_calls(crowd.tasks, found, recorder)])

    states = collections.Counter(came.status for came in found.values())
    repeated = sum(count > 1 for count in recorder.by_key().values())
    words = (f"{KILLS} kills ({early} while it started) in {killing:.0f} s, {len(crowd.tasks)} executions {dict(states)}, "
             f"{len(recorder.calls)} calls, {repeated} keys repeated")
    record_property("kills", words)
    print(words)
    assert server.stop() == 0, server.said()
    # Blind otherwise: nothing was under way when it was killed.
    assert KILLS < 20 or (states["INTERRUPTED"] and repeated), words


def test_terminated_in_the_middle_it_finishes_what_may_not_be_repeated(serve, recorder, seed):
    server = serve("drained", "--allow-host", f"127.0.0.1:{recorder.port}").start()
    crowd = Crowd(server, store_pipelines(server), recorder.url, seed, pace=0.01, drains=True)
    for _ in range(4):
        time.sleep(0.4)
        assert server.stop() == 0, server.said()
        server.start()
        check_no_half_chain(server)
    crowd.finish()
    wait_until_all_ended(server)
    report(server, seed, crowd.findings)
    found = outcomes(server, crowd.tasks)
    wrong = [f"{task}: {found[task.number]}" for task in crowd.tasks
             if (found[task.number].status, found[task.number].outputs) != task.expected() and task.kind != "gives_up"]
    repeated = [f"{key}: {count} calls" for key, count in recorder.by_key().items() if count > 1]
    report(server, seed, wrong + repeated)


def test_a_step_that_is_under_way_at_three_crashes_is_given_up(serve, recorder):
    server = serve("looping", "--allow-host", f"127.0.0.1:{recorder.port}").start()
    dag = {"name": "loops", "steps": [{"id": "call", "name": "call", "action": "http_request",
                                       "params": {"url": f"{recorder.url}/hang/loop/call"}}]}
    client = server.client()
    started = client.ask("POST", "/executions/run", {"pipeline_definition": dag})
    assert started.status == 201 and started.body["status"] == "running"
    for calls in range(1, 4):
        deadline = time.monotonic() + 10
        while len(recorder.calls) < calls:
            assert time.monotonic() < deadline, "the call was not repeated"
            time.sleep(0.005)
        server.kill()
        server.start()
    wait_until_all_ended(server)
    steps = server.client().get(f"/executions/{started.body['execution_id']}/steps")["steps"]
    assert steps[0]["status"] == "FAILED" and "3 times" in steps[0]["error_message"]
    assert len(recorder.calls) == 3
