# SPDX-License-Identifier: Apache-2.0
"""The server from outside: routes, targets, fields, bodies, answers, failures, answers that take time."""
import gzip
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from server_probe import ID, PROBLEM, ask, starter


@pytest.fixture(scope="module")
def server(support):
    """One server for all tests that need no settings of their own."""
    with starter(support)(idempotency=1) as running:
        yield running


# ---------------------------------------------------------------------------------------------------------------------
# Routes


def test_a_path_finds_its_route(server):
    assert server.http.get("/").json()["operation"] == "root"
    assert server.http.get("/things").json()["operation"] == "listThings"
    assert server.http.get(f"/things/{ID}").json()["fields"] == {"id": ID}


def test_an_alias_is_told_apart(server):
    assert server.http.get(f"/things/{ID}").json()["alias"] == 0
    assert server.http.get(f"/api/v1/things/{ID}").json()["alias"] == 1


def test_fixed_segments_come_before_placeholders(server):
    assert server.http.get("/named/fixed").json()["operation"] == "getFixed"
    assert server.http.get("/named/other").json()["fields"] == {"name": "other"}


def test_a_placeholder_takes_what_the_fixed_segment_has_no_method_for(server):
    answer = server.http.get("/things/validate")
    assert answer.status_code == 422  # GET /things/{id}; only POST is fixed
    assert server.http.post("/things/validate").json()["operation"] == "validateThing"


