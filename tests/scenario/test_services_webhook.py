# SPDX-License-Identifier: Apache-2.0
"""webhook against a listener of the stand-in platform over HTTP: what it sends, what it makes of the answer, what it
repeats, and each documented failure. It goes to its URL, whichever way services are reached."""
import json
import urllib.parse

import pytest

from service_site import MODES, Site, sites_of

HOOK = "hooks/releases"
RETRY = {"on_failure": "retry", "retry": {"max_attempts": 3, "backoff_seconds": 1, "backoff_multiplier": 1.0}}


@pytest.fixture(scope="module")
def sites(budpipeline, platform):
    """One site a mode, for all tests here; started when asked for."""

    def start(mode):
        world = platform.world()
        return Site(budpipeline, world, mode, "memory:", "--client-response-bytes", "16 KiB",
                    "--allow-host", urllib.parse.urlsplit(world.url).netloc, "--allow-host", "127.0.0.1:1")

    with sites_of(start) as site:
        yield site


@pytest.fixture
def site(sites):
    return sites("direct")


def tell(site, given=None, **how):
    """A step that tells the listener. @return it, ended"""
    return site.run("webhook", {"url": url(site)} | (given or {}), **how)


def url(site):
    return f"{site.world.service('budnotify')}/{HOOK}"


def listen(site, **rule):
    """How the listener answers; 200 with {"heard": true} unless told otherwise."""
    site.world.rule(path=HOOK, **({"reply": {"json": {"heard": True}}} | rule))


def heard(site):
    return site.world.calls(service="budnotify")


def key_of(call):
    return {name.lower(): text for name, text in call["headers"].items()}.get("idempotency-key")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", [None, "PUT", "PATCH"])
def test_the_payload_is_the_body(sites, mode, method):
    site = sites(mode)
    listen(site)
    execution = site.action("webhook", {"url": url(site), "payload": {"text": "done", "list": [1]},
                                        "headers": {"X-Number": 7, "X-Nothing": None}} | ({"method": method} if method else {}))
    step = site.ended(execution)
    assert (step["status"], step["error_message"]) == ("COMPLETED", None)
    assert step["outputs"] == {"success": True, "status_code": 200, "response": {"heard": True}}
    call, = heard(site)
    assert (call["method"], call["path"], call["mode"]) == (method or "POST", HOOK, "direct")
    assert call["body"] == {"text": "done", "list": [1], "_workflow_metadata": {"execution_id": execution, "step_id": "it"}}
    headers = {name.lower(): text for name, text in call["headers"].items()}
    assert headers["content-type"] == "application/json" and headers["x-number"] == "7" and "x-nothing" not in headers
    assert headers["idempotency-key"] and "dapr-api-token" not in headers


def test_the_payload_is_the_query_of_get(site):
    listen(site)
    payload = {"text": "a & b", "list": [1, {"x": None}], "yes": True}
    step = tell(site, {"method": "GET", "payload": payload, "include_metadata": False})
    assert step["status"] == "COMPLETED"
    call, = heard(site)
    assert call["method"] == "GET" and call["body"] is None and key_of(call) is None
    query = call["query"]
    assert query["text"] == "a & b" and json.loads(query["list"]) == [1, {"x": None}] and query["yes"] == "true"
    assert set(query) == {"text", "list", "yes"}


def test_delete_carries_nothing(site):
    listen(site, reply={"status": 204})
    step = tell(site, {"method": "DELETE", "payload": {"a": 1}})
    assert (step["status"], step["outputs"]["status_code"]) == ("COMPLETED", 204)
    call, = heard(site)
    assert (call["method"], call["body"], call["query"]) == ("DELETE", None, {}) and key_of(call)


@pytest.mark.parametrize("reply, response", [
    ({"text": "thanks"}, "thanks"), ({"text": ""}, ""), ({"json": [1, None]}, [1, None]), ({"text": "<html>"}, "<html>"),
    ({"status": 201, "json": {"id": 7}}, {"id": 7})])
def test_what_is_answered_is_published(site, reply, response):
    listen(site, reply=reply)
    step = tell(site)
    assert (step["status"], step["outputs"]["response"]) == ("COMPLETED", response)


