# SPDX-License-Identifier: Apache-2.0
"""What parameters may be set to: GET /actions/{type}/params/{name}/options, answered by the stand-in platform, directly
and behind Dapr's interface, and what a person is told when it is not answered."""
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from service_site import MODES, PROVIDER, USER, Site, connection, seed_id, sites_of

SYSTEM_USER, OTHER_PROVIDER = seed_id(902), seed_id(502)

# A parameter of each kind that names a thing of the platform: the call that lists them, and the options of the seed.
KINDS = {
    ("deployment_create", "model_id"): ("models", [
        (seed_id(101), "Llama 3.1 8B", "meta-llama/Llama-3.1-8B"), (seed_id(102), "BGE small", "BAAI/bge-small-en"),
        (seed_id(103), "GPT-4o mini", "gpt-4o-mini")]),
    ("deployment_create", "cluster_id"): ("clusters/clusters", [
        (seed_id(201), "Frankfurt GPUs", "available"), (seed_id(202), "Bengaluru CPUs", "available"),
        (seed_id(203), "Empty cluster", "available")]),
    ("deployment_create", "project_id"): ("projects", [
        (seed_id(301), "Demo", "For trying things out"), (seed_id(302), "Production", None)]),
    ("deployment_scale", "endpoint_id"): ("endpoints", [(seed_id(401), "llama-demo", "running")]),
    ("cloud_model_add", "provider_id"): ("models/providers", [
        (seed_id(501), "OpenAI", "openai"), (seed_id(502), "Anthropic", "anthropic")]),
    ("model_add", "credential_id"): ("credentials", [
        (seed_id(701), "HuggingFace read token", "hugging_face"), (seed_id(702), "OpenAI key", "openai")]),
    ("cloud_model_add", "cloud_model_id"): ("models/cloud-models", [
        (seed_id(601), "gpt-4o-mini", "gpt-4o-mini"), (seed_id(602), "claude-haiku", "claude-haiku")]),
}
MODELS = "/actions/deployment_create/params/model_id/options"
CLOUD_MODELS = "/actions/cloud_model_add/params/cloud_model_id/options"
PROBLEM = {"Accept": "application/problem+json"}


@pytest.fixture(scope="module")
def sites(budpipeline, platform):
    """One site a mode, for all tests here; started when asked for."""
    with sites_of(lambda mode: Site(budpipeline, platform.world(), mode, "memory:", "--options-timeout-ms", "2000",
                                    "--options-response-bytes", "32 KiB", "--invoke-system-user-id", SYSTEM_USER)) as site:
        yield site


@pytest.fixture(params=MODES)
def site(sites, request):
    return sites(request.param)


def option(value, label, description):
    return {"value": value, "label": label} | ({"description": description} if description else {})


