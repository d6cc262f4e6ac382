# SPDX-License-Identifier: Apache-2.0
"""Every route of the OpenAPI document with right and wrong input: never a 5xx but a documented 502 or 503, never a hang,
never a status or a body that the document does not know.

The requests follow from a seed; BUDPIPELINE_SEED chooses another one, BUDPIPELINE_ROUNDS more of them."""
import http.client
import itertools
import json
import os
import random
import re
import socket
import urllib.parse
import uuid

import httpx
import jsonschema
import pytest

from recording_bus import RecordingBus
from running_server import PLATFORM_TOKEN

SEED = int(os.environ.get("BUDPIPELINE_SEED", "20260101"))
ROUNDS = int(os.environ.get("BUDPIPELINE_ROUNDS", "150"))  # requests for each operation
HANG_SECONDS = 15

TEXTS = ["", " ", "a", "x" * 300, "ü\u2028🙂", "\u0000", "../..", "%00", "{{ params.x }}", "'; DROP TABLE x; --", "null",
         "0", "-1", "1e999", "true", "NaN", "2026-01-01", "2026-01-01T00:00:00Z", "2026-13-45T99:99:99Z",
         "00000000-0000-0000-0000-000000000000", "\\", "\"", "<script>", "\r\nX-Injected: 1", "x" * 20000]
ODD = [None, True, False, 0, 1, -1, 2**31, 2**63 - 1, -2**63, 1.5, -0.0, 1e308, [], {}, [[]], [None], {"": ""},
       {"a": {"b": {"c": []}}}]
BODIES = [b"", b" ", b"{", b"[]", b"null", b"\"x\"", b"1", b"\xff\xfe", b"{\"a\":1,\"a\":2}", b"{\"a\":NaN}",
          b"{\"a\":1e999}", b"{\"a\":99999999999999999999}", b"[" * 200, b"{\"a\":" * 200, b"{\"a\":\"\\ud800\"}",
          b"{\"a\":\"\\u0000\"}", b"{} {}", b"\xef\xbb\xbf{}", b"{\"a\":'x'}"]
STEP = {"id": "a", "name": "A", "action": "log", "params": {"message": "x"}}


class Surroundings:
    """What exists in the service, so that requests can name it."""

    def __init__(self):
        self.ids = {"action_type": ["delay", "log", "conditional"], "param": ["level"], "version": ["1", "2"], "other": ["1"],
                    "from_step": ["s0"], "step_id": ["s0", "a"]}

    def learn(self, path, body):
        """Remembers ids of what an answer shows."""
        if isinstance(body, dict) and isinstance(body.get("id"), str) and "dag" in body:
            self.ids.setdefault("pipeline_id", []).append(body["id"])
        if isinstance(body, dict) and "duplicate" in body:
            self.ids.setdefault("event_id", []).append(body["id"])
        if isinstance(body, dict) and isinstance(body.get("execution_id"), str):
            self.ids.setdefault("execution_id", []).append(body["execution_id"])
        for letter in body.get("dead_letters", []) if isinstance(body, dict) else []:
            self.ids.setdefault("event_id", []).append(letter["id"])

    def forget(self, url):
        """Forgets ids of what was deleted."""
        for known in self.ids.values():
            known[:] = [one for one in known if len(one) < 36 or one not in url] or known

    def one(self, rng, name):
        """Something that exists under this name of a parameter, or nothing."""
        known = self.ids.get(name) or self.ids.get({"workflow_id": "pipeline_id", "id": "pipeline_id",
                                                    "actionType": "action_type"}.get(name))
        return rng.choice(known[-20:]) if known else None


