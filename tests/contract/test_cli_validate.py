# SPDX-License-Identifier: Apache-2.0
"""budpipeline validate and graph: everything wrong at once, with its place; the order and the picture of what is right."""
import json
import re

import pytest

BROKEN = """\
name: Broken
steps:
  - id: a
    name: A
    action: log
    depends_on: [b, nowhere]
  - id: b
    name: B
    action: log
    params: {message: "{{ params.nmae }}"}
    on_failure: explode
"""

DIAMOND = {"name": "Diamond", "steps": [
    {"id": "top", "name": "Top", "action": "log"},
    {"id": "right", "name": "Right", "action": "log", "depends_on": ["top"]},
    {"id": "left", "name": "Left", "action": "log", "depends_on": ["top"]},
    {"id": "bottom", "name": "Bottom", "action": "log", "depends_on": ["left", "right"]}]}


@pytest.fixture
def broken(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN)
    return file


@pytest.fixture
def diamond(tmp_path):
    file = tmp_path / "diamond.json"
    file.write_text(json.dumps(DIAMOND))
    return file


def test_a_valid_file_is_said_to_be(cli, diamond):
    done = cli("validate", diamond)
    assert (done.code, done.err) == (0, "") and done.out == f"{diamond}: valid, 4 steps\n"


def test_problems_have_file_line_column_severity_code_and_message(cli, broken):
    done = cli("validate", broken)
    assert done.code == 2
    problems = [re.fullmatch(r"(.*):(\d+):(\d+): (error|warning) ([A-Z_]+): (.+)", line) for line in done.err.splitlines()]
    assert all(problems), done.err
    assert all(problem[1] == str(broken) for problem in problems)
    assert ("11", "error") in [(problem[2], problem[4]) for problem in problems]
    assert "\n    " not in done.err, "the source is shown on a terminal only"


def test_several_files_are_all_looked_at(cli, broken, diamond):
    done = cli("validate", broken, diamond, "/does/not/exist.yaml")
    assert done.code == 2
    first, second, third = done.out.splitlines()
    assert "invalid" in first and second == f"{diamond}: valid, 4 steps" and "invalid, 1 error" in third
    assert "FILE_UNREADABLE" in done.err


def test_warnings_count_as_errors_only_when_strict(cli, tmp_path):
    file = tmp_path / "unknown.yaml"
    file.write_text("name: x\nsteps:\n  - {id: a, name: A, action: lug}\n")
    relaxed, strict = cli("validate", file), cli("validate", "--strict", file)
    assert relaxed.code == 0 and "warning UNKNOWN_ACTION" in relaxed.err and "did you mean 'log'" in relaxed.err
    assert strict.code == 2 and "error UNKNOWN_ACTION" in strict.err


def test_json_form_lists_every_file(cli, broken, diamond):
    done = cli("validate", "--format", "json", broken, diamond)
    first, second = json.loads(done.out)
    assert done.code == 2 and done.err == ""
    assert first["file"] == str(broken) and first["valid"] is False and "batches" not in first
    assert {"code", "message", "pointer", "line", "column"} <= set(first["errors"][0])
    assert second["valid"] is True and second["errors"] == []
    assert second["batches"] == [["top"], ["left", "right"], ["bottom"]]


def test_standard_input_is_json_or_yaml_by_its_look(cli):
    assert cli("validate", "-", stdin=json.dumps(DIAMOND)).out == "<stdin>: valid, 4 steps\n"
    assert cli("validate", "-", stdin="name: x\nsteps:\n- {id: a, name: A, action: log}\n").out == "<stdin>: valid, 1 step\n"


def test_batch_form(cli):
    lines = [{"dag": DIAMOND}, {"yaml": BROKEN}, {"json": json.dumps(DIAMOND)}, {"json": "{"}, {"other": 1}, {"dag": []}]
    done = cli("validate", "--jsonl", stdin="".join(json.dumps(line) + "\n" for line in lines))
    valid, broken, text, unreadable, neither, not_object = map(json.loads, done.out.splitlines())
    assert done.code == 0
    assert valid["valid"] and valid["batches"] == [["top"], ["left", "right"], ["bottom"]]
    assert valid["roots"] == ["top"] and valid["leaves"] == ["bottom"]
    assert valid["levels"] == {"top": 0, "right": 1, "left": 1, "bottom": 2}
    assert valid["transitive_deps"]["bottom"] == ["left", "right", "top"]
    assert valid["normalized"]["steps"][0]["on_failure"] == "fail"
    assert not broken["valid"] and all(error["line"] > 0 for error in broken["errors"])
    assert text == valid
    assert [error["code"] for error in unreadable["errors"]] == ["PARSE_ERROR"]
    assert neither["error"]["code"] == "LINE_INVALID"
    assert not not_object["valid"]


