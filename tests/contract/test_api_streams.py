# SPDX-License-Identifier: Apache-2.0
"""Event streams of executions: order, resumption without loss or doubles, slow clients."""
import http.client
import json
import socket
import threading
import time

import httpx
import pytest


def step(name, action, params=None, *after):
    return {"id": name, "name": name, "action": action, "params": params or {}, "depends_on": list(after)}


def chain(n):
    return {"name": "chain", "steps": [step(f"s{i}", "log", {"message": f"line {i}"}, *([f"s{i - 1}"] if i else []))
                                       for i in range(n)]}


SLEEPS = {"name": "sleeps", "steps": [step("a", "log"), step("d", "delay", {"duration_seconds": 2}, "a"),
                                      step("b", "log", {"message": "awake"}, "d")]}


def run(server, definition, **body):
    made = httpx.post(server.url + "/executions/run", json={"pipeline_definition": definition} | body, timeout=30)
    assert made.status_code == 201, made.text
    return made.json()["execution_id"]


def sequence_numbers(server, execution):
    page = httpx.get(f"{server.url}/executions/{execution}/events?limit=1000", timeout=30).json()
    return sorted(event["sequence_number"] for event in page["events"])


class Event:
    def __init__(self, lines):
        fields = dict(line.split(": ", 1) for line in lines)
        self.id, self.name = fields.get("id"), fields["event"]
        self.data = json.loads(fields["data"])

    def __repr__(self):
        return f"{self.id}:{self.name}"


class Stream:
    """A client of a stream, read on a thread of its own until the stream ends or is closed. With `late`, bytes that the
    socket takes meanwhile, it reads once it is started."""

    def __init__(self, server, path, last=None, late=0):
        address = server.url.split("//")[1]
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.connection.connect()
        if late:
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, late)
        self.connection.request("GET", path, headers={"Last-Event-ID": last} if last is not None else {})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.getheader("Content-Type").startswith("text/event-stream")
        self.events, self.changed, self.is_over = [], threading.Condition(), False
        self.thread = threading.Thread(target=self._read, daemon=True)
        if not late:
            self.thread.start()

    def start(self):
        self.thread.start()

    def _read(self):
        lines = []
        try:
            for line in self.answer:
                line = line.decode().rstrip("\n")
                if line and not line.startswith((":", "retry:")):
                    lines.append(line)
                elif lines and not line:
                    with self.changed:
                        self.events.append(Event(lines))
                        self.changed.notify_all()
                    lines = []
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def wait(self, condition, seconds=20):
        """Waits until the condition holds of the events. @return them"""
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.events), seconds), self.events[-5:]
            return list(self.events)

    def wait_for_end(self, seconds=20):
        with self.changed:
            assert self.changed.wait_for(lambda: self.is_over, seconds), self.events[-5:]
            return list(self.events)

    def close(self):
        self.connection.sock and self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)


# ---------------------------------------------------------------------------------------------------------------------
# One execution


def test_the_stream_of_an_ended_execution_is_its_history_and_an_end(server):
    execution = run(server, chain(5))
    events = Stream(server, f"/executions/{execution}/stream").wait_for_end()
    assert [event.id for event in events] == [str(n) for n in range(1, 13)] + [None]
    assert events[-1].name == "end" and events[-1].data == {"execution_id": execution, "status": "COMPLETED"}
    history = httpx.get(f"{server.url}/executions/{execution}/events").json()["events"]
    assert [event.data for event in events[:-1]] == history[::-1]
    assert [event.name for event in events[:3]] == ["execution_started", "step_started", "step_ended"]


def test_what_happens_is_told_as_it_happens(server):
    execution = run(server, SLEEPS)
    stream = Stream(server, f"/executions/{execution}/stream?logs=true")
    stream.wait(lambda events: [event.name for event in events if event.id][-1:] == ["step_waiting"])
    assert not stream.is_over
    events = stream.wait_for_end()
    assert [event.id for event in events if event.id] == [str(n) for n in range(1, len(sequence_numbers(server, execution)) + 1)]
    assert [event.data["message"] for event in events if event.name == "log"] == ["awake"]
    percents = [float(event.data["progress_percentage"]) for event in events if event.id]
    assert percents == sorted(percents) and percents[-1] == 100


