# SPDX-License-Identifier: Apache-2.0
"""The stand-in itself: what tests and newcomers rely on. The subscriber here is a few lines of Python's own HTTP server."""
import http.server
import json
import subprocess
import threading

import httpx
import pytest

from running_platform import PROGRAM, RunningPlatform

ADD = {"name": "m", "uri": "org/m", "provider_type": "hugging_face"}


class Subscriber:
    """Takes events as an application does; answers what it is told to, then success.

    events   (path, content type, ce- headers, body) of each delivery
    """

    def __init__(self, subscriptions=()):
        self.events, self.answers, self.subscriptions = [], [], list(subscriptions)
        subscriber = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(200, subscriber.subscriptions)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                attributes = {name: value for name, value in self.headers.items() if name.startswith("ce-")}
                subscriber.events.append((self.path, self.headers["Content-Type"], attributes, body))
                self.answer(*(subscriber.answers.pop(0) if subscriber.answers else (200, {"status": "SUCCESS"})))

            def answer(self, status, body):
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def subscribers():
    running = []

    def start(*subscriptions):
        running.append(Subscriber(subscriptions))
        return running[-1]

    yield start
    for each in running:
        each.close()


def add_model(world, **headers):
    return world.client.post(world.service("budapp") + "/models/local-model-workflow", json=ADD, headers=headers)


def events_of(world, subscriber):
    world.until(lambda world: all(job["state"] == "ended" for job in world.jobs()))
    return subscriber.events


def test_a_job_reports_its_stages_and_its_end_in_order(world, subscribers):
    subscriber = subscribers()
    world.subscriber(subscriber.url)
    workflow = add_model(world).json()["data"]["workflow_id"]
    events = [body["data"] for _, _, _, body in events_of(world, subscriber)]
    assert [event.get("payload", {}).get("event", event["type"]) for event in events] == \
        ["eta", "validation", "model_download", "model_extraction", "workflow_completed"]
    assert events[-1]["workflow_id"] == workflow
    assert events[-1]["result"]["model_id"] in world.records("models")


@pytest.mark.parametrize("format, content_type", [
    ("structured", "application/cloudevents+json"), ("batch", "application/cloudevents-batch+json"),
    ("binary", "application/json"), ("plain", "application/json")])
def test_events_come_in_every_form_of_cloudevents(world, subscribers, format, content_type):
    subscriber = subscribers()
    world.subscriber(subscriber.url, format=format)
    world.tell({"type": "x"}, id="one")
    [(path, kind, attributes, body)] = subscriber.events
    assert (path, kind) == ("/workflow-events", content_type)
    whole = body[0] if format == "batch" else body
    if format in ("structured", "batch"):
        assert (whole["id"], whole["type"], whole["data"]) == ("one-0", "x", {"type": "x"})
    else:
        assert body == {"type": "x"}
        assert attributes.get("ce-id") == ("one-0" if format == "binary" else None)


