# SPDX-License-Identifier: Apache-2.0
"""W1 to W5: chains and fans of steps that do nothing, durable, over HTTP on loopback.

Each step but the first reads the output of the step before it through a template. `pure` steps are as their action is;
`committed` ones state `effect: idempotent`, so that each is on disk before the next one starts.
"""
import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from . import machine
from .report import Row
from .service import Failed, Service, check_history, figures, running

EFFECTS = {"pure": "pure", "committed": "idempotent"}


def chain(effect, *arguments):
    return ["--workload", "chain", "--effect", EFFECTS[effect], *arguments]


def w1(bench):
    """A chain of 10 steps, one at a time."""
    for effect, aim, factor, constant in (("pure", 0.5, 1.5, 0.4), ("committed", 2.5, 12, 1.5)):
        with running(bench.build, bench.data / "w1") as service:
            got = service.load(*chain(effect), "--warm", 20, "--count", 300)
            check_history(service, 10)
        limit = factor * bench.flush_ms() + constant
        yield Row(f"W1 chain of 10, p50, {effect}", got["p50_ms"], "ms", aim, f"<= {factor} F + {constant} = {limit:.2f}",
                  got["p50_ms"] / limit, f"p99 {got['p99_ms']:.2f} ms")


def w2(bench):
    """Such chains, 64 in flight."""
    for effect, aim, count in (("pure", 150_000, 60_000), ("committed", 60_000, 20_000)):
        with running(bench.build, bench.data / "w2") as service:
            service.load(*chain(effect), "--in-flight", 64, "--count", 2000)
            with machine.PeakPss(service.pid) as peak:
                device, cpu = machine.device_bytes(bench.data), machine.cpu_seconds(service.pid)
                written = machine.written_bytes(service.pid)
                got = service.load(*chain(effect), "--in-flight", 64, "--count", count)
                cpu = machine.cpu_seconds(service.pid) - cpu
                written = machine.written_bytes(service.pid) - written
                device = (machine.device_bytes(bench.data) or 0) - (device or 0)
            check_history(service, 10)
            rss = machine.peak_rss_mib(service.pid)
        yield from w2_rows(bench, effect, aim, got, cpu, written, device, rss, peak.mib)


def w2_rows(bench, effect, aim, got, cpu, written, device, rss, pss):
    steps, rate = got["steps"], got["steps_per_s"]
    limit = 0.3 * 64 / (bench.flush_ms() / 1000) if effect == "committed" else None
    yield Row(f"W2 steps per second, {effect}", rate, "/s", aim, f">= 0.3 * 64 / F = {limit:,.0f}" if limit else "",
              rate / limit if limit else None, f"{got['executions_per_s']:,.0f} executions/s, p50 {got['p50_ms']:.1f} ms, "
              f"p99 {got['p99_ms']:.1f} ms", more_is_better=True)
    yield Row(f"W2 CPU s per 1,000 steps, {effect}", cpu / steps * 1000, "s", {"pure": 0.008, "committed": 0.020}[effect],
              note=f"{cpu:.2f} s in {got['seconds']:.2f} s")
    yield Row(f"W2 bytes written per step, {effect}", written / steps, "B", {"pure": 500, "committed": 1200}[effect],
              note=f"at the device {device / steps:,.0f} B")
    yield Row(f"W2 peak memory, {effect}", rss, "MiB", 32, note=f"RSS; PSS {pss:.1f} MiB")


def w3(bench):
    """1 to 200 parallel steps to 1."""
    for effect, aim in (("pure", 2), ("committed", 3)):
        with running(bench.build, bench.data / "w3") as service:
            got = service.load("--workload", "fan", "--effect", EFFECTS[effect], "--warm", 20, "--count", 100)
            check_history(service, 202)
        yield Row(f"W3 1 to 200 to 1, p50, {effect}", got["p50_ms"], "ms", aim, note=f"p99 {got['p99_ms']:.2f} ms")


def w4(bench):
    """Idle memory, cold start, installed size."""
    with running(bench.build, bench.data / "w4") as service:
        time.sleep(5)
        fresh = machine.pss_mib(service.pid)
        service.load(*chain("pure"), "--count", 1)
        time.sleep(5)
        cpu = machine.cpu_seconds(service.pid)
        time.sleep(2)
        cpu = machine.cpu_seconds(service.pid) - cpu
        yield Row("W4 idle memory, PSS", machine.pss_mib(service.pid), "MiB", 8,
                  note=f"fresh {fresh:.1f} MiB; CPU {cpu / 2:.1%}")
        again = []
        for _ in range(11):
            service.stop()
            again.append(service.start())
    first = []
    for _ in range(11):
        with running(bench.build, bench.data / "w4") as service:
            service.stop()
            service.store.unlink()
            first.append(service.start())
    yield Row("W4 cold start to first answer", statistics.median(again) * 1000, "ms", 20,
              note=f"with an empty store {statistics.median(first) * 1000:.1f} ms")
    yield Row("W4 size installed", installed_mib(bench), "MiB", 8)


def installed_mib(bench):
    """Everything that is installed, stripped."""
    target = bench.data / "installed"
    shutil.rmtree(target, ignore_errors=True)
    listed = json.loads(subprocess.run(["meson", "introspect", "--installed", bench.build], check=True,
                                       stdout=subprocess.PIPE).stdout)
    made = [os.path.relpath(path, bench.build) for path in listed if Path(path).is_relative_to(bench.build.resolve())
            and not Path(path).is_relative_to(bench.build.resolve() / "meson-private")]
    for command in (["ninja", "-C", bench.build, *made],
                    ["meson", "install", "-C", bench.build, "--strip", "--no-rebuild", "--destdir", target.resolve()]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failed(done.stdout[-1000:])
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file() and not path.is_symlink())
    shutil.rmtree(target)
    return size / 1024 / 1024


def w5(bench):
    """SIGKILL in the middle of W2."""
    for effect in EFFECTS:
        service = Service(bench.build, bench.data / "w5")
        try:
            service.start()
            service.load(*chain(effect), "--in-flight", 64, "--count", 2000)
            yield from w5_rows(service, effect, 10_000)
        finally:
            service.stop()
            shutil.rmtree(service.folder, ignore_errors=True)


def w5_rows(service, effect, count):
    before = service.get("/executions?page_size=1")["pagination"]["total_count"]
    load = subprocess.Popen(service.load_command(*chain(effect), "--in-flight", 64, "--count", count, "--survive"),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while service.get("/executions?page_size=1")["pagination"]["total_count"] - before < count // 2:
        if load.poll() is not None:
            raise Failed("the load was over before the kill: " + load.stderr.read())
    service.kill()
    begun = time.monotonic()
    first = service.start()
    out, err = load.communicate(timeout=120)
    got = figures(load.returncode, out, err)
    total = service.get("/executions?page_size=1")["pagination"]["total_count"]
    if not got["reconnects"]:
        raise Failed("nothing was under way when the server was killed")
    yield Row(f"W5 lost after SIGKILL, {effect}", count - got["count"], "", 0,
              note=f"{total - before - count} more than were started")
    yield Row(f"W5 restart to first answer, {effect}", first, "s", 0.05,
              note=f"first execution after {got['back_at_s'] - begun:.3f} s")
    yield Row(f"W5 restart to all done, {effect}", got["done_at_s"] - begun, "s", 1)
