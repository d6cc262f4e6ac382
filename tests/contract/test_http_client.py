# SPDX-License-Identifier: Apache-2.0
"""The outgoing HTTP client against real sockets: what arrives at a server, and how each way to fail is told.

The failures are what retries rest on: UNSENT only when nothing of the request has left.
"""
import gzip
import json
import os
import socket
import socketserver
import subprocess
import threading
import time
import zlib

import pytest


class Handler(socketserver.BaseRequestHandler):
    """Reads requests byte by byte, keeps them, and answers by the function under the path's first word."""

    def handle(self):
        self.server.connections += 1
        while request := self.read_request():
            self.server.requests.append(request)
            word = request["target"].strip("/").split("/")[0].split("?")[0]
            if not getattr(self, "answer_" + word)(request):
                return

    def read_request(self):
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.request.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, body = data.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":;"), "") for line in lines]
        length = int(dict((name.lower(), value) for name, value in headers).get("content-length", 0))
        while len(body) < length:
            body += self.request.recv(65536)
        method, target, _ = first.split(" ")
        return {"method": method, "target": target, "headers": headers, "body": body, "lines": lines}

    def reply(self, body=b"", status="200 OK", headers=(), keep=True):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.request.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        return keep

    def answer_ok(self, request):
        return self.reply(b"fine", headers=["X-One: 1", "Set-Cookie: a=1", "set-cookie: b=2"])

    def answer_echo(self, request):
        return self.reply(json.dumps(dict(request, body=request["body"].decode())).encode())

    def answer_slow(self, request):
        self.server.released.wait(30)
        return self.reply(b"late")

    def answer_trickle(self, request):
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self.server.released.wait(0.02):
            self.request.sendall(b"x")
        return False

    def answer_truncated(self, request):
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return False

    def answer_hangup(self, request):
        return False

    def answer_garbage(self, request):
        self.request.sendall(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
        return False

    def answer_redirect(self, request):
        return self.reply(b"", "302 Found", ["Location: /ok"])

    def answer_error(self, request):
        return self.reply(b'{"detail": "no"}', "500 Oops")

    def answer_large(self, request):
        return self.reply(b"y" * int(request["target"].split("/")[2]))

    def answer_bomb(self, request):
        return self.reply(gzip.compress(b"\0" * 50_000_000), headers=["Content-Encoding: gzip"], keep=False)

    def answer_zipped(self, request):
        return self.reply(zlib.compress(b"small"), headers=["Content-Encoding: deflate"])

    def answer_flood(self, request):
        self.request.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            while not self.server.released.is_set():
                self.request.sendall(b"X-Flood: " + b"f" * 1000 + b"\r\n")
        except OSError:
            pass
        return False

    def answer_many(self, request):
        return self.reply(b"", headers=[f"X-{i}: {i}" for i in range(2000)], keep=False)

    def answer_informed(self, request):
        self.request.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </early>\r\n\r\n")
        return self.reply(b"after", headers=["X-Late: 1"])

    def answer_chunked(self, request):
        self.request.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        return True

    def answer_latin(self, request):
        self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 1\r\n\r\n\xff")
        return True

    def answer_empty(self, request):
        self.request.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        return True

    def answer_once(self, request):
        self.reply(b"once")
        return False


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 2048

    def handle_error(self, request, client_address):
        pass


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Handler) as server:
        server.requests, server.connections, server.released = [], 0, threading.Event()
        server.port = server.server_address[1]
        server.url = f"http://127.0.0.1:{server.port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(support):
    """ask(request, ..., options) -> answers in the order of the requests."""

    def run(*requests, options=("--allow", "127.0.0.1:*"), env=None, timeout=60):
        lines = "".join(json.dumps({"id": i} | request) + "\n" for i, request in enumerate(requests))
        done = subprocess.run([support("http-probe"), *options], input=lines.encode(), capture_output=True,
                              timeout=timeout, env=os.environ | (env or {}))
        assert done.returncode == 0, done.stderr.decode()
        answers = sorted((json.loads(line) for line in done.stdout.decode().splitlines()), key=lambda a: a["id"])
        assert [answer["id"] for answer in answers] == list(range(len(requests)))
        return answers

    return run


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_an_answer_arrives_with_status_headers_and_body(server, ask):
    [answer] = ask({"url": server.url + "/ok"})
    assert (answer["failure"], answer["status"], answer["body"]) == ("OK", 200, "fine")
    assert answer["headers"] == {"content-length": "4", "x-one": "1", "set-cookie": "a=1, b=2"}


