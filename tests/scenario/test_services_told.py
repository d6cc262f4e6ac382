# SPDX-License-Identifier: Apache-2.0
"""Subscribers are told how far the platform's jobs are: `callback_topics` of executions whose steps wait for the stand-in,
published over HTTP and through Dapr's interface; and a bus that refuses, loses answers, or is not there."""
import httpx
import pytest

from service_site import BGE, ENDPOINT, MODES, Site

TOPIC = "progress"
ADD = {"id": "add", "action": "model_add", "params": {"model_uri": "org/m"}}
AFTER = {"id": "after", "action": "log", "depends_on": ["add"], "params": {"message": "{{ steps.add.outputs.model_name }}"}}
FAST = ("--events-backoff-seconds", "1", "--events-envelope", "seed")


@pytest.fixture
def site_of(budpipeline, platform, tmp_path):
    """Starts a site of a world of its own: site_of("direct", "--events-max-attempts", "2")."""
    running = []

    def start(mode, *arguments):
        running.append(Site(budpipeline, platform.world(), mode, f"sqlite:{tmp_path}/store.db", *arguments))
        return running[-1]

    yield start
    for each in running:
        each.close()
        each.world.close()


def told(site, topic=TOPIC):
    """What subscribers of a topic were told, in the order in which the bus took it: whole events."""
    return [each["body"] for each in site.world.control("GET", "published") if each["topic"] == topic]


def started(site, *steps, **more):
    done = site.client.post(site.server.url + "/executions/run", json={
        "pipeline_definition": {"name": "told", "steps": [{"name": step["id"].title(), **step} for step in steps]},
        "callback_topics": [TOPIC]} | more)
    assert done.status_code == 201, done.text
    return done.json()["execution_id"]


def subscription(site, execution):
    one, = site.get(f"/executions/{execution}/subscriptions")["subscriptions"]
    return one


def until_told(site, execution, status="done"):
    return site.until(lambda: (one := subscription(site, execution))["delivery_status"] == status and one, within=30)


@pytest.mark.parametrize("mode", MODES)
def test_how_far_a_job_is_reaches_the_subscriber_before_its_end(site_of, mode):
    site = site_of(mode, *FAST)
    site.world.job(hold=True)
    execution = started(site, {"id": "add", "action": "deployment_delete", "params": {"endpoint_id": ENDPOINT}})
    site.waiting(execution, "add")
    site.world.release(end="never")  # its stages and its ETA, and no ending
    site.until(lambda: {"workflow_progress", "eta_update"} <= {event["type"] for event in told(site)})
    assert "step_completed" not in {event["type"] for event in told(site)}
    eta = next(event["data"]["data"] for event in told(site) if event["type"] == "eta_update")
    assert eta["eta_minutes"] == 2  # the platform says how many stages are left
    progress = [event["data"]["data"] for event in told(site) if event["type"] == "workflow_progress"]
    assert all(each["current_step"] for each in progress)
    assert 0 < float(progress[-1]["progress_percentage"]) < 100
    key = site.world.jobs()[0]["key"]
    site.world.tell({"type": "workflow_completed", "workflow_id": key, "status": "COMPLETED", "result": {}})
    until_told(site, execution)
    assert [event["type"] for event in told(site)][-3:] == ["step_completed", "workflow_progress", "workflow_completed"]


@pytest.mark.parametrize("mode", MODES)
def test_a_whole_execution_is_told_in_order(site_of, mode):
    site = site_of(mode, *FAST)
    execution = started(site, ADD, AFTER)
    until_told(site, execution)
    events = told(site)
    types = [event["type"] for event in events]
    assert types[0] == "step_started" and types[-1] == "workflow_completed"
    assert [(event["type"], event["data"].get("step_id")) for event in events if event["type"].startswith("step_")] == [
        ("step_started", "add"), ("step_completed", "add"), ("step_started", "after"), ("step_completed", "after")]
    assert len({event["id"] for event in events}) == len(events)
    percent = [float(event["data"]["data"]["progress_percentage"]) for event in events
               if event["data"]["data"].get("progress_percentage") is not None]
    assert percent == sorted(percent) and percent[-1] == 100
    assert events[-1]["data"]["data"]["success"] is True


