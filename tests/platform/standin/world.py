# SPDX-License-Identifier: Apache-2.0
"""One world: records, rules, jobs, a subscriber and the memory of every call. Worlds know nothing of one another, so
that many tests share one server."""
import asyncio
import time

from standin import services
from standin.broker import Broker
from standin.calls import NO_RULE, ServiceError
from standin.jobs import Job, checked_options
from standin.records import Records


class World:
    def __init__(self, session, pace, redeliveries, redeliver_after):
        self.session, self.pace, self.jobs, self.tasks = session, pace, {}, set()
        self.broker = Broker(self, redeliveries, redeliver_after)
        self.begin()

    def begin(self):
        """As nobody had used it; the subscriber stays."""
        self.close()
        self.records, self.rules, self.calls, self.jobs = Records(), [], [], {}
        self.notifications, self.replies = [], {}
        self.broker.forget()

    def spawn(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def close(self):
        for task in self.tasks:
            task.cancel()
        for job in self.jobs.values():
            job.cancel()

    def rule_for(self, call):
        rule = next((rule for rule in self.rules if rule.takes(call)), NO_RULE)
        call.rule = None if rule is NO_RULE else rule.number
        return rule

    async def answer(self, call):
        """What is answered to a call. @return status, body, headers; None for a connection that ends"""
        self.calls.append(call)
        rule = self.rule_for(call)
        if rule.fields["delay"]:
            await asyncio.sleep(rule.fields["delay"])
        if rule.fields["refuse"]:
            return None
        answer = self.scripted(rule.fields["reply"]) if rule.fields["reply"] else await self.served(call, rule)
        call.status, call.answered_at = answer[0], time.time()
        return None if rule.fields["lose"] else answer

    @staticmethod
    def scripted(reply):
        body = reply["text"] if "text" in reply else reply.get("json")
        return reply.get("status", 200), body, reply.get("headers", {})

    async def served(self, call, rule):
        """The service's own answer; a repeated call gets that of the first."""
        if call.key in self.replies:
            call.replayed = True
            return self.replies[call.key]
        call.job_options = checked_options(rule.fields["job"] or {})
        try:
            answer = 200, services.answer(self, call), {}
        except ServiceError as error:
            answer = error.status, error.body, {}
        if call.key and answer[0] < 400:
            self.replies[call.key] = answer
        if getattr(call, "job", None) and call.job_options["early"]:
            await call.job.task
        return answer

    def start_job(self, call, kind, result, record_id=None, on_completed=None):
        """A job for a call, as the rule for it says."""
        call.job = Job(self, kind, result, call.job_options, record_id, on_completed, call.headers.get("traceparent"))
        self.jobs[call.job.id] = call.job
        call.job.start()
        return call.job
