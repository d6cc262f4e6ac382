# SPDX-License-Identifier: Apache-2.0
"""Pipelines over HTTP: members, status codes and rules of the reference (api.md section 3), and versions."""
import uuid

import pytest

# The reference's members of a pipeline, and of one that is shown alone.
PIPELINE = {"id", "name", "version", "status", "created_at", "step_count", "user_id", "system_owned", "description",
            "icon", "dag", "execution_count", "last_execution_at"}
DETAIL = PIPELINE - {"last_execution_at"} | {"updated_at", "created_by"}
SEED_ERA = {"id", "name", "version", "status", "created_at", "step_count"}


def definition(name="p", message="hi", **fields):
    return {"name": name, "steps": [{"id": "a", "name": "A", "action": "log", "params": {"message": message}}], **fields}


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"p-{uuid.uuid4()}"


@pytest.fixture
def create(api):
    """Creates a pipeline: create(dag, headers=..., **members). @return the pipeline"""

    def post(dag, headers=None, **members):
        answer = api.post("/pipelines", json={"dag": dag, **members}, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


# ---------------------------------------------------------------------------------------------------------------------
# Checking


def test_a_valid_definition(api):
    answer = api.post("/validate", json={"dag": definition()})
    assert answer.status_code == 200
    found = answer.json()
    assert {key: found[key] for key in ("valid", "errors", "warnings", "step_count", "has_cycles")} == \
        {"valid": True, "errors": [], "warnings": [], "step_count": 1, "has_cycles": False}


def test_a_cycle_is_told(api):
    steps = [{"id": "a", "name": "A", "action": "log", "depends_on": ["b"], "params": {"message": "x"}},
             {"id": "b", "name": "B", "action": "log", "depends_on": ["a"], "params": {"message": "x"}}]
    found = api.post("/api/v1/pipeline/validate", json={"dag": {"name": "p", "steps": steps}}).json()
    assert (found["valid"], found["step_count"], found["has_cycles"]) == (False, 0, True)
    assert found["errors"] == ["Cyclic dependency detected: a -> b -> a"]
    assert found["problems"][0]["pointer"] == "/steps/0/depends_on"


def test_an_unknown_action_is_a_warning(api):
    steps = [{"id": "a", "name": "A", "action": "no_such_action"}]
    found = api.post("/validate", json={"dag": {"name": "p", "steps": steps}}).json()
    assert found["valid"] and found["step_count"] == 1
    assert [problem["code"] for problem in found["problems"]] == ["UNKNOWN_ACTION"]
    assert [problem["severity"] for problem in found["problems"]] == ["warning"]
    assert len(found["warnings"]) == 1


@pytest.mark.parametrize("body", [{}, {"dag": []}, {"dag": None}, {"dag": "x"}, [], None])
def test_what_is_no_definition_is_a_422(api, body):
    answer = api.post("/validate", json=body)
    assert answer.status_code == 422
    assert {"type", "loc", "msg"} <= set(answer.json()["detail"][0])


FORMLESS = {"name": "p", "steps": [{"id": "a", "name": "A", "action": "log", "params": {"message": "x"}, "retry": {"max_attempts": 11}}, {"id": "b"}]}
FORMLESS_SENTENCES = ["steps.0.retry.max_attempts: Input should be less than or equal to 10", "steps.1.name: Field required",
                      "steps.1.action: Field required"]
FORMLESS_PLACES = ["/steps/0/retry/max_attempts", "/steps/1/name", "/steps/1/action"]


def test_an_error_text_names_the_field_that_it_is_about(api):
    found = api.post("/validate", json={"dag": FORMLESS}).json()
    assert found["errors"] == FORMLESS_SENTENCES
    assert [problem["pointer"] for problem in found["problems"]] == FORMLESS_PLACES + ["/steps/0/retry"]
    assert api.post("/pipelines", json={"dag": FORMLESS}).json()["detail"]["errors"] == FORMLESS_SENTENCES


@pytest.mark.parametrize("path, member", [("/pipelines", "dag"), ("/executions/run", "pipeline_definition")])
def test_pointers_of_a_refused_definition_lead_into_the_body(api, path, member):
    refused = api.post(path, json={member: FORMLESS}, headers={"Accept": "application/problem+json"})
    assert refused.status_code == 400
    assert [problem["pointer"] for problem in refused.json()["errors"]] == [f"/{member}{place}" for place in FORMLESS_PLACES]
    assert refused.json()["pointer"] == f"/{member}{FORMLESS_PLACES[0]}"


def test_behind_the_proxy_every_sentence_names_its_field(api):
    assert api.post("/budpipeline/validate", json={}).json()["message"] == "dag: Field required"


# ---------------------------------------------------------------------------------------------------------------------
# Creating and looking


def test_members_of_a_pipeline(api, create, name):
    dag = definition(name, description="of the definition")
    made = create(dag, icon="rocket")
    assert PIPELINE | DETAIL <= set(made)
    assert (made["name"], made["version"], made["status"], made["step_count"]) == (name, "1", "active", 1)
    assert (made["icon"], made["user_id"], made["system_owned"]) == ("rocket", None, False)
    assert made["dag"] == dag
    assert (made["execution_count"], made["last_execution_at"]) == (0, None)
    shown = api.get(f"/pipelines/{made['id']}")
    assert shown.status_code == 200 and DETAIL <= set(shown.json())
    assert shown.json() == made


def test_the_definition_comes_back_as_it_was_sent(api, create, name):
    dag = definition(name, message="{{ params.x }} password=hunter2", extra={"z": 1, "a": [1.0, 1, True, None, "ü\u2028"]},
                     parameters=[{"name": "x"}])
    made = create(dag)
    assert list(api.get(f"/pipelines/{made['id']}").json()["dag"]) == list(dag)
    assert api.get(f"/pipelines/{made['id']}").json()["dag"] == dag


def test_every_path_of_earlier_versions_answers(api, create, name):
    made = create(definition(name))
    for path in ("/workflows", "/api/v1/pipeline/pipelines"):
        listed = api.get(path).json()
        assert [row for row in listed if row["id"] == made["id"]] and SEED_ERA <= set(listed[0])
        assert api.get(f"{path}/{made['id']}").json()["name"] == name
    seeded = api.post("/workflows", json={"dag": definition(name + "-seed")})
    assert seeded.status_code == 201 and SEED_ERA <= set(seeded.json())
    assert api.delete(f"/workflows/{seeded.json()['id']}").status_code == 204


def test_the_description_is_the_definitions(api, create, name):
    made = create(definition(name, description="what it does"))
    assert made["description"] == "what it does"
    api.put(f"/pipelines/{made['id']}", json={"dag": definition(name, description="something else")})
    assert api.get(f"/pipelines/{made['id']}").json()["description"] == "something else"
    draft = create({"name": name + "-draft", "description": "to come", "steps": []})
    assert [one["description"] for one in api.get("/pipelines").json() if one["id"] == draft["id"]] == ["to come"]


def test_the_body_may_name_it(create, name):
    assert create(definition("other"), name=name)["name"] == name
    assert create(definition(name + "-2"), name="")["name"] == name + "-2"


def test_without_steps_it_is_a_draft(api, create, name):
    made = create({"name": name, "steps": []})
    assert (made["status"], made["step_count"]) == ("draft", 0)
    answer = api.post("/pipelines", json={"dag": {"steps": []}})
    assert answer.status_code == 400
    assert answer.json()["detail"]["error"] == "Validation failed"


def test_an_invalid_definition_is_told_whole(api, name):
    steps = [{"id": "a", "name": "A", "action": "delay", "params": {"duration_seconds": -1}},
             {"id": "b", "name": "B", "action": "log", "depends_on": ["zz"]}]
    answer = api.post("/pipelines", json={"dag": {"name": name, "steps": steps}})
    assert answer.status_code == 400
    detail = answer.json()["detail"]
    assert detail["error"] == "Validation failed" and len(detail["errors"]) >= 2
    assert any("zz" in text for text in detail["errors"])
    answer = api.post("/pipelines", json={"dag": {"name": name, "steps": steps}},
                      headers={"Accept": "application/problem+json"})
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == 400


def test_a_name_is_taken_once_by_an_owner(api, create, name):
    users = [str(uuid.uuid4()), str(uuid.uuid4())]
    create(definition(name))
    answer = api.post("/pipelines", json={"dag": definition(name)})
    assert answer.status_code == 409
    assert answer.json()["detail"]["error"] == "Duplicate pipeline name" and answer.json()["detail"]["message"]
    for user in users:
        assert create(definition(name), headers={"X-User-ID": user})["user_id"] == user
    assert api.post("/pipelines", json={"dag": definition(name), "user_id": users[0]}).status_code == 409


def test_lists_are_newest_first(api, create, name):
    made = [create(definition(f"{name}-{i}"))["id"] for i in range(3)]
    listed = [row["id"] for row in api.get("/pipelines").json()]
    assert [row for row in listed if row in made] == made[::-1]
    first = api.get("/pipelines").json()[0]
    assert PIPELINE <= set(first) and first["dag"] == definition(f"{name}-2")
    assert api.get("/pipelines?include_dag=false").json()[0] == first | {"dag": None}


@pytest.mark.parametrize("wrong", ["nonsense", "00000000-0000-0000-0000-000000000000", "%C3%BC", "1"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_there_is_no_such_pipeline(api, wrong, method):
    answer = api.request(method, f"/pipelines/{wrong}", json={"dag": definition()} if method == "PUT" else None)
    assert answer.status_code == 404
    shown = "ü" if wrong == "%C3%BC" else wrong
    assert answer.json()["detail"] == f"Pipeline not found: {shown}"


# ---------------------------------------------------------------------------------------------------------------------
# Saving


def test_each_save_is_a_version(api, create, name):
    made = create(definition(name, description="first"))
    dag = definition(name + "-new", message="ho", description="second")
    saved = api.put(f"/pipelines/{made['id']}", json={"dag": dag, "icon": "x"})
    assert saved.status_code == 200
    assert (saved.json()["version"], saved.json()["name"], saved.json()["icon"]) == ("2", name + "-new", "x")
    assert saved.json()["dag"] == dag and saved.json()["description"] == "second"
    assert saved.json()["created_at"] == made["created_at"] <= saved.json()["updated_at"]
    assert saved.headers["etag"] == '"2"'


def test_a_lost_update_is_refused(api, create, name):
    path = f"/pipelines/{create(definition(name))['id']}"
    assert api.put(path, json={"dag": definition(name, "2"), "expected_version": 1}).status_code == 200
    stale = api.put(path, json={"dag": definition(name, "3"), "expected_version": 1})
    assert stale.status_code == 409 and isinstance(stale.json()["detail"], str)
    assert api.get(path).json()["dag"] == definition(name, "2")
    assert api.put(path, json={"dag": definition(name, "4")}, headers={"If-Match": '"1"'}).status_code == 409
    assert api.put(path, json={"dag": definition(name, "4")}, headers={"If-Match": '"what"'}).status_code == 409
    assert api.put(path, json={"dag": definition(name, "4")}, headers={"If-Match": '"2"'}).status_code == 200
    assert api.put(path, json={"dag": definition(name, "5")}, headers={"If-Match": "*"}).json()["version"] == "4"
    assert api.put(path, json={"dag": definition(name, "6")}).json()["version"] == "5"


def test_the_owner_stays(api, create, name):
    user = str(uuid.uuid4())
    path = f"/pipelines/{create(definition(name), user_id=user)['id']}"
    saved = api.put(path, json={"dag": definition(name), "user_id": str(uuid.uuid4()), "system_owned": True}).json()
    assert (saved["user_id"], saved["system_owned"]) == (user, False)


def test_saving_takes_no_other_name(api, create, name):
    create(definition(name))
    other = create(definition(name + "-2"))
    answer = api.put(f"/pipelines/{other['id']}", json={"dag": definition(name)})
    assert answer.status_code == 409 and answer.json()["detail"]["error"] == "Duplicate pipeline name"
    assert api.put(f"/pipelines/{other['id']}", json={"dag": {"name": "x", "steps": [{"id": "a"}]}}).status_code == 400


def test_a_deleted_pipeline_is_gone(api, create, name):
    path = f"/pipelines/{create(definition(name))['id']}"
    answer = api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.delete(path).status_code == 404
    assert api.get(path).status_code == 404
    create(definition(name))


# ---------------------------------------------------------------------------------------------------------------------
# Whose they are


def test_users_see_their_own_and_the_systems(api, create, name):
    mine, theirs = str(uuid.uuid4()), str(uuid.uuid4())
    own = create(definition(name + "-own"), headers={"X-User-ID": mine})["id"]
    foreign = create(definition(name + "-foreign"), headers={"X-User-ID": theirs})["id"]
    unowned = create(definition(name + "-unowned"))["id"]
    common = create(definition(name + "-common"), system_owned=True)["id"]
    everything = {own, foreign, unowned, common}

    def seen(user, **query):
        headers = {"X-User-ID": user} if user else None
        return {row["id"] for row in api.get("/pipelines", headers=headers, params=query).json()} & everything

    assert seen(mine) == {own}
    assert seen(mine, include_system="true") == {own, common}
    assert seen(None) == everything
    assert seen("malformed") == everything
    reachable = {pipeline: api.get(f"/pipelines/{pipeline}", headers={"X-User-ID": mine}).status_code
                 for pipeline in everything}
    assert reachable == {own: 200, foreign: 404, unowned: 404, common: 200}
    for path in ("", "/versions", "/versions/1", "/versions/1/diff/1"):
        assert api.get(f"/pipelines/{foreign}{path}", headers={"X-User-ID": mine}).status_code == 404
    for method, path, body in (("PUT", "", {"dag": definition(name)}), ("POST", "/versions/1/restore", None),
                               ("DELETE", "", None)):
        answer = api.request(method, f"/pipelines/{foreign}{path}", headers={"X-User-ID": mine}, json=body)
        assert answer.status_code == 404
    assert api.get(f"/pipelines/{foreign}").json()["version"] == "1"


def test_the_bodys_user_wins_and_a_malformed_one_is_ignored(create, name):
    header, body = str(uuid.uuid4()), str(uuid.uuid4())
    assert create(definition(name), headers={"X-User-ID": header}, user_id=body)["user_id"] == body
    assert create(definition(name), headers={"X-User-ID": header}, user_id="nonsense")["user_id"] == header


# ---------------------------------------------------------------------------------------------------------------------
# Versions


def patched(document, changes):
    """A JSON Patch applied, by RFC 6902."""
    for change in changes:
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in change["path"].split("/")[1:]]
        if not tokens:
            document = change["value"]
            continue
        parent = document
        for token in tokens[:-1]:
            parent = parent[int(token) if isinstance(parent, list) else token]
        key = int(tokens[-1]) if isinstance(parent, list) else tokens[-1]
        if change["op"] != "add":
            assert parent[key] == change["old"]
        if change["op"] == "remove":
            del parent[key]
        elif change["op"] == "add" and isinstance(parent, list):
            parent.insert(key, change["value"])
        else:
            parent[key] = change["value"]
    return document


def test_versions_are_kept(api, create, name):
    dags = [definition(name, str(i)) for i in range(3)]
    path = f"/pipelines/{create(dags[0])['id']}"
    for dag in dags[1:]:
        api.put(path, json={"dag": dag})
    versions = api.get(f"{path}/versions").json()["versions"]
    assert [version["version"] for version in versions] == ["3", "2", "1"]
    assert all("dag" not in version for version in versions)
    for i, dag in enumerate(dags):
        assert api.get(f"{path}/versions/{i + 1}").json()["dag"] == dag
    missing = api.get(f"{path}/versions/4")
    assert missing.status_code == 404 and "no version 4" in missing.json()["detail"]
    assert api.get(f"{path}/versions/0").status_code == 422
    assert api.get(f"{path}/versions/x").status_code == 422


def test_a_version_is_restored_as_a_new_one(api, create, name):
    first = definition(name, "1")
    path = f"/pipelines/{create(first, icon='one')['id']}"
    api.put(path, json={"dag": definition(name + "-2", "2"), "icon": "two"})
    restored = api.post(f"{path}/versions/1/restore")
    assert restored.status_code == 200
    assert (restored.json()["version"], restored.json()["restored_from"], restored.json()["icon"]) == ("3", 1, "one")
    assert restored.json()["dag"] == first and restored.json()["name"] == name
    assert api.get(f"{path}/versions/2").json()["name"] == name + "-2"
    assert api.post(f"{path}/versions/9/restore").status_code == 404


def test_a_diff_is_a_patch(api, create, name):
    first = definition(name, "1", settings={"fail_fast": True}, x={"a/b": 1, "m~n": [1, 2, 3], "same": {}})
    second = definition(name, "2", outputs={"o": "x"}, x={"a/b": 2, "m~n": [0, 1, 3, 4], "same": {}})
    second["steps"].insert(0, {"id": "new", "name": "N", "action": "log", "params": {"message": "n"}})
    path = f"/pipelines/{create(first)['id']}"
    assert api.put(path, json={"dag": second}).status_code == 200
    for a, b, documents in ((1, 2, (first, second)), (2, 1, (second, first))):
        found = api.get(f"{path}/versions/{a}/diff/{b}").json()
        assert (found["from"], found["to"]) == (str(a), str(b))
        source = api.get(f"{path}/versions/{a}").json()["dag"]
        assert patched(source, found["changes"]) == documents[1]
    found = api.get(f"{path}/versions/1/diff/2").json()
    assert found["steps"] == [{"id": "a", "change": "changed", "fields": ["params"]},
                              {"id": "new", "change": "added", "fields": []}]
    assert found["fields"] == ["settings", "x", "outputs"]
    assert api.get(f"{path}/versions/1/diff/1").json() == \
        {"from": "1", "to": "1", "changes": [], "steps": [], "fields": []}
    assert api.get(f"{path}/versions/1/diff/9").status_code == 404


def test_a_key_creates_one_pipeline(api, name):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post("/pipelines", json={"dag": definition(name)}, headers=headers)
    again = api.post("/pipelines", json={"dag": definition(name)}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    other = api.post("/pipelines", json={"dag": definition(name + "-2")}, headers=headers)
    assert other.status_code == 422
    assert sum(row["name"].startswith(name) for row in api.get("/pipelines").json()) == 1