@pytest.mark.parametrize("by_header", [True, False])
def test_a_stream_goes_on_behind_the_last_event(server, by_header):
    execution = run(server, chain(5))
    path = f"/executions/{execution}/stream" + ("" if by_header else "?last_event_id=7")
    events = Stream(server, path, last="7" if by_header else None).wait_for_end()
    assert [event.id for event in events] == ["8", "9", "10", "11", "12", None]
    events = Stream(server, f"/executions/{execution}/stream", last="12").wait_for_end()
    assert [event.name for event in events] == ["end"]


@pytest.mark.parametrize("path, last", [("one", "x"), ("one", "1.2"), ("one", "-1"), ("all", "1.x"), ("all", "1.2.3")])
def test_ids_that_are_none_are_422(server, path, last):
    path = f"/executions/{run(server, chain(1))}/stream" if path == "one" else "/executions/stream"
    assert httpx.get(server.url + path, headers={"Last-Event-ID": last}, timeout=10).status_code == 422


def test_a_long_history_comes_whole_although_it_is_larger_than_any_queue(server):
    execution = run(server, chain(900))
    events = Stream(server, f"/executions/{execution}/stream").wait_for_end(60)
    assert [event.id for event in events[:-1]] == [str(n) for n in range(1, 1803)]


@pytest.mark.parametrize("path", ["/executions/{}/stream", "/executions/stream?last_event_id=0"])
def test_a_queue_shorter_than_a_page_of_history_only_makes_it_slower(serve, path):
    server = serve("--http-stream-bytes", "1024")
    execution = run(server, chain(10))
    stream = Stream(server, path.format(execution))
    events = stream.wait(lambda events: count_ends(events) >= 1)
    assert [event.data["sequence_number"] for event in events if event.id] == list(range(1, 23))
    stream.close()


def test_an_event_larger_than_any_queue_comes(server):
    steps = [step("a", "fail", {"message": "{{ params.text }}"})]
    execution = run(server, {"name": "w", "parameters": [{"name": "text"}], "steps": steps}, params={"text": "x" * 300000})
    events = Stream(server, f"/executions/{execution}/stream").wait_for_end()
    assert [event.name for event in events] == ["execution_started", "step_started", "step_ended", "execution_ended", "end"]
    assert max(len(json.dumps(event.data)) for event in events) > 300000


def test_who_reads_late_is_told_what_was_logged_meanwhile_too(serve):
    server = serve("--http-stream-bytes", "4096")
    steps = [step("s0", "delay", {"duration_seconds": 2})]
    steps += [step(f"s{i}", "log", {"message": f"{i} " + "x" * 2000}, f"s{i - 1}") for i in range(1, 100)]
    execution = run(server, {"name": "w", "steps": steps})
    path = f"/executions/{execution}/stream?logs=true"
    late, prompt = Stream(server, path, late=4096), Stream(server, path)
    prompt.wait(lambda events: any(event.name == "step_waiting" for event in events))
    assert prompt.wait_for_end(60)[-1].data["status"] == "COMPLETED"
    late.start()
    events = late.wait_for_end(60)
    assert [event.id for event in events if event.id] == [str(n) for n in sequence_numbers(server, execution)]
    assert [int(event.data["message"].split()[0]) for event in events if event.name == "log"] == list(range(1, 100))
    assert events[-1].name == "end"


