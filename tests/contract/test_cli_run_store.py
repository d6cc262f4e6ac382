# SPDX-License-Identifier: Apache-2.0
"""budpipeline run --store: the same run, durable."""
import json
import signal
import sqlite3
import subprocess

import pytest

HELLO = "examples/01-hello.yaml"
COMPLETED = 4  # enum bp_execution_state


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "run.db")


def states(store):
    with sqlite3.connect(store) as database:
        return [state for (state,) in database.execute("SELECT state FROM executions ORDER BY number")]


def killed_while_waiting(budpipeline, root, file, store):
    process = subprocess.Popen([str(budpipeline), "run", file, "--store", store], cwd=root, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        for line in process.stdout:
            if "sleeping" in line:
                break
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)


def test_the_result_is_the_same_and_is_kept(cli, store):
    plain, durable = (cli("run", HELLO, "-p", "name=Ada", "--format", "json", *more)
                      for more in ((), ("--store", store)))
    assert durable.code == 0 and json.loads(durable.out) == json.loads(plain.out)
    assert states(store) == [COMPLETED]


def test_a_killed_run_goes_on_beside_the_next(cli, budpipeline, root, pipeline, store):
    file = pipeline([{"id": "w", "action": "delay", "params": {"duration_seconds": 1}},
                     {"id": "s", "action": "set_output", "depends_on": ["w"], "params": {"outputs": {"n": 1}}}])
    killed_while_waiting(budpipeline, root, file, store)
    assert states(store)[0] < COMPLETED
    done = cli("run", file, "--store", store, "--format", "json", timeout=30)
    assert done.code == 0 and json.loads(done.out)["status"] == "completed"
    assert "recovery: executions that go on: 1" in done.err
    assert states(store) == [COMPLETED, COMPLETED]


def test_what_does_not_end_in_time_stays_in_the_store(cli, budpipeline, root, pipeline, store):
    file = pipeline([{"id": "w", "action": "delay", "params": {"duration_seconds": 3000}}])
    killed_while_waiting(budpipeline, root, file, store)
    done = cli("run", HELLO, "--store", store, timeout=30)
    assert done.code == 0
    first, second = states(store)
    assert first < COMPLETED and second == COMPLETED


def test_one_process_at_a_time(cli, budpipeline, root, pipeline, store):
    file = pipeline([{"id": "w", "action": "delay", "params": {"duration_seconds": 3000}}])
    process = subprocess.Popen([str(budpipeline), "run", file, "--store", store], cwd=root, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert any("sleeping" in line for line in process.stdout)
        done = cli("run", HELLO, "--store", store)
        assert done.code == 2 and "STORE_LOCKED" in done.err and str(process.pid) in done.err
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130
    finally:
        process.kill()
        process.communicate(timeout=20)


@pytest.mark.parametrize("option", ["--virtual-time", "--dry-run"])
def test_options_that_make_no_sense_with_a_store(cli, store, option):
    done = cli("run", HELLO, "--store", store, option)
    assert done.code == 2 and option in done.err


def test_a_folder_that_is_not_there(cli, tmp_path):
    done = cli("run", HELLO, "--store", str(tmp_path / "none" / "run.db"))
    assert done.code == 2 and "STORE_" in done.err


@pytest.mark.parametrize("store", ["mysql:run.db", "postgres://somewhere", "sqlite:"])
def test_a_kind_of_store_that_there_is_not(cli, root, tmp_path, store):
    done = cli("run", str(root / HELLO), "--store", store, cwd=tmp_path)
    assert done.code == 2 and "STORE_URL" in done.err
    assert list(tmp_path.iterdir()) == []
