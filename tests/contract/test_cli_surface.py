# SPDX-License-Identifier: Apache-2.0
"""What every command has: help, a man page, completion, errors that name the way out."""
import json
import re
import shutil
import subprocess

import pytest


def commands_below(cli, group=()):
    """Every command and group that help names, as tuples of words."""
    text = cli(*group, "--help").out
    listing = re.search(r"^Commands:\n(.*?)\n\n", text, re.S | re.M)
    found = []
    for word in re.findall(r"^  (\S+)", listing.group(1), re.M) if listing else []:
        found += [(*group, word), *commands_below(cli, (*group, word))]
    return found


@pytest.fixture(scope="session")
def commands(cli):
    found = commands_below(cli)
    assert ("version",) in found
    return [(), *found]


def is_group(cli, command):
    return "\nCommands:\n" in cli(*command, "--help").out


def test_every_command_answers_help_with_its_usage_and_examples(cli, commands):
    for command in commands:
        done = cli(*command, "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(" ".join(("Usage: budpipeline", *command)))
        assert "\nOptions:\n" in done.out
        assert "\nExamples:\n" in done.out, command
        assert is_group(cli, command) or "\nExit codes:\n" in done.out


def test_help_fits_a_terminal_of_80_columns(cli, commands):
    for command in commands:
        lines = cli(*command, "--help").out.split("\nExamples:\n")[0].splitlines()
        assert max(map(len, lines)) <= 80, command


def test_h_is_help(cli, commands):
    for command in commands:
        assert cli(*command, "-h").out == cli(*command, "--help").out


def test_no_output_has_colours_when_it_is_not_a_terminal(cli, commands):
    for command in commands:
        assert "\033" not in cli(*command, "--help").out


def test_colours_can_be_asked_for_and_refused(cli):
    assert "\033[1m" in cli("--color=always", "--help").out
    assert "\033" not in cli("--color", "never", "--help").out


def test_a_group_alone_is_a_question(cli):
    done = cli()
    assert done.code == 2 and done.out == ""
    assert "\nCommands:\n" in done.err


def test_a_misspelt_command_gets_the_nearest_one(cli):
    done = cli("verison")
    assert done.code == 2
    assert "unknown command 'verison'; did you mean 'version'?" in done.err
    assert "budpipeline --help" in done.err


def test_a_command_like_no_other_gets_no_guess(cli):
    done = cli("xylophone")
    assert done.code == 2 and "unknown command 'xylophone'" in done.err and "did you mean" not in done.err


def test_an_unknown_option_is_named_with_the_help_that_lists_the_known_ones(cli):
    done = cli("version", "--fromat", "json")
    assert done.code == 2
    assert "unknown option --fromat; did you mean --format?" in done.err
    assert "'budpipeline version --help'" in done.err


@pytest.mark.parametrize("arguments, message", [
    (("version", "--format"), "option --format needs an argument: FORMAT"),
    (("version", "--format", "xml"), "--format: 'xml' is not one of text, json"),
    (("version", "--help=yes"), "option --help takes no argument"),
    (("version", "-x"), "unknown option -x"),
    (("version", "extra"), "unexpected argument 'extra'"),
    (("version", "--format", "json", "--format", "text"), "option --format is given twice"),
    (("completion",), "SHELL is missing"),
    (("completion", "tcsh"), "SHELL: 'tcsh' is not one of bash, zsh, fish"),
    (("man", "nothing"), "there is no command 'nothing'"),
])
def test_a_wrong_command_line_exits_2_and_says_why(cli, arguments, message):
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_text_from_outside_cannot_steer_the_terminal(cli):
    done = cli("\033[31mred\n")
    assert done.code == 2 and "\033" not in done.err and "\\x1b[31mred\\n" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_accepted_by_their_shell(cli, shell):
    script = cli("completion", shell).out
    assert "version" in script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    checked = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


COMPLETE = """
source /dev/stdin <<<"$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_budpipeline
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("words, expected", [
    (["budpipeline", "vers"], {"version"}),
    (["budpipeline", "completion", ""], {"bash", "zsh", "fish"}),
    (["budpipeline", "version", "--f"], {"--format"}),
    (["budpipeline", "version", "--format", ""], {"text", "json"}),
])
def test_bash_completes_commands_options_and_choices(cli, words, expected):
    script = cli("completion", "bash").out
    done = subprocess.run(["bash", "-c", COMPLETE, "bash", *words], capture_output=True, text=True,
                          env={"SCRIPT": script, "PATH": "/usr/bin:/bin"})
    assert set(done.stdout.split()) == expected, done.stderr


def test_every_command_has_a_man_page_without_warnings(cli, commands):
    for command in commands:
        page = cli("man", *command)
        assert page.code == 0 and ".SH SYNOPSIS" in page.out
        if shutil.which("groff"):
            groff = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page.out.encode(), capture_output=True)
            assert (groff.returncode, groff.stderr) == (0, b""), command
            assert b"budpipeline" in groff.stdout


def test_every_man_page_is_built_for_installation(commands, build):
    pages = {"-".join(("budpipeline", *command)) + ".1" for command in commands}
    assert pages == {page.name for page in (build / "src/cli").glob("*.1")}


def test_version_has_a_form_for_programs(cli):
    answer = json.loads(cli("version", "--format", "json").out)
    assert answer["name"] == "budpipeline" and re.fullmatch(r"\d+\.\d+\.\d+", answer["version"])
    assert answer["version"] in cli("version").out and answer["version"] in cli("--version").out


def test_a_full_disk_is_an_error(budpipeline):
    with open("/dev/full", "w") as full:
        done = subprocess.run([budpipeline, "version"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "No space left" in done.stderr