def test_the_sidecar_demands_its_token():
    running = RunningPlatform("--dapr", "--token", "secret")
    try:
        for method, path in (("GET", "/v1.0/invoke/budapp/method/models"), ("POST", "/v1.0/publish/pubsub/topic")):
            codes = [httpx.request(method, running.url + path, headers={"dapr-api-token": token}, json={}).status_code
                     for token in ("secret", "other")]
            assert (codes[0] // 100, codes[1]) == (2, 401)
        assert httpx.get(running.url + "/budapp/models").status_code == 200
    finally:
        running.close()


def test_dapr_wraps_tries_again_and_gives_up_as_the_subscriber_says(world, subscribers):
    subscriber = subscribers({"pubsubname": "pubsub", "topic": "budpipelineEvents", "route": "/here",
                              "deadLetterTopic": "poison"},
                             {"pubsubname": "pubsub", "topic": "poison", "routes": {"default": "/dead"}})
    subscriber.answers = [(200, {"status": "RETRY"}), (503, {}), (200, {"status": "unheard of"}),
                          (200, {"status": "SUCCESS"}), (200, {"status": "DROP"})]
    world.subscriber(subscriber.url, mode="dapr")
    assert world.tell({"type": "first"}, {"type": "second"}) == [True, False]
    assert [(path, body["data"]["type"]) for path, _, _, body in subscriber.events] == \
        [("/here", "first")] * 4 + [("/here", "second"), ("/dead", "second")]
    first = subscriber.events[0][3]
    assert {"specversion": "1.0", "type": "com.dapr.event.sent", "topic": "budpipelineEvents", "pubsubname": "pubsub",
            "datacontenttype": "application/json"}.items() <= first.items()
    assert first["id"] == subscriber.events[3][3]["id"]


def test_a_repeated_call_with_the_same_key_starts_one_job(world):
    replies = [add_model(world, **{"Idempotency-Key": "k"}).json() for _ in range(2)]
    assert replies[0] == replies[1] and len(world.jobs()) == 1
    assert [call["replayed"] for call in world.calls()] == [False, True]


def test_rules_answer_otherwise_for_as_many_calls_as_they_say(world):
    world.rule(service="budapp", path="models/*", skip=1, count=1, reply={"status": 503, "text": "busy"})
    assert [world.client.get(world.service("budapp") + "/models/nobody").status_code for _ in range(3)] == [404, 503, 404]
    world.rule(path="projects", refuse=True)
    with pytest.raises(httpx.RemoteProtocolError):
        world.client.get(world.service("budapp") + "/projects")


def test_an_answer_can_be_lost_after_the_work_was_done(world):
    world.rule(path="models/local-*", lose=True)
    with pytest.raises(httpx.RemoteProtocolError):
        add_model(world)
    assert len(world.jobs()) == 1


def test_events_can_come_before_the_answer_twice_and_in_reverse(world, subscribers):
    subscriber = subscribers()
    world.subscriber(subscriber.url)
    world.job(early=True, duplicates=1, reverse=True)
    add_model(world)
    types = [body["data"]["type"] for _, _, _, body in subscriber.events]
    assert types == ["workflow_completed"] * 2 + ["notification"] * 8
    assert len({body["id"] for _, _, _, body in subscriber.events}) == 5


def test_a_held_job_waits_for_its_release(world, subscribers):
    subscriber = subscribers()
    world.subscriber(subscriber.url)
    world.job(hold=True, stages=False)
    add_model(world)
    assert not subscriber.events
    world.release(end="failed", ending="model_extraction", reason="disk full")
    [(_, _, _, body)] = subscriber.events
    assert body["data"]["payload"]["content"]["message"] == "disk full"


def test_both_doors_lead_to_the_same_services_and_worlds_are_apart(platform, world):
    through_dapr = world.client.get(world.url + "/v1.0/invoke/budapp/method/projects")
    assert through_dapr.json() == world.client.get(world.service("budapp") + "/projects").json()
    assert [call["mode"] for call in world.calls()] == ["dapr", "direct"]
    assert world.client.get(world.url + "/v1.0/invoke/nobody/method/x").json()["errorCode"] == "ERR_DIRECT_INVOKE"
    assert platform.world().calls() == []


def test_published_messages_are_kept_and_notifications_reach_budnotify(world):
    message = {"channel": "slack", "message": "hi"}
    assert world.client.post(world.url + "/v1.0/publish/pubsub/notifications", json=message).status_code == 204
    assert world.client.post(world.url + "/v1.0/publish/other/notifications", json=message).status_code == 404
    assert world.control("GET", "notifications") == [message]
    assert [each["topic"] for each in world.control("GET", "published")] == ["notifications"]


def test_what_no_rule_knows_is_refused(world):
    for rule in ({"paths": "x"}, {"job": {"end": "maybe"}}, {"job": {"hurry": True}}):
        assert world.client.post(world.url + "/_control/rules", json=rule).status_code == 400


def test_help_tells_how_it_is_used():
    shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    assert "--port" in shown and "_control" in shown
