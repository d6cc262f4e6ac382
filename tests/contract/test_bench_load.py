# SPDX-License-Identifier: Apache-2.0
"""The load generator of bench/ against a stand-in of the service: what it asks for, what it accepts, what it tells."""
import http.server
import json
import socketserver
import subprocess
import threading
import time

import pytest


class StandIn(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers as the service does, as `script` says: one entry for each start, the last one for all further."""
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.requests, self.polled, self.script, self.lock = [], {}, ["completed"], threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that goes away is not this server's trouble."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append((self.path, dict(self.headers), body))
            starts = sum(path.startswith("/executions") for path, _, _ in self.server.requests)
            script = self.server.script
            step = script[min(starts, len(script)) - 1]
        if self.path == "/pipelines":
            self.answer(201, {"id": "5a1e6a4c-0000-4000-8000-000000000001", "name": body["dag"]["name"]})
        elif step == "vanish":
            self.close_connection = True
        elif step == "refuse":
            self.answer(503, {"detail": "full"})
        else:
            execution = f"e{starts}"
            self.answer(201, {"execution_id": execution, "workflow_name": "load", "status": step.split()[0],
                              "params": {}, "outputs": {"last": int(step.split()[1]) if " " in step else 9}},
                        chunked=step == "completed" and starts % 2)

    def do_GET(self):
        if self.path.startswith("/executions/"):
            polls = self.server.polled[self.path] = self.server.polled.get(self.path, 0) + 1
            self.answer(200, {"id": self.path[12:], "pipeline_definition": {"dag": {"outputs": {"last": "{{ steps.s9.outputs.n }}"}}},
                              "status": "COMPLETED" if polls > 2 else "RUNNING", "final_outputs": {"last": 9}})
        elif self.path == "/events":
            self.stream()
        else:
            self.answer(200 if self.path in ("/actions", "/health") else 404, {"path": self.path, "agent": self.headers["X-Test"]})

    def answer(self, status, body, chunked=False):
        body = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Transfer-Encoding" if chunked else "Content-Length", "chunked" if chunked else str(len(body)))
        self.end_headers()
        if chunked:
            body = b"".join(b"%x\r\n%b\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7)) + b"0\r\n\r\n"
        self.wfile.write(body)

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in range(50):
            for piece in (b"id: %d\nda" % event, b'ta: {"a":"data:"}\n\n'):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.flush()
        time.sleep(3)


@pytest.fixture
def service():
    server = StandIn()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def load(build, service):
    """Runs the load generator. @return exit status, figures, what it said"""

    def run(*arguments, url=None):
        done = subprocess.run([build / "bench/load", "--url", url or service.url, "--json", *arguments],
                              capture_output=True, text=True, timeout=30)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    return run


def test_a_chain_is_stored_once_and_started_by_its_id(load, service):
    code, figures, said = load("--count", "20", "--warm", "5", "--in-flight", "4")
    assert (code, said) == (0, "")
    assert figures["count"] == 20 and figures["failures"] == 0 and figures["steps"] == 200
    assert 0 < figures["p50_ms"] <= figures["p90_ms"] <= figures["p99_ms"] <= figures["max_ms"]
    paths = [path for path, _, _ in service.requests]
    assert paths == ["/pipelines"] + ["/executions"] * 25
    dag = service.requests[0][2]["dag"]
    assert [step["params"]["outputs"]["n"] for step in dag["steps"]] == [0] + [
        f"{{{{ steps.s{i}.outputs.n + 1 }}}}" for i in range(9)]
    assert all(headers["Prefer"] == "wait=30" and "Idempotency-Key" not in headers for path, headers, _ in service.requests[1:])


def test_steps_state_their_effect_and_a_fan_joins(load, service):
    service.script = ["completed 203"]
    code, figures, said = load("--workload", "fan", "--effect", "idempotent", "--ephemeral", "--count", "3")
    assert (code, said, figures["steps"]) == (0, "", 3 * 202)
    dag = service.requests[0][2]["pipeline_definition"]
    assert len(dag["steps"]) == 202 and {step["effect"] for step in dag["steps"]} == {"idempotent"}
    assert dag["steps"][-1]["depends_on"] == [f"p{i}" for i in range(1, 201)]


def test_what_is_not_final_is_asked_for_again(load, service):
    service.script = ["running"]
    code, figures, _ = load("--count", "4", "--in-flight", "2", "--wait", "0")
    assert (code, figures["polls"]) == (0, 12)
    assert set(service.polled.values()) == {3}
    assert not any("Prefer" in headers for _, headers, _ in service.requests)


@pytest.mark.parametrize("step, words", [("failed", "came to failed"), ("completed 8", "last 8 instead of 9"),
                                         ("refuse", "answer 503"), ("vanish", "connection lost")])
def test_another_end_than_the_right_one_is_a_failure(load, service, step, words):
    service.script = ["completed", step, "completed"]
    code, figures, said = load("--count", "5", "--in-flight", "1")
    assert code == 1 and figures["failures"] == 1 and words in said


def test_an_acknowledged_start_is_enough_where_that_is_asked(load, service):
    service.script = ["running"]
    code, figures, _ = load("--workload", "delay", "--accepted", "--count", "10", "--wait", "0", "--pipeline", "p1")
    assert (code, figures["count"], service.polled) == (0, 10, {})
    assert service.requests[0][2] == {"workflow_id": "p1"}


def test_a_request_is_repeated_with_its_key_when_the_server_vanishes(load, service):
    service.script = ["completed", "vanish", "refuse", "completed"]
    code, figures, said = load("--count", "3", "--survive", "--pipeline", "p1")
    assert (code, said, figures["count"]) == (0, "", 3)
    keys = [headers["Idempotency-Key"] for _, headers, _ in service.requests]
    assert len(keys) == 5 and keys[1] == keys[2] == keys[3] and len(set(keys)) == 3
    assert figures["reconnects"] >= 1 and figures["gap_ms"] > 0


def test_reading_counts_answers_and_refuses_others(load, service, tmp_path):
    code, figures, _ = load("--get", "/actions", "--seconds", "0.3", "--in-flight", "3", "--header", "X-Test: yes")
    assert code == 0 and figures["requests_per_s"] > 10 and figures["body_bytes"] == len('{"path":"/actions","agent":"yes"}')
    (tmp_path / "paths").write_text("/actions\n/nothing\n")
    code, figures, said = load("--get-list", tmp_path / "paths", "--count", "4")
    assert (code, figures["count"], figures["failures"]) == (1, 4, 2) and "answer 404" in said


def test_streams_are_held_open_and_their_events_counted(load):
    code, figures, said = load("--stream", "/events", "--in-flight", "6", "--slow", "2", "--seconds", "1")
    assert (code, said) == (0, "")
    assert figures["reading"] == 4 and figures["events_least"] == figures["events_most"] == 50
    assert figures["cut_off"] == 0 and 0 <= figures["events_seconds"] < 1


@pytest.mark.parametrize("arguments", [["--url", "ftp://x"], ["--count", "-1"], ["--workload", "tree"], ["extra"],
                                       ["--stream", "/events"], ["--in-flight", "2", "--slow", "3"], ["--nonsense"]])
def test_a_wrong_command_line_is_refused(build, arguments):
    done = subprocess.run([build / "bench/load", "--url", "http://127.0.0.1:1", *arguments], capture_output=True, text=True)
    assert done.returncode == 2 and "load" in done.stderr
