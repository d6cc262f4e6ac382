# SPDX-License-Identifier: Apache-2.0
"""Measures the durable service over HTTP on loopback: `script/bench serve`."""
import argparse
import json
import time
from pathlib import Path

from . import burst, loads, machine, report, services, told, workloads
from .service import Failed

PARTS = {"w1": workloads.w1, "w2": workloads.w2, "w3": workloads.w3, "w4": workloads.w4, "w5": workloads.w5,
         "actions": loads.actions, "history": loads.history, "waiting": loads.waiting, "streams": loads.streams,
         "told": told.told, "burst": burst.burst, "services": services.services}

DESCRIPTION = """Measures the durable service over HTTP on loopback, and prints what was aimed at beside it.

The store is SQLite on the disk that holds --data. F, the time of one flush of that disk (512 bytes and fdatasync, the
median), is measured in the same run; where a limit follows from F, the ratio to it is shown. `pure` steps are as their
action is; `committed` ones state `effect: idempotent`, so that each is on disk before the next one starts. Every step
but the first reads the one before it through a template, and the history is looked at afterwards. The load generator
(bench/load) runs on the same machine; nothing else should."""

EPILOG = "parts:\n" + "".join(f"  {name:10} {part.__doc__}\n" for name, part in PARTS.items()) + """
examples:
  script/bench serve                     everything: a few minutes
  script/bench serve w1 w2               two parts
  script/bench serve history --scale 0.1 with a tenth of the executions
"""


class Bench:
    """What the parts share."""
    stream_path = "/executions/stream"

    def __init__(self, build, data, scale):
        self.build, self.data, self.scale, self.flushes = build, data, scale, []

    def count(self, whole):
        return max(1, int(whole * self.scale))

    def flush_ms(self):
        """F of now, and kept for the head of the table."""
        self.flushes.append(machine.flush_time(self.data) * 1000)
        return self.flushes[-1]


def parse(arguments, build):
    parser = argparse.ArgumentParser(prog="script/bench serve", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="what to measure, see below")
    parser.add_argument("--data", type=Path, default=build / "bench-data", help="folder for stores, on the disk to be measured")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the counts of history, waiting and streams")
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the figures to a file, a line each")
    parser.add_argument("--markdown", action="store_true", help="print a table for a document")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return chosen


def keep(path, row):
    if path:
        with open(path, "a") as file:
            file.write(json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **vars(row)}) + "\n")


def main(arguments, build):
    """@return the exit status: 1 when something could not be measured"""
    chosen = parse(arguments, build)
    chosen.data.mkdir(parents=True, exist_ok=True)
    bench, failed = Bench(build, chosen.data, chosen.scale), 0
    print(f"{machine.description()}; F {bench.flush_ms():.3f} ms at the beginning")
    print(report.MARKDOWN_HEAD if chosen.markdown else report.HEAD)
    for name in chosen.parts or PARTS:
        try:
            for row in PARTS[name](bench):
                print(report.markdown(row) if chosen.markdown else report.line(row), flush=True)
                keep(chosen.json, row)
        except Failed as failure:
            failed = 1
            print(f"{name}: not measured: {failure}", flush=True)
    print(f"F {bench.flush_ms():.3f} ms at the end; between {min(bench.flushes):.3f} and {max(bench.flushes):.3f} ms in the run")
    return failed
