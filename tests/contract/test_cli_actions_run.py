# SPDX-License-Identifier: Apache-2.0
"""budpipeline actions run and validate: one action alone."""
import json

import pytest


def batch(cli, command, *lines):
    done = cli("actions", command, "--jsonl", stdin="".join(json.dumps(line) + "\n" for line in lines))
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_outputs_go_to_standard_output_and_logs_to_the_error_stream(cli):
    done = cli("actions", "run", "log", "-p", "message=hello")
    assert done.code == 0 and json.loads(done.out) == {"logged": True, "message": "hello", "level": "info"}
    assert done.err == "log info: hello\n"


def test_parameters_have_the_type_the_action_declares(cli):
    done = cli("actions", "run", "transform", "-p", "operation=sort", "-p", "input=[3, 1, 2]", "--format", "json")
    assert json.loads(done.out) == {"success": True, "error": None, "outputs": {
        "result": [1, 2, 3], "operation": "sort", "input_type": "list", "output_type": "list"}}


def test_a_failure_exits_1(cli):
    done = cli("actions", "run", "fail", "-p", "message=no luck")
    assert done.code == 1 and "no luck" in done.err


@pytest.mark.parametrize("arguments, message", [
    (("lug",), "did you mean 'log'"),
    (("log", "-p", "level=loud"), "PARAM_OPTION"),
    (("log", "-p", "levle=info"), "PARAM_UNKNOWN"),
    (("http_request",), "PARAM_REQUIRED"),
])
def test_what_cannot_be_right_exits_2_and_calls_nothing(cli, arguments, message):
    done = cli("actions", "run", *arguments)
    assert (done.code, done.out) == (2, "") and message in done.err


def test_a_private_address_is_reached_only_when_it_is_named(cli, planets):
    url, host = f"{planets}/planets/earth", planets.removeprefix("http://")
    refused = cli("actions", "run", "http_request", "-p", f"url={url}")
    assert refused.code == 1 and "SSRF" in refused.err
    for named in (host, host.split(":")[0]):
        done = cli("actions", "run", "http_request", "-p", f"url={url}", "--allow-host", named)
        assert done.code == 0 and json.loads(done.out)["body"]["name"] == "Earth"
    assert cli("actions", "run", "http_request", "-p", f"url={url}", "--allow-host", "127.0.0.1:1").code == 1


def test_running_in_batch(cli):
    first, second, third, fourth, fifth = batch(
        cli, "run", {"action": "aggregate", "params": {"inputs": [1, 2, 3], "operation": "sum"}},
        {"action": "fail", "params": {"message": "no"}}, {"action": "lug"}, {"params": {}},
        {"action": "http_request", "params": {}, "validate": True})
    assert first["success"] is True and first["outputs"]["result"] == 6 and first["error"] is None
    assert second["success"] is False and second["error"] == "no"
    assert third["error"]["code"] == "UNKNOWN_ACTION" and fourth["error"]["code"] == "LINE_INVALID"
    assert fifth == {"errors": ["url is required"]}


def test_actions_see_workflow_parameters_and_outputs_of_steps(cli):
    branches = [{"id": "a", "label": "A", "condition": "{{ params.n > steps.s.outputs.limit }}", "target_step": "t"}]
    answer, = batch(cli, "run", {"action": "conditional", "params": {"branches": branches},
                                 "workflow_params": {"n": 5}, "step_outputs": {"s": {"limit": 3}}})
    assert answer["outputs"]["matched_branch"] == "a"


def test_validation_finds_what_metadata_and_action_say(cli):
    assert cli("actions", "validate", "log", "-p", "level=info").out == "log: valid\n"
    done = cli("actions", "validate", "log", "-p", "level=loud")
    assert done.code == 2 and "PARAM_OPTION" in done.err


def test_validation_in_batch(cli):
    right, wrong, own = batch(cli, "validate", {"action": "log", "params": {"message": "{{ params.x }}"}},
                              {"action": "delay", "params": {"duration_seconds": -1}},
                              {"action": "http_request", "params": {"url": "ftp://x"}})
    assert right == {"valid": True, "errors": []}
    assert wrong["valid"] is False and "PARAM_RANGE" in [error["code"] for error in wrong["errors"]]
    assert "PARAM_INVALID" in [error["code"] for error in own["errors"]]