class Maker:
    """Makes values by a schema: right ones, and ones that are nearly right."""

    def __init__(self, rng, document, surroundings):
        self.rng, self.document, self.surroundings = rng, document, surroundings

    def schema(self, schema):
        while "$ref" in schema:
            target = self.document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            schema = target
        return schema

    def definition(self):
        steps = [dict(STEP, id=f"s{i}", depends_on=[f"s{i - 1}"] if i else []) for i in range(self.rng.randint(0, 3))]
        if steps and self.rng.random() < 0.3:
            steps[-1] |= {"action": "delay", "params": {"duration_seconds": 3600}}  # it stays live
        if steps and self.rng.random() < 0.2:
            self.rng.choice(steps)[self.rng.choice(list(STEP) + ["depends_on", "retry"])] = self.rng.choice(ODD)
        return {"name": f"p-{uuid.UUID(int=self.rng.getrandbits(128))}", "steps": steps}

    def right(self, name, schema, depth=0):
        rng = self.rng
        schema = self.schema(schema)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = rng.choice(kind)
        if name in ("dag", "pipeline_definition"):
            return self.definition()
        known = self.surroundings.one(rng, name)
        if known is not None and rng.random() < 0.9:
            return known
        if name in ("expected_version", "If-Match"):
            return rng.choice([1, 2, None]) if name == "expected_version" else rng.choice(["*", '"1"', '"2"'])
        if "enum" in schema:
            return rng.choice(schema["enum"])
        if kind == "null":
            return None
        if kind == "integer":
            return rng.randint(max(schema.get("minimum", 0), 0), min(schema.get("maximum", 100), 1000))
        if kind == "number":
            return rng.uniform(schema.get("minimum", 0), schema.get("maximum", 100))
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "array":
            return [self.right("", schema.get("items", {}), depth + 1) for _ in range(rng.randint(0, 3))]
        if kind == "object" and depth < 4:
            return {key: self.right(key, member, depth + 1) for key, member in schema.get("properties", {}).items()
                    if key in schema.get("required", []) or rng.random() < 0.7}
        if schema.get("format") == "uuid":
            return str(uuid.UUID(int=rng.getrandbits(128)))
        if schema.get("format") == "date-time":
            return "2026-01-01T00:00:00+00:00"
        return rng.choice(["a", "main", "x" * max(1, schema.get("minLength", 1))])[:schema.get("maxLength", 300)]

    def wrong(self, value):
        """The value with something amiss."""
        rng = self.rng
        if isinstance(value, dict) and value and rng.random() < 0.8:
            value = dict(value)
            key = rng.choice(list(value))
            move = rng.randrange(4)
            if move == 0:
                del value[key]
            elif move == 1:
                value[key] = self.wrong(value[key])
            elif move == 2:
                value[rng.choice(TEXTS)] = rng.choice(ODD)
            else:
                value[key] = rng.choice(ODD + TEXTS)
            return value
        if isinstance(value, list) and value and rng.random() < 0.8:
            value = list(value)
            value[rng.randrange(len(value))] = rng.choice(ODD + TEXTS)
            return value * rng.choice([1, 1, 40])
        return rng.choice(ODD + TEXTS)


class Driver:
    """Sends requests for one operation and holds the answers against the document."""

    def __init__(self, url, document, rng):
        self.address = urllib.parse.urlsplit(url)
        self.document, self.rng = document, rng
        self.surroundings = Surroundings()
        self.maker = Maker(rng, document, self.surroundings)
        self.validators, self.statuses = {}, {}
        self.connection = None

    def validator(self, schema):
        text = json.dumps(schema, sort_keys=True)
        if text not in self.validators:
            whole = dict(schema, components=self.document["components"])
            self.validators[text] = jsonschema.Draft202012Validator(whole)
        return self.validators[text]

    def url(self, path, operation, spoil):
        """The path with its parameters, one of its spellings. @return the URL, and whether the path itself is odd"""
        rng = self.rng
        path = rng.choice([path, *operation.get("x-aliases", [])])
        odd = False
        query = []
        for parameter in map(self.maker.schema, operation["parameters"]):
            value = self.maker.right(parameter["name"], parameter["schema"])
            amiss = spoil and rng.random() < 0.4
            if parameter["in"] == "path":
                if amiss:
                    value, odd = self.maker.wrong(value), True
                text = value if isinstance(value, str) else json.dumps(value)
                path = path.replace("{%s}" % parameter["name"], urllib.parse.quote(text[:2000], safe=""))
            elif parameter["in"] == "query" and (parameter["required"] or rng.random() < 0.5):
                value = self.maker.wrong(value) if amiss else value
                text = value if isinstance(value, str) else json.dumps(value)
                query += [urllib.parse.urlencode({parameter["name"]: text[:1000]})] * rng.choice([1, 1, 1, 2])
        if spoil and rng.random() < 0.2:
            query.append(rng.choice(["", "=", "&&", "%", "%zz", "a=%ff", "x" * 100, "page=%00"]))
        return path + ("?" + "&".join(query) if query else ""), odd

    def headers(self, operation, spoil):
        rng = self.rng
        headers = {}
        if rng.random() < 0.9:
            headers["dapr-api-token"] = PLATFORM_TOKEN
        if rng.random() < 0.3:
            headers["Accept"] = rng.choice(["application/json", "application/problem+json", "*/*", "text/html", "?"])
        for parameter in map(self.maker.schema, operation["parameters"]):
            if parameter["in"] == "header" and rng.random() < 0.3:
                value = self.maker.right(parameter["name"], parameter["schema"])
                value = rng.choice(TEXTS) if spoil and rng.random() < 0.5 else value
                headers[parameter["name"]] = re.sub(r"[^\x20-\x7e]", "?", str(value))[:4000]
        if spoil and rng.random() < 0.2:
            headers[rng.choice(["Prefer", "If-Match", "If-None-Match", "Last-Event-ID", "X-User-ID", "Authorization",
                                "X-Correlation-ID", "Accept-Encoding", "Content-Encoding", "Range"])] = \
                re.sub(r"[^\x20-\x7e]", "?", rng.choice(TEXTS))[:4000]
        return headers

    def body(self, operation, spoil):
        if "requestBody" not in operation:
            return b"{}" if spoil and self.rng.random() < 0.3 else None
        if spoil and self.rng.random() < 0.3:
            return self.rng.choice(BODIES)
        value = self.maker.right("", self.rng.choice(list(operation["requestBody"]["content"].values()))["schema"])
        for _ in range(self.rng.randint(1, 2) if spoil else 0):
            value = self.maker.wrong(value)
        return json.dumps(value, ensure_ascii=self.rng.random() < 0.5).encode("utf-8", "surrogatepass")

    def exchange(self, method, url, body, headers, stream):
        """@return status, media type, body; of a stream only its head."""
        if not self.connection:
            self.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=HANG_SECONDS)
        self.connection.request(method, url, body=body, headers=headers)
        answer = self.connection.getresponse()
        media = (answer.getheader("Content-Type") or "").split(";")[0].strip()
        if stream and answer.status == 200:
            self.close()
            return answer.status, media, b""
        content = answer.read()
        if answer.will_close:
            self.close()
        return answer.status, media, content

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def drive(self, method, path, operation):
        """One request. @return what is wrong with its answer, or None"""
        spoil = self.rng.random() < 0.6
        url, odd = self.url(path, operation, spoil)
        headers, body = self.headers(operation, spoil), self.body(operation, spoil)
        if body is not None:
            types = list(operation["requestBody"]["content"]) if "requestBody" in operation else ["application/json"]
            headers["Content-Type"] = self.rng.choice([self.rng.choice(types)] * 8 + ["text/plain", ""])
        asked = f"{method.upper()} {url[:300]} {headers} {body[:300] if body else body}"
        stream = any("text/event-stream" in self.maker.schema(answer).get("content", {})
                     for answer in operation["responses"].values())
        try:
            status, media, content = self.exchange(method.upper(), url, body, headers, stream)
        except socket.timeout:
            self.close()
            return f"{asked}: no answer within {HANG_SECONDS} s"
        except (ConnectionError, http.client.HTTPException) as error:
            self.close()
            return f"{asked}: {error!r}"
        self.statuses.setdefault(operation["operationId"], set()).add(status)
        if method == "delete" and status == 204:
            self.surroundings.forget(url)
        wrong = self.judge(operation, status, media, content, odd)
        return f"{asked}: {status} {media} {content[:400]}: {wrong}" if wrong else None

    def judge(self, operation, status, media, content, odd):
        if status >= 500 and status not in (502, 503):  # the bus refused; not now
            return "a failure of the service"
        if odd and status in (404, 405, 307):
            return None  # a path that is another one, or none
        if str(status) not in operation["responses"]:
            return "a status that is not documented"
        answer = self.maker.schema(operation["responses"][str(status)])
        media_types = answer.get("content", {})
        if not media_types or status == 304:
            return "a body where none is documented" if content else None
        if media not in media_types:
            return "a media type that is not documented"
        if media not in ("application/json", "application/problem+json"):
            return None
        try:
            body = json.loads(content)
        except ValueError as error:
            return f"not JSON: {error}"
        self.surroundings.learn(operation["operationId"], body)
        error = jsonschema.exceptions.best_match(self.validator(media_types[media]["schema"]).iter_errors(body))
        return f"{error.message[:300]} at {list(error.absolute_path)}" if error else None