# ---------------------------------------------------------------------------------------------------------------------
# Failures


def failed(step, code, said):
    assert (step["status"], step["error_code"]) == ("FAILED", code), step
    assert said in step["error_message"]


@pytest.mark.parametrize("status", [302, 404, 409, 429, 500, 503])
def test_any_other_status_is_a_failure(site, status):
    listen(site, reply={"status": status, "json": {"why": "no"}, "headers": {"Location": url(site) + "/elsewhere"}})
    failed(tell(site), "HTTP_STATUS", f"HTTP {status}")
    assert len(heard(site)) == 1  # no redirect is followed, and nothing repeated unasked


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_listener_that_takes_too_long(site, method):
    listen(site, delay=5)
    step = tell(site, {"method": method, "timeout_seconds": 1})
    assert step["error_code"] == "REQUEST_TIMEOUT" and "Webhook timed out after 1s" in step["error_message"]
    assert step["status"] == "FAILED" and len(heard(site)) == 1


def test_a_listener_that_hangs_up(site):
    listen(site, refuse=True, reply=None)
    failed(tell(site), "REQUEST_FAILED", "Webhook failed: ")


def test_nobody_listens(site):
    failed(tell(site, {"url": "http://127.0.0.1:1/hook"}), "REQUEST_FAILED", "Webhook failed: ")


def test_an_answer_that_is_too_long(site):
    listen(site, reply={"text": "x" * 20000})
    failed(tell(site), "REQUEST_FAILED", "Webhook failed: ")


@pytest.mark.parametrize("target", ["http://127.0.0.1:9/", "http://localhost:9/", "http://169.254.169.254/latest",
                                    "http://[::1]:9/", "http://0x7f000001:9/"])
def test_private_addresses_are_refused(site, target):
    failed(tell(site, {"url": target}), "REQUEST_BLOCKED", "Webhook blocked (SSRF protection): ")


@pytest.mark.parametrize("given, code", [
    ({"payload": "{{ [1] }}"}, "REQUEST_FAILED"), ({"headers": "{{ [1] }}"}, "REQUEST_FAILED"),
    ({"headers": {"X": "{{ [1] }}"}}, "REQUEST_FAILED"), ({"method": "{{ 'TRACE' }}"}, "PARAM_INVALID"),
    ({"url": "{{ 'ftp://example.com/' }}"}, "PARAM_INVALID"), ({"timeout_seconds": "{{ 301 }}"}, "PARAM_INVALID")])
def test_what_becomes_no_request_is_not_sent(site, given, code):
    step = tell(site, given)
    assert (step["status"], step["error_code"]) == ("FAILED", code), step
    assert heard(site) == []


def test_parameters_that_are_wrong_once_resolved_are_not_tried_again(site):
    execution = site.action("webhook", {"url": "{{ 'ftp://example.com/' }}"}, step=RETRY)
    assert site.ended(execution)["error_code"] == "PARAM_INVALID"
    assert "step_retrying" not in {event["event_type"] for event in site.get(f"/executions/{execution}/events")["events"]}


# ---------------------------------------------------------------------------------------------------------------------
# Repetitions: an answer was complete, so the next try is another call; without one the outcome is unknown


def test_a_refusal_is_retried_under_another_key(site):
    listen(site, count=2, reply={"status": 503})
    listen(site)
    step = tell(site, step=RETRY)
    assert (step["status"], step["outputs"]["response"]) == ("COMPLETED", {"heard": True})
    assert len({key_of(call) for call in heard(site)}) == 3


def test_what_may_have_been_done_is_repeated_only_by_methods_that_allow_it(site):
    listen(site, count=1, lose=True, reply=None)
    listen(site)
    assert tell(site, {"method": "PUT"}, step=RETRY)["status"] == "COMPLETED"
    first, second = heard(site)
    assert key_of(first) == key_of(second)

    site.world.control("DELETE", "")
    listen(site, count=1, lose=True, reply=None)
    listen(site)
    step = tell(site, step=RETRY)
    assert step["status"] == "FAILED" and "Webhook failed: " in step["error_message"]
    assert len(heard(site)) == 1
