# SPDX-License-Identifier: Apache-2.0
"""budpipeline run on a terminal: a line a step, redrawn in place; Ctrl-C; what stays afterwards."""
import json
import re
import signal

import pytest


def waits(pipeline, seconds, count=2):
    return pipeline([{"id": f"wait_{i}", "action": "delay", "params": {"duration_seconds": seconds}} for i in range(count)])


def line_of(screen, step):
    return next(line for line in screen.screen.lines if f" {step} " in line + " ")


def test_each_step_has_one_line_that_changes_in_place(terminal, pipeline):
    file = pipeline([{"id": "first", "action": "delay", "params": {"duration_seconds": 0.5}},
                     {"id": "second", "action": "log", "params": {"message": "here we are"}, "depends_on": ["first"]}],
                    outputs={"said": "{{ steps.second.outputs.message }}"})
    with terminal("run", str(file)) as screen:
        screen.wait_for(lambda text: "waiting" in text)
        assert "waiting" in line_of(screen, "first") and "pending" in line_of(screen, "second")
        assert screen.screen.cursor_hidden
        assert screen.finish() == 0
        assert "completed" in line_of(screen, "first") and "here we are" in line_of(screen, "second")
        assert screen.screen.text.count("second") == 1, "drawn once, in place"
        assert "completed in 0." in screen.screen.text and ": 2 completed" in screen.screen.text
        assert '"said": "here we are"' in screen.screen.text
        assert not screen.screen.cursor_hidden and screen.is_as_before()


def test_it_has_colours_and_signs(terminal, pipeline):
    with terminal("run", str(waits(pipeline, 0.2))) as screen:
        assert screen.finish() == 0
        assert "\x1b[32m" in screen.raw and "✔" in screen.screen.text


@pytest.mark.parametrize("arguments, env", [((), {"NO_COLOR": "1"}), (("--color", "never"), {}), ((), {"TERM": "dumb"})])
def test_colours_can_be_refused(terminal, pipeline, arguments, env):
    with terminal("run", str(waits(pipeline, 0.2)), *arguments, env=env) as screen:
        assert screen.finish() == 0 and not re.search(r"\x1b\[[0-9;]*m", screen.raw)


def test_a_terminal_without_utf8_gets_ascii(terminal, pipeline):
    with terminal("run", str(waits(pipeline, 0.2)), env={"LANG": "C"}) as screen:
        assert screen.finish() == 0 and screen.raw.isascii()


def test_a_failure_shows_its_reason(terminal, pipeline):
    file = pipeline([{"id": "f", "action": "fail", "params": {"message": "no luck"}}])
    with terminal("run", str(file)) as screen:
        assert screen.finish() == 1
        assert "failed" in line_of(screen, "f") and "no luck" in line_of(screen, "f")
        assert "error: " in screen.screen.text


def test_retries_show_attempt_and_when_the_next_one_comes(terminal, pipeline):
    file = pipeline([{"id": "f", "action": "fail", "on_failure": "retry",
                      "retry": {"max_attempts": 2, "backoff_seconds": 1}}])
    with terminal("run", str(file)) as screen:
        screen.wait_for(lambda text: "again in" in text)
        assert "retrying" in line_of(screen, "f")
        assert screen.finish() == 1 and "attempt 2" in line_of(screen, "f")


def test_more_steps_than_lines_show_what_is_under_way_and_count_the_rest(terminal, pipeline):
    steps = [{"id": f"done_{i}", "action": "log"} for i in range(40)]
    steps += [{"id": f"wait_{i}", "action": "delay", "params": {"duration_seconds": 1}, "depends_on": ["done_39"]}
              for i in range(3)]
    with terminal("run", str(pipeline(steps, settings={"max_parallel_steps": 50})), rows=12) as screen:
        screen.wait_for(lambda text: text.count("waiting") == 3)
        assert "43 steps: 40 done, 3 under way" in screen.screen.text
        assert len(screen.screen.lines) <= 12
        assert screen.finish() == 0 and ": 43 completed" in screen.screen.text


@pytest.mark.parametrize("columns", [40, 25])
def test_no_line_is_wider_than_the_window(terminal, pipeline, columns):
    file = pipeline([{"id": "a_step_with_quite_a_long_name", "action": "log", "params": {"message": "word " * 100}},
                     {"id": "宽字符", "action": "delay", "params": {"duration_seconds": 0.3}}])
    with terminal("run", str(file), columns=columns) as screen:
        screen.wait_for(lambda text: "completed in" in text)
        assert all(len(line) <= columns for line in screen.screen.lines)
        assert screen.finish() == 0
        assert screen.screen.text.count("a_step_with") == 1, "a line that wraps would be drawn again and again"


def test_what_a_pipeline_says_cannot_steer_the_terminal(terminal, pipeline):
    file = pipeline([{"id": "evil", "name": "\x1b[2J", "action": "log", "params": {"message": "\x1b]0;title\x07\x1b[2J\u009b2J"}}],
                    outputs={"x": "{{ steps.evil.outputs.message }}"})
    with terminal("run", str(file)) as screen:
        assert screen.finish() == 0
        assert "\x1b]" not in screen.raw and "\x1b[2J" not in screen.raw and "\u009b" not in screen.raw


def test_ctrl_c_cancels_and_exits_130(terminal, pipeline):
    with terminal("run", str(waits(pipeline, 3000))) as screen:
        screen.wait_for(lambda text: text.count("waiting") == 2)
        screen.type("\x03")
        assert screen.finish() == 130
        assert screen.screen.text.count("cancelled") >= 3, "both steps, and the run"
        assert "^C" not in screen.screen.text
        assert not screen.screen.cursor_hidden and screen.is_as_before()


def test_ctrl_c_without_a_live_view_cancels_too(terminal, pipeline):
    with terminal("run", str(waits(pipeline, 3000)), "--format", "jsonl") as screen:
        screen.wait_for(lambda text: text.count("step_waiting") == 2)
        screen.type("\x03")
        assert screen.finish() == 130
        assert '"status":"cancelled"' in screen.raw.replace("\r\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_requests_to_end_cancel_as_well(terminal, pipeline, number):
    with terminal("run", str(waits(pipeline, 3000))) as screen:
        screen.wait_for(lambda text: text.count("waiting") == 2)
        screen.process.send_signal(number)
        assert screen.finish() == 130


def test_a_second_ctrl_c_stops_at_once_and_gives_the_terminal_back(terminal, pipeline, planets):
    file = pipeline([{"id": "slow", "action": "http_request", "params": {"url": f"{planets}/slow/earth?seconds=10"}}])
    with terminal("run", str(file), "--allow-host", planets.removeprefix("http://")) as screen:
        screen.wait_for(lambda text: "running" in line_of(screen, "slow") if " slow " in text else False)
        screen.process.send_signal(signal.SIGINT)
        screen.process.send_signal(signal.SIGTERM)
        assert screen.finish(seconds=5) == 130
        assert not screen.screen.cursor_hidden and screen.is_as_before()


def test_json_on_a_terminal_is_only_json(terminal, pipeline):
    with terminal("run", str(waits(pipeline, 0.1)), "--format", "json") as screen:
        assert screen.finish() == 0
        assert json.loads(screen.raw)["status"] == "completed"
