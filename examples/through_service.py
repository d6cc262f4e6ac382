#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every example through a running service that has loaded them, and says what came of each."""
import argparse
import json
import sys
import urllib.request
from pathlib import Path

# Examples that fail on purpose; every other one must complete.
EXPECTED = {"When steps fail": "failed"}


def call(url, body=None, **headers):
    request = urllib.request.Request(url, headers={"Content-Type": "application/json", **headers},
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the service: http://127.0.0.1:8010")
    parser.add_argument("--planets", default="http://127.0.0.1:8765", help="URL of examples/service/serve.py")
    arguments = parser.parse_args()
    wrong = 0
    pipelines = sorted(call(arguments.url + "/pipelines"), key=lambda each: each["name"])
    for each in pipelines:
        pipeline = call(f"{arguments.url}/pipelines/{each['id']}")
        declared = {parameter["name"] for parameter in pipeline["dag"].get("parameters", [])}
        params = {"service": arguments.planets} if "service" in declared else {}
        started = call(arguments.url + "/executions", {"workflow_id": each["id"], "params": params}, Prefer="wait=30")
        status, expected = started["status"], EXPECTED.get(each["name"], "completed")
        print(f"{each['name']:26} {status:10} {json.dumps(started['outputs'])[:90]}")
        wrong += status != expected
    if not pipelines or wrong:
        sys.exit(f"{wrong} of {len(pipelines)} examples did something else than they say")


if __name__ == "__main__":
    main()
