# SPDX-License-Identifier: Apache-2.0
"""The examples: each pipeline does what it says, and so does every command line in the help."""
import json
import re
import subprocess

import pytest

EXPECTED = {
    "01-hello": {"greeting": "Hello, world!"},
    "02-transform": {"words": ["apple", "banana", "cherry"], "letters": 17, "sentence": "apple, banana, cherry: 17 letters"},
    "03-branch": {"weather": "mild"},
    "04-parallel-join": {"waited_in_all": 6.0},
    "05-retry-flaky": {"fact": "A year on Neptune lasts 163.7 of ours"},
    # The mean of 12756, 142984, 120536 and 6792 km is 70767.
    "06-report": {"headline": "Giants: 70767 km in the mean", "planets": ["Mars", "Earth", "Saturn", "Jupiter"],
                  "hottest": "Earth"},
    "07-when-steps-fail": None,
}


def run(cli, name, planets, *arguments):
    return cli("run", f"examples/{name}.yaml", "--format", "json", "--virtual-time", "--allow-host",
               planets.removeprefix("http://"), *arguments)


def test_there_is_an_expectation_for_every_example(root):
    assert sorted(EXPECTED) == sorted(path.stem for path in (root / "examples").glob("*.yaml"))


@pytest.mark.parametrize("name", [name for name in EXPECTED if EXPECTED[name] is not None])
def test_an_example_completes_with_the_outputs_it_promises(cli, root, planets, name):
    service = ["-p", f"service={planets}"] if "params.service" in (root / f"examples/{name}.yaml").read_text() else []
    done = run(cli, name, planets, *service)
    assert done.code == 0, done.err
    outputs = json.loads(done.out)["outputs"]
    assert EXPECTED[name].items() <= outputs.items()


def test_examples_have_no_warnings(cli, root):
    done = cli("validate", "--strict", *sorted((root / "examples").glob("*.yaml")),
               *sorted((root / "examples/platform").glob("*.yaml")))
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("temperature, expected", [(31, ("hot", {"ice_cream"})), (-4, ("cold", {"tea"})), (7, ("mild", {"walk", "umbrella"}))])
def test_the_branch_example_takes_the_branch(cli, planets, temperature, expected):
    result = json.loads(run(cli, "03-branch", planets, "-p", f"temperature={temperature}").out)
    ran = {step for step, state in result["steps"].items() if state["status"] == "completed"} - {"weather"}
    assert (result["outputs"]["weather"], ran) == expected


def test_the_flaky_example_is_retried(cli, planets):
    result = json.loads(run(cli, "05-retry-flaky", planets, "-p", f"service={planets}").out)
    assert result["steps"]["fetch"]["attempts"] == 3 and result["retry_sleeps"] == [1, 2]


def test_the_failing_example_fails_only_when_strict(cli, planets):
    failed = run(cli, "07-when-steps-fail", planets)
    assert failed.code == 1 and json.loads(failed.out)["steps"]["fallback"]["outputs"] == {"value": "a fallback"}
    assert run(cli, "07-when-steps-fail", planets, "-p", "strict=false").code == 0


def test_the_report_arrives_at_the_service(cli, planets):
    result = json.loads(run(cli, "06-report", planets, "-p", f"service={planets}").out)
    kept = json.loads(cli("actions", "run", "http_request", "-p", f"url={planets}/results", "--allow-host",
                          planets.removeprefix("http://")).out)["body"]["results"]
    assert kept[result["outputs"]["number"] - 1]["headline"] == result["outputs"]["headline"]


def test_the_script_that_runs_them_all_succeeds(root, budpipeline):
    done = subprocess.run([root / "examples/run.sh", budpipeline], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All examples did what they say." in done.stdout


def examples_in_help(cli, command=()):
    text = cli(*command, "--help").out
    block = re.search(r"^Examples:\n(.*?)(\n\n[A-Z']|\Z)", text, re.S | re.M)
    found = re.findall(r"^  (?!#)(\S.*)$", block.group(1), re.M)
    listing = re.search(r"^Commands:\n(.*?)\n\n", text, re.S | re.M)
    for word in re.findall(r"^  (\S+)", listing.group(1), re.M) if listing else []:
        found += examples_in_help(cli, (*command, word))
    return found


def run_until_it_listens(example, root, surroundings):
    """Runs a service, and stops it as soon as it is ready."""
    service = subprocess.Popen(["bash", "-c", f"exec {example}"], cwd=root, stderr=subprocess.PIPE, text=True,
                               env=surroundings)
    said = ""
    for line in service.stderr:
        said += line
        if "listening on http" in line:
            service.terminate()
    assert service.wait(timeout=60) == 0, f"{example}\n{said}"


def test_every_example_in_the_help_works(cli, root, budpipeline, tmp_path):
    surroundings = {"PATH": f"{budpipeline.parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "XDG_STATE_HOME": str(tmp_path)}
    examples = examples_in_help(cli)
    assert len(examples) > 20
    for example in examples:
        if "man -l" in example:
            example = example.replace("man -l -", "cat")
        if example.startswith("budpipeline serve"):
            run_until_it_listens(example, root, surroundings)
            continue
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {example}"], cwd=root, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, env=surroundings)
        assert done.returncode == 0, f"{example}\n{done.stdout}{done.stderr}"
        assert '"error":{' not in done.stdout, example
