# SPDX-License-Identifier: Apache-2.0
"""The recording service that the crash tests rely on, by itself."""
import http.client
import time

import pytest

from crash_mix import DRAWN, KINDS, Task
from crash_recorder import Call, Recorder


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


def call(recorder, method, path, key=None, timeout=5):
    connection = http.client.HTTPConnection("127.0.0.1", recorder.port, timeout=timeout)
    try:
        connection.request(method, path, b"{}" if method != "GET" else None, {"Idempotency-Key": key} if key else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_every_call_is_remembered_with_its_key(recorder):
    assert call(recorder, "POST", "/echo/t1/call", "k1") == (200, b'{"said": "POST /echo/t1/call"}')
    call(recorder, "POST", "/echo/t1/call", "k1")
    call(recorder, "GET", "/echo/t2/call")
    assert recorder.calls == [Call("POST", "/echo/t1/call", "k1")] * 2 + [Call("GET", "/echo/t2/call", None)]
    assert recorder.by_key() == {"k1": 2}


def test_a_flaky_answer_follows_from_the_key(recorder):
    answers = [call(recorder, "PUT", "/flaky/1/t1/call", key)[0] for key in ("a", "a", "b", "a", "b")]
    assert answers == [503, 503, 200, 503, 200]
    assert call(recorder, "PUT", "/flaky/1/t2/call", "c")[0] == 503


def test_slow_and_hanging_answers_hold_nobody_else_up(recorder):
    with pytest.raises(TimeoutError):
        call(recorder, "GET", "/hang/t1/call", timeout=0.1)
    begun = time.monotonic()
    assert call(recorder, "GET", "/slow/80/t1/call")[0] == 200
    assert 0.08 <= time.monotonic() - begun < 2


def test_an_execution_follows_from_seed_and_number():
    first, again = [[vars(Task(7, number)) for number in range(200)] for _ in range(2)]
    assert first == again and {task["kind"] for task in first} == set(KINDS) == set(DRAWN)
    assert vars(Task(8, 0)) != vars(Task(7, 0))
