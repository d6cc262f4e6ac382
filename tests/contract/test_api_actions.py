# SPDX-License-Identifier: Apache-2.0
"""The Actions API against the reference (api.md section 2)."""
import gzip
import http.client
import json
import urllib.parse

import jsonschema
import pytest

ACTION = ["type", "version", "name", "description", "category", "icon", "color", "params", "outputs", "executionMode",
          "timeoutSeconds", "retryPolicy", "idempotent", "requiredServices", "requiredPermissions", "examples", "docsUrl"]
PARAM = ["name", "label", "type", "description", "required", "default", "placeholder", "options", "validation",
         "visibleWhen"]
# The reference has icons for "Model" and "Cluster" only, whose actions say "Model Operations" and "Cluster Operations".
ICONS = {"Control Flow": "git-branch", "Model": "cpu", "Model Operations": "cpu", "Cluster": "server",
         "Cluster Operations": "server", "Deployment": "rocket", "Integration": "plug", "Simulation": "beaker"}


@pytest.mark.parametrize("path", ["/actions", "/api/v1/actions"])
def test_the_catalogue(api, path):
    answer = api.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
    catalogue = answer.json()
    assert set(catalogue) == {"actions", "categories", "total"}
    assert catalogue["total"] == len(catalogue["actions"]) >= 8
    assert [row["name"] for row in catalogue["categories"]] == sorted(row["name"] for row in catalogue["categories"])
    for category in catalogue["categories"]:
        assert category["icon"] == ICONS.get(category["name"], "box")
        assert category["actions"] == [row for row in catalogue["actions"] if row["category"] == category["name"]]
    for action in catalogue["actions"]:
        assert list(action)[:len(ACTION)] == ACTION
        for param in action["params"]:
            assert list(param)[:len(PARAM)] == PARAM


def test_it_is_the_catalogue_of_the_command_line(api, cli):
    assert api.get("/actions").json() == json.loads(cli("actions", "list", "--format", "json").out)


def test_it_is_sent_again_only_when_it_changed(api):
    first = api.get("/actions")
    tag = first.headers["etag"]
    again = api.get("/actions", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert api.get("/actions", headers={"If-None-Match": '"other"'}).status_code == 200
    assert api.get("/actions/delay", headers={"If-None-Match": api.get("/actions/delay").headers["etag"]}).status_code == 304


def test_it_is_compressed_for_those_who_ask(api):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(str(api.base_url)).netloc, timeout=10)
    answers = {}
    for coding in ("gzip", "identity"):
        connection.request("GET", "/actions", headers={"Accept-Encoding": coding})
        answer = connection.getresponse()
        answers[coding] = (answer.getheader("Content-Encoding"), answer.getheader("Vary"), answer.read())
    connection.close()
    assert answers["gzip"][0] == "gzip" and answers["identity"][0] is None
    assert "accept-encoding" in answers["identity"][1].lower() and "accept-encoding" in answers["gzip"][1].lower()
    assert gzip.decompress(answers["gzip"][2]) == answers["identity"][2]
    assert len(answers["gzip"][2]) < len(answers["identity"][2]) / 2


def test_one_action(api):
    catalogue = api.get("/actions").json()
    for action in catalogue["actions"]:
        assert api.get(f"/actions/{action['type']}").json() == action


@pytest.mark.parametrize("wrong", ["validate", "no_such", "Delay", "%C3%BC"])
def test_there_is_no_such_action(api, wrong):
    answer = api.get(f"/actions/{wrong}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"Action '{'ü' if wrong == '%C3%BC' else wrong}' not found"
    assert api.get(f"/actions/{wrong}/schema").status_code == 404


def test_schemas_are_schemas(api):
    for action in api.get("/actions").json()["actions"]:
        schemas = api.get(f"/actions/{action['type']}/schema").json()
        assert set(schemas) == {"type", "version", "params", "outputs"}
        for kind in ("params", "outputs"):
            jsonschema.Draft202012Validator.check_schema(schemas[kind])
        for example in action["examples"]:
            jsonschema.Draft202012Validator(schemas["params"]).validate(example["params"])


@pytest.mark.parametrize("spelling", ["actionType", "action_type"])
def test_right_parameters(api, spelling):
    answer = api.post("/actions/validate", json={spelling: "delay", "params": {"duration_seconds": 1}})
    assert answer.status_code == 200
    assert {key: answer.json()[key] for key in ("valid", "errors")} == {"valid": True, "errors": []}


@pytest.mark.parametrize("action, params, errors", [
    ("delay", {"duration_seconds": -1}, ["duration_seconds: must be >= 0", "duration_seconds must be non-negative"]),
    ("delay", {"duration_seconds": 1e9}, ["duration_seconds: must be <= 3600", "duration_seconds cannot exceed 3600"]),
    ("delay", {"duration_seconds": "{{ params.x }}"}, []),
    ("log", {}, []),
    ("http_request", {}, ["Missing required parameter: url", "url is required"]),
])
def test_wrong_parameters(api, action, params, errors):
    found = api.post("/api/v1/actions/validate", json={"action_type": action, "params": params}).json()
    assert (found["valid"], found["errors"]) == (not errors, errors)
    assert [problem["message"] for problem in found["problems"]] == errors


def test_a_name_that_is_not_declared_is_a_warning(api):
    found = api.post("/actions/validate", json={"actionType": "delay", "params": {"duration_second": 1}}).json()
    assert found["valid"] and found["errors"] == []
    assert found["warnings"] == ["Unknown parameter: duration_second, did you mean 'duration_seconds'?"]


def test_what_cannot_be_checked(api):
    answer = api.post("/actions/validate", json={"actionType": "no_such", "params": {}})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Action 'no_such' not found")
    for body in ({"actionType": "delay"}, {"params": {}}, {"actionType": 7, "params": {}},
                 {"actionType": "delay", "params": []}, {"actionType": None, "params": {}}):
        assert api.post("/actions/validate", json=body).status_code == 422
