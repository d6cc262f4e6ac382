# SPDX-License-Identifier: Apache-2.0
"""How steps of a run behave together, seen from outside: parallel, retried, timed out, branched, cancelled."""
import datetime
import json
import signal
import subprocess
import time

import pytest


def records_of(cli, file, *arguments, code=0):
    done = cli("run", file, "--format", "jsonl", *arguments)
    assert done.code == code, done.err + done.out
    return [json.loads(line) for line in done.out.splitlines()]


def result_of(cli, file, *arguments, code=0):
    done = cli("run", file, "--format", "json", *arguments)
    assert done.code == code, done.err + done.out
    return json.loads(done.out)


def at(records, kind, step):
    record = next(record for record in records if record["type"] == kind and record.get("step") == step)
    return datetime.datetime.fromisoformat(record["at"])


@pytest.fixture
def allow(planets):
    return ["--allow-host", planets.removeprefix("http://")]


def fetch(name, url, **more):
    return {"id": name, "action": "http_request", "params": {"url": url}, **more}


def test_steps_that_do_not_depend_on_each_other_overlap(cli, pipeline, planets, allow):
    file = pipeline([fetch(f"slow_{i}", f"{planets}/slow/earth?seconds=1") for i in range(4)])
    began = time.monotonic()
    records = records_of(cli, file, *allow)
    assert time.monotonic() - began < 3.5, "four seconds one after another"
    assert max(at(records, "step_started", f"slow_{i}") for i in range(4)) < min(
        at(records, "step_ended", f"slow_{i}") for i in range(4))


def test_no_more_steps_run_at_once_than_the_settings_say(cli, pipeline, planets, allow):
    file = pipeline([fetch(f"s{i}", f"{planets}/slow/earth?seconds=0.3") for i in range(4)],
                    settings={"max_parallel_steps": 2})
    under_way = most = 0
    for record in records_of(cli, file, *allow):
        under_way += {"step_started": 1, "step_ended": -1}.get(record["type"], 0)
        most = max(most, under_way)
    assert most == 2


def test_a_step_starts_after_what_it_depends_on(cli, pipeline):
    file = pipeline([{"id": "c", "action": "log", "depends_on": ["a", "b"]}, {"id": "a", "action": "log"},
                     {"id": "b", "action": "delay", "params": {"duration_seconds": 5}, "depends_on": ["a"]}])
    records = records_of(cli, file, "--virtual-time")
    assert at(records, "step_ended", "a") <= at(records, "step_started", "b")
    assert at(records, "step_ended", "b") <= at(records, "step_started", "c")


def test_retry_with_backoff_sees_a_flaky_endpoint_through(cli, pipeline, planets, allow):
    file = pipeline([fetch("f", f"{planets}/flaky/venus?failures=3", on_failure="retry",
                           retry={"max_attempts": 5, "backoff_seconds": 10, "backoff_multiplier": 3, "max_backoff_seconds": 40})])
    result = result_of(cli, file, *allow, "--virtual-time")
    assert result["steps"]["f"]["attempts"] == 4 and result["steps"]["f"]["outputs"]["body"]["name"] == "Venus"
    assert result["retry_sleeps"] == [10, 30, 40]


def test_when_attempts_are_used_up_the_run_fails(cli, pipeline, planets, allow):
    file = pipeline([fetch("f", f"{planets}/flaky/uranus?failures=1000000", on_failure="retry",
                           retry={"max_attempts": 2, "backoff_seconds": 1})])
    result = result_of(cli, file, *allow, "--virtual-time", code=1)
    assert result["status"] == "failed" and result["steps"]["f"]["attempts"] == 2
    assert "503" in result["error"]


def test_a_step_that_takes_too_long_times_out(cli, pipeline, planets, allow):
    file = pipeline([fetch("slow", f"{planets}/slow/earth?seconds=8", timeout_seconds=1)])
    began = time.monotonic()
    result = result_of(cli, file, *allow, code=1)
    assert time.monotonic() - began < 6
    assert result["status"] == "failed" and result["steps"]["slow"]["status"] == "timeout"


def test_a_pipeline_that_takes_too_long_times_out(cli, pipeline):
    file = pipeline([{"id": "a", "action": "delay", "params": {"duration_seconds": 100}},
                     {"id": "b", "action": "log", "depends_on": ["a"]}], settings={"timeout_seconds": 10})
    result = result_of(cli, file, "--virtual-time", code=1)
    assert result["steps"]["a"]["status"] != "completed" and result["steps"]["b"]["status"] != "completed"


