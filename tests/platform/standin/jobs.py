# SPDX-License-Identifier: Apache-2.0
"""Long jobs: started by a call, they report by events until they end, and change the records when they succeed.

What a job does besides is asked for by a rule of the control interface, see OPTIONS.
"""
import asyncio
import copy
import uuid

from standin import stories

OPTIONS = {
    "end": "completed",     # or failed, or never: no ending is reported
    "ending": None,         # the form of the ending, see stories.KINDS; the kind's first unless given
    "stages": True,         # progress and ETA before it
    "hold": False,          # nothing is reported until the job is released
    "early": False,         # everything is reported before the call is answered
    "duplicates": 0,        # how often each event comes again, with the same id
    "reverse": False,       # the last event comes first
    "pace": None,           # seconds before each event; the server's unless given
    "place": "default",     # where the correlation id stands, see PLACES
    "key": "workflow",      # or record: the id of the record that is worked on correlates
    "reason": "The platform could not do it",
    "result": None,         # members over those of the result
}


def only_in(*path):
    """The correlation id at one place only."""

    def move(event, key):
        event.pop("workflow_id", None)
        event.get("payload", {}).pop("workflow_id", None)
        place = event
        for name in path[:-1]:
            if not isinstance(place.get(name), dict):
                place[name] = {}
            place = place[name]
        place[path[-1]] = key
        return event

    return move


PLACES = {
    "default": lambda event, key: event,
    "top": only_in("workflow_id"),
    "payload": only_in("payload", "workflow_id"),
    "metadata": only_in("notification_metadata", "workflow_id"),
    "result": only_in("payload", "content", "result", "workflow_id"),
}


class UnknownOption(ValueError):
    """A rule asks for something that no job does."""


def checked_options(options):
    """Options with their defaults. @raise UnknownOption"""
    unknown = options.keys() - OPTIONS.keys()
    if unknown:
        raise UnknownOption(f"there is no option {', '.join(sorted(unknown))}; known are {', '.join(OPTIONS)}")
    options = OPTIONS | options
    if options["end"] not in ("completed", "failed", "never") or options["place"] not in PLACES:
        raise UnknownOption(f"end is completed, failed or never; place is one of {', '.join(PLACES)}")
    return options


class Job:
    """One job.

    id      what the reply calls its workflow
    key     what its events name it by
    state   waiting, reporting, ended, cancelled
    """

    def __init__(self, world, kind, result, options, record_id=None, on_completed=None, trace=None):
        self.world, self.kind_name, self.kind = world, kind, stories.KINDS[kind]
        self.id = str(uuid.uuid4())
        self.options = options
        self.key = record_id if options["key"] == "record" and record_id else self.id
        self.result = result | (options["result"] or {})
        self.reason = options["reason"]
        self.on_completed, self.trace = on_completed, trace
        self.state, self.released, self.task, self.sent = "waiting", asyncio.Event(), None, 0
        if not options["hold"]:
            self.released.set()

    def start(self):
        self.task = asyncio.create_task(self.report())

    async def report(self):
        """All of it, one event after the other, each until it has been taken."""
        await self.released.wait()
        if self.state == "cancelled":
            return
        self.state = "reporting"
        events = [PLACES[self.options["place"]](copy.deepcopy(event), self.key) for event in self.kind.story(self)]
        if self.options["end"] == "completed" and self.on_completed:
            self.on_completed()
        if self.options["reverse"]:
            events.reverse()
        pace = self.world.pace if self.options["pace"] is None else self.options["pace"]
        for event in events:
            await asyncio.sleep(0 if self.options["early"] else pace)
            event_id = str(uuid.uuid4())
            for _ in range(1 + self.options["duplicates"]):
                await self.world.broker.tell(self.kind.source, event, event_id=event_id, trace=self.trace)
                self.sent += 1
        self.state = "ended" if self.options["end"] != "never" else "reporting"

    def release(self, **options):
        """Lets a held job go on, as these options say."""
        self.options = checked_options({**self.options, **options})
        self.reason = self.options["reason"]
        self.result = self.result | (self.options["result"] or {})
        self.released.set()

    def cancel(self):
        """Nothing more is reported. @return False when it had ended"""
        if self.state in ("ended", "cancelled"):
            return False
        self.state = "cancelled"
        if self.task:
            self.task.cancel()
        return True

    def view(self):
        return {"id": self.id, "key": self.key, "kind": self.kind_name, "state": self.state, "sent": self.sent,
                "options": self.options}
