# SPDX-License-Identifier: Apache-2.0
"""Definitions and inputs that mean harm, or are merely too big: refused with a reason, never a crash."""
import json
import time

import pytest


def validate(cli, text, *arguments):
    return cli("validate", "-", *arguments, stdin=text)


@pytest.mark.parametrize("text", [
    "", "null", "[]", "3", '"text"', "{", "{}", '{"name": 1}', "\x00", "a: &a [*a]", "!!python/object/apply:os.system ['x']",
    "a: 1\na: 2", "- - - -", "{" * 5000, "[" * 200000, '{"a":' * 5000, "name: x\nsteps: x", "name: x\nsteps: [null]",
    "name: x\nsteps: [{id: {}, action: []}]", "%YAML 9.9\n---\n", "---\na: 1\n---\nb: 2\n", "\ufeff", "? {a: b}\n: c",
    '{"name": "x", "steps": [{"id": "a", "name": "a", "action": "log", "timeout_seconds": 99999999999999999999}]}',
    "name: x\nsteps:\n- {id: a, name: a, action: log, params: {message: '{{ ' }}",
    "name: x\nsteps:\n- {id: a, name: a, action: log, condition: '{% for x in %}'}",
], ids=lambda text: repr(text[:30]))
def test_what_is_no_definition_is_refused_with_a_reason(cli, text):
    done = validate(cli, text)
    assert done.code == 2, done.out
    assert " error " in done.err


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_bytes_that_are_not_text_are_refused(cli, tmp_path, suffix):
    file = tmp_path / ("bytes" + suffix)
    file.write_bytes(bytes(range(256)) * 10)
    assert cli("validate", file).code == 2


def test_a_folder_is_no_file(cli, tmp_path):
    done = cli("run", tmp_path)
    assert done.code == 2 and "FILE_UNREADABLE" in done.err


def test_a_file_beyond_the_limit_is_refused_without_reading_it_all(cli, tmp_path):
    file = tmp_path / "huge.yaml"
    with file.open("w") as stream:
        stream.truncate(1 << 34)
    began = time.monotonic()
    done = cli("run", file)
    assert done.code == 2 and "FILE_TOO_LARGE" in done.err and time.monotonic() - began < 10


def test_more_steps_than_the_limit_are_refused_and_as_many_as_it_run(cli, pipeline):
    steps = [{"id": f"s{i}", "action": "set_output", "params": {"outputs": {"i": i}}, "depends_on": [f"s{i - 1}"] if i else []}
             for i in range(1000)]
    done = cli("run", pipeline(steps), "--format", "json")
    assert done.code == 0 and len(json.loads(done.out)["steps"]) == 1000
    done = cli("validate", pipeline(steps + [{"id": "one_more", "action": "log"}]))
    assert done.code == 2 and "LIMIT" in done.err


def test_a_wide_fan_out_and_in(cli, pipeline):
    steps = [{"id": f"s{i}", "action": "set_output", "params": {"outputs": {"i": i}}} for i in range(500)]
    steps.append({"id": "join", "action": "aggregate", "depends_on": [step["id"] for step in steps],
                  "params": {"operation": "sum", "inputs": [f"{{{{ steps.s{i}.outputs.i }}}}" for i in range(500)]}})
    done = cli("run", pipeline(steps, outputs={"sum": "{{ steps.join.outputs.result }}"}), "--format", "json")
    assert json.loads(done.out)["outputs"] == {"sum": 499 * 500 // 2}


@pytest.mark.parametrize("template", [
    "{{ range(1000000000) | list }}", "{{ 'x' * 1000000000 }}", "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
    "{{ ('x' * 60000) | replace('x', 'y' * 60000) }}", "{{ '%1000000000d' | format(1) }}", "{{ 'x' | center(1000000000) }}",
])
def test_a_template_that_explodes_fails_its_step_and_nothing_else(cli, pipeline, template):
    began = time.monotonic()
    file = pipeline([{"id": "boom", "action": "log", "params": {"message": template}}])
    done = cli("run", file, "--format", "json")
    assert done.code in (1, 2), done.out[:300]
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("template", ["{{ ''.__class__ }}", "{{ params.__class__.__mro__ }}", "{{ self }}", "{{ lipsum.__globals__ }}",
                                      "{{ [].append }}", "{{ cycler.__init__ }}"])
def test_nothing_but_parameters_and_steps_can_be_reached(cli, template):
    done = cli("template", "render", template)
    assert done.out.strip() in ("", "null") or done.code == 2, done.out


def test_outputs_beyond_the_limit_fail_the_step(cli, pipeline):
    steps = [{"id": "a", "action": "set_output", "params": {"outputs": {"x": "{{ 'x' * 900000 }}"}}},
             {"id": "b", "action": "set_output", "depends_on": ["a"],
              "params": {"outputs": {"x": "{{ steps.a.outputs.x }}", "y": "{{ steps.a.outputs.x }}"}}}]
    done = cli("run", pipeline(steps), "--format", "json")
    result = json.loads(done.out)
    assert done.code == 1 and result["steps"]["a"]["status"] == "completed" and result["steps"]["b"]["status"] == "failed"


def test_ids_and_names_may_be_anything_the_schema_lets_through(cli, pipeline):
    steps = [{"id": "a.b c", "name": "'; DROP TABLE steps; --", "action": "log"},
             {"id": "ünï", "name": "\u202eright to left", "action": "log", "depends_on": ["a.b c"]}]
    done = cli("run", pipeline(steps))
    assert done.code == 0 and "\u202e" not in done.out
