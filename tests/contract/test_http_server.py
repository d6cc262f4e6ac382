# SPDX-License-Identifier: Apache-2.0
"""The server from outside, by a program with a small table of routes: routing, checks, answers, failures, limits."""
import gzip
import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

ID = "0190f3b4-7c1e-7d3a-8f00-0123456789ab"
PROBLEM = {"Accept": "application/problem+json"}


class Server:
    """A running server probe."""

    def __init__(self, program, pass_fds=(), **settings):
        arguments = [f"{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, pass_fds=pass_fds)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2]) if self.url.startswith("http") else None
        self.http = httpx.Client(base_url=self.url, timeout=20) if self.port else None

    def end(self):
        """Lets it drain and end. @return what it wrote to stderr"""
        if self.http:
            self.http.close()
        _, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, errors
        return errors

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def count(self):
        return self.http.get("/count").json()

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def server(support):
    """One server for all tests that need no settings of their own."""
    running = Server(support("server-probe"), idempotency=1)
    yield running
    running.end()


@pytest.fixture
def start(support):
    """start(setting=value, ...) for a server of one's own."""

    @contextmanager
    def run(**settings):
        running = Server(support("server-probe"), **settings)
        try:
            yield running
            running.end()
        finally:
            running.process.kill()

    return run


def read_response(connection):
    """Reads one response. @return status, headers (lower case), body"""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None, {}, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return int(lines[0].split()[1]), headers, body


def ask(server, text, timeout=20):
    """Sends bytes over a connection of its own. @return status, headers, body of the first response"""
    with server.connect() as connection:
        connection.settimeout(timeout)
        connection.sendall(text if isinstance(text, bytes) else text.encode())
        return read_response(connection)


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


# ---------------------------------------------------------------------------------------------------------------------
# Who asks


def test_tokens_and_scopes(start):
    with start(authenticate=1) as server:
        thing, maker = f"/things/{ID}", {"action_type": "x"}
        refused = server.http.get(thing)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert server.http.get(thing, headers={"Authorization": "Bearer wrong"}).status_code == 401
        reader, writer = {"Authorization": "Bearer reader"}, {"Authorization": "Bearer writer"}
        assert server.http.get(thing, headers=reader).json()["principal"] == "reader"
        assert server.http.post("/things", json=maker, headers=reader).status_code == 403
        assert server.http.post("/things", json=maker, headers=writer).json()["principal"] == "writer"
        assert server.http.get("/things").json()["principal"] == "anonymous"  # open to everyone
        for headers in ({}, reader):
            answer = server.http.post("/internal", headers=headers)
            assert answer.status_code == 403 and answer.json()["detail"].startswith("Forbidden - ")


def test_pages_of_other_origins(start):
    body = {"action_type": "x"}
    with start() as server:
        for origin, status in (("http://evil.example", 403), ("null", 403), (server.url, 201)):
            assert server.http.post("/things", json=body, headers={"Origin": origin}).status_code == status, origin
        assert "access-control-allow-origin" not in server.http.get("/things", headers={"Origin": "http://a"}).headers
    with start(cors="http://app.example") as server:
        asked = server.http.options("/things", headers={"Origin": "http://app.example",
                                                        "Access-Control-Request-Method": "POST",
                                                        "Access-Control-Request-Headers": "x-user-id"})
        assert asked.headers["access-control-allow-origin"] == "http://app.example"
        assert asked.headers["access-control-allow-headers"] == "x-user-id"
        assert "POST" in asked.headers["access-control-allow-methods"]
        answer = server.http.post("/things", json=body, headers={"Origin": "http://app.example"})
        assert (answer.status_code, answer.headers["access-control-allow-credentials"]) == (201, "true")
        assert server.http.post("/things", json=body, headers={"Origin": "http://evil.example"}).status_code == 403
    with start(cors="*") as server:
        answer = server.http.get("/things", headers={"Origin": "http://a"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_links_name_the_host_that_the_client_sees(start):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pipelines.example"}
    with start() as server:
        assert server.http.get("/things", headers=told).json()["base_url"] == server.url
        _, _, body = ask(server, "GET /things HTTP/1.1\r\nHost: evil<script>\r\n\r\n")
        assert json.loads(body)["base_url"] == server.url
    with start(trusted="127.0.0.0/8") as server:
        assert server.http.get("/things", headers=told).json()["base_url"] == "https://pipelines.example"


# ---------------------------------------------------------------------------------------------------------------------
# Limits


def test_the_rate_limit_counts_reads_of_executions(start):
    with start(rate_limit=3, rate_window_seconds=60) as server:
        for left in (2, 1, 0):
            answer = server.http.get("/executions", headers={"X-Forwarded-For": f"10.0.0.{left}"})
            assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("3", str(left))
        refused = server.http.get("/executions")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
        assert refused.json() == {"error": "TooManyRequests", "retry_after_seconds": 60,
                                  "message": refused.json()["message"]}
        answer = server.http.get("/things")
        assert answer.status_code == 200 and "x-ratelimit-limit" not in answer.headers


def test_the_window_slides(start):
    with start(rate_limit=2, rate_window_seconds=1) as server:
        assert [server.http.get("/executions").status_code for _ in range(3)] == [200, 200, 429]
        time.sleep(1.05)
        assert server.http.get("/executions").status_code == 200


def test_clients_are_told_apart_by_token_then_by_address(start):
    with start(rate_limit=1, authenticate=1) as server:
        for token in ("reader", "writer"):
            headers = {"Authorization": "Bearer " + token}
            assert [server.http.get("/executions", headers=headers).status_code for _ in range(2)] == [200, 429]
    with start(rate_limit=1, trusted="127.0.0.1") as server:
        def get(client):
            return server.http.get("/executions", headers={"X-Forwarded-For": client}).status_code

        assert [get("10.0.0.1"), get("10.0.0.1"), get("10.0.0.2"), get("spoofed, 10.0.0.2")] == [200, 429, 200, 429]


def test_a_long_url_is_414_and_large_headers_are_431(server):
    assert server.http.get("/things?text=" + "x" * 8200).status_code == 414
    status, _, _ = ask(server, "GET /" + "x" * 100000 + " HTTP/1.1\r\nHost: a\r\n\r\n")
    assert status in (414, None)
    assert server.http.get("/things", headers={"X-Large": "x" * 12000}).status_code == 200
    for size in (32700, 100000):
        status, _, _ = ask(server, "GET /things HTTP/1.1\r\nHost: a\r\nX: " + "x" * size + "\r\n\r\n")
        assert status in (431, None), size
    status, _, _ = ask(server, "GET / HTTP/1.1\r\nHost: a\r\n" + "".join(f"X{i}: y\r\n" for i in range(3000)) + "\r\n")
    assert status in (431, None)
    assert server.http.get("/things").status_code == 200


def chunked(size, piece=65536):
    return iter([b"x" * piece] * (size // piece))


def test_a_large_body_is_413(start):
    with start(body_bytes=100000) as server:
        fits = {"action_type": "x", "any": "y" * 90000}
        assert server.http.post("/things", json=fits).status_code == 201
        for path in ("/things", "/internal"):
            answer = server.http.post(path, content=b"x" * 100001)
            assert (answer.status_code, "100000" in answer.json()["detail"]) == (413, True), path
            assert server.http.post(path, content=chunked(131072)).status_code == 413
        assert server.http.get("/things").status_code == 200


def test_a_very_large_body_is_refused_without_being_read(start):
    with start(body_bytes=100000) as server:
        for size in (1 << 20, 8 << 20):
            head = f"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
            assert ask(server, head + b"x" * size)[0] == 413  # the client sends all of it before it reads
        status, _, _ = ask(server, "POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n")
        assert status == 413


def test_a_chunked_body_without_end_is_cut_off(start):
    with start(body_bytes=100000) as server, server.connect() as connection:
        connection.sendall(b"POST /things HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(1000):
                connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert server.http.get("/things").status_code == 200


def test_expect_is_answered(start):
    with start(body_bytes=100000) as server:
        with server.connect() as connection:
            body = b'{"action_type":"x"}'
            connection.sendall(b"POST /things HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(body))
            assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
            connection.sendall(body)
            assert read_response(connection)[0] == 201
        for path, size, status in (("/things", 200000, 413), ("/nowhere", 5, 404)):
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {size}\r\n\r\n"
            assert ask(server, head)[0] == status


@pytest.mark.parametrize("headers", [
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nContent-Length: 5",
    "Transfer-Encoding: gzip, chunked", "Content-Length: 5x", "Content-Length: -1",
])
def test_an_unclear_end_of_the_body_is_refused(server, headers):
    status, _, _ = ask(server, f"POST /things HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n")
    assert status in (400, 413, None)


def test_bodies_of_all_requests_together_are_bounded(start):
    with start(body_bytes=100000) as server:  # 32 such bodies
        held = []
        for _ in range(60):
            connection = server.connect()
            connection.sendall(b"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99990)
            held.append(connection)
        until, large = time.monotonic() + 10, {"action_type": "x", "any": "y" * 90000}
        while server.http.post("/things", json=large).status_code != 503:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert server.http.get("/things").status_code == 200
        for connection in held:
            connection.close()
        while server.http.post("/things", json=large).status_code != 201:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_connection_too_many_is_told_so(start):
    with start(connections=4) as server:
        held = [server.connect() for _ in range(4)]
        status, headers, _ = ask(server, "GET /things HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (status, headers["connection"].lower(), headers["retry-after"]) == (503, "close", "1")
        for connection in held:
            connection.close()
        until = time.monotonic() + 5
        while ask(server, "GET /things HTTP/1.1\r\nHost: a\r\n\r\n")[0] != 200:
            assert time.monotonic() < until


def test_connections_of_a_peer_are_bounded(start):
    with start(connections_per_peer=2) as server:
        held = [server.connect() for _ in range(2)]
        try:
            refused = ask(server, "GET /things HTTP/1.1\r\nHost: a\r\n\r\n")[0]
        except OSError:
            refused = None
        assert refused is None
        for connection in held:
            connection.close()


# ---------------------------------------------------------------------------------------------------------------------
# Slow clients, and strange ones


def seconds_until_closed(connection, feed=None, every=0.1, most=10):
    """How long the server lets a client go on that sends `feed` a byte at a time. @return seconds, what it answered"""
    began, answer, fed = time.monotonic(), b"", 0
    while time.monotonic() - began < most:
        if select.select([connection], [], [], every)[0]:
            try:
                piece = connection.recv(65536)
            except OSError:
                break
            if not piece:
                break
            answer += piece
        elif feed:
            try:
                connection.sendall(feed[fed % len(feed):fed % len(feed) + 1])
            except OSError:
                break
            fed += 1
    return time.monotonic() - began, answer


@pytest.mark.parametrize("begin,feed,low,high", [
    (b"", None, 0.9, 3), (b"", b"x", 0.9, 3), (b"GET /th", b"x", 0.9, 3),
    (b"GET /things HTTP/1.1\r\nHost: a\r\nX: ", b"x", 0.9, 3),
    (b"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", None, 0.9, 3),
    (b"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", b"x", 1.9, 4),
    (b"POST /things HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 1.9, 4),
])
def test_a_client_that_sends_too_slowly_is_cut_off(start, begin, feed, low, high):
    with start(idle_seconds=1, request_seconds=2) as server, server.connect() as connection:
        connection.sendall(begin)
        seconds, answer = seconds_until_closed(connection, feed)
        assert low < seconds < high
        assert answer.startswith(b"HTTP/1.1 408 ") and answer.endswith(b'{"detail":"The request took too long"}')


def test_an_idle_connection_is_closed_silently(start):
    with start(idle_seconds=1) as server, server.connect() as connection:
        connection.sendall(b"GET /things HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_response(connection)[0] == 200
        seconds, answer = seconds_until_closed(connection)
        assert 0.9 < seconds < 3 and answer == b""


def test_a_client_that_reads_too_slowly_is_cut_off(start):
    with start(idle_seconds=1) as server, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(b"GET /bytes?size=20000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        until = time.monotonic() + 20
        while server.memory() < 20000000:
            assert time.monotonic() < until
            time.sleep(0.01)
        while server.memory() > 20000000:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_deadline_is_not_for_answers_that_take_time(start):
    with start(idle_seconds=1, request_seconds=1) as server:
        assert server.http.post("/defer", json={"after_ms": 2500}).json() == {"done": True}


def test_a_client_that_has_closed_its_half_is_answered(server):
    for text in ("GET /things HTTP/1.1\r\nHost: a\r\n\r\n", 'POST /defer HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n'
                 '\r\n{"after_ms":100}'):
        with server.connect() as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            assert read_response(connection)[0] in (200, 201)


def test_requests_may_be_pipelined(server):
    one = "POST /defer HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    two = "GET /named/n%d HTTP/1.1\r\nHost: a\r\n\r\n"
    with server.connect() as connection:
        connection.sendall("".join(one + two % i for i in range(50)).encode())
        data = b""
        while data.count(b"HTTP/1.1 20") < 100 or not data.endswith(b"}"):
            data += connection.recv(65536)
        assert re.findall(rb'"path":"/named/n(\d+)"', data) == [b"%d" % i for i in range(50)]


def test_a_request_may_come_in_any_pieces(server):
    text = b'POST /things HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"acti\r\nf\r\non_type":"xyz"}\r\n0\r\n\r\n'
    for size in (1, 2, 7):
        with server.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(0, len(text), size):
                connection.sendall(text[i:i + size])
            status, _, body = read_response(connection)
            assert status == 201 and json.loads(body)["body"]["action_type"] == "xyz", body


@pytest.mark.parametrize("text", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n\r\n\r\n\r\n",
                                  b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                                  b"GET / HTTP/1.1\r\nHost a\r\n\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                  b"chunked\r\n\r\nzz\r\n"])
def test_what_is_no_request_does_no_harm(server, text):
    with server.connect() as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        status = read_response(connection)[0]
        assert status is None or 400 <= status < 506
    assert server.http.get("/things").status_code == 200


def test_http_1_0_is_answered_and_closed(server):
    with server.connect() as connection:
        connection.sendall(b"GET /named/x HTTP/1.0\r\n\r\n")
        assert read_response(connection)[0] == 200
        assert connection.recv(1) == b""


# ---------------------------------------------------------------------------------------------------------------------
# Idempotency keys


def post_key(server, key, body, path="/things", **headers):
    return server.http.post(path, json=body, headers={"Idempotency-Key": key, **headers})


def test_the_first_answer_is_given_again(server):
    first = post_key(server, "again", {"action_type": "x"})
    second = post_key(server, "again", {"action_type": "x"})
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.headers["location"] == second.headers["location"]
    assert first.headers["content-type"] == second.headers["content-type"]
    assert second.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
    assert first.headers["x-correlation-id"] != second.headers["x-correlation-id"]
    assert post_key(server, "another", {"action_type": "x"}).json()["calls"] == first.json()["calls"] + 1


def test_a_key_belongs_to_caller_and_path(start):
    with start(idempotency=1, authenticate=1) as server:
        calls = [post_key(server, "k", {}, path, Authorization="Bearer " + token).json()["calls"]
                 for path in ("/things/validate", "/things/validate?x=1") for token in ("reader", "writer")
                 if path == "/things/validate"]
        assert calls == [1, 2]
        other = post_key(server, "k", {}, "/things/validate?x=1", Authorization="Bearer reader")
        assert (other.status_code, "IDEMPOTENCY" not in other.text) == (422, True)


def test_another_body_is_422(server):
    post_key(server, "mismatch", {"action_type": "x"})
    answer = post_key(server, "mismatch", {"action_type": "y"}, **PROBLEM)
    assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")


def test_a_key_under_way_is_409(server):
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: httpx.post(server.url + "/defer", json={"after_ms": 500},
                                               headers={"Idempotency-Key": "slow"}))
        time.sleep(0.2)
        answer = post_key(server, "slow", {"after_ms": 500}, "/defer", **PROBLEM)
        assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
        assert first.result().status_code == 201
    again = post_key(server, "slow", {"after_ms": 500}, "/defer")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")


@pytest.mark.parametrize("status,kept", [(400, True), (404, True), (409, True), (429, False), (500, False), (503, False)])
def test_failures_are_kept_unless_another_try_may_end_differently(server, status, kept):
    first = post_key(server, f"fails-{status}", {"status": status}, "/fails")
    second = post_key(server, f"fails-{status}", {"status": status}, "/fails")
    assert (first.status_code, second.status_code) == (status, status)
    assert ("idempotency-replayed" in second.headers) is kept and (first.text == second.text) is kept


def test_the_kind_of_a_kept_failure_stays(server):
    first = post_key(server, "problem", {"status": 404}, "/fails", **PROBLEM)
    second = post_key(server, "problem", {"status": 404}, "/fails")
    assert second.headers["content-type"] == "application/problem+json" and first.json() == second.json()


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "é".encode()])
def test_a_key_that_is_none_is_400(server, key):
    answer = server.http.post("/things", json={"action_type": "x"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400


def test_an_invalid_request_keeps_nothing(server):
    assert post_key(server, "repaired", {"action_type": 1}).status_code == 422
    assert post_key(server, "repaired", {"action_type": "x"}).status_code == 201


# ---------------------------------------------------------------------------------------------------------------------
# Streams


class Stream:
    """A client of an event stream."""

    def __init__(self, server, headers="", buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.settimeout(20)
        self.socket.sendall(f"GET /stream HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
        self.data = b""

    def read_until(self, text):
        while text not in self.data:
            piece = self.socket.recv(65536)
            assert piece, self.data[-200:]
            self.data += piece
        return self.data

    def is_ended(self):
        """Reads to the end of the connection."""
        try:
            while piece := self.socket.recv(65536):
                self.data += piece
        except ConnectionResetError:
            pass
        return True


def wait_for_streams(server, count):
    until = time.monotonic() + 20
    while server.count()["streams"] != count:
        assert time.monotonic() < until, server.count()
        time.sleep(0.02)


def test_events_arrive(start):
    with start() as server:
        streams = [Stream(server), Stream(server, "Last-Event-ID: 41\r\n")]
        wait_for_streams(server, 2)
        server.http.post("/publish", json={"count": 2, "size": 5})
        for stream in streams:
            data = stream.read_until(b"id: 2\nevent: made\ndata: \"eeeee\"\n\n")
            assert b"Content-Type: text/event-stream" in data and b"Cache-Control: no-cache" in data
            assert data.index(b"retry: 1000\n\n") < data.index(b"id: 1\nevent: made\n")
        assert b"id: 41\nevent: resumed\ndata: {}\n\n" in streams[1].data
        server.http.post("/end")
        assert all(stream.read_until(b"\r\n0\r\n\r\n") for stream in streams)
        wait_for_streams(server, 0)
        assert server.count()["closed"] == 2


def test_a_stream_is_kept_open_and_a_client_that_is_gone_is_noticed(start):
    with start(stream_ping_seconds=1, idle_seconds=1) as server:
        stream, gone = Stream(server), Stream(server)
        wait_for_streams(server, 2)
        gone.socket.close()
        stream.read_until(b": ping\n\n")
        wait_for_streams(server, 1)
        time.sleep(2.5)
        server.http.post("/publish", json={})
        stream.read_until(b"id: 1\n")


def test_a_client_that_does_not_read_is_cut_off_and_others_are_not(start):
    with start(stream_bytes=100000) as server:
        stuck, good = Stream(server, buffer=4096), Stream(server)
        wait_for_streams(server, 2)
        reader = threading.Thread(target=good.read_until, args=(b"id: 3000\n",))
        reader.start()
        for _ in range(3000):
            server.http.post("/publish", json={"size": 3000})
        reader.join(20)
        assert not reader.is_alive()
        wait_for_streams(server, 1)
        assert stuck.is_ended() and b"id: 3000\n" not in stuck.data


def test_an_event_larger_than_the_queue_cuts_off(start):
    with start(stream_bytes=10000) as server:
        stream = Stream(server)
        wait_for_streams(server, 1)
        server.http.post("/publish", json={"size": 20000})
        assert stream.is_ended()
        wait_for_streams(server, 0)


def test_many_streams_of_which_some_never_read(start):
    with start(connections=3000, threads=2) as server:
        stuck = [Stream(server, buffer=4096) for _ in range(200)]
        streams = [Stream(server) for _ in range(600)]
        wait_for_streams(server, 800)
        before = server.memory()
        for _ in range(20):
            server.http.post("/publish", json={"count": 10, "size": 500})
        for stream in streams:
            stream.read_until(b"id: 200\n")
        assert server.memory() - before < 60e6
        for stream in stuck + streams:
            stream.socket.close()
        server.http.post("/publish", json={})
        wait_for_streams(server, 0)
        assert server.count()["closed"] == 800


# ---------------------------------------------------------------------------------------------------------------------
# Life


def test_the_end_waits_for_requests_under_way(start):
    with start(drain_seconds=10) as server:
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(lambda: httpx.post(server.url + "/defer", json={"after_ms": 600}))
            stream, idle = Stream(server), server.connect()
            wait_for_streams(server, 1)
            time.sleep(0.2)
            server.end()
            answer = late.result()
            assert (answer.json(), answer.headers["connection"].lower()) == ({"done": True}, "close")
            assert stream.is_ended() and b"event: shutdown\n" in stream.data
            assert idle.recv(1) == b""
            with pytest.raises(OSError):
                server.connect()
        server.process.stdin = None


def test_the_end_does_not_wait_longer_than_it_may(start):
    with start(drain_seconds=0) as server:
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(lambda: httpx.post(server.url + "/defer", json={"after_ms": 8000}))
            held = server.connect()
            held.sendall(b"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            time.sleep(0.3)
            began = time.monotonic()
            server.end()
            assert time.monotonic() - began < 5
            assert late.result().json() == {"done": False}
        server.process.stdin = None


def test_an_address_in_use_is_a_problem(start, support):
    with start() as server:
        second = Server(support("server-probe"), port=server.port)
        assert second.url.startswith("LISTEN cannot listen on 127.0.0.1 port ")
        assert second.process.wait(10) == 2
    for settings, told in (({"address": "nowhere"}, "LISTEN"), ({"trusted": "10.0.0.0/99"}, "LISTEN"),
                           ({"tls_cert": "/nowhere", "tls_key": "/nowhere"}, "TLS")):
        assert Server(support("server-probe"), **settings).url.startswith(told + " "), settings


def test_a_unix_socket(start, support, tmp_path):
    path = tmp_path / "socket"
    with start(unix_path=path) as server:
        assert server.url == f"unix:{path}"
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://local") as client:
            assert client.get("/things").json()["operation"] == "listThings"
        assert Server(support("server-probe"), unix_path=path).url.startswith("LISTEN ")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        with start(unix_path=path) as next_server:  # what a killed server left is replaced
            assert next_server.url == f"unix:{path}"
        assert not path.exists()
        server.end = lambda: None
    path.write_text("mine")
    assert Server(support("server-probe"), unix_path=path).url.startswith("LISTEN ")
    assert path.read_text() == "mine"


def test_a_socket_that_was_given(support):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(support("server-probe"), pass_fds=(listener.fileno(),), listen_fd=listener.fileno())
        assert server.port == listener.getsockname()[1]
        assert server.http.get("/things").status_code == 200
        server.end()


def test_ipv6(start):
    with start(address="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert server.http.get("/things").status_code == 200


def test_tls(start, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-days", "2"], check=True, capture_output=True)
    with start(tls_cert=cert, tls_key=key) as server:
        assert server.url.startswith("https://127.0.0.1:")
        with httpx.Client(base_url=server.url, verify=str(cert)) as client:
            assert client.get("/things").json()["base_url"] == server.url
            assert client.post("/defer", json={"after_ms": 50}).json() == {"done": True}
            assert client.get("/bytes?size=3000000").content == b"x" * 3000000
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_1
        with server.connect() as connection, pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(connection)


def test_the_access_log_tells_every_request(start):
    with start(verbose=1) as server:
        server.http.get("/things", headers={"X-Correlation-ID": "mine"})
        server.http.get("/nowhere")
        lines = server.end().splitlines()
        assert re.fullmatch(r"GET /things listThings 200 127\.0\.0\.1 mine \d+", lines[0])
        assert lines[1].startswith("GET /nowhere none 404 127.0.0.1 ")
        server.end = lambda: None