def test_a_request_arrives_as_it_was_given(server, ask):
    [answer] = ask({"url": server.url + "/echo/a%20b?x=1", "method": "PATCH", "body": "{\"a\": 1}",
                    "headers": {"Content-Type": "application/json", "X-Empty": "", "X-Text": "läuft"}})
    seen = server.requests[0]
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert (seen["method"], seen["target"], seen["body"]) == ("PATCH", "/echo/a%20b?x=1", b"{\"a\": 1}")
    assert headers["content-type"] == "application/json" and headers["content-length"] == "8"
    assert headers["x-empty"] == "" and headers["x-text"].encode("latin-1").decode() == "läuft"
    assert headers["user-agent"].startswith("budpipeline/") and "expect" not in headers
    assert answer["failure"] == "OK"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_method_that_may_have_a_body_says_that_it_has_none(server, ask, method):
    ask({"url": server.url + "/ok", "method": method})
    headers = {name.lower(): value for name, value in server.requests[0]["headers"]}
    assert headers["content-length"] == "0" and "content-type" not in headers


def test_no_redirect_is_followed(server, ask):
    [answer] = ask({"url": server.url + "/redirect"})
    assert (answer["failure"], answer["status"], answer["headers"]["location"]) == ("OK", 302, "/ok")
    assert len(server.requests) == 1


def test_an_error_status_is_an_answer(server, ask):
    [answer] = ask({"url": server.url + "/error"})
    assert (answer["failure"], answer["status"], answer["body"]) == ("OK", 500, '{"detail": "no"}')


@pytest.mark.parametrize("path, body", [("/chunked", "abcde"), ("/informed", "after"), ("/empty", ""),
                                        ("/zipped", "small")])
def test_ways_to_frame_a_body(server, ask, path, body):
    [answer] = ask({"url": server.url + path})
    assert (answer["failure"], answer["body"]) == ("OK", body)
    assert "link" not in answer["headers"]


def test_bytes_that_are_no_utf8_are_kept_in_the_body_and_read_as_latin_1_in_headers(server, ask):
    [answer] = ask({"url": server.url + "/latin"})
    assert (answer["body_size"], answer["body"], answer["headers"]["x-name"]) == (1, None, "café")


def test_a_refused_connection_is_unsent(ask):
    [answer] = ask({"url": f"http://127.0.0.1:{closed_port()}/"})
    assert (answer["failure"], answer["timed_out"], answer["status"]) == ("UNSENT", False, 0)


def test_a_name_that_does_not_resolve_is_unsent(ask):
    [answer] = ask({"url": "http://does-not-exist.invalid/"})
    assert answer["failure"] == "UNSENT" and answer["message"]


def test_a_connection_that_nobody_accepts_is_unsent_and_timed_out(ask):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        url = "http://127.0.0.1:%d/" % listener.getsockname()[1]
        fill = [socket.socket() for _ in range(3)]
        for s in fill:
            s.setblocking(False)
            s.connect_ex(listener.getsockname())
        answers = ask({"url": url, "timeout_ms": 300}, {"url": url, "timeout_ms": 10000},
                      options=("--allow", "127.0.0.1:*", "--connect-timeout-ms", "400"))
        for s in fill:
            s.close()
    assert [(a["failure"], a["timed_out"]) for a in answers] == [("UNSENT", True)] * 2


@pytest.mark.parametrize("path", ["/slow", "/trickle"])
def test_no_complete_answer_in_time_is_a_timeout(server, ask, path):
    before = time.monotonic()
    [answer] = ask({"url": server.url + path, "timeout_ms": 300})
    assert (answer["failure"], answer["timed_out"], answer["status"]) == ("TIMEOUT", True, 0)
    assert time.monotonic() - before < 10


@pytest.mark.parametrize("path", ["/truncated", "/hangup", "/garbage"])
def test_a_connection_that_breaks_after_the_request_is_broken(server, ask, path):
    [answer] = ask({"url": server.url + path, "method": "POST", "body": "x"})
    assert (answer["failure"], answer["status"], answer["body"]) == ("BROKEN", 0, "")


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(server, ask):
    answers = ask({"url": server.url + "/large/1000"}, {"url": server.url + "/large/1001"},
                  options=("--allow", "127.0.0.1:*", "--response-bytes", "1000"))
    assert [(a["failure"], a["body_size"]) for a in answers] == [("OK", 1000), ("LIMIT", 0)]


@pytest.mark.parametrize("path", ["/bomb", "/flood", "/many"])
def test_an_answer_that_grows_without_end_is_cut(server, ask, path):
    [answer] = ask({"url": server.url + path})
    assert (answer["failure"], answer["status"]) == ("LIMIT", 0)


@pytest.mark.parametrize("headers", [
    {"X-A": "1\r\nX-Injected: 2"}, {"X-A": "1\nX-Injected: 2"}, {"X-A\r\nX-Injected": "1"}, {"X A": "1"}, {"": "1"},
    {"X-A:": "1"}, {"Content-Length": "5"}, {"transfer-encoding": "chunked"}, {"X-A": 7},
])
def test_a_header_that_would_change_the_message_is_refused(server, ask, headers):
    [answer] = ask({"url": server.url + "/ok", "headers": headers})
    assert answer["failure"] == "UNSENT" and answer["message"]
    assert server.requests == []


