# SPDX-License-Identifier: Apache-2.0
"""What else it must carry: the catalogue beside nginx, a long history, many waits, many event streams."""
import contextlib
import gzip
import json
import random
import shutil
import subprocess
import time

from . import machine
from .report import Row
from .service import Failed, figures, running

NGINX = """daemon off; worker_processes auto; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; gzip_static on; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d;
  scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
"""


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def requests_per_second(bench, url, path, coding):
    """By wrk where it is installed, else by the load generator."""
    wrk, header = shutil.which("wrk"), f"Accept-Encoding: {coding}"
    if wrk:
        done = subprocess.run([wrk, "-t", "1", "-c", "32", "-d", "4", "-H", header, url + path],
                              capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout:
            raise Failed(done.stdout)
        return float(next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("Requests/sec")))
    done = subprocess.run([bench.build / "bench/load", "--url", url, "--json", "--get", path, "--in-flight", "32",
                           "--header", header, "--seconds", "4"], capture_output=True, text=True, timeout=60)
    return figures(done.returncode, done.stdout, done.stderr)["requests_per_s"]


@contextlib.contextmanager
def nginx(bench, body):
    """nginx, which serves these bytes from a file. @return its address; None: it is not installed"""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if not program:
        yield None
        return
    folder, port = bench.data / "nginx", free_port()
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "www").mkdir(parents=True)
    (folder / "www/actions").write_bytes(body)
    (folder / "www/actions.gz").write_bytes(gzip.compress(body))
    (folder / "conf").write_text(NGINX.format(folder=folder.resolve(), port=port))
    for parent in (folder, folder / "www"):  # its workers are another user
        parent.chmod(0o755)
    process = subprocess.Popen([program, "-p", folder.resolve(), "-c", (folder / "conf").resolve()], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def actions(bench):
    """GET /actions beside nginx, as it is and compressed."""
    tool = "wrk" if shutil.which("wrk") else "bench/load, wrk is not installed"
    with running(bench.build, bench.data / "actions") as service:
        _, body = service.ask("GET", "/actions")
        with nginx(bench, body) as peer:
            for coding, size in (("identity", len(body)), ("gzip", len(gzip.compress(body)))):
                rates = [[requests_per_second(bench, url, "/actions", coding) for url in (service.url, peer) if url]
                         for _ in range(3)]
                ours, theirs = max(rate[0] for rate in rates), max((rate[1] for rate in rates if peer), default=None)
                note = f"nginx {theirs:,.0f}/s" if peer else "nginx is not installed: apt install nginx-light"
                yield Row(f"GET /actions, {coding}", ours, "/s", theirs, more_is_better=True,
                          note=f"{size:,} bytes, by {tool}; {note}")


def history(bench):
    """A million finished executions in the store."""
    count = bench.count(1_000_000)
    with running(bench.build, bench.data / "history") as service:
        filled = service.load("--workload", "chain", "--steps", 1, "--in-flight", 256, "--count", count, timeout=3600)
        service.stop()
        size = sum(path.stat().st_size for path in service.folder.iterdir() if path.name.startswith("store"))
        ready = service.start()
        yield Row(f"{count:,} finished: filled", filled["executions_per_s"], "/s",
                  note=f"{size / count:,.0f} B each; started again in {ready * 1000:.0f} ms", more_is_better=True)
        for what, got in reading(bench, service, count):
            aim = None if what == "page far back" else 10  # an offset is counted through
            yield Row(f"{count:,} finished: {what}, p99", got["p99_ms"], "ms", aim,
                      note=f"p50 {got['p50_ms']:.2f} ms, max {got['max_ms']:.1f} ms")


def reading(bench, service, count):
    drawn, pages = random.Random(1), max(1, count // 100)
    yield "start", service.load("--workload", "chain", "--count", 2000, "--warm", 20)
    ids = [row["id"] for _ in range(30)
           for row in service.get(f"/executions?page_size=100&page={drawn.randint(1, pages)}")["executions"]]
    newest = service.get("/executions?page_size=1")["executions"][0]
    day = newest["created_at"][:10]
    lists = {"get": [f"/executions/{drawn.choice(ids)}" for _ in range(2000)],
             "steps": [f"/executions/{drawn.choice(ids)}/steps" for _ in range(2000)],
             "filtered page": [f"/executions?status=COMPLETED&initiator=api&start_date={day}&page={page}" for page in
                               (drawn.randint(1, 50) for _ in range(1000))],
             "empty filter": ["/executions?status=FAILED"] * 1000,
             "page far back": [f"/executions?page={drawn.randint(1, count // 20)}" for _ in range(300)]}
    for what, paths in lists.items():
        (bench.data / "paths").write_text("\n".join(paths) + "\n")
        yield what, service.load("--get-list", bench.data / "paths", "--count", len(paths))


def waiting(bench):
    """100,000 executions that wait on a delay."""
    count = bench.count(100_000)
    with running(bench.build, bench.data / "waiting") as service:
        service.load("--count", 100)
        before = machine.pss_mib(service.pid)
        got = service.load("--workload", "delay", "--accepted", "--wait", 0, "--in-flight", 64, "--count", count)
        time.sleep(1)
        grown = machine.pss_mib(service.pid) - before
        service.kill()
        ready = service.start()
        while service.ask("GET", "/ready")[0] != 200:
            time.sleep(0.005)
        live = service.get("/executions?status=RUNNING&page_size=1")["pagination"]["total_count"]
        if live != count:
            raise Failed(f"{live} of {count} executions wait after the restart")
        yield Row(f"{count:,} waiting: memory each", grown * 1024 * 1024 / count, "B", 1024,
                  note=f"PSS; after the restart {(machine.pss_mib(service.pid) - before) * 1024 * 1024 / count:,.0f} B; "
                       f"{got['executions_per_s']:,.0f} started/s")
        yield Row(f"{count:,} waiting: restart to ready", ready, "s", 2)


def streams(bench):
    """2,000 clients of the event stream, a tenth of which do not read."""
    clients, slow, seconds = bench.count(2000), bench.count(200), 60
    with running(bench.build, bench.data / "streams") as service:
        service.load("--count", 10)
        before = machine.pss_mib(service.pid)
        stream = subprocess.Popen(service.load_command("--stream", bench.stream_path, "--in-flight", clients, "--slow", slow,
                                                       "--seconds", seconds), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(4)
        with machine.PeakPss(service.pid) as peak:
            run = service.load("--count", 300, "--in-flight", 2)
            out, err = stream.communicate(timeout=seconds + 20)
        got = figures(stream.returncode, out, err)
        if got["events_least"] != got["events_most"]:
            raise Failed(f"clients that read did not all get the same events: {json.dumps(got)}")
        yield Row(f"{clients:,} event streams: events delivered", got["events"], "", note=(
            f"{got['events_least']:.0f} to each of {got['reading']:.0f} that read; {got['cut_off']:.0f} of {slow} slow ones cut off; "
            f"the last after {got['events_seconds']:.1f} s; "
            f"executions meanwhile p50 {run['p50_ms']:.1f} ms, p99 {run['p99_ms']:.1f} ms"), more_is_better=True)
        yield Row(f"{clients:,} event streams: memory each", (peak.mib - before) * 1024 / clients, "KiB",
                  note=f"PSS at its peak {peak.mib:.0f} MiB")