def listed(site, path=MODELS, headers=None, **query):
    answer = site.client.get(site.server.url + path, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def values(site, path=MODELS, **query):
    return [each["value"] for each in listed(site, path, **query)["options"]]


def problem(site, path=MODELS, **query):
    """How it fails. @return status, code, the sentence"""
    answer = site.client.get(site.server.url + path, params=query, headers=PROBLEM)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"], told["detail"]


def answers(site, reply, path=MODELS, **query):
    """How it fails when the service answers so."""
    site.world.rule(count=1, reply=reply)
    return problem(site, path, **query)


@pytest.mark.parametrize("action, param", KINDS)
def test_what_the_platform_has_is_listed(site, action, param):
    path, options = KINDS[action, param]
    assert listed(site, f"/actions/{action}/params/{param}/options") == {
        "options": [option(*each) for each in options], "total": len(options), "has_more": False}
    assert site.called() == [f"GET budapp {path}"]
    assert {call["mode"] for call in site.world.calls()} == {site.mode}


@pytest.mark.parametrize("prefix", ["", "/api/v1", "/budpipeline"])
def test_it_stands_beside_the_other_routes_of_actions(site, prefix):
    assert len(listed(site, prefix + MODELS)["options"]) == 3


def test_the_service_is_asked_for_the_user_who_asks_else_for_the_systems(site):
    listed(site, headers={"X-User-ID": USER})
    listed(site)
    assert [call["query"]["user_id"] for call in site.world.calls()] == [USER, SYSTEM_USER]


@pytest.mark.parametrize("text, found", [("bge", [102]), ("LLAMA", [101]), ("gpt-4o", [103]), (seed_id(103), [103]),
                                         ("nothing", []), ("%&=# ", []), ("", [101, 102, 103])])
def test_it_searches_whatever_the_case(site, text, found):
    reply = {"json": {"models": [{"id": key, "name": name, "uri": uri}
                                 for key, name, uri in KINDS["deployment_create", "model_id"][1]]}}
    assert values(site, q=text) == [seed_id(each) for each in found if text != seed_id(103)]  # it searches names
    site.world.rule(count=1, reply=reply)
    assert values(site, q=text) == [seed_id(each) for each in found]                          # it does not search
    assert [call["query"].get("search", "") for call in site.world.calls()] == [text, text]


def test_letters_of_any_script_match_in_any_case(site):
    site.world.rule(count=3, reply={"json": {"models": [{"id": "1", "name": "Straße"}, {"id": "2", "name": "ΣΊΣΥΦΟΣ"}]}})
    assert [values(site, q=text) for text in ("STRASSE", "σίσυφος", "stra")] == [["1"], ["2"], ["1"]]


def test_no_more_than_asked_for_and_whether_there_are_more(site):
    assert listed(site, limit=2) == {"options": [option(*each) for each in KINDS["deployment_create", "model_id"][1][:2]],
                                     "total": 3, "has_more": True}
    assert listed(site, limit=3)["has_more"] is False
    assert [int(call["query"]["limit"]) for call in site.world.calls()] == [3, 4]
    rows = [{"id": str(number), "name": f"model {number}"} for number in range(130)]
    for told, limit, text, total, more in [
            ({"models": rows[:21]}, 20, "", None, True),                        # it says no total, and has one more
            ({"models": rows[:20]}, 20, "", 20, False),
            ({"models": rows}, 100, "", None, True),                            # it does not limit
            ({"models": rows[:100], "total_record": 130}, 100, "", 130, True),
            ({"models": rows[:100], "total_record": 100}, 100, "", 100, False),
            ({"models": rows[:100], "total_record": 130}, 20, "model 1", None, True),  # it does not search
            ({"models": rows[:12], "total_record": 12}, 20, "model 1", 3, False),
            ({"models": rows[:12], "total_record": "many"}, 20, "", 12, False),
            ({"models": rows[:12], "total_record": 3}, 20, "", 12, False),
            ({"models": []}, 20, "", 0, False)]:
        site.world.rule(count=1, reply={"json": told})
        answer = listed(site, limit=limit, q=text)
        assert (answer.get("total"), answer["has_more"]) == (total, more), (told, limit, text)
        assert len(answer["options"]) <= limit


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "all"}, {"q": "x" * 201}])
def test_what_is_asked_is_bounded(sites, query):
    assert problem(sites("direct"), **query)[0] == 422
    assert sites("direct").called() == []


def test_cloud_models_of_a_provider(site):
    assert values(site, CLOUD_MODELS, provider_id=PROVIDER) == [seed_id(601)]
    assert [call["query"]["provider_id"] for call in site.world.calls()] == [PROVIDER]
    site.world.rule(count=1, reply={"json": {"cloud_models": [  # a service that lists those of all
        {"id": "1", "name": "one", "provider_id": PROVIDER}, {"id": "2", "name": "two", "provider_id": OTHER_PROVIDER},
        {"id": "3", "name": "three"}]}})
    assert values(site, CLOUD_MODELS, provider_id=PROVIDER) == ["1", "3"]


def test_what_is_missing_in_an_item(site):
    site.world.rule(count=1, reply={"json": {"models": [{"id": 7, "name": None, "uri": 8}, {"id": "b", "name": ""}]}})
    assert listed(site)["options"] == [option("7", "7", "8"), option("b", "b", None)]


def test_secrets_stay_where_they_are(site):
    secret = "AKIAIOSFODNN7EXAMPLE"
    site.world.rule(count=1, reply={"json": {"credentials": [
        {"id": "a", "name": f"key {secret}", "type": "Bearer abcdefghijklmnopqrstuvwxyz012345"}, {"id": secret, "name": "b"}]}})
    answer = listed(site, "/actions/model_add/params/credential_id/options")
    assert [each["value"] for each in answer["options"]] == ["a"]
    assert secret not in str(answer) and "abcdefghijklmnop" not in str(answer)


# ---------------------------------------------------------------------------------------------------------------------
# Options that actions state themselves


def test_stated_options_need_no_service(serve):
    alone = serve()
    path = alone.url + "/actions/http_request/params/method/options"
    everything = httpx.get(path).json()
    stated = next(param for param in httpx.get(alone.url + "/actions/http_request").json()["params"]
                  if param["name"] == "method")["options"]
    assert everything == {"options": stated, "total": len(stated), "has_more": False}
    assert httpx.get(path, params={"q": "pu"}).json()["options"] == [{"value": "PUT", "label": "PUT"}]
    assert httpx.get(path, params={"limit": 1}).json() == {"options": stated[:1], "total": len(stated), "has_more": True}


