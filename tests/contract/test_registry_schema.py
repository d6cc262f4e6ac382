# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of an action accepts what its own check accepts: random actions and parameters, judged by both. The
judge of schemas is written here, from the 2020-12 specification, for the keywords that appear; others fail the test."""
import json
import random
import re
import subprocess

OPTIONS = [{"value": value, "label": value.upper()} for value in ("x", "y", "z")]
ANNOTATIONS = {"$schema", "title", "description", "default", "deprecated"}
TYPES = {"string": lambda value: isinstance(value, str), "null": lambda value: value is None,
         "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
         "boolean": lambda value: isinstance(value, bool), "array": lambda value: isinstance(value, list),
         "object": lambda value: isinstance(value, dict)}


def same(left, right):
    """Equality of JSON: true is not 1."""
    return type(left) is type(right) and left == right or (TYPES["number"](left) and TYPES["number"](right)
                                                          and left == right)


def conditional(schema, value):
    return valid(schema["then"], value) if valid(schema["if"], value) else True


KEYWORDS = {
    "type": lambda kind, value, _: any(TYPES[word](value) for word in ([kind] if isinstance(kind, str) else kind)),
    "enum": lambda values, value, _: any(same(value, item) for item in values),
    "const": lambda constant, value, _: same(value, constant),
    "minimum": lambda bound, value, _: not TYPES["number"](value) or value >= bound,
    "maximum": lambda bound, value, _: not TYPES["number"](value) or value <= bound,
    "minLength": lambda bound, value, _: not isinstance(value, str) or len(value) >= bound,
    "maxLength": lambda bound, value, _: not isinstance(value, str) or len(value) <= bound,
    "pattern": lambda pattern, value, _: not isinstance(value, str) or re.search(pattern, value) is not None,
    "minItems": lambda bound, value, _: not isinstance(value, list) or len(value) >= bound,
    "maxItems": lambda bound, value, _: not isinstance(value, list) or len(value) <= bound,
    "items": lambda schema, value, _: not isinstance(value, list) or all(valid(schema, item) for item in value),
    "required": lambda names, value, _: not isinstance(value, dict) or all(name in value for name in names),
    "properties": lambda schemas, value, _: not isinstance(value, dict) or all(
        valid(schema, value[name]) for name, schema in schemas.items() if name in value),
    "not": lambda schema, value, _: not valid(schema, value),
    "allOf": lambda schemas, value, _: all(valid(schema, value) for schema in schemas),
    "anyOf": lambda schemas, value, _: any(valid(schema, value) for schema in schemas),
    "if": lambda _, value, whole: conditional(whole, value),
    "then": lambda *_: True,
}


def valid(schema, value):
    return all(KEYWORDS[word](argument, value, schema) for word, argument in schema.items() if word not in ANNOTATIONS)


def random_param(dice, name):
    kind = dice.choice(["string", "number", "boolean", "select", "multiselect", "json", "template", "branches", "range",
                        "model_ref"])
    param = {"name": name, "label": name, "type": kind, "required": dice.random() < 0.5}
    rules = {}
    if kind in ("select", "multiselect"):
        param["options"] = OPTIONS
    if kind in ("number", "range", "json") and dice.random() < 0.7:
        rules |= {"min": dice.choice([-1, 0.5, 1]), "max": dice.choice([2, 2.5, 10])}
    if kind in ("string", "template") and dice.random() < 0.7:
        rules |= {"minLength": dice.choice([0, 1, 2]), "maxLength": 3}
    if kind == "string" and dice.random() < 0.5:
        rules["pattern"] = dice.choice(["^[a-c]+$", "b", "^..?$"])
    if dice.random() < 0.3:
        param["alias"] = name + "_old"
    if dice.random() < 0.2:
        param["nullable"] = True
    return param | ({"validation": rules} if rules else {})


def random_action(dice):
    params = [random_param(dice, name) for name in "abcdef"[:dice.randint(1, 6)]]
    for param in params[1:]:
        if dice.random() < 0.5:
            rule = dice.choice(["equals", "notEquals"])
            param["visibleWhen"] = {"param": params[0]["name"], rule: dice.choice(["x", "y", 2, "abc"])}
    return {"type": "t", "name": "N", "category": "C", "description": "D", "effect": "pure", "params": params}


def random_value(dice):
    numbers = [-2, 0.25, 0.5, 1, 2, 2.5, 11]
    return dice.choice([None, "", "x", "y", "ab", "abc", "abcd", "q\u00e4", True, False, [], ["x"], ["x", "w"], [{}], [1],
                        {}, {"k": 1}, sorted(dice.choices(numbers, k=2)), dice.choice(numbers), dice.choice(numbers)])


def random_params(dice, action):
    """Each parameter under one of its names: a schema judges both, the check looks at the first one only."""
    names = [dice.choice([param["name"], param["name"], param.get("alias", param["name"])])
             for param in action["params"]]
    return {name: random_value(dice) for name in names if dice.random() < 0.8}


def test_schema_and_check_agree(support):
    dice = random.Random(20261124)
    actions = [random_action(dice) for _ in range(400)]
    requests = [{"action": action, "params": [random_params(dice, action) for _ in range(50)]} for action in actions]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([support("registry-probe")], input=lines.encode(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    accepted = total = 0
    for request, line in zip(requests, done.stdout.splitlines(), strict=True):
        answer = json.loads(line)
        for params, findings in zip(request["params"], answer["findings"], strict=True):
            total += 1
            accepted += not findings
            assert valid(answer["schema"], params) == (not findings), json.dumps(
                {"action": request["action"], "params": params, "findings": findings, "schema": answer["schema"]})
    assert total == 20000 and 1000 < accepted < 19000
