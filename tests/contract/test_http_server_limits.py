# SPDX-License-Identifier: Apache-2.0
"""The server and those who ask it: tokens, origins, rates, sizes, slow clients and strange ones."""
import json
import re
import select
import socket
import time

import pytest

from server_probe import ID, ask, read_response, starter


@pytest.fixture(scope="module")
def server(support):
    """One server for all tests that need no settings of their own."""
    with starter(support)(idempotency=1) as running:
        yield running


@pytest.fixture
def start(support):
    """start(setting=value, ...) for a server of one's own."""
    return starter(support)


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

        def hold():
            connection = server.connect()
            connection.sendall(b"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99990)
            held.append(connection)

        for _ in range(60):
            hold()
        until, large = time.monotonic() + 10, {"action_type": "x", "any": "y" * 90000}
        while server.http.post("/things", json=large).status_code != 503:
            assert time.monotonic() < until
            hold()  # those that came at once may have been refused together, and left room
        assert server.http.get("/things").status_code == 200
        for connection in held:
            connection.close()
        while server.http.post("/things", json=large).status_code != 201:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_connection_too_many_is_told_so(start):
    with start(connections=4) as server:
        held = [server.connect() for _ in range(4)]
        for connection in held:  # an answer says that the connection was taken
            connection.sendall(b"GET /things HTTP/1.1\r\nHost: a\r\n\r\n")
            assert read_response(connection)[0] == 200
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
        time.sleep(8)  # the client that does not read; what it gets afterwards was under way before it was cut off
        connection.settimeout(20)
        received = 0
        try:
            while part := connection.recv(1 << 16):
                received += len(part)
        except ConnectionResetError:
            pass
        assert 0 < received < 20000000


def test_a_deadline_is_not_for_answers_that_take_time(start):
    with start(idle_seconds=1, request_seconds=1) as server:
        assert server.http.post("/defer", json={"after_ms": 2500}).json() == {"done": True}


def test_a_client_that_has_closed_its_half_is_answered(server):
    with server.connect() as connection:
        connection.sendall(b"GET /things HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert read_response(connection)[0] == 200


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
def test_what_is_no_request_does_no_harm(start, text):
    with start(idle_seconds=1) as server:
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