@pytest.mark.parametrize("mode", MODES)
def test_a_job_that_fails_is_told_with_its_reason(site_of, mode):
    site = site_of(mode, *FAST)
    site.world.job(end="failed", reason="the disk is full")
    execution = started(site, ADD, AFTER)
    until_told(site, execution)
    last = {event["type"]: event["data"]["data"] for event in told(site)}
    assert "the disk is full" in last["step_failed"]["error_message"]
    assert last["step_failed"]["error_code"] == "MODEL_ADD_FAILED"
    assert last["step_skipped"]["step_id"] == "after"
    assert last["workflow_failed"]["success"] is False
    assert [event["type"] for event in told(site)][-1] == "workflow_failed"


@pytest.mark.parametrize("mode", MODES)
def test_a_cancelled_wait_is_told(site_of, mode):
    site = site_of(mode, *FAST)
    site.world.job(hold=True)
    execution = started(site, ADD)
    site.waiting(execution, "add")
    assert site.client.post(f"{site.server.url}/executions/{execution}/cancel").status_code == 202
    until_told(site, execution)
    assert [event["type"] for event in told(site)] == [
        "step_started", "step_cancelled", "workflow_progress", "workflow_failed"]
    assert told(site)[-1]["data"]["data"]["status"] == "CANCELLED"


@pytest.mark.parametrize("mode", MODES)
def test_a_bus_that_refuses_is_told_again_and_nobody_waits_for_it(site_of, mode):
    site = site_of(mode, *FAST)
    site.world.rule(service="pubsub", path=TOPIC, count=2, reply={"status": 503})
    execution = started(site, ADD, AFTER)
    assert site.ended(execution, "after")["status"] == "COMPLETED"  # before its start could be told
    until_told(site, execution)
    types = [event["type"] for event in told(site)]
    assert types[0] == "step_started" and types[-1] == "workflow_completed" and types.count("step_started") == 2
    tries = [call["body"]["id"] for call in site.world.calls(service="pubsub") if call["path"] == TOPIC]
    assert len(set(tries[:3])) == 1  # the same event, until it was taken


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_was_lost_repeats_the_event(site_of, mode):
    site = site_of(mode, *FAST)
    site.world.rule(service="pubsub", path=TOPIC, count=1, lose=True)
    execution = started(site, ADD)
    until_told(site, execution)
    events = told(site)
    assert events[0] == events[1] and events[0]["type"] == "step_started"
    assert len({event["id"] for event in events}) == len(events) - 1


@pytest.mark.parametrize("mode", MODES)
def test_what_is_never_taken_becomes_a_dead_letter_that_can_be_replayed(site_of, mode):
    site = site_of(mode, *FAST, "--events-max-attempts", "2")
    site.world.rule(service="pubsub", path=TOPIC, count=2, reply={"status": 500, "text": "full"})
    execution = started(site, ADD)
    until_told(site, execution)
    letter, = site.get("/events/dead-letters")["dead_letters"]
    assert (letter["code"], letter["topic"]) == ("REFUSED", TOPIC)
    assert "step_started" not in {event["type"] for event in told(site)}
    done = site.client.post(f"{site.server.url}/events/dead-letters/{letter['id']}/replay")
    assert done.status_code in (200, 204), done.text
    assert told(site)[-1]["type"] == "step_started" and told(site)[-1]["data"]["execution_id"] == execution
    assert site.get("/events/dead-letters")["dead_letters"] == []


def test_without_a_bus_the_subscription_fails_and_the_step_does_not(serve, world):
    server = serve("--service", f"budapp={world.service('budapp')}")
    done = httpx.post(server.url + "/executions/run", timeout=30, headers={"Prefer": "wait=20"}, json={
        "pipeline_definition": {"name": "untold", "steps": [
            {"id": "it", "name": "It", "action": "model_delete", "params": {"model_id": BGE}}]},
        "callback_topics": [TOPIC]}).json()
    assert done["status"] == "completed"
    one, = httpx.get(f"{server.url}/executions/{done['execution_id']}/subscriptions").json()["subscriptions"]
    assert one["delivery_status"] == "failed" and one["last_error"].startswith("NO_BUS: ")
