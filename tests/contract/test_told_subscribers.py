# SPDX-License-Identifier: Apache-2.0
"""Subscribers are told what happens, over real sockets: in order, without a gap, nothing before it is durable, and
whatever the bus does. What each type says, and where: reference engine.md section 10."""
import os
import random
import sqlite3
import threading
import time
import uuid

import httpx
import pytest

from recording_bus import RecordingBus

FULL = os.environ.get("BUDPIPELINE_TESTS") == "full"
SEED = int(os.environ.get("BUDPIPELINE_SEED", "20260101"))

CHAIN = {"name": "chain", "steps": [
    {"id": "one", "name": "One", "action": "log", "params": {"message": "x"}},
    {"id": "two", "name": "Two", "action": "log", "params": {"message": "y"}, "depends_on": ["one"]},
], "outputs": {"answer": "{{ 6 * 7 }}", "api_key": "k"}}
OF_CHAIN = ["step_started", "step_completed", "step_started", "step_completed", "workflow_completed"]


@pytest.fixture
def bus():
    bus = RecordingBus()
    yield bus
    bus.close()


def over_http(bus):
    return ["--bus-kind", "http", "--bus-url", bus.url + "/{topic}", "--http-rate-limit", "0"]


def seed_form(bus):
    return [*over_http(bus), "--events-envelope", "seed"]


def start(server, definition=CHAIN, client=httpx, **options):
    done = client.post(server.url + "/executions/run", json={"pipeline_definition": definition} | options, timeout=30)
    assert done.status_code == 201, done.text
    return done.json()["execution_id"]


def subscriptions(server, execution):
    done = httpx.get(f"{server.url}/executions/{execution}/subscriptions", timeout=30)
    assert done.status_code == 200, done.text
    return done.json()["subscriptions"]


def wait_until(condition, timeout=60):
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def wait_until_done(server, execution, status="done"):
    wait_until(lambda: all(one["delivery_status"] == status for one in subscriptions(server, execution)))


def types(deliveries):
    return [one.type for one in deliveries]


def test_each_topic_is_told_in_order_and_once(serve, bus):
    server = serve(*seed_form(bus))
    execution = start(server, callback_topics=["first", "second", "first"])
    wait_until_done(server, execution)
    assert types(bus.of(execution, "first")) == OF_CHAIN
    assert types(bus.of(execution, "second")) == OF_CHAIN
    ids = [one.event["id"] for one in bus.deliveries]
    assert len(set(ids)) == len(ids) == 10
    for one in bus.deliveries:
        assert one.headers["content-type"].startswith("application/cloudevents+json")
        assert one.event["specversion"] == "1.0" and one.event["source"] == "budpipeline"
    last = httpx.get(f"{server.url}/executions/{execution}/events").json()["events"][0]["sequence_number"]
    for told in subscriptions(server, execution):
        assert told["delivered_sequence"] == last
        assert told["execution_id"] == execution and told["callback_topic"] in ("first", "second")
        assert told["subscription_time"] == told["created_at"] and told["expiry_time"] is None
        assert told["attempts"] == 0 and told["last_error"] is None


def test_the_seed_form(serve, bus):
    server = serve(*seed_form(bus))
    execution = start(server, callback_topics=["t"])
    wait_until_done(server, execution)
    started, completed, *_, ended = (one.event["data"] for one in bus.of(execution))
    assert set(started) == {"type", "execution_id", "timestamp", "data", "step_id"}
    assert started["step_id"] == "one" and started["execution_id"] == execution
    assert {"step_id": "one", "step_name": "One", "sequence_number": 1}.items() <= started["data"].items()
    assert started["data"]["started_at"] == started["timestamp"]
    assert completed["data"]["progress_percentage"] == 50.0 and completed["data"]["duration_seconds"] >= 0
    assert set(ended) == {"type", "execution_id", "timestamp", "data"}
    assert ended["data"]["success"] is True
    assert ended["data"]["outputs"] == {"answer": 42, "api_key": "***REDACTED***"}


def test_the_notification_form_through_a_sidecar(serve, bus):
    server = serve("--bus-kind", "dapr", "--dapr-url", bus.url, "--bus-pubsub", "component", "--http-rate-limit", "0",
                   "--events-notify-topic", "notifyTopic")
    execution = start(server, subscriber_ids="user-1", payload_type="deploy", notification_workflow_id="wf-1")
    wait_until_done(server, execution)
    assert types(bus.deliveries) == OF_CHAIN
    for one in bus.deliveries:
        assert one.path == "/v1.0/publish/component/notifyTopic"
        assert one.headers["content-type"].startswith("application/cloudevents+json")
        assert {"notification_type": "event", "name": "bud-notification", "subscriber_ids": "user-1",
                "source": "budpipeline", "source_topic": "notifyTopic"}.items() <= one.event.items()
        assert {"category": "internal", "source": "budpipeline", "type": "deploy",
                "workflow_id": "wf-1"}.items() <= one.event["payload"].items()
    first, *_, last = (one.event["payload"] for one in bus.deliveries)
    assert first["event"] == "one"
    assert first["content"]["title"] == "One" and first["content"]["status"] == "STARTED"
    assert last["event"] == "results"
    assert last["content"]["title"] == "Pipeline Execution" and last["content"]["status"] == "COMPLETED"
    assert last["content"]["result"]["success"] is True