@pytest.mark.parametrize("n, taken", [(10, "big"), (1, "small")])
def test_only_the_branch_that_is_taken_runs(cli, pipeline, n, taken):
    file = pipeline([
        {"id": "choose", "action": "conditional", "params": {"branches": [
            {"id": "big", "label": "big", "condition": "{{ params.n > 5 }}", "target_step": "big"},
            {"id": "small", "label": "small", "condition": "true", "target_step": "small"}]}},
        {"id": "big", "action": "log", "depends_on": ["choose"]}, {"id": "small", "action": "log", "depends_on": ["choose"]},
        {"id": "after_big", "action": "log", "depends_on": ["big"]},
        {"id": "join", "action": "log", "depends_on": ["big", "small"]}],
        parameters=[{"name": "n", "type": "integer"}], settings={"skip_propagation": "all"})
    steps = result_of(cli, file, "-p", f"n={n}")["steps"]
    other = {"big": "small", "small": "big"}[taken]
    assert (steps[taken]["status"], steps[other]["status"], steps["join"]["status"]) == ("completed", "skipped", "completed")
    assert steps["after_big"]["status"] == ("completed" if taken == "big" else "skipped")


def test_a_false_condition_skips(cli, pipeline):
    file = pipeline([{"id": "a", "action": "log", "condition": "{{ 1 > 2 }}"}, {"id": "b", "action": "log", "depends_on": ["a"]}])
    steps = result_of(cli, file)["steps"]
    assert (steps["a"]["status"], steps["a"]["attempts"], steps["b"]["status"]) == ("skipped", 0, "completed")


def test_continue_takes_a_failure_in_stride(cli, pipeline):
    file = pipeline([{"id": "f", "action": "fail", "on_failure": "continue"},
                     {"id": "after", "action": "set_output", "depends_on": ["f"],
                      "params": {"outputs": {"v": "{{ steps.f.outputs.message | default('nothing') }}"}}}])
    result = result_of(cli, file)
    assert result["status"] == "completed" and result["steps"]["f"]["status"] == "failed"
    assert result["steps"]["after"]["outputs"] == {"v": "nothing"}


@pytest.mark.parametrize("fail_fast, independent", [(True, "skipped"), (False, "completed")])
def test_fail_fast_decides_about_what_does_not_depend_on_the_failure(cli, pipeline, fail_fast, independent):
    file = pipeline([{"id": "f", "action": "fail"}, {"id": "after", "action": "log", "depends_on": ["f"]},
                     {"id": "first", "action": "log"}, {"id": "other", "action": "log", "depends_on": ["first"]}],
                    settings={"fail_fast": fail_fast, "max_parallel_steps": 1})
    result = result_of(cli, file, code=1)
    assert result["status"] == "failed"
    assert result["steps"]["other"]["status"] == independent and result["steps"]["after"]["status"] == "skipped"


def test_a_private_address_is_refused_and_not_retried_as_unknown(cli, pipeline, planets):
    result = result_of(cli, pipeline([fetch("f", f"{planets}/planets")]), code=1)
    assert "SSRF" in result["error"]


def test_a_signal_cancels_what_runs_and_what_waits(budpipeline, pipeline, planets, allow):
    file = pipeline([fetch("slow", f"{planets}/slow/earth?seconds=10"),
                     {"id": "wait", "action": "delay", "params": {"duration_seconds": 3000}},
                     {"id": "never", "action": "log", "depends_on": ["wait"]}])
    with subprocess.Popen([budpipeline, "run", file, "--format", "jsonl", *allow], stdout=subprocess.PIPE, text=True) as process:
        seen = []
        while sum(record["type"] == "step_started" for record in seen) < 2:
            seen.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        seen += [json.loads(line) for line in process.stdout]
        assert process.wait(timeout=30) == 130
    states = {record["step"]: record["status"] for record in seen if record["type"] == "step_ended"}
    assert states == {"slow": "cancelled", "wait": "cancelled", "never": "skipped"}
    assert seen[-1]["type"] in ("execution_ended", "cleanup_ended", "late")
    assert next(record for record in seen if record["type"] == "execution_ended")["status"] == "cancelled"


def test_the_same_pipeline_gives_the_same_records(cli, pipeline):
    file = pipeline([{"id": "a", "action": "delay", "params": {"duration_seconds": 5}},
                     {"id": "b", "action": "fail", "on_failure": "continue", "depends_on": ["a"]},
                     {"id": "c", "action": "log", "depends_on": ["a"]}])

    def facts():
        return [{key: record.get(key) for key in ("sequence", "type", "step", "attempt", "status", "data")}
                for record in records_of(cli, file, "--virtual-time") if record["type"] != "step_log"]

    assert facts() == facts()
