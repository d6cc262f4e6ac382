# SPDX-License-Identifier: Apache-2.0
"""The control interface of a world, at /_control."""
import asyncio

from standin import jobs, stories
from standin.broker import Subscriber
from standin.calls import RULE_FIELDS, Rule


def chosen(views, query):
    """The views whose members are as the query says."""
    return [view for view in views if all(str(view.get(name)) == value for name, value in query.items())]


def overview(world, query, body):
    return {"rule": RULE_FIELDS, "job": jobs.OPTIONS, "places": list(jobs.PLACES),
            "kinds": {name: {end: list(forms) for end, forms in kind.endings.items()}
                      for name, kind in stories.KINDS.items()},
            "resources": [f"{method} /_control/{name}" for method, name in sorted(RESOURCES)]}


def begin_anew(world, query, body):
    """Records as seeded, no rules, jobs and memory; the subscriber stays."""
    world.begin()
    return []


def calls(world, query, body):
    return chosen([call.view() for call in world.calls], query)


def forget_calls(world, query, body):
    world.calls.clear()
    return []


def rules(world, query, body):
    return [rule.view() for rule in world.rules]


def add_rules(world, query, body):
    added = [Rule(fields) for fields in (body if isinstance(body, list) else [body])]
    world.rules += added
    return [rule.view() for rule in added]


def drop_rules(world, query, body):
    world.rules.clear()
    return []


def subscriber(world, query, body):
    return world.broker.subscriber and world.broker.subscriber.view()


def subscribe(world, query, body):
    world.broker.subscriber = Subscriber(**body)
    return world.broker.subscriber.view()


def list_jobs(world, query, body):
    return chosen([job.view() for job in world.jobs.values()], query)


async def release(world, query, body):
    """Lets held jobs go on, all or those of the ids, with other options if some are given; and waits for their ends."""
    body = body or {}
    released = [job for job in world.jobs.values()
                if job.state == "waiting" and ("ids" not in body or job.id in body["ids"])]
    for job in released:
        job.release(**body.get("options", {}))
    if body.get("wait", True):
        await asyncio.gather(*(job.task for job in released), return_exceptions=True)
    return [job.view() for job in released]


async def tell(world, query, body):
    """Tells events of the caller's making: {source, events, duplicates}. @return which were taken"""
    taken = []
    for number, event in enumerate(body["events"]):
        for _ in range(1 + body.get("duplicates", 0)):
            event_id = f"{body['id']}-{number}" if "id" in body else None
            taken.append(await world.broker.tell(body.get("source", "budapp"), event, event_id=event_id))
    return taken


RESOURCES = {
    ("GET", ""): overview,
    ("DELETE", ""): begin_anew,
    ("GET", "calls"): calls,
    ("DELETE", "calls"): forget_calls,
    ("GET", "rules"): rules,
    ("POST", "rules"): add_rules,
    ("DELETE", "rules"): drop_rules,
    ("GET", "subscriber"): subscriber,
    ("PUT", "subscriber"): subscribe,
    ("GET", "jobs"): list_jobs,
    ("POST", "release"): release,
    ("POST", "events"): tell,
    ("GET", "published"): lambda world, query, body: chosen(world.broker.published, query),
    ("GET", "deliveries"): lambda world, query, body: chosen(world.broker.deliveries, query),
    ("GET", "dead"): lambda world, query, body: world.broker.dead,
    ("GET", "notifications"): lambda world, query, body: world.notifications,
    ("GET", "records"): lambda world, query, body: {name: list(rows.values())
                                                    for name, rows in world.records.tables.items()},
}


async def answer(world, method, name, query, body):
    """@return status and body"""
    handler = RESOURCES.get((method, name))
    if not handler:
        return 404, {"message": f"there is no {method} /_control/{name}; GET /_control lists what there is"}
    try:
        result = handler(world, query, body)
        return 200, await result if asyncio.iscoroutine(result) else result
    except (jobs.UnknownOption, ValueError, TypeError, KeyError) as error:
        return 400, {"message": f"{type(error).__name__}: {error}"}