# ---------------------------------------------------------------------------------------------------------------------
# Failures


@pytest.mark.parametrize("path, status, code, said, pointer", [
    ("/actions/nothing/params/model_id/options", 404, "UNKNOWN_ACTION", "nothing", ""),
    ("/actions/model_add/params/no~thing/options", 404, "PARAM_UNKNOWN", "no such parameter", "/params/no~0thing"),
    ("/actions/log/params/message/options", 422, "PARAM_OPTIONS", "no options", "/params/message")])
def test_where_there_are_none(sites, path, status, code, said, pointer):
    site = sites("direct")
    told = site.client.get(site.server.url + path, headers=PROBLEM).json()
    assert (told["status"], told["code"], told["pointer"]) == (status, code, pointer)
    assert said in told["detail"]


def test_the_setting_that_is_missing_is_named(serve):
    told = httpx.get(serve().url + MODELS, headers=PROBLEM).json()
    assert (told["status"], told["code"]) == (503, "SERVICE_NOT_CONFIGURED")
    assert "services.budapp.url" in told["detail"] and "dapr.url" in told["detail"]


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500, 503])
def test_a_service_that_refuses(site, status):
    assert answers(site, {"status": status, "text": "secret words"}) == (502, "SERVICE_REFUSED",
                                                                         f"budapp answered with status {status}")
    assert len(site.called()) == 1  # whoever asks, asks again


@pytest.mark.parametrize("reply, said", [
    ({"text": "<html>"}, "no JSON"), ({"text": ""}, "no JSON"), ({"text": '{"models": ['}, "no JSON"),
    ({"text": "[" * 200}, "no JSON"), ({"json": []}, "/models"), ({"json": {}}, "/models"),
    ({"json": {"models": None}}, "/models"), ({"json": {"models": {"a": 1}}}, "/models"),
    ({"json": {"models": [{"id": "a"}, 7]}}, "/models/1/id"), ({"json": {"models": [{"id": ""}]}}, "/models/0/id"),
    ({"json": {"models": [{"id": {"x": 1}}]}}, "/models/0/id"), ({"json": {"models": [{"name": "a"}]}}, "/models/0/id"),
    ({"json": {"models": ["x" * 40000]}}, "32768")])
def test_answers_that_are_no_list(site, reply, said):
    status, code, sentence = answers(site, {"status": 200} | reply)
    assert (status, code) == (502, "SERVICE_ANSWER")
    assert "budapp" in sentence and said in sentence


def test_a_service_that_hangs_up(site):
    site.world.rule(count=1, refuse=True)
    status, code, sentence = problem(site)
    assert (status, code) == (502, "SERVICE_UNREACHABLE") and "budapp" in sentence


def test_a_slow_service_holds_nobody_else_up(site):
    site.world.rule(path="models", delay=6)
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as clients:  # four for each thread that serves requests
        slow = [clients.submit(problem, site) for _ in range(8)]
        site.until(lambda: len(site.called()) == 8)
        assert site.get("/actions/log/schema") and not any(each.done() for each in slow)
        assert {each.result() for each in slow} == {(504, "SERVICE_TIMEOUT", "budapp did not answer within 2000 ms")}
    assert 1.9 < time.monotonic() - begun < 5.9


def test_lists_that_fail_keep_no_step_from_the_service(site):
    site.world.rule(path="models", count=10, reply={"status": 500})
    assert {problem(site)[0] for _ in range(10)} == {502}
    assert site.run("model_delete", {"model_id": seed_id(102)})["status"] == "COMPLETED"


@pytest.mark.parametrize("option", ["--service=budapp=http://127.0.0.1:1", "--dapr-url=http://127.0.0.1:1"])
def test_a_service_that_is_down(serve, option):
    told = httpx.get(serve(option).url + MODELS, headers=PROBLEM).json()
    assert (told["status"], told["code"]) == (502, "SERVICE_UNREACHABLE") and "budapp" in told["detail"]


def test_isolated_users_ask_for_themselves(serve, cli, world):
    isolated = serve("--auth-isolate-users", "--auth", *connection(world, "direct"))
    token = cli("token", "create", "reader", "--store", isolated.store, "--scope", "read,act-as").out.strip()
    who = {"Authorization": f"Bearer {token}"} | PROBLEM
    refused = httpx.get(isolated.url + MODELS, headers=who)
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert world.calls() == []
    assert httpx.get(isolated.url + MODELS, headers=who | {"X-User-ID": USER}).status_code == 200
    assert httpx.get(isolated.url + "/actions/http_request/params/method/options", headers=who).status_code == 200
    assert [call["query"]["user_id"] for call in world.calls()] == [USER]
