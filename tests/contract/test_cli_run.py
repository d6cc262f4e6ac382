# SPDX-License-Identifier: Apache-2.0
"""budpipeline run: parameters, forms of output, exit codes, the plan."""
import datetime
import json
import subprocess

import pytest

HELLO = "examples/01-hello.yaml"
TYPED = [{"id": "s", "action": "set_output", "params": {"outputs": {"v": "{{ params.v }}"}}}]


def result_of(done):
    return json.loads(done.out)


def test_plain_lines_where_there_is_no_terminal(cli):
    done = cli("run", HELLO, "-p", "name=Ada")
    assert done.code == 0 and done.err == ""
    for expected in ("greet: started", "greet: info: Hello, Ada!", "greet: completed", "Hello: completed",
                     '"greeting": "Hello, Ada!"'):
        assert expected in done.out
    assert "\x1b" not in done.out and "\r" not in done.out


def test_the_result_for_a_program(cli):
    done = cli("run", HELLO, "--format", "json")
    assert done.code == 0
    assert result_of(done) == {
        "status": "completed", "outputs": {"greeting": "Hello, world!"}, "error": None, "retry_sleeps": [],
        "steps": {"greet": {"status": "completed", "error": None, "attempts": 1,
                            "outputs": {"logged": True, "message": "Hello, world!", "level": "info"}}}}


def test_every_record_for_a_program(cli):
    done = cli("run", HELLO, "--format", "jsonl")
    records = [json.loads(line) for line in done.out.splitlines()]
    kept = [record for record in records if record["type"] != "step_log"]
    assert [record["sequence"] for record in kept] == list(range(1, len(kept) + 1))
    assert kept[0]["type"] == "execution_started" and kept[-1]["type"] == "execution_ended"
    assert kept[-1]["status"] == "completed" and kept[-1]["data"] == {"greeting": "Hello, world!"}
    assert [record["message"] for record in records if record["type"] == "step_log"] == ["Hello, world!"]
    assert len({record["execution_id"] for record in records}) == 1


@pytest.mark.parametrize("declared, given, expected", [
    ("string", "42", "42"), ("string", "[1]", "[1]"), ("model_ref", "7", "7"), ("integer", "42", 42), ("float", "1.5", 1.5),
    ("float", "2", 2), ("boolean", "true", True), ("array", '[1, "a"]', [1, "a"]), ("object", '{"a": null}', {"a": None}),
    ("string", "", ""), ("string", "a=b", "a=b"),
])
def test_parameters_have_their_declared_type(cli, pipeline, declared, given, expected):
    file = pipeline(TYPED, parameters=[{"name": "v", "type": declared}], outputs={"v": "{{ params.v }}"})
    done = cli("run", file, "--format", "json", "-p", f"v={given}")
    assert done.code == 0, done.err
    assert result_of(done)["outputs"] == {"v": expected}


@pytest.mark.parametrize("arguments, message", [
    ((), "PARAM_REQUIRED"), (("-p", "v=many"), "PARAM_TYPE"), (("-p", "v=1.5"), "PARAM_TYPE"),
])
def test_parameters_that_are_missing_or_wrong_keep_it_from_running(cli, pipeline, arguments, message):
    file = pipeline(TYPED, parameters=[{"name": "v", "type": "integer"}])
    done = cli("run", file, *arguments)
    assert (done.code, done.out) == (2, "") and f"error {message}: " in done.err


def test_an_undeclared_parameter_is_a_warning_with_the_nearest_name(cli):
    done = cli("run", HELLO, "-p", "nam=Ada")
    assert done.code == 0 and "declares no parameter 'nam'; did you mean 'name'?" in done.err


