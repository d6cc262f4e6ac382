# SPDX-License-Identifier: Apache-2.0
"""budpipeline actions: what the registry knows, for people and for programs."""
import json

import pytest


def test_the_list_is_grouped_by_category_for_people(cli):
    done = cli("actions", "list")
    assert done.code == 0
    assert "Control Flow\n" in done.out and "\n  log " in done.out


def test_the_list_for_programs_has_every_action_with_its_metadata(cli):
    answer = json.loads(cli("actions", "list", "--format", "json").out)
    log = next(action for action in answer["actions"] if action["type"] == "log")
    assert log["category"] == "Control Flow" and log["executionMode"] == "sync"
    assert [param["name"] for param in log["params"]] == ["message", "level"]


def test_names_are_what_completion_asks_for(cli):
    names = cli("actions", "list", "--format", "names").out.split()
    listed = [action["type"] for action in json.loads(cli("actions", "list", "--format", "json").out)["actions"]]
    assert sorted(names) == sorted(listed)


def test_show_tells_parameters_and_outputs(cli):
    done = cli("actions", "show", "log")
    assert done.code == 0
    for expected in ("Category   Control Flow", "Effect     pure", "one of: debug, info, warning, error", "logged"):
        assert expected in done.out


def test_show_has_the_form_of_the_actions_api(cli):
    assert json.loads(cli("actions", "show", "log", "--format", "json").out)["type"] == "log"


def test_schema_is_json_schema_of_parameters_or_outputs(cli):
    params = json.loads(cli("actions", "schema", "log").out)
    outputs = json.loads(cli("actions", "schema", "log", "--outputs").out)
    assert params["$schema"] == outputs["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(params["properties"]) == {"message", "level"}
    assert set(outputs["properties"]) == {"logged", "message", "level"}


@pytest.mark.parametrize("command", ["show", "schema"])
def test_a_misspelt_type_gets_the_nearest_one(cli, command):
    done = cli("actions", command, "lug")
    assert (done.code, done.out) == (2, "")
    assert "there is no action 'lug'; did you mean 'log'?" in done.err


def test_a_type_like_no_other_leads_to_the_list(cli):
    done = cli("actions", "show", "nothing_like_it_at_all")
    assert done.code == 2 and "budpipeline actions list" in done.err