def test_progress_is_that_of_the_execution(serve, bus):
    """The percentages that are published are those of /events, which are made by another way."""
    server = serve(*seed_form(bus))
    execution = start(server, callback_topics=["t"])
    wait_until_done(server, execution)
    shown = [float(event["progress_percentage"])
             for event in reversed(httpx.get(f"{server.url}/executions/{execution}/events").json()["events"])
             if event["event_type"] == "step_completed"]
    assert [one.event["data"]["data"]["progress_percentage"] for one in bus.of(execution)
            if one.type == "step_completed"] == shown == [50.0, 100.0]


def test_steps_that_are_skipped_and_fail(serve, bus):
    server = serve(*seed_form(bus))
    execution = start(server, {"name": "p", "steps": [
        {"id": "never", "name": "Never", "action": "log", "params": {"message": "x"}, "condition": "{{ 1 > 2 }}"},
        {"id": "bad", "name": "Bad", "action": "fail", "params": {"message": "password=hunter2"}, "depends_on": ["never"]}]},
        callback_topics=["t"])
    wait_until_done(server, execution)
    told = bus.of(execution)
    assert types(told) == ["step_skipped", "step_started", "step_failed", "workflow_failed"]
    assert "hunter2" not in str([one.event for one in told])
    assert told[-1].event["data"]["data"]["success"] is False


def test_nothing_is_told_before_it_is_durable(serve, bus, tmp_path):
    store = tmp_path / "durable.db"
    early = []

    def look(delivery):
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
            found = database.execute(
                "SELECT count(*) FROM execution_events WHERE id = ? AND event = ?",
                (delivery.execution, {"workflow_completed": "execution_ended", "step_completed": "step_ended"}.get(
                    delivery.type, delivery.type))).fetchone()[0]
        if not found:
            early.append(delivery)

    bus.look = look
    server = serve(*seed_form(bus), store=f"sqlite:{store}")
    started = [start(server, callback_topics=["t"]) for _ in range(20)]
    for execution in started:
        wait_until_done(server, execution)
    assert len(bus.deliveries) == 100 and not early


def test_a_bus_that_refuses_holds_up_nobody(serve, bus):
    """What one topic does not take is tried again, given up with its reason, and may be published again."""
    bus.refuse = lambda delivery: 503 if delivery.topic == "bad" else None
    server = serve(*seed_form(bus), "--events-max-attempts", "2", "--events-backoff-seconds", "1")
    execution = start(server, callback_topics=["bad", "good"])
    bus.wait_for(lambda deliveries: len(deliveries) == 5)
    assert types(bus.of(execution, "good")) == OF_CHAIN
    wait_until_done(server, execution)
    ids = [one.event["id"] for one in bus.refused]
    assert ids[0::2] == ids[1::2] and len(set(ids)) == 5
    page = httpx.get(server.url + "/events/dead-letters?page_size=2").json()
    assert page["pagination"] == {"page": 1, "page_size": 2, "total_count": 5, "total_pages": 3}
    assert httpx.get(server.url + "/events/dead-letters?topic=good").json()["dead_letters"] == []
    letter = page["dead_letters"][0]
    assert letter["event_type"] == "workflow_completed" and letter["topic"] == "bad"
    assert letter["code"] == "REFUSED" and "503" in letter["message"] and letter["attempts"] == 2
    assert letter["execution_id"] == execution and letter["event"]["id"] == letter["id"]
    again = httpx.post(f"{server.url}/events/dead-letters/{letter['id']}/replay", timeout=30)
    assert again.status_code == 502 and "503" in again.text
    bus.refuse = None
    again = httpx.post(f"{server.url}/events/dead-letters/{letter['id']}/replay", timeout=30)
    assert again.status_code == 200 and again.json() == {"id": letter["id"], "status": "published"}
    assert bus.deliveries[-1].event == letter["event"] | {"topic": "bad"}
    assert httpx.post(f"{server.url}/events/dead-letters/{letter['id']}/replay").status_code == 404
    other = page["dead_letters"][1]["id"]
    assert httpx.delete(f"{server.url}/events/dead-letters/{other}").status_code == 204
    assert httpx.delete(f"{server.url}/events/dead-letters/{other}").status_code == 404
    assert httpx.delete(f"{server.url}/executions/{execution}").status_code == 204
    assert httpx.get(server.url + "/events/dead-letters").json()["pagination"]["total_count"] == 0
    metrics = httpx.get(server.url + "/metrics").text
    assert "budpipeline_events_dead_letters_total 5" in metrics
    assert 'budpipeline_events_published_total{event_type="workflow_completed"} 2' in metrics


