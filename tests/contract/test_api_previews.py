# SPDX-License-Identifier: Apache-2.0
"""What parameters and templates come to in an execution, asked over HTTP."""
import pytest

DEFINITION = {
    "name": "previewed",
    "parameters": [{"name": "who", "default": "world"}, {"name": "api_key", "default": "sk-very-secret"}],
    "steps": [
        {"id": "first", "name": "First", "action": "set_output",
         "params": {"outputs": {"text": "Hello {{ params.who }}", "count": 3, "password": "hunter2"}}},
        {"id": "second", "name": "Second", "action": "transform", "depends_on": ["first"],
         "params": {"input": "{{ steps.first.outputs.text }}", "operation": "uppercase"}},
        {"id": "beside", "name": "Beside", "action": "log", "params": {"message": "{{ params.who }}"}},
        {"id": "never", "name": "Never", "action": "log", "condition": "{{ steps.first.outputs.count > 5 }}",
         "depends_on": ["first"], "params": {"message": "x"}},
        {"id": "broken", "name": "Broken", "action": "log", "depends_on": ["first"], "on_failure": "continue",
         "params": {"message": "{{ steps.first.outputs.count / 0 }}"}},
    ],
}


@pytest.fixture(scope="module")
def execution(api):
    answer = api.post("/executions/run", json={"pipeline_definition": DEFINITION})
    assert answer.status_code == 201, answer.text
    return answer.json()["execution_id"]


@pytest.fixture(scope="module")
def preview(api, execution):
    def ask(template, **more):
        answer = api.post(f"/executions/{execution}/preview", json={"template": template, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture(scope="module")
def params(api, execution):
    return lambda step: api.get(f"/executions/{execution}/steps/{step}/params")


def test_parameters_of_a_step_are_shown_resolved_and_complete(params):
    assert params("second").json() == {"step_id": "second", "runs": True, "error": None,
                                       "params": {"input": "Hello world", "operation": "uppercase"}}
    assert params("beside").json()["params"] == {"message": "world", "level": "info"}, "defaults are filled in"


def test_a_step_whose_condition_is_false_has_no_parameters(params):
    assert params("never").json() == {"step_id": "never", "runs": False, "params": None, "error": None}


def test_parameters_that_cannot_be_resolved_say_why(params):
    answer = params("broken").json()
    assert answer["params"] is None
    assert answer["error"]["code"] == "TEMPLATE_ARITHMETIC"


def test_a_step_that_does_not_exist_is_not_found(params, api, execution):
    assert params("nobody").status_code == 404
    assert api.post(f"/executions/{execution}/preview", json={"template": "x", "step_id": "nobody"}).status_code == 404


def test_a_template_keeps_the_type_of_its_value(preview):
    assert preview("{{ steps.first.outputs.count + 1 }}") == {"value": 4, "error": None}
    assert preview({"a": ["{{ params.who }}", "<{{ steps.second.outputs.result }}>"]})["value"] == {
        "a": ["world", "<HELLO WORLD>"]}


def test_a_template_sees_what_its_step_would_see(preview):
    assert preview("{{ steps.first.outputs.count is defined }}", step_id="second")["value"] is True
    assert preview("{{ steps.first.outputs.count is defined }}", step_id="beside")["value"] is False


@pytest.mark.parametrize("template", ["{{ steps.first.outputs.password | list | join('-') }}", "{{ params.api_key | reverse }}",
                                      "{{ params }}", "{{ steps.first.outputs }}"])
def test_a_template_does_not_get_at_secrets(preview, template):
    shown = str(preview(template))
    for secret in ("hunter2", "h-u-n-t", "sk-very-secret", "terces"):
        assert secret not in shown


def test_what_is_wrong_with_a_template_is_told_with_its_place(preview):
    answer = preview({"a": ["fine", "{{ 1 + }}"]})
    assert answer["value"] is None
    assert answer["error"]["code"] == "TEMPLATE_SYNTAX"
    assert answer["error"]["pointer"] == "/a/1"


def test_a_template_that_works_too_long_is_stopped(preview):
    answer = preview("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}")
    assert answer["error"]["code"] == "TEMPLATE_LIMIT"
