# SPDX-License-Identifier: Apache-2.0
"""Calls that the services get, the record of them, and the rules by which some are answered otherwise."""
import fnmatch
import itertools
import json
import time

from standin.jobs import UnknownOption, checked_options


class ServiceError(Exception):
    """A service refuses. Most answer with `message`; what is wrong with the body is told as `detail`."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.body = {"detail": message} if status == 422 else {"object": "error", "code": status, "message": message}


class Call:
    """One call: what was asked, and how it was answered."""

    numbers = itertools.count(1)

    def __init__(self, mode, service, method, path, query, headers, raw):
        self.number, self.at = next(self.numbers), time.time()
        self.mode, self.service, self.method, self.path = mode, service, method, path
        self.query, self.headers, self.raw = query, headers, raw
        self.status, self.replayed, self.rule, self.answered_at = None, False, None, None
        self.body = self.parsed(raw)

    @staticmethod
    def parsed(raw):
        try:
            return json.loads(raw) if raw else None
        except ValueError:
            return raw.decode("utf-8", "replace")

    def field(self, name, default=None):
        """A member of the body. @raise ServiceError when the body is no object"""
        if not isinstance(self.body, dict):
            raise ServiceError(422, "body: a JSON object is expected")
        return self.body.get(name, default)

    def needed(self, name):
        """A member of the body that must say something. @raise ServiceError"""
        value = self.field(name)
        if value in (None, "", [], {}):
            raise ServiceError(422, f"{name}: field required")
        return value

    @property
    def key(self):
        """What makes a repetition of the call the same call; None when it does not say."""
        key = self.headers.get("Idempotency-Key")
        return key and (self.service, self.method, self.path, key)

    def view(self):
        return {"number": self.number, "at": self.at, "answered_at": self.answered_at, "mode": self.mode,
                "service": self.service, "method": self.method, "path": self.path, "query": self.query,
                "headers": dict(self.headers), "body": self.body, "status": self.status, "replayed": self.replayed,
                "rule": self.rule}


RULE_FIELDS = {
    "service": "*", "method": "*", "path": "*",     # which calls, as file names are matched
    "skip": 0,                                      # so many of them pass first
    "count": None,                                  # and then it holds for so many; null: for all
    "delay": 0,                                     # seconds before the answer
    "reply": None,                                  # {status, json or text, headers} instead of the service's answer
    "refuse": False,                                # the connection ends, nothing was done
    "lose": False,                                  # the service does it, and the connection ends without an answer
    "job": None,                                    # options of the job that the call starts, see jobs.OPTIONS
}


class Rule:
    """Answers some calls otherwise."""

    numbers = itertools.count(1)

    def __init__(self, fields):
        if not isinstance(fields, dict) or fields.keys() - RULE_FIELDS.keys():
            raise UnknownOption(f"a rule is an object of {', '.join(RULE_FIELDS)}")
        self.number, self.used = next(self.numbers), 0
        self.fields = RULE_FIELDS | fields
        if self.fields["job"] is not None:
            checked_options(self.fields["job"])
        self.skip, self.left = self.fields["skip"], self.fields["count"]

    def takes(self, call):
        """True when it holds for this call; that it was asked counts."""
        for name, value in (("service", call.service), ("method", call.method), ("path", call.path)):
            if not fnmatch.fnmatchcase(value, self.fields[name].lstrip("/")):
                return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.left is not None:
            if self.left == 0:
                return False
            self.left -= 1
        self.used += 1
        return True

    def view(self):
        return {"number": self.number, "used": self.used, "left": self.left} | self.fields


NO_RULE = Rule({})
