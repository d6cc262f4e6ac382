# SPDX-License-Identifier: Apache-2.0
"""budpipeline template render and condition eval: one text, files, batches."""
import json
import subprocess

import pytest


def answers(done):
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def lines(*objects):
    return "".join(json.dumps(line) + "\n" for line in objects)


@pytest.mark.parametrize("arguments, expected", [
    (("Hello {{ params.name | upper }}", "-p", "name=Ada"), "Hello ADA\n"),
    (("{{ params.n * 2 }}", "-p", "n=21"), "42\n"),
    (("{{ params.n * 2 }}", "-p", "n=21", "--format", "json"), "42\n"),
    (("{{ params.s }}", "-p", "s=text"), "text\n"),
    (("{{ params.s }}", "-p", "s=text", "--format", "json"), '"text"\n'),
    (("{{ params.list }}", "-p", "list=[1, 2.5, null]"), "[1,2.5,null]\n"),
    (("{{ params.a }}{{ params.missing }}", "-p", "a=x"), "x\n"),
    (("plain",), "plain\n"),
])
def test_a_template_is_rendered_with_parameters(cli, arguments, expected):
    done = cli("template", "render", *arguments)
    assert (done.code, done.out, done.err) == (0, expected, "")


def test_the_text_may_come_from_a_file_or_standard_input(cli, tmp_path):
    file = tmp_path / "text.txt"
    file.write_text("n is {{ params.n }}")
    assert cli("template", "render", "--file", file, "-p", "n=1").out == "n is 1\n"
    assert cli("template", "render", "-f", "-", "-p", "n=1", stdin="n is {{ params.n }}").out == "n is 1\n"


@pytest.mark.parametrize("suffix, text", [(".json", '{"n": 1, "m": 2}'), (".yaml", "n: 1\nm: 2\n"), (".yml", "n: 1\nm: 2\n")])
def test_parameters_may_come_from_a_file_and_the_command_line_goes_over_it(cli, tmp_path, suffix, text):
    file = tmp_path / ("params" + suffix)
    file.write_text(text)
    done = cli("template", "render", "{{ params.n + params.m }}", "--params-file", file, "-p", "n=40")
    assert done.out == "42\n", done.err


def test_steps_come_from_a_file(cli, tmp_path):
    file = tmp_path / "steps.json"
    file.write_text('{"fetch": {"outputs": {"body": {"x": 7}}}}')
    assert cli("template", "render", "{{ steps.fetch.outputs.body.x }}", "--steps-file", file).out == "7\n"


def test_strict_makes_an_undefined_value_an_error(cli):
    assert cli("template", "render", "{{ params.missing }}").code == 0
    done = cli("template", "render", "--strict", "{{ params.missing }}")
    assert done.code == 2 and "TEMPLATE_UNDEFINED" in done.err


def test_a_syntax_error_has_its_place(cli):
    done = cli("template", "render", "a\n{{ 1 + }}")
    assert done.code == 2 and done.out == ""
    assert done.err.startswith("<template>:2:")
    assert " error TEMPLATE_SYNTAX: " in done.err


@pytest.mark.parametrize("condition, expected", [
    ("{{ params.n > 5 }}", "true\n"), ("{{ params.n > 50 }}", "false\n"), ("true", "true\n"), ("no", "false\n"), ("", "true\n")])
def test_a_condition_is_judged(cli, condition, expected):
    done = cli("condition", "eval", condition, "-p", "n=7")
    assert (done.code, done.out) == (0, expected)


def test_rendering_in_batch_keeps_order_and_types(cli):
    done = cli("template", "render", "--jsonl", stdin=lines(
        {"template": "{{ params.n + 1 }}", "params": {"n": 1}},
        {"template": {"a": ["{{ params.n }}", "n={{ params.n }}", 3]}, "params": {"n": 2.5}},
        {"template": "{{ steps.s.outputs.x }}", "steps": {"s": {"outputs": {"x": None}}}},
        {"template": "{{ params.missing }}", "strict": True},
        {"template": None}))
    first, second, third, fourth, fifth = answers(done)
    assert first == {"result": 2}
    assert second == {"result": {"a": [2.5, "n=2.5", 3]}}
    assert third == {"result": None}
    assert fourth["error"]["code"] == "TEMPLATE_UNDEFINED" and fourth["error"]["message"]
    assert fifth == {"result": None}


def test_conditions_in_batch(cli):
    done = cli("condition", "eval", "--jsonl", stdin=lines(
        {"condition": "{{ params.n > 1 }}", "params": {"n": 2}}, {"condition": None}, {"condition": "off {{ 1 +"},
        {"condition": "{{ missing }}", "strict": True}))
    assert [("result" in answer and answer["result"]) or answer.get("error", {}).get("code") for answer in answers(done)] == [
        True, True, "CONDITION_SYNTAX", "CONDITION_UNDEFINED"]


BAD_LINES = ["nonsense", "[1]", '"text"', "{", '{"params": {}}', '{"template": 1, "params": []}', '{"template": "{{ x"}',
             '{"template": 99999999999999999999}', '{"template": "\\u0000"}', "{" * 1000, '{"a": 1, "a": 2}']


def test_a_bad_line_is_answered_and_never_ends_the_batch(cli):
    good = '{"template": "{{ 1 + 1 }}"}'
    text = "".join(bad + "\n" + good + "\n" for bad in BAD_LINES)
    result = answers(cli("template", "render", "--jsonl", stdin=text))
    assert len(result) == 2 * len(BAD_LINES)
    for bad, answer in zip(BAD_LINES, result[::2]):
        assert set(answer) == {"error"}, bad
        assert answer["error"]["code"] and answer["error"]["message"], bad
    assert result[1::2] == [{"result": 2}] * len(BAD_LINES)


def test_empty_lines_are_passed_over_and_the_last_one_needs_no_end(cli):
    assert answers(cli("template", "render", "--jsonl", stdin='\n{"template": "a"}\n\n  \n{"template": "b"}')) == [
        {"result": "a"}, {"result": "b"}]


def test_each_answer_comes_before_the_next_question(budpipeline):
    with subprocess.Popen([budpipeline, "template", "render", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        for number in range(3):
            process.stdin.write(json.dumps({"template": "{{ params.n }}", "params": {"n": number}}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"result": number}
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_a_line_beyond_the_limit_is_refused_and_the_next_one_answered(cli):
    text = json.dumps({"template": "x" * (17 << 20)}) + "\n" + '{"template": "small"}\n'
    first, second = answers(cli("template", "render", "--jsonl", stdin=text))
    assert first["error"]["code"] == "LINE_TOO_LARGE" and second == {"result": "small"}


@pytest.mark.parametrize("arguments, message", [
    (("template", "render"), "TEXT is missing"),
    (("template", "render", "x", "-p", "novalue"), "'novalue' is not of the form NAME=VALUE"),
    (("template", "render", "x", "--params-file", "/does/not/exist"), "FILE_UNREADABLE"),
    (("condition", "eval"), "TEXT is missing"),
    (("template",), "Commands:"),
])
def test_a_wrong_call_exits_2(cli, arguments, message):
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "") and message in done.err
