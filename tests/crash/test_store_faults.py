# SPDX-License-Identifier: Apache-2.0
"""What becomes of the service when its store cannot be written, is not what it was, or is someone else's: a clear
message, nothing corrupt, and it goes on when the cause is gone."""
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from crash_mix import chain
from crash_server import Gone, Server

DAG = {"name": "chain", "parameters": [{"name": "n", "type": "integer"}], **chain()}


@pytest.fixture
def serve(budpipeline, tmp_path):
    servers = []

    def make(store=tmp_path / "store", *flags, **how):
        servers.append(Server(budpipeline, store, *flags, **how))
        servers[-1].log_path = tmp_path / "log"
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 4 MiB; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted: " + mounted.stderr.decode().strip())
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def start(client, n, padding=""):
    return client.ask("POST", "/executions/run", {"pipeline_definition": DAG, "params": {"n": n, "padding": padding}})


def start_until_refused(client, padding="x" * 4000, most=5000):
    """@return ids by n of what was acknowledged, and the refusal. The first start that cannot be written is waited for
    and given up: it is neither acknowledged nor refused."""
    started, client.timeout = {}, 2
    for n in range(most):
        try:
            answer = start(client, n, padding)
        except Gone:
            continue
        if answer.status != 201:
            return started, answer
        started[n] = answer.body["execution_id"]
    pytest.fail("the disk is not full")


def check_all_there(client, started):
    for n, execution in started.items():
        row = client.get(f"/executions/{execution}")
        assert (row["status"], row["final_outputs"]) == ("COMPLETED", {"last": n + 7})


def check_events_are_whole(client):
    for row in client.get("/executions?page_size=100")["executions"]:
        events = client.get(f"/executions/{row['id']}/events?limit=1000")["events"]
        assert sorted(event["sequence_number"] for event in events) == list(range(1, len(events) + 1))


def check_sound(store):
    """SQLite itself finds nothing wrong."""
    with sqlite3.connect(store) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def until(condition, what, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def check_refusal_and_recovery(server, client, make_room, words):
    """Full: refuses clearly, still reads. With room again: goes on, and everything acknowledged is there."""
    started, refused = start_until_refused(client)
    assert refused.status == 503 and len(started) > 10
    assert any(word in str(refused.body).lower() for word in words), refused.body
    assert client.ask("GET", "/ready").status == 503
    assert server.process.poll() is None
    check_all_there(client, dict(list(started.items())[:5]))
    assert any(word in server.said().lower() for word in words), server.said()

    make_room()
    until(lambda: client.ask("GET", "/ready").status == 200, "not ready although there is room again")
    again = start(client, 77)
    assert (again.status, again.body["status"], again.body["outputs"]) == (201, "completed", {"last": 84})
    check_all_there(client, {**started, 77: again.body["execution_id"]})
    total = client.get("/executions?page_size=1")["pagination"]["total_count"]
    server.kill()
    server.start()
    client = server.client()
    check_all_there(client, started)
    assert total <= client.get("/executions?page_size=1")["pagination"]["total_count"] <= len(started) + 2
    assert server.stop() == 0
    check_sound(server.store)


def test_a_full_disk_is_refused_clearly_and_recovered_from(serve, small_disk):
    server = serve(small_disk / "store").start()
    with open(small_disk / "other", "wb") as other:
        other.write(b"x" * (2 << 20))
    check_refusal_and_recovery(server, server.client(), (small_disk / "other").unlink, ("full", "space"))


def test_a_stop_while_the_disk_is_full_says_so_and_leaves_no_gap(serve, small_disk):
    server = serve(small_disk / "store").start()
    with open(small_disk / "other", "wb") as other:
        other.write(b"x" * (2 << 20))
    started, _ = start_until_refused(server.client())
    assert server.stop() == 1
    assert "stopped while the store did not write" in server.said() and "STORE_FULL" in server.said()
    (small_disk / "other").unlink()
    server.start()
    client = server.client()
    check_all_there(client, started)
    check_events_are_whole(client)
    assert server.stop() == 0
    check_sound(server.store)


def test_a_quota_is_refused_clearly_and_recovered_from(serve, tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))

    server = serve(prepare=limit)
    server.log_path.touch()
    server.start()
    server.prepare = None

    def make_room():
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    check_refusal_and_recovery(server, server.client(), make_room, ("full", "space", "too large", "i/o", "disk"))


