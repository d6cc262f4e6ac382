# SPDX-License-Identifier: Apache-2.0
"""Events on their way: to the subscriber as services tell it themselves, or through Dapr's pub/sub.

An event is told until it has been taken, so a subscriber that is being started again loses none.
"""
import asyncio
import json
import uuid
from datetime import datetime, timezone

import aiohttp

TOPIC = "budpipelineEvents"
PUBSUB = "pubsub"
FORMATS = ("structured", "binary", "batch", "plain")

# What became of one delivery.
TAKEN, AGAIN, DROPPED = "taken", "again", "dropped"


def now():
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Subscriber:
    """Where events go.

    url      of budpipeline
    mode     direct, or dapr: subscriptions are asked for and Dapr's envelope is used
    format   of direct ones: structured, binary, batch or plain
    headers  sent along, a token for instance
    """

    def __init__(self, url, mode="direct", format="structured", headers=None, route="/workflow-events"):
        if mode not in ("direct", "dapr") or format not in FORMATS:
            raise ValueError(f"mode is direct or dapr, format one of {', '.join(FORMATS)}")
        self.url, self.mode, self.format, self.route = url.rstrip("/"), mode, format, route
        self.headers, self.subscriptions = headers or {}, None

    def view(self):
        return {"url": self.url, "mode": self.mode, "format": self.format, "route": self.route,
                "subscriptions": self.subscriptions}


class Broker:
    """Deliveries of one world."""

    def __init__(self, world, redeliveries, redeliver_after):
        self.world, self.redeliveries, self.redeliver_after = world, redeliveries, redeliver_after
        self.subscriber = None
        self.forget()

    def forget(self):
        """What was delivered and published so far."""
        self.deliveries, self.dead, self.published = [], [], []

    # Telling

    async def tell(self, source, event, topic=TOPIC, event_id=None, trace=None):
        """Brings one event of a service to the subscriber. @return True when it was taken"""
        event_id = event_id or str(uuid.uuid4())
        if not self.subscriber:
            self.dead.append({"id": event_id, "topic": topic, "data": event, "reason": "nobody has subscribed"})
            return False
        if self.subscriber.mode == "direct":
            return await self.deliver(event_id, topic, event, *self.direct_request(source, event, event_id, trace))
        return await self.deliver_to_subscription(self.envelope(source, event, event_id, topic, trace))

    def direct_request(self, source, event, event_id, trace):
        subscriber = self.subscriber
        attributes = {"specversion": "1.0", "id": event_id, "source": source, "type": str(event.get("type", "unknown")),
                      "time": now()}
        if trace:
            attributes["traceparent"] = trace
        whole = attributes | {"datacontenttype": "application/json", "data": event}
        match subscriber.format:
            case "structured":
                content_type, body, headers = "application/cloudevents+json", whole, {}
            case "batch":
                content_type, body, headers = "application/cloudevents-batch+json", [whole], {}
            case "binary":
                headers = {f"ce-{name}": value for name, value in attributes.items()}
                content_type, body = "application/json", event
            case "plain":
                content_type, body, headers = "application/json", event, {}
        return subscriber.route, {"Content-Type": content_type} | headers, json.dumps(body)

    def envelope(self, source, data, event_id, topic, trace):
        """As Dapr wraps what was published without an envelope."""
        envelope = {"specversion": "1.0", "id": event_id, "source": source, "type": "com.dapr.event.sent",
                    "datacontenttype": "application/json", "time": now(), "topic": topic, "pubsubname": PUBSUB,
                    "data": data}
        if trace:
            envelope |= {"traceid": trace, "traceparent": trace, "tracestate": ""}
        return envelope

    async def deliver_to_subscription(self, envelope):
        subscription = await self.subscription(envelope["topic"])
        if not subscription:
            self.dead.append(envelope | {"reason": "no subscription to the topic"})
            return False
        route = subscription.get("route") or subscription.get("routes", {}).get("default")
        taken = await self.deliver(envelope["id"], envelope["topic"], envelope.get("data"), route,
                                   {"Content-Type": "application/cloudevents+json"}, json.dumps(envelope))
        letters = subscription.get("deadLetterTopic")
        if not taken and letters and letters != envelope["topic"]:
            await self.deliver_to_subscription(envelope | {"topic": letters})
        return taken

    async def subscription(self, topic):
        """What the application says that it wants of a topic; asked once it can be reached."""
        while self.subscriber.subscriptions is None:
            try:
                async with self.world.session.get(self.subscriber.url + "/dapr/subscribe") as answer:
                    self.subscriber.subscriptions = await answer.json(content_type=None) if answer.status == 200 else []
            except aiohttp.ClientError:
                await asyncio.sleep(self.redeliver_after)
        return next((each for each in self.subscriber.subscriptions
                     if each["topic"] == topic and each.get("pubsubname") == PUBSUB), None)

    async def deliver(self, event_id, topic, data, route, headers, body):
        """Until it is taken or dropped, or has been tried often enough. @return True when it was taken"""
        for attempt in range(1, 2 + self.redeliveries):
            if attempt > 1:
                await asyncio.sleep(self.redeliver_after)
            record = {"id": event_id, "topic": topic, "data": data, "attempt": attempt, "status": None, "answer": None}
            self.deliveries.append(record)
            outcome = await self.deliver_once(record, route, headers, body)
            if outcome != AGAIN:
                break
        if outcome != TAKEN:
            self.dead.append({"id": event_id, "topic": topic, "data": data, "reason": outcome})
        return outcome == TAKEN

    async def deliver_once(self, record, route, headers, body):
        subscriber = self.subscriber
        try:
            async with self.world.session.post(subscriber.url + route, data=body.encode(),
                                               headers=headers | subscriber.headers) as answer:
                record["status"], text = answer.status, await answer.text()
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            record["answer"] = f"{type(error).__name__}: {error}"
            return AGAIN
        try:
            record["answer"] = json.loads(text) if text else None
        except ValueError:
            record["answer"] = text
        return self.dapr_outcome(record) if subscriber.mode == "dapr" else self.direct_outcome(record)

    @staticmethod
    def direct_outcome(record):
        if record["status"] < 300:
            return TAKEN
        return AGAIN if record["status"] >= 500 or record["status"] in (408, 429) else DROPPED

    @staticmethod
    def dapr_outcome(record):
        """As Dapr reads the answer of a subscriber: what it does not know is tried again."""
        if record["status"] == 404:
            return DROPPED
        if record["status"] >= 300:
            return AGAIN
        answer = record["answer"]
        word = answer.get("status", "") if isinstance(answer, dict) else ""
        return {"": TAKEN, "SUCCESS": TAKEN, "DROP": DROPPED}.get(word, AGAIN)

    # What the subscriber publishes itself

    def take_published(self, via, topic, content_type, headers, metadata, body):
        """Keeps what was published, and hands it to who has subscribed."""
        cloud = "cloudevents" in content_type and isinstance(body, dict)
        record = {"via": via, "topic": topic, "content_type": content_type, "headers": headers, "metadata": metadata,
                  "body": body, "data": body.get("data") if cloud else body, "at": now()}
        self.published.append(record)
        if via == "dapr" and self.subscriber and self.subscriber.mode == "dapr":
            envelope = body | {"topic": topic, "pubsubname": PUBSUB} if cloud else \
                self.envelope("budpipeline", body, str(uuid.uuid4()), topic, headers.get("traceparent"))
            self.world.spawn(self.pass_on(envelope))
        return record

    async def pass_on(self, envelope):
        if await self.subscription(envelope["topic"]):
            await self.deliver_to_subscription(envelope)