def test_a_bus_that_is_away_for_a_while(serve, bus):
    """Nothing listens at first: what was to be told is told once it does, in order."""
    url = bus.url
    server = serve("--bus-kind", "http", "--bus-url", "http://127.0.0.1:9/{topic}", "--events-envelope", "seed",
                   "--events-backoff-seconds", "1", "--http-rate-limit", "0")
    execution = start(server, callback_topics=["t"])
    told = wait_until(lambda: [one for one in subscriptions(server, execution) if one["attempts"]])[0]
    assert told["delivery_status"] == "active" and told["last_error"].startswith("UNREACHABLE")
    assert told["next_attempt_at"]
    server.stop()
    server.command[server.command.index("http://127.0.0.1:9/{topic}")] = url + "/{topic}"
    server.start()
    wait_until_done(server, execution)
    assert types(bus.of(execution)) == OF_CHAIN


def test_without_a_bus_nobody_is_left_waiting(serve):
    server = serve()
    execution = start(server, callback_topics=["t"])
    told = subscriptions(server, execution)
    assert [one["delivery_status"] for one in told] == ["failed"]
    assert told[0]["last_error"].startswith("NO_BUS")
    missing = uuid.uuid4()
    assert httpx.post(f"{server.url}/events/dead-letters/{missing}/replay").status_code == 404


@pytest.mark.parametrize("topics, pointer", [
    (["fine", "no topic"], "/callback_topics/1"), (["x" * 256], "/callback_topics/0"),
    (["t"] * 65, "/callback_topics"), (["9a"], "/callback_topics/0")])
def test_topics_are_checked_when_they_are_named(api, topics, pointer):
    done = api.post("/executions/run", json={"pipeline_definition": CHAIN, "callback_topics": topics},
                    headers={"Accept": "application/problem+json"})
    assert done.status_code == 422
    assert (done.json()["code"], done.json()["pointer"]) == ("TOPIC", pointer), done.text


def test_the_bus_is_checked_when_the_service_starts(cli, tmp_path):
    for arguments, words in ((["--bus-kind", "http"], "bus.url is missing"), (["--bus-kind", "dapr"], "dapr.url is missing"),
                             (["--events-notify-topic", "no topic"], "events.notify_topic")):
        done = cli("serve", "--store", tmp_path / "s.db", "--port", "0", *arguments)
        assert done.code and words in done.err, done.err


# ---- killed while it tells ----


def first_of_each(deliveries):
    """The deliveries without repeats, which must be what they repeat."""
    seen = {}
    for one in deliveries:
        assert seen.setdefault(one.event["id"], one).event == one.event
    return list(seen.values())


def test_killed_while_it_tells(serve, bus):
    """SIGKILL at random moments: nothing is missing, everything is in order, a repeat carries the same id."""
    rng = random.Random(SEED)
    bus.pause = 0.002
    server = serve(*seed_form(bus))
    started = []
    for _ in range(20 if FULL else 6):
        for _ in range(30):
            started.append(start(server, callback_topics=["t", "u"]))
        time.sleep(rng.uniform(0, 0.3))
        server.kill()
        server.start()
    for execution in started:
        wait_until_done(server, execution)
    repeats = len(bus.deliveries) - 2 * len(OF_CHAIN) * len(started)
    for execution in started:
        for topic in ("t", "u"):
            assert types(first_of_each(bus.of(execution, topic))) == OF_CHAIN
    print(f"seed {SEED}: {len(started)} executions, {len(bus.deliveries)} events, {repeats} of them repeated")


# ---- memory ----


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def start_many(server, count, threads=4):
    def work():
        with httpx.Client() as client:
            for _ in range(count // threads):
                start(server, client=client, callback_topics=["t"])

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def test_a_bus_that_never_answers_does_not_fill_the_memory(serve, bus):
    """Many executions have subscribers, and none of them can be told: what waits, waits in the store."""
    many = 10000 if FULL else 2000
    bus.open.clear()
    # The address sanitizer would keep what was freed.
    options = f"{os.environ.get('ASAN_OPTIONS', '')}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
    server = serve(*seed_form(bus), "--events-timeout-ms", "600000", env={"ASAN_OPTIONS": options.lstrip(":")})
    start_many(server, 400)
    before = resident_kib(server.pid)
    start_many(server, many)
    grown = resident_kib(server.pid) - before
    assert grown < 24 * 1024, f"{grown} KiB for {many} executions"
    bus.open.set()
    bus.wait_for(lambda deliveries: len(deliveries) == len(OF_CHAIN) * (many + 400), timeout=240)
    print(f"{many} executions: {grown} KiB")
