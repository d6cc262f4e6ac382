# SPDX-License-Identifier: Apache-2.0
"""Requests with an idempotency key whose first answer was lost: what they made is found, and not made twice.

The crash between commit and answer is brought about from outside: the server is killed, and the kept answers are taken
out of the store, as if the process had ended before it gave them.
"""
import sqlite3
import uuid

import httpx
import pytest

DAG = {"name": "p", "steps": [{"id": "a", "name": "A", "action": "set_output", "params": {"outputs": {"n": 1}}}]}


@pytest.fixture
def lose_answers(server, tmp_path):
    def lose():
        server.kill()
        path = server.store.removeprefix("sqlite:")
        with sqlite3.connect(path) as store:
            kept = store.execute("UPDATE idempotency_keys SET status = 0, answer = NULL").rowcount
        store.close()
        assert kept > 0
        server.start()

    return lose


def post(server, path, key, **how):
    return httpx.post(server.url + path, headers={"Idempotency-Key": key}, **how)


def test_a_pipeline_is_created_once(server, lose_answers):
    key = str(uuid.uuid4())
    first = post(server, "/pipelines", key, json={"dag": DAG})
    assert first.status_code == 201
    lose_answers()
    again = post(server, "/pipelines", key, json={"dag": DAG})
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert len(httpx.get(server.url + "/pipelines").json()) == 1


def test_an_execution_is_started_once(server, lose_answers):
    key = str(uuid.uuid4())
    first = post(server, "/executions/run", key, json={"pipeline_definition": DAG})
    assert first.status_code == 201
    lose_answers()
    again = post(server, "/executions/run", key, json={"pipeline_definition": DAG})
    assert again.status_code == 201
    assert again.json()["execution_id"] == first.json()["execution_id"]
    assert again.json()["status"] == "completed"
    assert httpx.get(server.url + "/executions").json()["pagination"]["total_count"] == 1


def test_a_version_is_restored_once(server, lose_answers):
    path = "/pipelines/" + httpx.post(server.url + "/pipelines", json={"dag": DAG}).json()["id"]
    httpx.put(server.url + path, json={"dag": DAG | {"description": "second"}})
    key = str(uuid.uuid4())
    first = post(server, path + "/versions/1/restore", key)
    assert (first.status_code, first.json()["version"]) == (200, "3")
    lose_answers()
    again = post(server, path + "/versions/1/restore", key)
    assert (again.status_code, again.json()["version"], again.json()["restored_from"]) == (200, "3", 1)
    assert httpx.get(server.url + path).json()["version"] == "3"
