# SPDX-License-Identifier: Apache-2.0
"""Executions over HTTP: the JSON of the reference field by field (api.md sections 1, 4 and 10), and what is ours."""
import json
import time
import uuid

import httpx
import pytest

START = {"execution_id", "workflow_id", "workflow_name", "status", "started_at", "completed_at", "params", "outputs",
         "error"}
EXECUTION = {"id", "version", "pipeline_definition", "initiator", "start_time", "end_time", "status",
             "progress_percentage", "final_outputs", "error_info", "created_at", "updated_at"}
STEP = {"id", "execution_id", "version", "step_id", "step_name", "status", "start_time", "end_time",
        "progress_percentage", "outputs", "error_message", "retry_count", "sequence_number", "awaiting_event",
        "external_workflow_id", "handler_type", "timeout_at", "created_at", "updated_at"}
EVENT = {"id", "execution_id", "event_type", "progress_percentage", "eta_seconds", "current_step_desc",
         "event_details", "timestamp", "sequence_number", "created_at"}
AGGREGATE = {"overall_progress", "eta_seconds", "completed_steps", "total_steps", "current_step"}
HIDDEN = "***REDACTED***"


def step(name, action, params=None, *after, **more):
    return {"id": name, "name": name.upper(), "action": action, "params": params or {}, "depends_on": list(after)} | more


def dag(*steps, **more):
    return {"name": "wf", "steps": list(steps)} | more


SUM = dag(step("a", "set_output", {"outputs": {"x": "{{ params.n }}"}}), step("b", "log", {"message": "m"}, "a"),
          parameters=[{"name": "n", "type": "integer", "default": 3}], outputs={"r": "{{ steps.a.outputs.x }}"})
FAILS = dag(step("a", "log"), step("b", "fail", {"message": "no"}, "a"), step("c", "log", {}, "b"))
WAITS = dag(step("a", "log"), step("d", "delay", {"duration_seconds": 300}, "a"), step("e", "log", {}, "d"))