def test_a_stream_survives_a_crash_without_loss_or_doubles(server):
    execution = run(server, SLEEPS)
    stream = Stream(server, f"/executions/{execution}/stream")
    before = stream.wait(lambda events: any(event.name == "step_waiting" for event in events))
    server.kill()
    stream.wait_for_end()
    server.start()
    after = Stream(server, f"/executions/{execution}/stream", last=before[-1].id).wait_for_end()
    ids = [int(event.id) for event in before + after if event.id]
    assert ids == sequence_numbers(server, execution) == list(range(1, len(ids) + 1))
    assert after[-1].data["status"] == "COMPLETED"


# ---------------------------------------------------------------------------------------------------------------------
# All executions


def check_all(events, executions):
    """Every record of every execution once, in its order; positions only grow."""
    told = {}
    for event in events:
        told.setdefault(event.data["execution_id"], []).append(event.data["sequence_number"])
    assert told == {execution: [1, 2, 3, 4, 5, 6] for execution in executions}
    positions = [tuple(map(int, event.id.split("."))) for event in events]
    assert positions == sorted(set(positions))


def count_ends(events):
    return sum(event.name == "execution_ended" for event in events)


def test_all_executions_are_told_from_now_on(server):
    run(server, chain(1))
    stream = Stream(server, "/executions/stream")
    time.sleep(0.3)  # it begins where the store is when it comes
    executions = [run(server, chain(2), initiator="x") for _ in range(50)]
    check_all(stream.wait(lambda events: count_ends(events) >= 50), executions)
    stream.close()


def test_all_executions_are_told_again_after_a_crash(server):
    first = [run(server, chain(2)) for _ in range(20)]
    stream = Stream(server, "/executions/stream", last="0")
    before = stream.wait(lambda events: count_ends(events) >= 10)
    server.kill()
    stream.wait_for_end()
    before = list(stream.events)
    server.start()
    second = Stream(server, "/executions/stream", last=before[-1].id)
    more = [run(server, chain(2)) for _ in range(20)]
    check_all(before + second.wait(lambda events: count_ends(before + events) >= 40), first + more)
    second.close()


def test_who_reads_late_misses_nothing_however_much_it_was(server):
    definition = {"name": "w", "parameters": [{"name": "text"}], "steps": [step("a", "fail", {"message": "{{ params.text }}"})]}
    late = [Stream(server, "/executions/stream", last="0", late=65536) for _ in range(2)]
    prompt = Stream(server, "/executions/stream", last="0")
    for _ in range(40):  # half as much again as what the service keeps for those who are behind
        run(server, definition, params={"text": "x" * 150000})
    everything = [event.id for event in prompt.wait(lambda events: count_ends(events) >= 40, 60)]
    assert len(everything) == len(set(everything)) == 40 * 4
    for stream in late:
        stream.start()
        assert [event.id for event in stream.wait(lambda events: count_ends(events) >= 40, 60)] == everything
        stream.close()
    prompt.close()


def stuck_reader(server, path):
    """A client that asks and never reads."""
    host, port = server.url.split("//")[1].split(":")
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect((host, int(port)))
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return reader


def test_clients_that_do_not_read_hold_up_nobody(server):
    stuck = [stuck_reader(server, "/executions/stream?last_event_id=0") for _ in range(100)]
    streams = [Stream(server, "/executions/stream", last="0") for _ in range(20)]
    slowest = 0
    for _ in range(300):
        began = time.monotonic()
        run(server, chain(10))
        slowest = max(slowest, time.monotonic() - began)
    for stream in streams:
        events = stream.wait(lambda events: count_ends(events) >= 300, 60)
        assert len({event.id for event in events}) == len(events) == 300 * 22
    assert slowest < 5
    for stream in streams:
        stream.close()
    for reader in stuck:
        reader.close()
    assert httpx.get(server.url + "/health").status_code == 200


def test_it_stops_while_clients_follow(server):
    execution = run(server, {"name": "w", "steps": [step("d", "delay", {"duration_seconds": 300})]})
    streams = [Stream(server, path) for path in ("/executions/stream", f"/executions/{execution}/stream") for _ in range(5)]
    assert server.stop() == 0
    for stream in streams:
        stream.wait_for_end()
