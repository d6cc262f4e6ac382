# SPDX-License-Identifier: Apache-2.0
"""Ten thousand steps that wait for a slow service: what they take, and what chains of pure steps notice of them."""
import asyncio
import json
import multiprocessing
import time

from . import machine
from .report import Row
from .service import Failed, running

PATH, LIMIT_MIB = "/metrics", 300
ANSWER = b'{"data": {"nodes": {"healthy": true}, "api": {"healthy": true}}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)


class Slow(asyncio.Protocol):
    """Answers each request after a while; with no time given, never."""

    seconds = None

    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            self.data = self.data[end + 4:]
            if Slow.seconds is not None:
                asyncio.get_running_loop().call_later(Slow.seconds, self.transport.write, HEAD + ANSWER)


def serve(seconds, port):
    """A process of its own: it must not share an interpreter with what measures."""
    async def work():
        server = await asyncio.get_running_loop().create_server(Slow, "127.0.0.1", 0, backlog=4096)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    Slow.seconds = seconds
    asyncio.run(work())


class SlowService:
    def __init__(self, seconds):
        here, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=serve, args=(seconds, there), daemon=True)
        self.process.start()
        self.url = f"http://127.0.0.1:{here.recv()}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()


def settings(folder, slow, timeout):
    path = folder.parent / "services.yaml"
    folder.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"services: {{budcluster: {{url: '{slow.url}', timeout_seconds: {timeout}}}}}\n")
    return path


def store_pipeline(service):
    step = {"id": "health", "name": "Health", "action": "cluster_health", "timeout_seconds": 3600,
            "params": {"cluster_id": "0190f1e2-7b3c-7d4e-8f50-61728394a5b6"}}
    status, answer = service.ask("POST", "/pipelines", {"name": "asks a service", "dag": {"name": "asks", "steps": [step]}})
    if status != 201:
        raise Failed(f"the pipeline was answered with {status}: {answer[:300]}")
    return json.loads(answer)["id"]


def gauge(service, name):
    for line in service.ask("GET", PATH)[1].decode().splitlines():
        if line.startswith(f'budpipeline_calls_{name}{{service="budcluster"}} '):
            return int(float(line.split()[-1]))
    return 0


def live(service):
    return service.get("/executions?status=RUNNING&page_size=1")["pagination"]["total_count"]


def total(service, **filters):
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return service.get(f"/executions?{query}&page_size=1")["pagination"]["total_count"]


def pure(service):
    return service.load("--workload", "chain", "--warm", 200, "--count", 4000)


def wait_until(what, holds, seconds=300):
    begun = time.perf_counter()
    while not holds():
        if time.perf_counter() - begun > seconds:
            raise Failed(f"{what}, and not after {seconds} s")
        time.sleep(0.1)


def latency_rows(name, quiet, loaded):
    for figure in ("p50_ms", "p99_ms"):
        yield Row(f"{name}: chain meanwhile, {figure[:3]}", loaded[figure], "ms",
                  note=f"without {quiet[figure]:.3f} ms, that is {loaded[figure] / quiet[figure]:.2f} of it")


def memory_rows(name, count, before, peak, service):
    rss = machine.peak_rss_mib(service.pid)
    yield Row(f"{name}: peak memory", rss, "MiB", LIMIT_MIB, note=f"RSS; before {before:.0f} MiB PSS, at the peak {peak.mib:.0f}")
    yield Row(f"{name}: memory each", (peak.mib - before) * 1024 * 1024 / count, "B")


def measure(bench, name, count, slow, timeout, flags, check):
    folder = bench.data / "services"
    with running(bench.build, folder, "--config", settings(folder, slow, timeout), "--http-connections", "512", *flags) as service:
        pipeline, quiet, before = store_pipeline(service), pure(service), machine.pss_mib(service.pid)
        with machine.PeakPss(service.pid) as peak:
            service.load("--pipeline", pipeline, "--accepted", "--wait", 0, "--in-flight", 32, "--count", count)
            wait_until("the calls do not begin", lambda: gauge(service, "running") > 0)
            under_way = gauge(service, "running"), gauge(service, "queued")
            loaded = pure(service)
            left = gauge(service, "running"), gauge(service, "queued")
            if not sum(left):
                raise Failed("the calls were over before the chains were")
            wait_until("executions have not ended", lambda: not live(service))
        check(service, pipeline)
        yield Row(f"{name}: under way and waiting", sum(under_way), "", note=f"{under_way[0]:,} and {under_way[1]:,}; "
                  f"when the chains were done {left[0]:,} and {left[1]:,}", more_is_better=True)
        yield from memory_rows(name, count, before, peak, service)
        yield from latency_rows(name, quiet, loaded)


def services(bench):
    """10,000 executions that wait for a slow service."""
    count = bench.count(10_000)

    def all_completed(service, pipeline):
        done = total(service, status="COMPLETED", pipeline_id=pipeline)
        if done != count:
            raise Failed(f"{done} of {count} completed")

    def none_completed(service, pipeline):
        done = total(service, status="FAILED", pipeline_id=pipeline)
        if done != count:
            raise Failed(f"{done} of {count} failed")

    with SlowService(5) as slow:
        yield from measure(bench, f"{count:,} calls of 5 s", count, slow, 600,
                           ["--client-connections-per-host", "1000"], all_completed)
    with SlowService(None) as slow:
        yield from measure(bench, f"{count:,} calls without end", count, slow, 40, [], none_completed)
