# SPDX-License-Identifier: Apache-2.0
"""What is read off the machine: the disk's flush time, a process's use of it, what reached the disk."""
import os
import statistics
import subprocess
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def flush_time(folder, count=1500):
    """F: seconds that appending 512 bytes and fdatasync take, the median."""
    path = Path(folder) / "flush"
    record, times = b"\x5a" * 512, []
    with open(path, "wb", buffering=0) as file:
        for _ in range(count):
            start = time.perf_counter()
            file.write(record)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    path.unlink()
    return statistics.median(times)


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def written_bytes(pid):
    """What a process has caused to be sent to storage."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise ValueError("no write_bytes")


def device_bytes(folder):
    """What has been written to the block device below a folder, everybody's; None where there is no such counter."""
    subprocess.run(["sync"], check=True)
    number = os.stat(folder).st_dev
    for line in Path("/proc/diskstats").read_text().splitlines():
        fields = line.split()
        if (int(fields[0]), int(fields[1])) == (os.major(number), os.minor(number)):
            return int(fields[9]) * 512
    return None


def _kib(path, name):
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise ValueError(f"{path} has no {name}")


def pss_mib(pid):
    """Its share of memory, in MiB."""
    return _kib(f"/proc/{pid}/smaps_rollup", "Pss:") / 1024


def peak_rss_mib(pid):
    """The most it has had resident, in MiB."""
    return _kib(f"/proc/{pid}/status", "VmHWM:") / 1024


class PeakPss:
    """`with PeakPss(pid) as peak: ...; peak.mib`"""

    def __init__(self, pid, every=0.2):
        self.pid, self.every, self.mib, self.done = pid, every, 0.0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def watch(self):
        while not self.done.wait(self.every):
            self.look()

    def look(self):
        self.mib = max(self.mib, pss_mib(self.pid))

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.look()


def description():
    """The machine in a few words, for the head of a table."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown processor")
    memory = _kib("/proc/meminfo", "MemTotal:") / 1024 / 1024
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, Linux {os.uname().release}"