def test_unknown_paths_are_404(server):
    for path in ("/nowhere", "/things/a/b", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r", "//things", "/things//x"):
        answer = server.http.get(server.url + path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"}), path


def test_unknown_methods_are_405_and_say_what_is_allowed(server):
    answer = server.http.put("/things")
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert server.http.request("BREW", "/things").status_code == 405
    assert server.http.get("/publish").headers["allow"] == "POST, OPTIONS"


def test_a_trailing_slash_redirects(server):
    answer = server.http.get("/things/?page=2", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/things?page=2")
    assert server.http.post("/things/", follow_redirects=False).status_code == 307
    assert server.http.get("/nowhere/").status_code == 404


def test_options_and_head(server):
    answer = server.http.options("/things")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    got, head = server.http.get("/things"), server.http.head("/things")
    assert head.status_code == 200 and head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    assert ask(server, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 204


# ---------------------------------------------------------------------------------------------------------------------
# Targets


@pytest.mark.parametrize("sent,name", [("a%20b", "a b"), ("a+b", "a+b"), ("%C3%A9", "é"), ("a%2Fb", "a/b"),
                                       ("%25", "%"), ("..", ".."), ("a;b=c", "a;b=c"), ("a%3Fb", "a?b")])
def test_paths_are_decoded_once(server, sent, name):
    status, _, body = ask(server, f"GET /named/{sent} HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (status, json.loads(body)["fields"]["name"]) == (200, name)


@pytest.mark.parametrize("target", ["/named/%00", "/named/%", "/named/%4", "/named/%zz", "/named/%ff", "/named/%c3%28",
                                    "/things?text=%00", "/things?%ff=1", "/things?text=%", "nothing", "ftp://a/b"])
def test_malformed_targets_are_400(server, target):
    assert ask(server, f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 400


def test_the_absolute_form_is_taken(server):
    status, _, body = ask(server, "GET http://elsewhere:1/named/x?y=z HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (status, json.loads(body)["path"]) == (200, "/named/x")


# ---------------------------------------------------------------------------------------------------------------------
# Fields


@pytest.mark.parametrize("query,fields", [
    ("", {"word": "full", "page": 1, "flag": False}),
    ("page=7&page=8", {"word": "full", "page": 8, "flag": False}),
    ("word=STEPS&ratio=0.5&is_flag=Yes", {"word": "steps", "page": 1, "ratio": 0.5, "flag": True}),
    ("flag=0&text=%C3%A9%C3%A9", {"word": "full", "page": 1, "flag": False, "text": "éé"}),
    ("text=a+b", {"word": "full", "page": 1, "flag": False, "text": "a b"}),
])
def test_queries_arrive_typed(server, query, fields):
    assert server.http.get("/things?" + query).json()["fields"] == fields


@pytest.mark.parametrize("text,us", [
    ("2026-01-17T09:30:00Z", 1768642200000000), ("2026-01-17T09:30:00.123456", 1768642200123456),
    ("2026-01-17T09:30:00.5%2B02:00", 1768635000500000), ("2026-01-17T09:30:00+02:00", 1768635000000000),
    ("2026-01-17 09:30", 1768642200000000), ("2026-01-17", 1768608000000000), ("1969-12-31T23:59:59Z", -1000000),
    ("2000-02-29T00:00:00-0130", 951787800000000),
])
def test_times_are_iso_8601(server, text, us):
    assert server.http.get(server.url + "/things?since=" + text).json()["fields"]["since"] == us


@pytest.mark.parametrize("query,kind,message", [
    ("page=0", "greater_than_equal", "Input should be greater than or equal to 1"),
    ("page=101", "less_than_equal", "Input should be less than or equal to 100"),
    ("page=x", "int_parsing", "Input should be a valid integer, unable to parse string as an integer"),
    ("page=", "int_parsing", None), ("page=1.5", "int_parsing", None), ("page=99999999999999999999", "int_parsing", None),
    ("ratio=nan", "float_parsing", None), ("ratio=1e999", "float_parsing", None), ("ratio=0x1", "float_parsing", None),
    ("ratio=2", "less_than_equal", "Input should be less than or equal to 1"),
    ("flag=maybe", "bool_parsing", "Input should be a valid boolean, unable to interpret input"),
    ("text=a", "string_too_short", "String should have at least 2 characters"),
    ("text=abcdef", "string_too_long", "String should have at most 5 characters"),
    ("word=none", "literal_error", "Input should be 'summary', 'steps' or 'full'"),
    ("since=yesterday", "datetime_from_date_parsing", None), ("since=2026-02-29", "datetime_from_date_parsing", None),
    ("since=2026-01-17T24:00", "datetime_from_date_parsing", None),
])
def test_a_wrong_query_is_422_in_the_shape_of_the_reference(server, query, kind, message):
    name, _, value = query.partition("=")
    answer = server.http.get("/things?" + query)
    (detail,) = answer.json()["detail"]
    assert (answer.status_code, detail["type"], detail["loc"], detail["input"]) == (422, kind, ["query", name], value)
    assert message is None or detail["msg"] == message


def test_a_wrong_path_and_header_name_their_part(server):
    (detail,) = server.http.get("/things/1").json()["detail"]
    assert (detail["type"], detail["loc"], detail["input"]) == ("uuid_parsing", ["path", "id"], "1")
    (detail,) = server.http.get("/things", headers={"X-Number": "x"}).json()["detail"]
    assert (detail["type"], detail["loc"]) == ("int_parsing", ["header", "X-Number"])


def test_a_body_arrives_with_defaults_and_aliases(server):
    body = {"actionType": "x", "params": None, "extra": [1, {"a": None}], "count": "3", "owner": None}
    assert server.http.post("/things", json=body).json()["body"] == {
        "action_type": "x", "params": {}, "count": 3, "owned": False, "extra": [1, {"a": None}], "owner": None}


def test_every_finding_is_told_at_once(server):
    body = {"params": [], "topics": ["a", 1, None], "count": 11, "owned": "perhaps", "owner": "x", "at": 5}
    answer = server.http.post("/things", json=body)
    found = [(detail["type"], detail["loc"]) for detail in answer.json()["detail"]]
    assert answer.status_code == 422
    assert found == [("missing", ["body", "action_type"]), ("dict_type", ["body", "params"]),
                     ("string_type", ["body", "topics", 1]), ("string_type", ["body", "topics", 2]),
                     ("less_than_equal", ["body", "count"]), ("bool_parsing", ["body", "owned"]),
                     ("uuid_parsing", ["body", "owner"]), ("datetime_type", ["body", "at"])]
    assert answer.json()["detail"][0]["input"] == body


def test_problems_carry_pointers(server):
    answer = server.http.post("/things", json={"topics": [1], "owner": "x"}, headers=PROBLEM)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["title"], problem["instance"]) == (422, "Unprocessable Content", "/things")
    assert [(error["code"], error["pointer"]) for error in problem["errors"]] == [
        ("FIELD_REQUIRED", "/action_type"), ("FIELD_TYPE", "/topics/0"), ("FIELD_TYPE", "/owner")]
    assert problem["pointer"] == "/action_type"
    assert problem["correlation_id"] == answer.headers["x-correlation-id"]


@pytest.mark.parametrize("body,code", [
    (b"{", "JSON_SYNTAX"), (b'{"a":1,"a":2}', "JSON_SYNTAX"), (b'{"a":"\xff"}', "JSON_SYNTAX"),
    (b'{"a":"\\u0000"}', "JSON_SYNTAX"), (b'{"a":"b\x00c"}', "JSON_SYNTAX"), (b'{"a":1e999}', "JSON_NUMBER_RANGE"),
    (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "JSON_TOO_DEEP"), (b'{"a":1} x', "JSON_SYNTAX"), (b"[]", "FIELD_TYPE"),
    (b"null", "FIELD_TYPE"), (b"", "FIELD_REQUIRED"), (b"  \n", "FIELD_REQUIRED"),
])
def test_a_body_that_is_no_object_is_422(server, body, code):
    answer = server.http.post("/things", content=body, headers=PROBLEM)
    assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (422, code, "")
    (detail,) = server.http.post("/things", content=body).json()["detail"]
    assert detail["loc"] == ["body"]


def test_a_syntax_error_has_its_place(server):
    error = server.http.post("/things", content='{\n "a": x}', headers=PROBLEM).json()["errors"][0]
    assert error["line"] == 2


def test_an_optional_body_may_be_missing(server):
    assert "body" not in server.http.post("/things/validate").json()
    assert server.http.post("/things/validate", content="{}").json()["body"] == {}


@pytest.mark.parametrize("kind,status", [
    ("application/json", 201), ("application/json; charset=UTF-8", 201), ("text/plain", 201), ("", 201),
    ("application/x-www-form-urlencoded", 201), ("application/cloudevents+json", 201), ("image/png", 415),
    ("multipart/form-data; boundary=x", 415), ("text/html", 415), ("application/xml", 415),
    ("application/json; charset=latin-1", 415),
])
def test_json_is_taken_under_other_names_but_not_under_every_one(server, kind, status):
    answer = server.http.post("/things", content='{"action_type":"x"}', headers={"Content-Type": kind})
    assert answer.status_code == status


def test_an_encoded_body_is_415(server):
    body = gzip.compress(b'{"action_type":"x"}')
    assert server.http.post("/things", content=body, headers={"Content-Encoding": "gzip"}).status_code == 415


# ---------------------------------------------------------------------------------------------------------------------
# Answers and failures


def test_failures_have_three_shapes(server):
    assert server.http.put("/broken").json() == {"detail": "the first"}
    problem = server.http.put("/broken", headers=PROBLEM).json()
    assert (problem["code"], problem["pointer"], len(problem["errors"])) == ("FIRST", "/dag/steps/0", 2)
    assert server.http.put("/budpipeline/x").json() == {
        "object": "error", "message": "the first; the second", "type": "FIRST", "param": None, "code": 400}
    assert server.http.get("/budpipeline/nowhere/x").json()["object"] == "error"


@pytest.mark.parametrize("accept,kind", [
    ("application/problem+json", "application/problem+json"), ("application/json", "application/json"),
    ("application/json, application/problem+json", "application/problem+json"), ("*/*", "application/json"),
    ("application/problem+json;q=0.5, application/json", "application/json"),
    ("application/problem+json;q=0", "application/json"), (";;;,,q=", "application/json"),
])
def test_the_shape_is_what_accept_prefers(server, accept, kind):
    assert server.http.put("/broken", headers={"Accept": accept}).headers["content-type"] == kind


def test_a_handler_without_an_answer_is_500(server):
    answer = server.http.get("/nothing")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


def test_no_header_can_be_smuggled_in(server):
    headers = server.http.get("/things").headers
    assert "set-cookie" not in headers and "x-smuggled" not in headers
    _, headers, _ = ask(server, "GET /named/a%0d%0aX-Evil:1 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert "x-evil" not in headers


@pytest.mark.parametrize("given,kept", [("abc-1", True), ("x" * 128, True), ("x" * 129, False), ("a\tb", False),
                                        ("é", False)])
def test_a_sane_correlation_id_is_echoed(server, given, kept):
    answer = server.http.get("/things", headers={"X-Correlation-ID": given.encode()})
    assert (answer.headers["x-correlation-id"] == given) is kept
    assert kept or re.fullmatch("[0-9a-f-]{36}", answer.headers["x-correlation-id"])


def test_prefer_is_read(server):
    for prefer, seconds in (("wait=10", 10), ("respond-async, wait=5", 5), ("wait=100000", 300), ("wait=x", 0),
                            ("waiting=4", 0), ('wait="7"', 7)):
        assert server.http.get("/things", headers={"Prefer": prefer}).json()["wait"] == seconds, prefer


def test_prepared_answers(server):
    before = server.count()["released"]
    plain = server.http.get("/prepared", headers={"Accept-Encoding": "identity"})
    packed = server.http.get("/prepared", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert plain.content == packed.content and plain.headers["etag"] == '"v1"' and plain.headers["vary"]
    for tags, status in (('"v1"', 304), ('W/"v1"', 304), ('"v0", "v1"', 304), ("*", 304), ('"v2"', 200), ("v1", 200)):
        answer = server.http.get("/prepared", headers={"If-None-Match": tags})
        assert answer.status_code == status, tags
        assert answer.headers["etag"] == '"v1"' and (answer.content == b"") == (status == 304)
    refused = server.http.get("/prepared", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers
    assert server.count()["released"] == before + 9


# ---------------------------------------------------------------------------------------------------------------------
# Answers that take time


def test_a_deferred_answer_comes_when_it_is_complete(server):
    freed = server.count()["freed"]
    assert server.http.post("/defer", json={}).json() == {"done": True}
    began = time.monotonic()
    assert server.http.post("/defer", json={"after_ms": 150}).json() == {"done": True}
    assert time.monotonic() - began >= 0.15
    assert server.count()["freed"] == freed + 2


def test_a_deferred_answer_ends_at_its_deadline_and_late_data_is_freed(server):
    freed = server.count()["freed"]
    answer = server.http.post("/defer", json={"after_ms": 400, "within_ms": 50})
    assert (answer.status_code, answer.json()) == (202, {"done": False})
    assert server.count()["freed"] == freed
    until = time.monotonic() + 5
    while server.count()["freed"] == freed and time.monotonic() < until:
        time.sleep(0.05)
    assert server.count()["freed"] == freed + 1


def test_many_sleep_without_threads(server):
    def ask_late(_):
        with httpx.Client(base_url=server.url, timeout=20) as client:
            return client.post("/defer", json={"after_ms": 300}).json()

    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(ask_late, range(40))) == [{"done": True}] * 40
