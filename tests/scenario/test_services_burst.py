# SPDX-License-Identifier: Apache-2.0
"""Very many steps that wait at once, and the events for all of them in one burst."""
import asyncio
import json
import os
import time

from service_site import TOKEN, Site

WAITING = 1000
CONNECTIONS = 16
FULL = os.environ.get("BUDPIPELINE_TESTS") == "full"


def steps_of(number, count):
    return [{"id": f"s{number}_{each}", "action": "model_add", "params": {"model_uri": f"org/m{number}-{each}"}}
            for each in range(count)]


def requests(site, workflows):
    """The events as they go over the wire, made before the clock runs."""
    host = site.server.url.removeprefix("http://")
    for number, workflow in enumerate(workflows):
        body = json.dumps({"specversion": "1.0", "id": f"burst-{number}", "source": "budapp", "type": "workflow_completed",
                           "data": {"type": "workflow_completed", "workflow_id": workflow, "status": "COMPLETED",
                                    "result": {"model_id": workflow, "model_name": "m"}}}).encode()
        yield (f"POST /workflow-events HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/cloudevents+json\r\n"
               f"dapr-api-token: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


async def send(site, messages):
    """All of them, each connection one after the other. @return seconds until the last was answered, and the answers"""
    host, port = site.server.url.removeprefix("http://").split(":")
    answers, left = [], iter(messages)

    async def connection():
        reader, writer = await asyncio.open_connection(host, int(port))
        for message in left:
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length"))
            answers.append((head.split(b" ", 2)[1], json.loads(await reader.readexactly(size))))
        writer.close()

    begun = time.monotonic()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return time.monotonic() - begun, answers


def test_a_thousand_waiting_steps_are_completed_by_a_burst(budpipeline, is_sanitized, world, tmp_path):
    site = Site(budpipeline, world, "direct", f"sqlite:{tmp_path}/store.db")
    try:
        world.job(hold=True)
        executions = [site.start(*steps_of(number, 50), settings={"max_parallel_steps": 50}) for number in range(WAITING // 50)]
        for execution in executions:
            site.until(lambda: all(step["awaiting_event"] for step in site.steps(execution).values()), within=120)
        workflows = [step["external_workflow_id"] for execution in executions
                     for step in site.steps(execution).values()]
        assert len(set(workflows)) == WAITING
        seconds, answers = asyncio.run(send(site, list(requests(site, workflows))))
        site.server.kill()
        assert len(answers) == WAITING
        assert all(status == b"200" and answer["step_completed"] for status, answer in answers)
        site.server.start()
        for execution in executions:
            site.until(lambda: site.execution(execution)["status"] == "COMPLETED")
            assert all(step["status"] == "COMPLETED" for step in site.steps(execution).values())
        print(f"{WAITING} events were durable within {seconds:.2f} s")
        assert seconds < (1 if FULL and not is_sanitized else 5)
    finally:
        site.close()
