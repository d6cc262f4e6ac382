# SPDX-License-Identifier: Apache-2.0
"""Events from outside over HTTP, and the steps that wait for them: every form, order, repetition, end and crash."""
import base64
import json
import shutil
import sqlite3
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from running_server import PLATFORM_TOKEN


@pytest.fixture(scope="module")
def action_path(build, tmp_path_factory):
    """A folder with an action that waits for events (tests/plugins/waits.c)."""
    folder = tmp_path_factory.mktemp("actions")
    shutil.copy(build / "tests/plugins/waits.so", folder)
    return folder


class Platform:
    """The service as the platform sees it."""

    def __init__(self, server):
        self.server = server
        self.client = httpx.Client(base_url=server.url, timeout=30, headers={"dapr-api-token": PLATFORM_TOKEN})

    def start(self, *steps, **fields):
        """Starts an execution. @return its id"""
        steps = [{"name": step["id"], **step} for step in steps]
        answer = self.client.post("/executions/run", json={"pipeline_definition": {"name": "p", "steps": steps,
                                                                                   **fields}})
        assert answer.status_code == 201, answer.text
        return answer.json()["execution_id"]

    def wait_for(self, workflow_id, **step):
        """Starts an execution of one step that waits for this id. @return the execution's id"""
        return self.start(waits("a", workflow_id, **step))

    def execution(self, execution):
        return self.client.get(f"/executions/{execution}").json()

    def steps(self, execution):
        return {step["step_id"]: step for step in self.client.get(f"/executions/{execution}/steps").json()["steps"]}

    def until(self, execution, condition, seconds=20):
        """Waits until something holds of the steps. @return them"""
        deadline = time.monotonic() + seconds
        while not condition(steps := self.steps(execution)):
            assert time.monotonic() < deadline, steps
            time.sleep(0.01)
        return steps

    def ended(self, execution, seconds=20):
        """Waits for the end. @return the execution"""
        deadline = time.monotonic() + seconds
        while (shown := self.execution(execution))["status"] in ("PENDING", "RUNNING", "PAUSED"):
            assert time.monotonic() < deadline, shown
            time.sleep(0.01)
        return shown

    def waiting(self, execution, step="a"):
        """Waits until a step waits."""
        self.until(execution, lambda steps: steps[step].get("awaiting_event"))

    def send(self, event, status=200, **headers):
        """Sends a plain event. @return the answer"""
        answer = self.client.post("/workflow-events", json=event, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send_bytes(self, body, content_type, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.post("/workflow-events", content=body, headers={"content-type": content_type} | headers)
        return answer.json()


def waits(step_id, workflow_id, **fields):
    return {"id": step_id, "action": "test_waits", "params": {"workflow_id": workflow_id, **fields.pop("params", {})},
            **fields}


def unique():
    return f"w-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def platform(serve_module, action_path):
    return Platform(serve_module("--http-rate-limit", "0",
                                 env={"BUDPIPELINE_ACTION_PATH": str(action_path), "APP_API_TOKEN": PLATFORM_TOKEN}))


@pytest.fixture
def own(serve, action_path):
    """A service of this test's own, which may be killed."""
    return serve("--http-rate-limit", "0", env={"BUDPIPELINE_ACTION_PATH": str(action_path), "APP_API_TOKEN": PLATFORM_TOKEN})


def test_an_event_completes_the_step_that_waits_for_it(platform):
    key = unique()
    execution = platform.start(waits("a", key), {"id": "b", "action": "set_output", "depends_on": ["a"],
                                                 "params": {"outputs": {"seen": "{{ steps.a.outputs.result }}"}}})
    platform.waiting(execution)
    answer = platform.send({"workflow_id": key, "status": "COMPLETED", "result": {"n": 1}})
    assert answer["status"] == "SUCCESS" and answer["routed"] and answer["step_completed"]
    assert answer["triggers"] is None
    assert (answer["execution_id"], answer["step_id"]) == (execution, "a")
    assert platform.ended(execution)["status"] == "COMPLETED"
    steps = platform.steps(execution)
    assert steps["a"]["outputs"] == {"workflow_id": key, "status": "completed", "result": {"n": 1}}
    assert steps["b"]["outputs"]["seen"] == {"n": 1}


def test_an_event_can_fail_the_step(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    answer = platform.send({"workflow_id": key, "status": "FAILED"})
    assert answer["routed"] and answer["step_completed"]
    shown = platform.ended(execution)
    assert shown["status"] == "FAILED" and "the workflow failed" in json.dumps(shown)


def test_an_event_that_came_first_is_kept_for_its_step(platform):
    key = unique()
    answer = platform.send({"workflow_id": key, "status": "COMPLETED"})
    assert (answer["status"], answer["routed"], answer["state"]) == ("SUCCESS", False, "waiting")
    execution = platform.wait_for(key)
    assert platform.ended(execution)["status"] == "COMPLETED"


def test_early_events_are_handled_in_the_order_in_which_they_came(platform):
    key = unique()
    platform.send({"workflow_id": key, "status": "PROGRESS", "percent": 30})
    platform.send({"workflow_id": key, "status": "COMPLETED", "result": {"n": 1}})
    late = platform.send({"workflow_id": key, "status": "COMPLETED", "result": {"n": 2}})
    execution = platform.wait_for(key)
    assert platform.ended(execution)["status"] == "COMPLETED"
    assert platform.steps(execution)["a"]["outputs"]["result"] == {"n": 1}
    again = platform.send({"workflow_id": key, "status": "COMPLETED", "result": {"n": 2}})
    assert again["id"] == late["id"] and again["duplicate"] and again["state"] == "late"


def test_a_repetition_is_handled_once_and_answered_as_the_first(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    event = {"workflow_id": key, "status": "PROGRESS", "percent": 10}
    first, second = platform.send(event), platform.send(event)
    assert not first["duplicate"] and second["duplicate"]
    assert {**first, "duplicate": True} == second
    events = platform.client.get(f"/executions/{execution}/events").json()["events"]
    assert sum("progress" in one["event_type"] for one in events) == 1, events


def test_a_repetition_beside_the_first_is_answered_with_it(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    event = {"workflow_id": key, "status": "COMPLETED", "result": {}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: platform.send(event), range(8)))
    assert all(answer["step_completed"] for answer in answers)
    assert sum(not answer["duplicate"] for answer in answers) == 1
    assert platform.ended(execution)["status"] == "COMPLETED"


def test_an_event_for_a_step_that_has_ended_is_late_and_changes_nothing(platform):
    key, other = unique(), unique()
    execution = platform.start(waits("a", key), waits("b", other))
    platform.waiting(execution)
    platform.waiting(execution, "b")
    platform.send({"workflow_id": key, "status": "COMPLETED", "result": {"n": 1}})
    answer = platform.send({"workflow_id": key, "status": "FAILED"})
    assert (answer["status"], answer["routed"], answer["state"]) == ("SUCCESS", False, "late")
    assert answer["execution_id"] == execution
    events = platform.client.get(f"/executions/{execution}/events").json()["events"]
    assert sum(one["event_type"] == "late" for one in events) == 1, events
    platform.send({"workflow_id": other, "status": "COMPLETED"})
    assert platform.ended(execution)["status"] == "COMPLETED"
    answer = platform.send({"workflow_id": other, "status": "FAILED"})
    assert (answer["state"], answer["execution_id"]) == ("late", execution)


def test_the_step_that_waits_longest_has_the_event(platform):
    key = unique()
    older = platform.wait_for(key)
    platform.waiting(older)
    younger = platform.wait_for(key)
    platform.waiting(younger)
    assert platform.send({"workflow_id": key, "status": "COMPLETED", "n": 1})["execution_id"] == older
    assert platform.send({"workflow_id": key, "status": "COMPLETED", "n": 2})["execution_id"] == younger


def test_only_what_depends_on_the_waiting_step_waits(platform):
    key = unique()
    execution = platform.start(
        waits("a", key), {"id": "after", "action": "log", "depends_on": ["a"], "params": {"message": "x"}},
        {"id": "beside", "action": "log", "params": {"message": "x"}})
    platform.waiting(execution)
    steps = platform.until(execution, lambda steps: steps["beside"]["status"] == "COMPLETED")
    assert steps["after"]["status"] == "PENDING"
    platform.send({"workflow_id": key, "status": "COMPLETED"})
    assert platform.ended(execution)["status"] == "COMPLETED"


def test_a_wait_that_runs_out_of_time_ends_as_the_reference_says(platform):
    key = unique()
    execution = platform.wait_for(key, params={"timeout": 1})
    assert platform.ended(execution)["status"] == "FAILED"
    step = platform.steps(execution)["a"]
    assert step["status"] == "TIMEOUT" and step["outputs"] == {"timeout": True}
    assert key in json.dumps(step["error_message"] if "error_message" in step else step)
    assert platform.send({"workflow_id": key, "status": "COMPLETED"})["state"] == "late"


def test_an_event_is_ignored_by_its_step(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    answer = platform.send({"workflow_id": key, "status": "STARTED"})
    assert (answer["routed"], answer["step_completed"], answer["effect"]) == (True, False, "ignored")


def test_an_event_without_a_correlation_id_is_kept_and_leads_nowhere(platform):
    answer = platform.send({"type": "model_registered", "id": unique()})
    assert (answer["status"], answer["routed"], answer["state"]) == ("SUCCESS", False, "unroutable")


@pytest.mark.parametrize("wrap", [
    lambda key: {"workflow_id": key},
    lambda key: {"payload": {"workflow_id": key}},
    lambda key: {"payload": None, "notification_metadata": {"workflow_id": key}},
    lambda key: {"payload": {"content": {"result": {"workflow_id": key}}}},
    lambda key: {"workflow_id": 0, "payload": {"workflow_id": "", "content": {"result": {"workflow_id": key}}}},
])
def test_every_shape_of_a_payload_leads_to_the_step(platform, wrap):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    assert platform.send({**wrap(key), "status": "COMPLETED"})["execution_id"] == execution


def test_a_number_as_correlation_id_counts_as_its_text(platform):
    number = uuid.uuid4().int % 10**15
    execution = platform.wait_for(str(number))
    platform.waiting(execution)
    assert platform.send({"workflow_id": number, "status": "COMPLETED"})["execution_id"] == execution


def cloud_event(data, **attributes):
    return {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "urn:test", "type": "t", **attributes, **data}


@pytest.mark.parametrize("data", [
    lambda event: {"data": event},
    lambda event: {"data": json.dumps(event), "datacontenttype": "text/plain"},
    lambda event: {"data_base64": base64.b64encode(json.dumps(event).encode()).decode()},
])
def test_structured_cloud_events(platform, data):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    event = cloud_event(data({"workflow_id": key, "status": "COMPLETED"}))
    answer = platform.send_bytes(json.dumps(event), "application/cloudevents+json; charset=utf-8")
    assert answer["execution_id"] == execution
    other = dict(event, data={"workflow_id": key, "status": "FAILED"})
    again = platform.send_bytes(json.dumps(other), "application/cloudevents+json")
    assert again["duplicate"] and again["id"] == answer["id"], "source and id say that it is the same event"


def test_binary_cloud_events(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    attributes = {"ce_specversion": "1.0", "ce_id": str(uuid.uuid4()), "ce_source": "urn:t%C3%BC", "ce_type": "t"}
    body = json.dumps({"workflow_id": key, "status": "COMPLETED"})
    answer = platform.send_bytes(body, "application/json", **attributes)
    assert answer["execution_id"] == execution
    assert platform.send_bytes(body + " ", "application/json", **attributes)["duplicate"]


def test_batched_cloud_events(platform):
    keys = [unique() for _ in range(3)]
    executions = [platform.wait_for(key) for key in keys]
    for execution in executions:
        platform.waiting(execution)
    batch = [cloud_event({"data": {"workflow_id": key, "status": "COMPLETED"}}) for key in keys]
    answer = platform.send_bytes(json.dumps(batch + [batch[0]]), "application/cloudevents-batch+json")
    assert answer["status"] == "SUCCESS" and answer["step_completed"]
    assert [one["execution_id"] for one in answer["results"]] == executions + [executions[0]]
    assert [one["duplicate"] for one in answer["results"]] in ([False, False, False, True], [True, False, False, False])


def test_the_envelope_of_dapr(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    envelope = {"data": {"payload": {"workflow_id": key}, "status": "COMPLETED"}, "datacontenttype": "application/json",
                "id": str(uuid.uuid4()), "pubsubname": "pubsub", "source": "budapp", "specversion": "1.0",
                "time": "2026-01-17T09:30:00Z", "topic": "budpipelineEvents", "traceid": "", "traceparent": "",
                "tracestate": "", "type": "com.dapr.event.sent"}
    answer = platform.send_bytes(json.dumps(envelope), "application/cloudevents+json")
    assert answer["status"] == "SUCCESS" and answer["execution_id"] == execution


@pytest.mark.parametrize("body, content_type, code, pointer", [
    (b"{", "application/json", "EVENT_SYNTAX", ""),
    (b"", "application/json", "EVENT_SYNTAX", ""),
    (b"[]", "application/json", "EVENT_INVALID", ""),
    (b"{}", "application/cloudevents-batch+json", "EVENT_INVALID", ""),
    (b"[1]", "application/cloudevents-batch+json", "EVENT_INVALID", "/0"),
    (b'[{"specversion": "1.0"}]', "application/cloudevents-batch+json", "EVENT_INVALID", "/0/id"),
    (b'{"specversion": "9.0", "id": "1", "source": "s", "type": "t"}', "application/cloudevents+json", "EVENT_INVALID",
     "/specversion"),
    (b'{"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data_base64": "?"}',
     "application/cloudevents+json", "EVENT_INVALID", "/data_base64"),
    pytest.param(json.dumps([cloud_event({})] * 1001).encode(), "application/cloudevents-batch+json", "EVENT_BATCH", "",
                 id="one more than a batch may have"),
])
def test_what_is_no_event_is_dropped_with_a_reason(platform, body, content_type, code, pointer):
    answer = platform.client.post("/workflow-events", content=body, headers={"content-type": content_type})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["status"], told["error"]["code"], told["error"]["pointer"]) == ("DROP", code, pointer), told
    assert told["message"]


def test_a_larger_event_is_refused(platform):
    answer = platform.client.post("/workflow-events", json={"workflow_id": "x", "text": "x" * (1 << 20)})
    assert answer.status_code == 413


def test_an_empty_batch_is_a_success(platform):
    answer = platform.send_bytes(b"[]", "application/cloudevents-batch+json")
    assert answer["status"] == "SUCCESS" and answer["results"] == []


def test_events_need_the_token_of_the_platform_or_a_bearer_token(platform):
    for headers in ({}, {"dapr-api-token": "wrong"}, {"authorization": "Bearer bp_wrong"}):
        answer = httpx.post(f"{platform.server.url}/workflow-events", json={"workflow_id": "x"}, headers=headers)
        assert answer.status_code == 403, headers


def test_events_survive_a_crash(own):
    platform = Platform(own)
    early, open_, done = unique(), unique(), unique()
    execution = platform.wait_for(open_)
    platform.waiting(execution)
    finished = platform.wait_for(done)
    platform.waiting(finished)
    platform.send({"workflow_id": early, "status": "COMPLETED"})
    platform.send({"workflow_id": open_, "status": "PROGRESS", "percent": 50})
    first = platform.send({"workflow_id": done, "status": "COMPLETED"})
    own.restart(crash=True)
    platform = Platform(own)
    assert platform.execution(finished)["status"] == "COMPLETED"
    again = platform.send({"workflow_id": done, "status": "COMPLETED"})
    assert {**first, "duplicate": True} == again
    assert platform.send({"workflow_id": done, "status": "FAILED"})["state"] == "late"
    assert platform.send({"workflow_id": open_, "status": "COMPLETED"})["execution_id"] == execution
    late_start = platform.wait_for(early)
    assert platform.ended(late_start)["status"] == "COMPLETED"


def test_a_thousand_waiting_steps_are_completed_by_a_burst(platform):
    keys = [unique() for _ in range(1000)]
    executions = []
    for at in range(0, 1000, 100):
        steps = [waits(f"s{i}", key) for i, key in enumerate(keys[at:at + 100])]
        executions.append(platform.start(*steps, settings={"max_parallel_steps": 100}))
    for execution in executions:
        platform.until(execution, lambda steps: all(step.get("awaiting_event") for step in steps.values()), 60)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda key: platform.send({"workflow_id": key, "status": "COMPLETED"}), keys))
    assert all(answer["step_completed"] for answer in answers)
    for execution in executions:
        assert platform.ended(execution)["status"] == "COMPLETED"


def unmatched(platform, **query):
    answer = platform.client.get("/events/unmatched", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_no_step_had_is_listed_and_can_be_thrown_away(platform):
    key = unique()
    sent = platform.send({"workflow_id": key, "status": "COMPLETED", "token": "sk-secret"})
    listed = unmatched(platform, workflow_id=key)
    assert listed["pagination"]["total_count"] == 1
    shown = listed["events"][0]
    assert (shown["id"], shown["state"], shown["workflow_id"]) == (sent["id"], "waiting", key)
    assert unmatched(platform, workflow_id=key, state="expired")["events"] == []
    whole = platform.client.get(f"/events/{sent['id']}").json()
    assert whole["data"]["status"] == "COMPLETED" and "sk-secret" not in json.dumps(whole)
    assert platform.client.delete(f"/events/unmatched/{sent['id']}").status_code == 204
    assert platform.client.delete(f"/events/unmatched/{sent['id']}").status_code == 404
    assert unmatched(platform, workflow_id=key)["events"] == []


def test_an_event_that_expired_is_matched_when_it_is_replayed(platform, own, tmp_path):
    platform = Platform(own)
    key = unique()
    sent = platform.send({"workflow_id": key, "status": "COMPLETED"})
    again = platform.client.post(f"/events/unmatched/{sent['id']}/replay")
    assert again.status_code == 200 and again.json()["state"] == "waiting"
    assert own.stop() == 0
    with sqlite3.connect(f"{tmp_path}/store.db") as db:
        db.execute("UPDATE events SET state = 4, kept_from = kept_from - 86400000000")
    own.start()
    platform = Platform(own)
    execution = platform.wait_for(key)
    platform.waiting(execution)
    assert unmatched(platform, state="expired")["events"][0]["id"] == sent["id"]
    replayed = platform.client.post(f"/events/unmatched/{sent['id']}/replay").json()
    assert replayed["routed"] and replayed["execution_id"] == execution
    assert platform.ended(execution)["status"] == "COMPLETED"
    assert platform.client.post(f"/events/unmatched/{sent['id']}/replay").status_code == 409
    assert unmatched(platform)["events"] == []


def test_an_event_expires_after_a_day(own, tmp_path):
    platform = Platform(own)
    key = unique()
    platform.send({"workflow_id": key, "status": "COMPLETED"})
    assert own.stop() == 0
    with sqlite3.connect(f"{tmp_path}/store.db") as db:
        db.execute("UPDATE events SET kept_from = kept_from - 86400000000")
    own.start()
    platform = Platform(own)
    execution = platform.wait_for(key)
    platform.waiting(execution)
    assert unmatched(platform)["events"][0]["state"] == "expired"


@pytest.fixture
def bounded(serve):
    """Starts a service with bounds of its own: bounded("--inbox-waiting", 2). @return it as the platform sees it"""
    return lambda *bounds: Platform(serve("--http-rate-limit", "0", *bounds, env={"APP_API_TOKEN": PLATFORM_TOKEN}))


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_size_of_a_body_and_of_a_batch_can_be_bounded(bounded):
    platform = bounded("--inbox-body-bytes", "2 KiB", "--inbox-batch", 2)
    for size, status in ((1500, 200), (2048, 413)):
        assert platform.client.post("/workflow-events", json={"workflow_id": "x" * size}).status_code == status
    batch = [cloud_event({}) for _ in range(3)]
    told = platform.send_bytes(json.dumps(batch), "application/cloudevents-batch+json")
    assert told["error"]["code"] == "EVENT_BATCH" and "at most 2 events, not 3" in told["message"]
    assert len(platform.send_bytes(json.dumps(batch[:2]), "application/cloudevents-batch+json")["results"]) == 2
    dag = {"name": "large", "description": "x" * 5000, "steps": [{"id": "a", "name": "A", "action": "log"}]}
    assert platform.client.post("/pipelines", json={"dag": dag}).status_code == 201  # other bodies are others' business


def test_the_number_of_events_that_wait_can_be_bounded(bounded):
    platform = bounded("--inbox-waiting", 2)
    for key in "abcd":
        platform.send({"workflow_id": key})
    until(lambda: unmatched(platform, state="dropped")["pagination"]["total_count"] == 2)
    assert {event["workflow_id"]: event["state"] for event in unmatched(platform)["events"]} == {
        "a": "dropped", "b": "dropped", "c": "waiting", "d": "waiting"}


def test_how_long_an_event_waits_can_be_bounded(bounded):
    platform = bounded("--inbox-wait-seconds", 1)
    begun = time.monotonic()
    platform.send({"workflow_id": "a"})

    def is_expired():
        platform.send({"workflow_id": unique()})  # the engine is awake
        return unmatched(platform, workflow_id="a")["events"][0]["state"] == "expired"

    until(is_expired)
    assert time.monotonic() - begun >= 1


def test_how_long_a_repetition_is_known_can_be_bounded(bounded):
    platform = bounded("--inbox-known-seconds", 1)
    begun = time.monotonic()
    assert platform.send({"a": 1})["duplicate"] is False
    until(lambda: not platform.send({"a": 1})["duplicate"])
    assert time.monotonic() - begun >= 1


def test_the_number_of_events_that_are_kept_can_be_bounded(bounded):
    platform = bounded("--inbox-events", 3)
    sent = [platform.send({"n": number})["id"] for number in range(6)]
    platform.server.restart()  # what is too much is looked for once a minute, and when the first event comes
    platform = Platform(platform.server)
    sent.append(platform.send({"n": 6})["id"])
    until(lambda: len(platform.client.get("/events").json()["events"]) <= 4)
    assert {event["id"] for event in platform.client.get("/events").json()["events"]} - set(sent[4:]) <= {sent[3]}


def test_events_are_listed_with_what_they_went_to(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    sent = platform.send({"workflow_id": key, "status": "COMPLETED"})
    listed = platform.client.get("/events", params={"execution_id": execution}).json()["events"]
    assert [one["id"] for one in listed] == [sent["id"]]
    assert (listed[0]["state"], listed[0]["effect"], listed[0]["step_id"]) == ("handled", "completed", "a")
    assert platform.client.get(f"/events/{sent['id']}").json()["data"] is None
    assert platform.client.get(f"/events/{uuid.uuid4()}").status_code == 404


def test_progress_of_events_is_told(platform):
    key = unique()
    execution = platform.wait_for(key)
    platform.waiting(execution)
    platform.send({"workflow_id": key, "status": "PROGRESS", "percent": 40, "eta_minutes": 3})
    assert platform.steps(execution)["a"]["progress_percentage"] == "40.00"
    progress = platform.client.get(f"/executions/{execution}/progress").json()
    assert progress["execution"]["progress_percentage"] == "40.00"
    events = platform.client.get(f"/executions/{execution}/events").json()["events"]
    assert any(one["event_type"] == "eta_update" for one in events)


def test_dapr_is_told_what_to_subscribe_to(platform, serve):
    told = httpx.get(f"{platform.server.url}/dapr/subscribe").json()
    assert told == [{"pubsubname": "pubsub", "topic": "budpipelineEvents", "route": "/workflow-events",
                     "deadLetterTopic": "poisonMessages"}]
    assert httpx.options(f"{platform.server.url}/workflow-events").status_code in (200, 204)
    other = serve("--events-topic", "t2", "--events-pubsub", "redis", store="memory:")
    assert httpx.get(f"{other.url}/dapr/subscribe").json()[0]["topic"] == "t2"
    declared = serve("--events-declared", store="memory:")
    assert httpx.get(f"{declared.url}/dapr/subscribe").json() == []


def test_the_clock_of_the_platform_finds_nothing_left_to_do(own):
    platform = Platform(own)
    stats = platform.client.get("/internal/step-timeout-stats").json()
    assert (stats["awaiting_events_count"], stats["earliest_timeout"]) == (0, None)
    execution = platform.wait_for(unique(), params={"timeout": 600})
    platform.waiting(execution)
    stats = platform.client.get("/internal/step-timeout-stats").json()
    assert (stats["awaiting_events_count"], stats["overdue_timeout_count"]) == (1, 0)
    assert stats["earliest_timeout"] > stats["current_time"]
    check = platform.client.post("/internal/step-timeout-check").json()
    assert (check["status"], check["timed_out_count"], check["processed_count"]) == ("ok", 0, 1)
    assert httpx.post(f"{own.url}/internal/step-timeout-check").status_code == 403


def test_events_are_counted(own):
    platform = Platform(own)
    platform.send({"workflow_id": unique()})
    platform.send_bytes(b"{", "application/json")
    text = platform.client.get("/metrics").text
    assert 'budpipeline_events_received_total{outcome="accepted"} 1' in text
    assert 'budpipeline_events_received_total{outcome="malformed"} 1' in text
    assert 'budpipeline_event_duration_seconds_count{outcome="kept"} 1' in text
