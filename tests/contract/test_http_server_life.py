# SPDX-License-Identifier: Apache-2.0
"""The server over time: idempotency keys, event streams, sockets of every kind, the end."""
import re
import signal
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from server_probe import PROBLEM, Server, read_response, starter


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
    with server.connect() as connection:
        connection.sendall(b"POST /defer HTTP/1.1\r\nHost: a\r\nIdempotency-Key: slow\r\nContent-Length: 18\r\n\r\n"
                           b'{"after_ms": 5000}')
        wait_for(server, "deferred", 1)
        answer = post_key(server, "slow", {"after_ms": 5000}, "/defer", **PROBLEM)
        assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
        assert read_response(connection)[0] == 201
    again = post_key(server, "slow", {"after_ms": 5000}, "/defer")
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


def wait_for(server, what, count):
    until = time.monotonic() + 20
    while server.count()[what] != count:
        assert time.monotonic() < until, server.count()
        time.sleep(0.02)


def test_events_arrive(start):
    with start() as server:
        streams = [Stream(server), Stream(server, "Last-Event-ID: 41\r\n")]
        wait_for(server, "streams", 2)
        server.http.post("/publish", json={"count": 2, "size": 5})
        for stream in streams:
            data = stream.read_until(b"id: 2\nevent: made\ndata: \"eeeee\"\n\n")
            assert b"Content-Type: text/event-stream" in data and b"Cache-Control: no-cache" in data
            assert data.index(b"retry: 1000\n\n") < data.index(b"id: 1\nevent: made\n")
        assert b"id: 41\nevent: resumed\ndata: {}\n\n" in streams[1].data
        server.http.post("/end")
        assert all(stream.read_until(b"\r\n0\r\n\r\n") for stream in streams)
        wait_for(server, "streams", 0)
        assert server.count()["closed"] == 2


def test_a_stream_is_kept_open_and_a_client_that_is_gone_is_noticed(start):
    with start(stream_ping_seconds=1, idle_seconds=1) as server:
        stream, gone = Stream(server), Stream(server)
        wait_for(server, "streams", 2)
        gone.socket.close()
        stream.read_until(b": ping\n\n")
        wait_for(server, "streams", 1)
        time.sleep(2.5)
        server.http.post("/publish", json={})
        stream.read_until(b"id: 1\n")


def test_a_client_that_does_not_read_is_cut_off_and_others_are_not(start):
    with start(stream_bytes=100000) as server:
        stuck, good = Stream(server, buffer=4096), Stream(server)
        wait_for(server, "streams", 2)
        for number in range(1, 401):
            server.http.post("/publish", json={"size": 30000})
            good.read_until(b"id: %d\n" % number)
            good.data = b""
        wait_for(server, "streams", 1)
        assert stuck.is_ended() and b"id: 400\n" not in stuck.data


def test_an_event_larger_than_the_queue_goes_alone(start):
    with start(stream_bytes=10000) as server:
        stream = Stream(server)
        stream.read_until(b"retry: 1000\n\n")
        stream.data = b""
        for number in (1, 2):
            server.http.post("/publish", json={"size": 20000})
            stream.read_until(b"id: %d\n" % number)
            stream.read_until(b"\n\n")  # its end: until then it is in the queue
            stream.data = b""


def test_events_larger_than_the_queue_do_not_pile_up(start):
    with start(stream_bytes=10000) as server:
        stuck = Stream(server, buffer=4096)
        wait_for(server, "streams", 1)
        server.http.post("/publish", json={"size": 20000, "count": 400})
        wait_for(server, "streams", 0)
        assert stuck.is_ended()


def test_many_streams_of_which_some_never_read(start):
    with start(connections=3000, threads=2) as server:
        stuck = [Stream(server, buffer=4096) for _ in range(200)]
        streams = [Stream(server) for _ in range(600)]
        wait_for(server, "streams", 800)
        before = server.memory()
        for _ in range(20):
            server.http.post("/publish", json={"count": 10, "size": 500})
        for stream in streams:
            stream.read_until(b"id: 200\n")
        assert server.memory() - before < 60e6
        for stream in stuck + streams:
            stream.socket.close()
        server.http.post("/publish", json={})
        wait_for(server, "streams", 0)
        assert server.count()["closed"] == 800


# ---------------------------------------------------------------------------------------------------------------------
# Life


def test_the_end_waits_for_requests_under_way(start):
    with start(drain_seconds=10) as server:
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(lambda: httpx.post(server.url + "/defer", json={"after_ms": 5000}, timeout=30))
            stream, idle = Stream(server), server.connect()
            wait_for(server, "streams", 1)
            wait_for(server, "deferred", 1)
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
            held = server.connect()
            held.sendall(b"POST /things HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
            assert held.recv(64).startswith(b"HTTP/1.1 100")  # it was read as far as it came
            late = pool.submit(lambda: httpx.post(server.url + "/defer", json={"after_ms": 8000}))
            wait_for(server, "deferred", 1)
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
