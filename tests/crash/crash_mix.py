# SPDX-License-Identifier: Apache-2.0
"""The pipelines that are run while the server is killed, and what each must come to.

An execution is known by its number: kind, parameters and right end follow from seed and number alone.
"""
import random
import zlib


def step(name, action, params, *after, **fields):
    return {"id": name, "name": name, "action": action, "params": params, "depends_on": list(after), **fields}


def put(name, value, *after, **fields):
    return step(name, "set_output", {"outputs": value}, *after, **fields)


def call(name, method, path, *after, **fields):
    params = {"method": method, "url": "{{ params.base }}/" + path + "/{{ params.tag }}/" + name}
    if method != "GET":
        params["body"] = {"tag": "{{ params.tag }}"}
    return step(name, "http_request", params, *after, **fields)


def heard(name, *after):
    """A step that repeats what the call `name` was told."""
    return put("heard", {"said": "{{ steps.%s.outputs.body.said }}" % name}, *(after or (name,)))


SAID = {"said": "{{ steps.heard.outputs.said }}"}
RETRY = {"on_failure": "retry", "retry": {"max_attempts": 3, "backoff_seconds": 1}}


def chain(effect=None, length=8):
    fields = {"effect": effect} if effect else {}
    steps = [put("s0", {"n": "{{ params.n }}"}, **fields)]
    steps += [put(f"s{i}", {"n": "{{ steps.s%d.outputs.n + 1 }}" % (i - 1)}, f"s{i - 1}", **fields) for i in range(1, length)]
    return {"steps": steps, "outputs": {"last": "{{ steps.s%d.outputs.n }}" % (length - 1)}}


def route():
    branches = [{"id": way, "label": way, "condition": condition, "target_step": way}
                for way, condition in (("even", "{{ params.n % 2 == 0 }}"), ("odd", "{{ params.n % 2 == 1 }}"))]
    return {"steps": [step("route", "conditional", {"branches": branches}),
                      put("even", {"half": "{{ params.n // 2 }}"}, "route"),
                      put("odd", {"more": "{{ params.n + 1 }}"}, "route"),
                      put("end", {"way": "{{ steps.route.outputs.branch }}"}, "even", "odd")],
            "outputs": {"way": "{{ steps.end.outputs.way }}"}}


def fan():
    legs = [put(f"p{i}", {"n": "{{ steps.first.outputs.n + %d }}" % i}, "first", **({"effect": "idempotent"} if i % 2 else {}))
            for i in range(1, 6)] + [call("got", "GET", "slow/20", "first")]
    total = " + ".join(f"steps.p{i}.outputs.n" for i in range(1, 6))
    return {"steps": [put("first", {"n": "{{ params.n }}"}), *legs,
                      put("join", {"n": "{{ %s }}" % total, "said": "{{ steps.got.outputs.body.said }}"},
                          *(leg["id"] for leg in legs))],
            "outputs": {"n": "{{ steps.join.outputs.n }}", "said": "{{ steps.join.outputs.said }}"}}


def calls(method, path, **fields):
    return {"steps": [put("before", {"n": "{{ params.n }}"}), call("call", method, path, "before", **fields), heard("call")],
            "outputs": SAID}


def pause():
    return {"steps": [put("before", {"n": "{{ params.n }}"}),
                      step("pause", "delay", {"duration_seconds": "{{ 0.1 + params.n % 3 * 0.1 }}"}, "before"),
                      put("after", {"n": "{{ steps.before.outputs.n * 2 }}"}, "pause")],
            "outputs": {"n": "{{ steps.after.outputs.n }}"}}


def go_on():
    return {"steps": [step("bad", "fail", {"message": "no {{ params.n }}"}, on_failure="continue"),
                      put("after", {"n": "{{ params.n }}"}, "bad")], "outputs": {"n": "{{ steps.after.outputs.n }}"}}


# Kind: definition, how often, and what it comes to: status and outputs, by number n, tag t.
KINDS = {
    "chain": (chain(), 4, lambda n, t: ("COMPLETED", {"last": n + 7})),
    "route": (route(), 3, lambda n, t: ("COMPLETED", {"way": "odd" if n % 2 else "even"})),
    "go_on": (go_on(), 1, lambda n, t: ("COMPLETED", {"n": n})),
    "committed": (chain("idempotent"), 2, lambda n, t: ("COMPLETED", {"last": n + 7})),
    "stated_once": (chain("once", 4), 1, lambda n, t: ("COMPLETED", {"last": n + 3})),
    "fan": (fan(), 2, lambda n, t: ("COMPLETED", {"n": 5 * n + 15, "said": f"GET /slow/20/{t}/got"})),
    "get": (calls("GET", "slow/30"), 2, lambda n, t: ("COMPLETED", {"said": f"GET /slow/30/{t}/call"})),
    "put": (calls("PUT", "slow/30"), 2, lambda n, t: ("COMPLETED", {"said": f"PUT /slow/30/{t}/call"})),
    "post": (calls("POST", "slow/60"), 2, lambda n, t: ("COMPLETED", {"said": f"POST /slow/60/{t}/call"})),
    "post_echo": (calls("POST", "echo"), 1, lambda n, t: ("COMPLETED", {"said": f"POST /echo/{t}/call"})),
    "post_again": (calls("POST", "slow/60", on_interrupt="retry"), 2,
                   lambda n, t: ("COMPLETED", {"said": f"POST /slow/60/{t}/call"})),
    "put_flaky": (calls("PUT", "flaky/1", **RETRY), 1, lambda n, t: ("COMPLETED", {"said": f"PUT /flaky/1/{t}/call"})),
    "post_flaky": (calls("POST", "flaky/1", **RETRY), 1, lambda n, t: ("COMPLETED", {"said": f"POST /flaky/1/{t}/call"})),
    "gives_up": (calls("PUT", "flaky/9"), 1, lambda n, t: ("FAILED", None)),
    "pause": (pause(), 2, lambda n, t: ("COMPLETED", {"n": 2 * n})),
}
PURE = ("chain", "route", "go_on")  # done, in one piece, when their start is acknowledged
MAY_INTERRUPT = ("stated_once", "post", "post_echo", "post_flaky")
DRAWN = [kind for kind, (_, weight, _) in KINDS.items() for _ in range(weight)]
PARAMETERS = [{"name": "n", "type": "integer"}, {"name": "tag", "type": "string"},
              {"name": "base", "type": "string", "required": False}]


def definition(kind):
    return {"name": f"crash {kind}", "parameters": PARAMETERS, **KINDS[kind][0]}


class Task:
    """One execution that is to be started."""

    def __init__(self, seed, number):
        drawn = random.Random(f"{seed}/{number}")
        self.number, self.kind = number, drawn.choice(DRAWN)
        self.n, self.tag, self.key = drawn.randrange(1000), f"t{number}", f"crash-{seed}-{number}"
        self.ephemeral = zlib.crc32(self.key.encode()) % 5 == 0
        self.wait = drawn.choice((0, 0, 1, 3))
        self.id = None
        self.seen = []  # final answers that a client has seen: status, outputs

    def expected(self):
        return KINDS[self.kind][2](self.n, self.tag)

    def __str__(self):
        return f"execution {self.id} ({self.kind}, number {self.number}, n {self.n})"

    def start(self, pipelines, base):
        """Path and body of its start."""
        params = {"n": self.n, "tag": self.tag, "base": base}
        if self.ephemeral:
            return "/executions/run", {"pipeline_definition": definition(self.kind), "params": params}
        return "/executions", {"workflow_id": pipelines[self.kind], "params": params}