def refused(server, seconds=20):
    """A server that must not start. @return what it says"""
    server.launch()
    code = server.process.wait(seconds)
    assert code == 2, f"ended with {code}: {server.said()}"
    return server.said()


def test_a_store_that_cannot_be_written_is_refused(serve, small_disk, tmp_path):
    store = small_disk / "store"
    server = serve(store).start()
    assert start(server.client(), 1).status == 201
    assert server.stop() == 0
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    said = refused(server)
    assert "read-only" in said.lower() and str(store) in said
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    server.start()
    assert server.client().get("/executions")["pagination"]["total_count"] == 1


def test_a_store_of_a_newer_version_is_refused_and_left_alone(serve):
    server = serve().start()
    assert start(server.client(), 1).status == 201
    assert server.stop() == 0
    with sqlite3.connect(server.store) as database:
        newest = database.execute("SELECT max(number) FROM migrations").fetchone()[0]
        database.execute("INSERT INTO migrations VALUES (?, 'of another time', 0)", (newest + 1,))
    database.close()
    before = server.store.read_bytes()
    said = refused(server)
    assert "newer" in said.lower() and str(server.store) in said
    assert server.store.read_bytes() == before
    with sqlite3.connect(server.store) as database:
        database.execute("DELETE FROM migrations WHERE number > ?", (newest,))
    database.close()
    server.start()
    assert server.client().get("/executions")["pagination"]["total_count"] == 1


def test_a_file_that_is_no_store_is_refused_and_left_alone(serve, tmp_path):
    (tmp_path / "store").write_bytes(b"Dear diary, " * 1000)
    said = refused(serve())
    assert str(tmp_path / "store") in said and ("not a database" in said.lower() or "no store" in said.lower())
    assert (tmp_path / "store").read_bytes() == b"Dear diary, " * 1000


def test_a_second_process_is_told_who_holds_the_store(serve):
    first = serve().start()
    second = Server(first.program, first.store)
    second.log_path = first.log_path.with_name("second.log")
    said = refused(second)
    assert str(first.process.pid) in said and str(first.store) in said
    assert start(first.client(), 3).status == 201
    first.kill()
    second.start()  # the lock died with its holder
    assert second.client().get("/executions")["pagination"]["total_count"] == 1
    assert second.stop() == 0


@pytest.mark.parametrize("attempt", range(3))
def test_a_log_that_was_cut_short_leaves_a_sound_store(serve, tmp_path, attempt):
    drawn = random.Random(attempt)
    server = serve().start()
    client = server.client()
    for n in range(60):
        assert start(client, n).status == 201
    server.kill()
    wal = server.store.with_name("store-wal")
    size = wal.stat().st_size
    assert size > 0
    os.truncate(wal, drawn.randrange(size))
    server.start()
    rows = server.client().get("/executions?page_size=100")["executions"]
    assert len(rows) <= 60
    for row in rows:
        client = server.client()
        events = client.get(f"/executions/{row['id']}/events?limit=1000")["events"]
        assert row["status"] == "COMPLETED" and row["final_outputs"] == {"last": row["pipeline_definition"]["params"]["n"] + 7}
        assert sorted(event["sequence_number"] for event in events) == list(range(1, len(events) + 1))
    assert start(server.client(), 7).status == 201
    assert server.stop() == 0
    check_sound(server.store)


def test_what_is_not_durable_is_not_acknowledged(serve, small_disk):
    """Clients that wait while the disk is full get no success for what is not written."""
    server = serve(small_disk / "store").start()
    with open(small_disk / "other", "wb") as other:
        other.write(b"x" * (2 << 20))
    client = server.client()
    started, _ = start_until_refused(client)
    shutil.copyfile(small_disk / "store", small_disk.parent / "copy")  # what a machine that dies now would have
    if os.path.exists(small_disk / "store-wal"):
        shutil.copyfile(small_disk / "store-wal", small_disk.parent / "copy-wal")
    server.kill()
    other_server = serve(small_disk.parent / "copy")
    other_server.start()
    check_all_there(other_server.client(), started)