def test_parameters_from_files(cli, tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text("name: Grace\n")
    assert "Hello, Grace!" in cli("run", HELLO, "--params-file", file).out
    assert "Hello, Ada!" in cli("run", HELLO, "--params-file", file, "-p", "name=Ada").out


@pytest.mark.parametrize("text, code", [("[1]", "NOT_AN_OBJECT"), ("a: [", "PARSE_ERROR"), ("a: 1\na: 2\n", "PARSE_ERROR")])
def test_a_parameter_file_that_is_wrong_exits_2(cli, tmp_path, text, code):
    file = tmp_path / "params.yaml"
    file.write_text(text)
    done = cli("run", HELLO, "--params-file", file)
    assert done.code == 2 and code in done.err


def test_a_failed_execution_exits_1(cli, pipeline):
    done = cli("run", pipeline([{"id": "f", "action": "fail", "params": {"message": "no luck"}}]))
    assert done.code == 1
    assert "f: failed" in done.out and "\nfailed in " in done.out and "no luck" in done.out


def test_an_invalid_definition_exits_2_with_its_places(cli, tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("name: x\nsteps:\n  - {id: a, name: A, action: log, depends_on: [a]}\n")
    done = cli("run", file)
    assert (done.code, done.out) == (2, "") and f"{file}:3:" in done.err and " error SELF_DEPENDENCY: " in done.err


def test_an_action_that_is_not_installed_is_refused_at_the_start(cli, pipeline):
    done = cli("run", pipeline([{"id": "a", "action": "not_installed_anywhere"}]))
    assert (done.code, done.out) == (2, "") and "error UNKNOWN_ACTION" in done.err


def test_a_missing_file_exits_2(cli):
    done = cli("run", "does-not-exist.yaml")
    assert done.code == 2 and "does-not-exist.yaml: error FILE_UNREADABLE: " in done.err


def test_standard_input(cli):
    done = cli("run", "-", "--format", "json", stdin='{"name": "x", "steps": [{"id": "a", "name": "A", "action": "log"}]}')
    assert result_of(done)["status"] == "completed"


def test_a_dry_run_shows_the_plan_and_runs_nothing(cli):
    done = cli("run", "examples/06-report.yaml", "--dry-run", "-p", "service=http://example.net")
    assert done.code == 0
    assert "level 1" in done.out and 'url = "http://example.net/planets/earth"' in done.out
    assert "{{ steps.report.outputs }}" in done.out, "what is not known yet stays as written"


def test_a_dry_run_for_a_program(cli):
    plan = json.loads(cli("run", "examples/06-report.yaml", "--dry-run", "--format", "json").out)
    assert [step["id"] for step in plan["levels"][1]] == ["earth", "jupiter", "saturn", "mars"]
    assert plan["levels"][0][0]["params"] == {"url": "http://127.0.0.1:8765/planets"}


def test_a_dry_run_checks_everything_first(cli, pipeline):
    assert cli("run", pipeline([{"id": "a", "action": "not_installed_anywhere"}]), "--dry-run").code == 2


def test_virtual_time_makes_waits_cost_none(cli, pipeline):
    file = pipeline([{"id": "w", "action": "delay", "params": {"duration_seconds": 3000}}])
    done = cli("run", file, "--virtual-time", timeout=20)
    assert done.code == 0 and "w: completed in 50 min 00 s" in done.out


def test_timeout_bounds_the_run(cli, pipeline):
    file = pipeline([{"id": "w", "action": "delay", "params": {"duration_seconds": 3000}}])
    done = cli("run", file, "--timeout", "2", "--virtual-time", "--format", "json", timeout=20)
    assert done.code == 1 and result_of(done)["status"] in ("failed", "timeout")


def test_a_wait_says_when_it_was_to_end_and_when_it_did(cli, pipeline):
    file = pipeline([{"id": "w", "action": "wait_until", "params": {"duration_hours": 36}}])
    outputs = result_of(cli("run", file, "--virtual-time", "--format", "json", timeout=20))["steps"]["w"]["outputs"]
    planned, actual = (datetime.datetime.fromisoformat(outputs[name]) for name in ("scheduled_wake_time",
                                                                                   "actual_wake_time"))
    assert outputs["waited"] is True and outputs["wait_duration_seconds"] == 36 * 3600.0
    assert datetime.timedelta(0) <= actual - planned < datetime.timedelta(seconds=10)


def test_batch_form(cli):
    lines = [
        {"dag": {"name": "a", "steps": [{"id": "f", "name": "F", "action": "fail", "on_failure": "retry"}]}},
        {"dag": {"name": "b", "parameters": [{"name": "n"}], "steps": [{"id": "s", "name": "S", "action": "set_output",
                                         "params": {"outputs": {"n": "{{ params.n + 1 }}"}}}],
                 "outputs": {"n": "{{ steps.s.outputs.n }}"}}, "params": {"n": 1}},
        {"yaml": "name: c\nsteps: []\n"}, {"dag": {"name": "d", "steps": [{"id": "x", "name": "X", "action": "none_such"}]}},
        {"params": {}}, {"yaml": "name: e\nsteps:\n- {id: a, name: A, action: log}\n"}]
    done = cli("run", "--jsonl", "--virtual-time", stdin="".join(json.dumps(line) + "\n" for line in lines))
    assert done.code == 0
    failed, completed, invalid, refused, neither, last = map(json.loads, done.out.splitlines())
    assert failed["status"] == "failed" and failed["steps"]["f"]["attempts"] == 3
    assert failed["retry_sleeps"] == [60, 120] and failed["error"]
    assert completed == {"status": "completed", "outputs": {"n": 2}, "error": None, "retry_sleeps": [],
                         "steps": {"s": {"status": "completed", "outputs": {"n": 2}, "error": None, "attempts": 1}}}
    assert invalid["error"]["code"] == "SCHEMA" and invalid["errors"]
    assert refused["error"]["code"] == "UNKNOWN_ACTION"
    assert neither["error"]["code"] == "LINE_INVALID"
    assert last["status"] == "completed"


def test_a_reader_that_goes_away_does_not_kill_the_run(budpipeline, pipeline):
    file = pipeline([{"id": f"s{i}", "action": "log", "params": {"message": "x" * 1000}} for i in range(200)])
    done = subprocess.run(f"set -o pipefail; '{budpipeline}' run '{file}' | head -1; echo ${{PIPESTATUS[0]}}", shell=True,
                          executable="/bin/bash", capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0" and done.stderr == ""


def test_a_full_disk_is_an_error(budpipeline, root):
    with open("/dev/full", "w") as full:
        done = subprocess.run([budpipeline, "run", HELLO], cwd=root, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "No space left" in done.stderr