def test_a_terminal_sees_the_source_line_with_a_mark_and_a_hint(terminal, tmp_path):
    file = tmp_path / "cycle.yaml"
    file.write_text("name: x\nsteps:\n  - {id: a, name: A, action: lug}\n")
    with terminal("validate", str(file), columns=400) as screen:
        assert screen.finish() == 0
        lines = screen.screen.text.splitlines()
        place = next(i for i, line in enumerate(lines) if "UNKNOWN_ACTION" in line)
        while "- {id: a" not in lines[place]:
            place += 1
        mark = lines[place + 1]
        assert mark.strip() == "^"
        assert lines[place][mark.index("^"):].startswith(("action", "lug"))
        assert "hint: 'budpipeline actions list'" in screen.screen.text
        assert "\x1b[33m" in screen.raw


def test_no_color_is_respected_on_a_terminal(terminal, tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("name: x\nsteps:\n  - {id: a, name: A, action: lug}\n")
    with terminal("validate", str(file), env={"NO_COLOR": "1"}) as screen:
        assert screen.finish() == 0 and "\x1b[3" not in screen.raw


def test_graph_in_dot(cli, diamond):
    done = cli("graph", diamond)
    assert done.code == 0 and done.out.startswith('digraph "Diamond" {') and '"top" -> "left";' in done.out


def test_graph_in_mermaid_with_branch_labels(cli):
    done = cli("graph", "examples/03-branch.yaml", "--format", "mermaid")
    assert done.out.startswith("flowchart LR\n") and '-.->|"hot"|' in done.out


def test_graph_in_json(cli, diamond):
    graph = json.loads(cli("graph", diamond, "--format", "json").out)
    assert [node["id"] for node in graph["nodes"]] == ["top", "right", "left", "bottom"]
    assert {(edge["from"], edge["to"]) for edge in graph["edges"]} == {
        ("top", "right"), ("top", "left"), ("left", "bottom"), ("right", "bottom")}


def test_graph_texts_are_quoted(cli, tmp_path):
    file = tmp_path / "quotes.json"
    file.write_text(json.dumps({"name": 'a "b" \\', "steps": [{"id": "x", "name": '<b> "q"', "action": "log"}]}))
    assert 'digraph "a \\"b\\" \\\\" {' in cli("graph", file).out
    assert "#60;b#62; #34;q#34;" in cli("graph", file, "--format", "mermaid").out


def test_graph_of_what_is_invalid_exits_2(cli, broken):
    done = cli("graph", broken)
    assert (done.code, done.out) == (2, "")


def test_structure_leaves_out_what_needs_actions_templates_and_parameters(cli):
    """A branch's target without a written dependency stays where it is, as in the original's ordering."""
    dag = {"name": "x", "steps": [
        {"id": "a", "name": "A", "action": "conditional",
         "params": {"branches": [{"id": "b", "condition": "{{ steps.nope.outputs.x }}", "target_step": "t"}]}},
        {"id": "t", "name": "T", "action": "log", "condition": "{{ 1 +", "params": {"level": "loud"}},
        {"id": "u", "name": "U", "action": "nope", "depends_on": ["a"]}]}
    line = json.dumps({"dag": dag}) + "\n"
    whole = json.loads(cli("validate", "--jsonl", stdin=line).out)
    structure = json.loads(cli("validate", "--structure", "--jsonl", stdin=line).out)
    assert not whole["valid"]
    assert structure["valid"] and structure["batches"] == [["a", "t"], ["u"]]
    dag["steps"][2]["depends_on"] = ["u"]
    broken = json.loads(cli("validate", "--structure", "--jsonl", stdin=json.dumps({"dag": dag}) + "\n").out)
    assert [error["code"] for error in broken["errors"]] == ["SELF_DEPENDENCY"]
