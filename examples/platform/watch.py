#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a pipeline that a running service has loaded, and tells each thing that happens until it has ended.

Exit status 0 when it completed.
"""
import argparse
import json
import sys
import urllib.request


def call(url, body=None):
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"},
                                     data=None if body is None else json.dumps(body).encode())
    return urllib.request.urlopen(request, timeout=600)


def happenings(stream):
    """The data of each event of a stream, until it ends."""
    for line in stream:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def told(event):
    """What happened, for a person; None for what nobody needs to know."""
    details = event["event_details"]
    match event["record"]:
        case "step_started":
            return "starts"
        case "step_waiting":
            return f"waits for {details['external_id']}" if "external_id" in details else "waits"
        case "step_progress" if "eta_minutes" in details:
            return f"{details['eta_minutes']:.0f} minutes left, it says"
        case "step_progress":
            return f"{float(details['step_progress']):.0f} %"
        case "step_ended":
            return f"{event['step_status'].lower()} {details.get('error_message', '')}".rstrip()
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the service: http://127.0.0.1:8010")
    parser.add_argument("pipeline", help="its name")
    arguments = parser.parse_args()

    pipelines = {each["name"]: each["id"] for each in json.load(call(arguments.url + "/pipelines"))}
    if arguments.pipeline not in pipelines:
        sys.exit(f"{arguments.url} has no pipeline named '{arguments.pipeline}', but {', '.join(sorted(pipelines))}")
    execution = json.load(call(arguments.url + "/executions",
                               {"workflow_id": pipelines[arguments.pipeline], "params": {}}))["execution_id"]
    for event in happenings(call(f"{arguments.url}/executions/{execution}/stream")):
        if "record" not in event:
            break
        what = told(event)
        if what:
            print(f"{event['timestamp'][11:23]}  {float(event['progress_percentage']):3.0f} %  "
                  f"{event['event_details']['step_name']:32}  {what}", flush=True)
    ended = json.load(call(f"{arguments.url}/executions/{execution}"))
    print(f"{ended['status'].lower()}: {json.dumps(ended['final_outputs'] or ended['error_info'])}")
    sys.exit(0 if ended["status"] == "COMPLETED" else 1)


if __name__ == "__main__":
    main()