@pytest.fixture(scope="module")
def bus():
    """A bus that does not take every third event, so that there are dead letters."""
    bus, count = RecordingBus(), itertools.count()
    bus.refuse = lambda delivery: 503 if next(count) % 3 == 2 else None
    yield bus
    bus.close()


@pytest.fixture(scope="module")
def api(serve_module, bus):
    """A client of a service that tells subscribers, and gives an event up after the first try."""
    server = serve_module("--http-rate-limit", "0", "--bus-kind", "http", "--bus-url", bus.url + "/{topic}",
                          "--events-max-attempts", "1", env={"APP_API_TOKEN": PLATFORM_TOKEN})
    with httpx.Client(base_url=server.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def driver(api):
    """The driver, and something for it to find."""
    document = api.get("/openapi.json").json()
    driver = Driver(str(api.base_url), document, random.Random(SEED))
    first = document["paths"]["/pipelines"]["post"]
    for name in ("one", "two"):
        body = json.dumps({"dag": {"name": name, "steps": [STEP]}}).encode()
        status, media, content = driver.exchange("POST", "/pipelines", body, {"Content-Type": "application/json"}, False)
        assert status == 201 and driver.judge(first, status, media, content, False) is None
    api.post("/executions/run", json={"pipeline_definition": {"name": "told", "steps": [STEP]}, "callback_topics": ["t"]})
    yield driver
    driver.close()


def test_every_route_answers_as_documented(driver):
    operations = [(method, path, operation) for path, item in driver.document["paths"].items()
                  for method, operation in item.items()]
    found = []
    for _ in range(ROUNDS):
        driver.rng.shuffle(operations)
        for method, path, operation in operations:
            wrong = driver.drive(method, path, operation)
            if wrong:
                found.append(wrong)
    assert not found, f"{len(found)} of {ROUNDS * len(operations)} answers:\n" + "\n".join(found[:20])


def test_the_requests_reach_what_they_are_for(driver):
    """A generator whose requests are all refused would prove nothing."""
    for operation, statuses in driver.statuses.items():
        assert any(status < 300 or status == 409 for status in statuses), f"{operation}: {sorted(statuses)}"