@pytest.mark.parametrize("request_", [
    {"method": "GET /ok HTTP/1.1\r\nX: y\r\n\r\nGET"}, {"method": ""}, {"url": "/ok\r\nX-Injected: 1"},
    {"url": "/ok\x01"},
])
def test_a_method_or_url_that_would_change_the_message_is_refused(server, ask, request_):
    request_ = {"method": "GET"} | request_ | {"url": server.url + request_.get("url", "/ok")}
    [answer] = ask(request_)
    assert answer["failure"] == "UNSENT"
    assert server.requests == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:70/x",
                                 "dict://127.0.0.1:2628/"])
def test_only_http_and_https(ask, url):
    [answer] = ask({"url": url})
    assert answer["failure"] == "UNSENT"


def test_without_being_named_a_local_target_is_blocked(server, ask):
    spellings = ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "a.localhost",
                 "[::ffff:127.0.0.1]", "0.0.0.0", "127.0.0.1.", "%31%32%37.0.0.1"]
    answers = ask(*({"url": f"http://{host}:{server.port}/ok"} for host in spellings), options=())
    assert [(a["failure"], bool(a["message"])) for a in answers] == [("BLOCKED", True)] * len(spellings)
    assert server.requests == [] and server.connections == 0


def test_what_a_name_resolves_to_is_judged_when_connecting(server, ask):
    """The machine's own name is no blocked one, but it leads to a local address here."""
    name = socket.gethostname()
    try:
        address = socket.getaddrinfo(name, None, socket.AF_INET)[0][4][0]
    except OSError:
        pytest.skip("this machine's name does not resolve")
    if not address.startswith(("127.", "10.", "172.", "192.168.")):
        pytest.skip("this machine's name leads to a public address")
    [answer] = ask({"url": f"http://{name}:{server.port}/ok"})
    assert answer["failure"] == "BLOCKED" and "is in blocked range" in answer["message"]
    [answer] = ask({"url": f"http://{name}:{server.port}/ok"}, options=("--allow", f"{name}:{server.port}"))
    assert answer["failure"] != "BLOCKED"


def test_a_target_is_allowed_with_its_port_only(server, ask):
    options = ("--allow", f"127.0.0.1:{server.port}")
    answers = ask({"url": server.url + "/ok"}, {"url": f"http://127.0.0.1:{server.port + 1}/"}, options=options)
    assert [a["failure"] for a in answers] == ["OK", "BLOCKED"]


def test_proxies_of_the_environment_are_not_used(server, ask):
    proxy = f"http://127.0.0.1:{closed_port()}"
    [answer] = ask({"url": server.url + "/ok"}, env={"http_proxy": proxy, "ALL_PROXY": proxy, "all_proxy": proxy})
    assert answer["failure"] == "OK"


def test_a_post_is_never_repeated_on_a_connection_that_turned_out_dead(server, ask):
    """libcurl would silently send it again on a new one."""
    options = ("--allow", "127.0.0.1:*", "--connections", "1")
    answers = ask({"url": server.url + "/once"}, {"url": server.url + "/hangup", "method": "POST", "body": "pay"},
                  options=options)
    assert [a["failure"] for a in answers] == ["OK", "BROKEN"]
    assert [r["target"] for r in server.requests] == ["/once", "/hangup"]


def test_one_that_waits_for_a_connection_ends_in_time_and_was_not_sent(server, ask):
    options = ("--allow", "127.0.0.1:*", "--connections", "1")
    answers = ask({"url": server.url + "/slow", "timeout_ms": 1500}, {"url": server.url + "/ok", "timeout_ms": 300},
                  options=options)
    assert [(a["failure"], a["timed_out"]) for a in answers] == [("TIMEOUT", True), ("UNSENT", False)]
    assert answers[1]["message"].endswith(f"for a free connection to 127.0.0.1:{server.port}: limit 1 (client.connections_per_host)")
    assert [r["target"] for r in server.requests] == ["/slow"]


def test_many_exchanges_wait_at_once(server, ask):
    count = 400
    timer = threading.Timer(2.0, server.released.set)
    timer.start()
    answers = ask(*({"url": server.url + "/slow", "timeout_ms": 30000} for _ in range(count)),
                  options=("--allow", "127.0.0.1:*", "--connections", str(count)))
    timer.join()
    assert [a["body"] for a in answers] == ["late"] * count
    assert server.connections == count


def test_thousands_of_exchanges_share_a_few_connections(server, ask):
    count = 5000
    answers = ask(*({"url": server.url + "/ok"} for _ in range(count)),
                  options=("--allow", "127.0.0.1:*", "--connections", "8"))
    assert all(a["failure"] == "OK" for a in answers)
    assert server.connections <= 8


def test_closing_the_client_ends_what_is_under_way(server, ask):
    answers = ask(*({"url": server.url + "/slow"} for _ in range(20)), {"url": "http://10.0.0.1/"},
                  options=("--allow", "127.0.0.1:*", "--close", "1"))
    assert {a["failure"] for a in answers[:20]} <= {"UNSENT", "BROKEN"}
    assert answers[20]["failure"] in ("BLOCKED", "UNSENT")
