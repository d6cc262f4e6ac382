# SPDX-License-Identifier: Apache-2.0
"""Graphs at random: levels, ancestors, roots and leaves against a reckoning in Python, and cycles where there are any."""
import collections
import json
import os
import random
import subprocess

import pytest

COUNT = 5000 if os.environ.get("BUDPIPELINE_TESTS") == "full" else 500


@pytest.fixture(scope="module")
def validate(support):
    """Validates all definitions at once."""

    def ask(dags):
        lines = "".join(json.dumps({"dag": dag}) + "\n" for dag in dags)
        done = subprocess.run([support("definition-probe")], input=lines.encode(), capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
        assert len(answers) == len(dags)
        return answers

    return ask


def dag(edges):
    """A definition from {step: its dependencies}, written in the order of the dict."""
    return {"name": "p", "steps": [{"id": step, "name": step, "action": "x", "depends_on": list(before)}
                                   for step, before in edges.items()]}


def ids(chance, count):
    return chance.sample([f"{word}{number}" for word in ("s", "ä", "B.", "x y", "10") for number in range(20)], count)


def acyclic(chance):
    names = ids(chance, chance.randrange(1, 40))
    edges = {}
    for at, name in enumerate(names):
        edges[name] = [chance.choice(names[:at]) for _ in range(chance.randrange(4))] if at else []
    shuffled = list(edges.items())
    chance.shuffle(shuffled)
    return dict(shuffled)


def ancestors(edges, step):
    seen, left = set(), list(edges[step])
    while left:
        before = left.pop()
        if before not in seen:
            seen.add(before)
            left += edges[before]
    return seen


def levels(edges):
    found = {}
    while len(found) < len(edges):
        for step, before in edges.items():
            if step not in found and all(other in found for other in before):
                found[step] = 1 + max((found[other] for other in before), default=-1)
    return found


def test_order_is_that_of_a_plain_reckoning(validate):
    chance = random.Random(11)
    graphs = [acyclic(chance) for _ in range(COUNT)]
    for edges, answer in zip(graphs, validate([dag(edges) for edges in graphs])):
        assert answer["valid"], answer
        expected = levels(edges)
        batches = collections.defaultdict(list)
        for step, level in expected.items():
            batches[level].append(step)
        assert answer["levels"] == expected
        assert answer["batches"] == [sorted(batches[level]) for level in range(len(batches))]
        assert answer["transitive_deps"] == {step: sorted(ancestors(edges, step)) for step in edges}
        assert answer["roots"] == sorted(step for step, before in edges.items() if not before)
        assert answer["leaves"] == sorted(set(edges) - {other for before in edges.values() for other in before})


def test_a_cycle_is_found_and_its_path_is_one(validate):
    chance = random.Random(12)
    graphs = []
    for _ in range(COUNT):
        edges = acyclic(chance)
        step = chance.choice(list(edges))
        before = sorted(ancestors(edges, step))
        if before:
            edges[chance.choice(before)].append(step)
            graphs.append(edges)
    assert len(graphs) > COUNT // 3
    for edges, answer in zip(graphs, validate([dag(edges) for edges in graphs])):
        cycles = [error for error in answer["errors"] if error["code"] == "CYCLE"]
        assert cycles and len(cycles) == len(answer["errors"])
        for cycle in cycles:
            text = cycle["message"].removeprefix("Cyclic dependency detected: ")
            path = text.split(" -> ")
            assert path[0] == path[-1] and len(set(path)) == len(path) - 1 > 1
            assert all(after in edges[step] for step, after in zip(path, path[1:]))