class Api:
    """What the tests ask of a service."""

    def __init__(self, url):
        self.http = httpx.Client(base_url=url, timeout=30)

    def __getattr__(self, name):
        return getattr(self.http, name)

    def pipeline(self, definition, **more):
        made = self.http.post("/pipelines", json={"dag": definition, "name": str(uuid.uuid4())} | more)
        assert made.status_code == 201, made.text
        return made.json()["id"]

    def run(self, definition, headers=None, **body):
        made = self.http.post("/executions/run", json={"pipeline_definition": definition} | body, headers=headers)
        assert made.status_code == 201, made.text
        return made.json()

    def see(self, execution, rest=""):
        seen = self.http.get(f"/executions/{execution}{rest}")
        assert seen.status_code == 200, seen.text
        return seen.json()

    def until(self, execution, *states, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            seen = self.see(execution)
            if seen["status"] in states:
                return seen
            assert time.monotonic() < deadline, seen
            time.sleep(0.01)


@pytest.fixture(scope="module")
def api(budpipeline, tmp_path_factory):
    from running_server import RunningServer

    folder = tmp_path_factory.mktemp("executions")
    server = RunningServer(budpipeline, f"sqlite:{folder}/store.db", cwd=folder)
    yield Api(server.url)
    server.close()


# ---------------------------------------------------------------------------------------------------------------------
# Starting


def test_a_pure_pipeline_has_ended_when_its_start_is_answered(api):
    pipeline = api.pipeline(SUM)
    made = api.post("/executions", json={"workflow_id": pipeline, "params": {"n": 7, "more": [1]}, "user_id": "u-1"})
    body = made.json()
    assert made.status_code == 201
    assert START <= body.keys()
    assert made.headers["Location"] == f"/executions/{body['execution_id']}"
    assert (body["workflow_id"], body["workflow_name"], body["status"], body["error"]) == (pipeline, "wf", "completed", None)
    assert body["params"] == {"n": 7, "more": [1], "user_id": "u-1"}
    assert body["outputs"] == {"r": 7}
    assert body["started_at"] <= body["completed_at"]
    uuid.UUID(body["execution_id"])


def test_a_failed_run_is_201_too(api):
    body = api.run(FAILS)
    assert (body["workflow_id"], body["status"], body["error"]) == ("ephemeral", "failed", "no")
    assert body["outputs"] == {}


def test_the_other_spelling_and_the_other_mounts(api):
    pipeline = api.pipeline(SUM)
    for path in ("/executions", "/api/v1/executions"):
        assert api.post(path, json={"pipeline_id": pipeline}).json()["outputs"] == {"r": 3}
    assert api.post("/api/v1/executions/run", json={"pipeline_definition": SUM}).json()["outputs"] == {"r": 3}


def test_a_waiting_run_is_answered_at_once_and_with_prefer_at_its_end(api):
    body = api.run(WAITS)
    assert (body["status"], body["completed_at"], body["outputs"]) == ("running", None, {})
    short = dag(step("d", "delay", {"duration_seconds": 1}))
    made = api.post("/executions/run", json={"pipeline_definition": short}, headers={"Prefer": "wait=20"})
    assert made.headers["Preference-Applied"] == "wait=20"
    assert made.json()["status"] == "completed"
    began = time.monotonic()
    made = api.post("/executions/run", json={"pipeline_definition": WAITS}, headers={"Prefer": "wait=1"})
    assert made.json()["status"] == "running" and 0.9 < time.monotonic() - began < 5


@pytest.mark.parametrize("missing", ["x", "4fb3e0e6-3c0b-4c5e-9d0a-7a3d6a1f2b55", str(uuid.UUID(int=0))])
def test_an_unknown_pipeline_is_404(api, missing):
    refused = api.post("/executions", json={"workflow_id": missing})
    assert (refused.status_code, refused.json()) == (404, {"detail": f"Pipeline not found: {missing}"})


def test_a_draft_is_400(api):
    refused = api.post("/executions", json={"workflow_id": api.pipeline({"name": "d", "steps": []})})
    assert refused.status_code == 400 and refused.json()["detail"]["errors"]


def test_wrong_parameters_are_400_with_pointers(api):
    needs = dag(step("a", "log"), parameters=[{"name": "n", "type": "integer"}, {"name": "r", "type": "string"}])
    refused = api.post("/executions", json={"workflow_id": api.pipeline(needs), "params": {"n": "x"}},
                       headers={"Accept": "application/problem+json"})
    assert refused.status_code == 400
    assert refused.headers["Content-Type"].startswith("application/problem+json")
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/params/n", "/params/r"}


def test_a_definition_that_is_not_valid_is_400(api):
    refused = api.post("/executions/run", json={"pipeline_definition": dag(step("a", "log"), step("a", "log"))})
    detail = refused.json()["detail"]
    assert refused.status_code == 400 and detail["error"] == "Invalid pipeline definition" and detail["errors"]


@pytest.mark.parametrize("body", [{}, {"workflow_id": 5}, {"workflow_id": "x", "params": []},
                                  {"workflow_id": "x", "callback_topics": "t"},
                                  {"workflow_id": "x", "notification_workflow_id": "n" * 256}])
def test_a_body_of_the_wrong_shape_is_422(api, body):
    assert api.post("/executions", json=body).status_code == 422


def test_a_repeated_request_with_a_key_makes_one_execution(api):
    headers, who = {"Idempotency-Key": str(uuid.uuid4())}, str(uuid.uuid4())
    body = {"pipeline_definition": SUM, "initiator": who}
    made = [api.post("/executions/run", json=body, headers=headers).json() for _ in range(3)]
    assert made[0] == made[1] == made[2]
    assert api.get("/executions", params={"initiator": who}).json()["pagination"]["total_count"] == 1


# ---------------------------------------------------------------------------------------------------------------------
# Looking


def test_an_execution_has_all_fields(api):
    pipeline = api.pipeline(SUM)
    made = api.post("/executions", json={"workflow_id": pipeline, "initiator": "me"}).json()
    seen = api.see(made["execution_id"])
    assert EXECUTION <= seen.keys()
    assert seen["pipeline_definition"] == {"workflow_id": pipeline, "workflow_name": "wf", "dag": SUM, "params": {"n": 3}}
    assert (seen["status"], seen["progress_percentage"], seen["final_outputs"]) == ("COMPLETED", "100.00", {"r": 3})
    assert (seen["initiator"], seen["error_info"]) == ("me", None)
    assert isinstance(seen["version"], int)


def test_a_failure_is_told_in_both_words(api):
    seen = api.see(api.run(FAILS)["execution_id"])
    assert seen["status"] == "FAILED"
    assert seen["error_info"]["error"] == seen["error_info"]["message"] == "no"
    assert seen["error_info"]["code"]


def test_steps_have_all_fields_in_order(api):
    steps = api.see(api.run(FAILS)["execution_id"], "/steps")["steps"]
    assert [(s["step_id"], s["step_name"], s["status"], s["sequence_number"]) for s in steps] == [
        ("a", "A", "COMPLETED", 1), ("b", "B", "FAILED", 2), ("c", "C", "SKIPPED", 3)]
    assert all(STEP <= s.keys() for s in steps)
    assert [s["error_message"] for s in steps][1] == "no"
    assert steps[0]["outputs"] == {"logged": True, "message": "No message provided", "level": "info"}
    assert steps[0]["progress_percentage"] == "100.00"
    assert len({uuid.UUID(s["id"]) for s in steps}) == 3


def test_a_step_that_waits_is_running_and_says_so(api):
    steps = api.see(api.run(WAITS)["execution_id"], "/steps")["steps"]
    assert [(s["status"], s["awaiting_event"], s["timeout_at"] is not None) for s in steps] == [
        ("COMPLETED", False, False), ("RUNNING", True, True), ("PENDING", False, False)]


def test_progress_weighs_steps_alike(api):
    execution = api.run(WAITS)["execution_id"]
    seen = api.see(execution, "/progress")
    assert seen.keys() >= {"execution", "steps", "recent_events", "aggregated_progress"}
    aggregate = seen["aggregated_progress"]
    assert aggregate.keys() == AGGREGATE
    assert (aggregate["overall_progress"], aggregate["completed_steps"], aggregate["total_steps"],
            aggregate["current_step"]) == ("33.33", 1, 3, "D")
    assert seen["execution"] == api.see(execution)
    assert seen["execution"]["progress_percentage"] == "33.33"


@pytest.mark.parametrize("query, steps, events", [
    ("", 3, True), ("?detail=full", 3, True), ("?detail=full&include_events=false", 3, False),
    ("?detail=steps", 3, False), ("?detail=summary", 0, False)])
def test_progress_shows_what_is_asked_for(api, query, steps, events):
    seen = api.see(api.run(FAILS)["execution_id"], "/progress" + query)
    assert len(seen["steps"]) == steps and bool(seen["recent_events"]) == events


def test_recent_events_are_the_last_ones_oldest_first(api):
    execution = api.run(FAILS)["execution_id"]
    recent = api.see(execution, "/progress?events_limit=3")["recent_events"]
    newest = api.see(execution, "/events?limit=3")["events"]
    assert recent == newest[::-1] and len(recent) == 3


@pytest.mark.parametrize("path", ["/progress?detail=other", "/progress?events_limit=0", "/progress?events_limit=101",
                                  "/events?event_type=other", "/events?limit=1001", "/events?offset=-1"])
def test_wrong_queries_are_422(api, path):
    assert api.get(f"/executions/{api.run(SUM)['execution_id']}{path}").status_code == 422


def test_events_are_the_history_newest_first(api):
    execution = api.run(SUM)["execution_id"]
    page = api.see(execution, "/events")
    events = page["events"]
    assert {key: page[key] for key in ("total_count", "limit", "offset")} == {"total_count": 6, "limit": 100, "offset": 0}
    assert [event["sequence_number"] for event in events] == [6, 5, 4, 3, 2, 1]
    assert all(EVENT <= event.keys() for event in events)
    assert [event["event_type"] for event in events] == [
        "workflow_completed", "step_completed", "step_started", "step_completed", "step_started", "execution_started"]
    assert (events[0]["progress_percentage"], events[0]["eta_seconds"]) == ("100.00", 0)
    assert events[0]["event_details"]["success"] is True and events[0]["event_details"]["completed_at"]
    assert (events[3]["progress_percentage"], events[3]["current_step_desc"]) == ("50.00", "Completed: A")
    details = events[3]["event_details"]
    assert (details["step_id"], details["step_name"]) == ("a", "A") and details["duration_seconds"] >= 0
    assert len({event["id"] for event in events}) == 6


def test_events_are_filtered_and_paged(api):
    execution = api.run(FAILS)["execution_id"]
    every = api.see(execution, "/events")["events"]
    assert [e["step_id"] for e in api.see(execution, "/events?event_type=step_completed")["events"]] == ["a"]
    assert [e["step_id"] for e in api.see(execution, "/events?event_type=step_ended")["events"]] == ["c", "b", "a"]
    page = api.see(execution, "/events?limit=2&offset=3")
    assert page["events"] == every[3:5] and page["total_count"] == len(every)
    ended = api.see(execution, "/events?event_type=workflow_completed")["events"]
    assert [(e["progress_percentage"], e["event_details"]["success"]) for e in ended] == [("0.00", False)]
    middle = every[len(every) // 2]["timestamp"]
    late = api.http.get(f"/executions/{execution}/events", params={"start_time": middle}).json()["events"]
    assert late == [event for event in every if event["timestamp"] >= middle]


@pytest.mark.parametrize("rest", ["", "/steps", "/progress", "/events", "/logs", "/stream"])
def test_an_unknown_execution_is_404_in_the_shape_of_the_reference(api, rest):
    missing = str(uuid.uuid4())
    refused = api.get(f"/executions/{missing}{rest}", headers={"X-Correlation-ID": "c-1"})
    assert refused.status_code == 404
    detail = refused.json()["detail"]
    assert detail["error"]["code"] == "NOT_FOUND" and missing in detail["error"]["message"]
    assert detail["correlation_id"] == "c-1"
    assert api.get(f"/executions/nonsense{rest}").status_code == 422


def test_logs_of_an_execution_and_of_a_step(api):
    execution = api.run(dag(step("a", "log", {"message": "one"}), step("b", "log", {"message": "two"}, "a")))["execution_id"]
    deadline = time.monotonic() + 5
    while len(logs := api.see(execution, "/logs")["logs"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(line["step_id"], line["level"], line["message"]) for line in logs] == [("a", "info", "one"), ("b", "info", "two")]
    assert api.see(execution, "/steps/b/logs")["logs"] == logs[1:]
    assert api.see(execution, "/logs?limit=1&offset=1")["logs"] == logs[1:]
    assert api.get(f"/executions/{execution}/steps/none/logs").status_code == 404


# ---------------------------------------------------------------------------------------------------------------------
# Lists


def test_lists_are_filtered_and_paged_newest_first(api):
    who, pipeline = str(uuid.uuid4()), api.pipeline(SUM)
    ids = [api.post("/executions", json={"workflow_id": pipeline, "initiator": who}).json()["execution_id"]
           for _ in range(5)]
    failed = api.run(FAILS, initiator=who)["execution_id"]

    def listed(**query):
        return api.get("/executions", params={"initiator": who} | query).json()

    assert [e["id"] for e in listed()["executions"]] == [failed, *ids[::-1]]
    page = listed(page=2, page_size=4)
    assert [e["id"] for e in page["executions"]] == [ids[1], ids[0]]
    assert page["pagination"] == {"page": 2, "page_size": 4, "total_count": 6, "total_pages": 2}
    assert [e["id"] for e in listed(status="FAILED")["executions"]] == [failed]
    assert [e["id"] for e in listed(status="failed")["executions"]] == [failed]
    assert listed(workflow_id=pipeline)["pagination"]["total_count"] == 5
    assert listed(status="RUNNING") == {"executions": [], "pagination": {
        "page": 1, "page_size": 20, "total_count": 0, "total_pages": 0}}
    third = api.see(ids[2])
    assert [e["id"] for e in listed(end_date=third["created_at"])["executions"]] == ids[2::-1]
    assert [e["id"] for e in listed(start_date=third["created_at"])["executions"]] == [failed, *ids[:1:-1]]
    assert listed()["executions"][1] == api.see(ids[4])


@pytest.mark.parametrize("query", ["status=other", "page=0", "page_size=101", "workflow_id=x", "start_date=yesterday"])
def test_wrong_filters_are_422(api, query):
    assert api.get("/executions?" + query).status_code == 422


def test_executions_are_found_by_user(api):
    user = str(uuid.uuid4())
    execution = api.run(SUM, headers={"X-User-ID": user})["execution_id"]
    found = api.get("/executions", params={"user": user}).json()["executions"]
    assert [(e["id"], e["principal"]) for e in found] == [(execution, user)]


# ---------------------------------------------------------------------------------------------------------------------
# Commands


def test_a_live_execution_is_cancelled(api):
    execution = api.run(WAITS)["execution_id"]
    told = api.post(f"/executions/{execution}/cancel", json={"reason": "enough"})
    assert told.status_code == 202 and told.json()["id"] == execution
    assert api.until(execution, "CANCELLED")["end_time"]
    assert [s["status"] for s in api.see(execution, "/steps")["steps"]] == ["COMPLETED", "CANCELLED", "SKIPPED"]
    asked = api.see(execution, "/events?event_type=cancel_requested")["events"]
    assert [e["event_details"]["reason"] for e in asked] == ["enough"]


def test_a_command_repeated_at_once_has_the_first_answer(api):
    for _ in range(20):
        execution = api.run(WAITS)["execution_id"]
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        told, again = (api.post(f"/executions/{execution}/cancel", headers=headers) for _ in range(2))
        assert (told.status_code, again.status_code) == (202, 202)
        assert told.json() == again.json() and again.headers["Idempotency-Replayed"] == "true"
        other = api.post(f"/executions/{execution}/cancel", headers=headers, json={"reason": "another body"})
        assert other.status_code == 422


def test_pause_and_resume(api):
    execution = api.run(WAITS)["execution_id"]
    paused = api.post(f"/executions/{execution}/pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "PAUSED")
    resumed = api.post(f"/executions/{execution}/resume")
    assert (resumed.status_code, resumed.json()["status"]) == (200, "RUNNING")
    assert api.post(f"/executions/{execution}/resume").status_code == 409
    api.post(f"/executions/{execution}/cancel")


@pytest.mark.parametrize("command", ["cancel", "pause", "resume"])
def test_what_has_ended_takes_no_command(api, command):
    execution = api.run(SUM)["execution_id"]
    refused = api.post(f"/executions/{execution}/{command}")
    assert (refused.status_code, refused.json()) == (409, {"detail": "The execution has ended already"})
    assert api.post(f"/executions/{uuid.uuid4()}/{command}").status_code == 404


def test_retry_runs_what_did_not_complete(api):
    first = api.run(FAILS)["execution_id"]
    made = api.post(f"/executions/{first}/retry")
    assert made.status_code == 201 and START <= made.json().keys() and made.json()["retry_of"] == first
    again = made.json()["execution_id"]
    assert api.see(again)["retry_of"] == first
    assert [(s["status"], s["reused"]) for s in api.see(again, "/steps")["steps"]] == [
        ("COMPLETED", True), ("FAILED", False), ("SKIPPED", False)]


def test_retry_from_a_step(api):
    first = api.run(SUM)["execution_id"]
    assert api.post(f"/executions/{first}/retry").status_code == 400
    assert api.post(f"/executions/{first}/retry", json={"from_step": "none"}).status_code == 400
    again = api.post(f"/executions/{first}/retry", json={"from_step": "b"}).json()
    assert again["status"] == "completed" and again["outputs"] == {"r": 3}
    assert [s["reused"] for s in api.see(again["execution_id"], "/steps")["steps"]] == [True, False]
    live = api.run(WAITS)["execution_id"]
    assert api.post(f"/executions/{live}/retry").status_code == 409


def test_delete_takes_ended_executions_only(api):
    execution, live = api.run(SUM)["execution_id"], api.run(WAITS)["execution_id"]
    gone = api.delete(f"/executions/{execution}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(f"/executions/{execution}").status_code == 404
    assert api.delete(f"/executions/{execution}").status_code == 404
    assert api.delete(f"/executions/{live}").status_code == 409


# ---------------------------------------------------------------------------------------------------------------------
# Secrets


def test_no_secret_leaves(api):
    leaky = dag(step("a", "set_output", {"outputs": {"token": "hunter2", "text": "password=hunter2"}}),
                step("b", "log", {"message": "Authorization: Bearer hunter2"}, "a"),
                step("c", "fail", {"message": "postgres://u:hunter2@h"}, "b"),
                outputs={"api_key": "hunter2"})
    start = api.run(leaky, params={"secret": "hunter2", "deep": [{"pwd": "hunter2"}]})
    execution = start["execution_id"]
    assert start["params"] == {"secret": HIDDEN, "deep": [{"pwd": HIDDEN}]}
    assert start["error"] == f"postgres://{HIDDEN}@h"
    for rest in ("/steps", "/events", "/logs"):
        assert "hunter2" not in json.dumps(api.see(execution, rest))
    seen = api.see(execution)
    seen["pipeline_definition"].pop("dag")
    assert "hunter2" not in json.dumps(seen)


# ---------------------------------------------------------------------------------------------------------------------
# Behind the platform's proxy


def test_paths_of_the_front_proxy(api):
    user = str(uuid.uuid4())
    pipeline = api.pipeline(SUM, user_id=user)
    started = api.post(f"/budpipeline/{pipeline}/execute", json={"params": {"n": 1}}, headers={"X-User-ID": user})
    assert started.status_code == 201
    execution = started.json()["execution_id"]
    assert started.json()["params"] == {"n": 1, "user_id": user}
    assert api.see(execution)["initiator"] == user
    assert api.get(f"/budpipeline/executions/{execution}").json() == api.see(execution)
    assert api.get(f"/budpipeline/executions/{execution}/progress").status_code == 200
    assert api.get("/budpipeline/executions").json()["executions"]
    ran = api.post("/budpipeline/run", json={"pipeline_definition": SUM}, headers={"X-User-ID": user}).json()
    assert ran["params"] == {"n": 3, "user_id": user}
    made = api.post("/budpipeline", json={"dag": SUM, "name": str(uuid.uuid4())}, headers={"X-User-ID": user})
    assert made.status_code == 201 and made.json()["user_id"] == user
    one = "/budpipeline/" + made.json()["id"]
    assert api.get(one, headers={"X-User-ID": user}).json()["dag"] == SUM
    assert {p["id"] for p in api.get("/budpipeline", headers={"X-User-ID": user}).json()} == {pipeline, made.json()["id"]}
    assert api.put(one, json={"dag": SUM}, headers={"X-User-ID": user}).json()["version"] == "2"
    gone = api.delete(one, headers={"X-User-ID": user})
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.post("/budpipeline/validate", json={"dag": SUM}).json()["valid"] is True
    assert api.get("/budpipeline/actions").json() == api.get("/actions").json()
    assert api.get("/budpipeline/actions/delay").json()["type"] == "delay"
    checked = api.post("/budpipeline/actions/validate", json={"action_type": "delay", "params": {"duration_seconds": 1}})
    assert checked.json()["valid"] is True
    missing = api.post(f"/budpipeline/{uuid.uuid4()}/execute", json={})
    assert missing.status_code == 404
    assert missing.json().keys() >= {"object", "message", "type", "param", "code"} and missing.json()["object"] == "error"


# ---------------------------------------------------------------------------------------------------------------------
# The reference's own runs


def vectors():
    from pathlib import Path

    file = Path(__file__).resolve().parent.parent / "vectors/executions.json"
    return [pytest.param(vector, id=vector["id"]) for vector in json.loads(file.read_text())["vectors"]]


@pytest.mark.parametrize("vector", vectors())
def test_runs_of_the_reference(api, vector):
    if "quirk" in vector and vector["quirk"] != "branch-condition-resolved-twice":
        pytest.skip(f"quirk of the original: {vector['quirk']}")
    if vector["retry_sleeps"]:
        pytest.skip("it would wait for its retries; the command line runs it with virtual time")
    start = api.run(vector["dag"], params=vector["params"])
    assert (start["status"], start["error"], start["params"]) == (vector["status"], vector["error"], vector["merged_params"])
    steps = {step["step_id"]: step for step in api.see(start["execution_id"], "/steps")["steps"]}
    assert {name: (step["status"].lower(), step["outputs"] or {}, step["awaiting_event"]) for name, step in steps.items()} == {
        name: (step["status"], step["outputs"], step["awaiting_event"]) for name, step in vector["steps"].items()}
