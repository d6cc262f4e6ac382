# SPDX-License-Identifier: Apache-2.0
"""`budpipeline config`: what is in force and why, and every problem at once."""
import json

import pytest
import yaml


@pytest.fixture
def config(cli, tmp_path):
    """Runs `budpipeline config` with a file of this text, or none. @return the finished command"""

    def run(*arguments, text=None, env=None):
        if text is not None:
            path = tmp_path / "settings.yaml"
            path.write_text(text)
            arguments = ("--config", path, *arguments)
        return cli("config", *arguments, env={"HOME": "/home/nobody"} | (env or {}))

    return run


def shown(done):
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_each_setting_says_where_it_comes_from(config, tmp_path):
    every = shown(config("--format", "json", "--port", "9000", text="http:\n  threads: 3\n",
                         env={"RETRY_MAX_ATTEMPTS": "5", "BUDPIPELINE_LOG_LEVEL": "debug"}))
    assert every["http.port"] == {"value": 9000, "origin": "flag", "detail": "--port"}
    assert every["http.threads"] == {"value": 3, "origin": "file", "detail": f"{tmp_path}/settings.yaml:2:3"}
    assert every["retry.max_attempts"] == {"value": 5, "origin": "environment", "detail": "RETRY_MAX_ATTEMPTS"}
    assert every["log.level"]["detail"] == "BUDPIPELINE_LOG_LEVEL"
    assert every["http.address"] == {"value": "127.0.0.1", "origin": "default", "detail": ""}
    assert every["store.url"]["value"] == "sqlite:/home/nobody/.local/state/budpipeline/budpipeline.db"
    assert every["http.tls_cert"]["value"] is None and every["pipelines.load"]["value"] == []


def test_the_yaml_form_is_a_file_of_settings(config):
    flags = ("--allow-host", "a:1", "--allow-host", "b:2", "--http-behind-proxy".replace("http-", ""), "--log-format=json",
             "--service", "budapp=http://a:1", "--service", "budsim=http://b:2")
    first = config("--format", "yaml", *flags)
    assert yaml.safe_load(first.out)["client"]["allow_hosts"] == ["a:1", "b:2"]
    again = shown(config("--format", "json", text=first.out))
    before = shown(config("--format", "json", *flags))
    assert {name: each["value"] for name, each in again.items()} == {name: each["value"] for name, each in before.items()}


def test_a_secret_is_not_shown(config):
    for form in ("table", "yaml", "json"):
        done = config("--format", form, env={"APP_API_TOKEN": "s3cr3t"})
        assert done.code == 0 and "s3cr3t" not in done.out and "***" in done.out


@pytest.mark.parametrize("value", ["debug", "[debug]"])
def test_a_group_that_is_set_like_a_setting(config, tmp_path, value):
    done = config(text=f"log: {value}\n")
    assert (done.code, done.out) == (2, "")
    assert f"CONFIG_VALUE: {tmp_path}/settings.yaml:1:1: 'log' is a group" in done.err


def test_every_problem_is_reported_at_once(config, tmp_path):
    done = config("--port", "70000", text="http:\n  prot: 1\nlog: {level: loud}\n", env={"BUDPIPELINE_HTTP_THREADS": "x"})
    assert (done.code, done.out) == (2, "")
    for part in (f"CONFIG_UNKNOWN: {tmp_path}/settings.yaml:2:3: there is no setting 'http.prot'; did you mean 'http.port'?",
                 f"log.level: 'loud' is not one of debug, info, warning, error (from {tmp_path}/settings.yaml:3:7)",
                 "http.threads: 'x' is not a whole number from 1 to 64 (from BUDPIPELINE_HTTP_THREADS)",
                 "http.port: '70000' is not a whole number from 0 to 65535 (from --port)"):
        assert part in done.err
    assert done.err.count("\n") == 4


def test_settings_that_do_not_fit_together_are_refused(config):
    done = config("--address", "0.0.0.0")
    assert done.code == 2 and done.err.count("CONFIG_EXPOSED") == 2
    assert "--auth" in done.err and "--behind-proxy" in done.err
    assert config("--address", "0.0.0.0", "--auth", "--behind-proxy").code == 0
    assert config("--address", "0.0.0.0", "--auth", "--behind-proxy=false").code == 2


def test_a_file_in_the_working_folder_is_not_read(cli, tmp_path):
    (tmp_path / "budpipeline.yaml").write_text("http: {port: 1}\n")
    assert json.loads(cli("config", "--format", "json", cwd=tmp_path).out)["http.port"]["value"] == 8010
    named = cli("config", "--format", "json", cwd=tmp_path, env={"BUDPIPELINE_CONFIG": "budpipeline.yaml"})
    assert json.loads(named.out)["http.port"] == {"value": 1, "origin": "file", "detail": "budpipeline.yaml:1:8"}


def test_a_named_file_must_be_there(cli):
    done = cli("config", "--config", "/nowhere/settings.yaml")
    assert done.code == 2 and "CONFIG_FILE: /nowhere/settings.yaml: No such file or directory" in done.err


def test_every_setting_is_an_option_with_help(cli, config):
    page = cli("man", "config").out.replace("\\-", "-")
    completion = cli("completion", "bash").out
    for line in config("--format", "markdown").out.splitlines()[2:]:
        option = line.split("`")[3]
        assert f"\\fB{option}\\fR" in page, option
        assert option in completion


def test_the_documented_table_is_the_programs(config, root):
    text = (root / "docs/configuration.md").read_text()
    assert config("--format", "markdown").out in text, "run: budpipeline config --format markdown, and paste its table"


SERVICES = """\
services:
  budapp: http://budapp.internal:9081
  budcluster: {url: "https://b/api", token_variable: TOK, headers: {X-Tenant: blue}, timeout_seconds: 1.5}
  budsim: {app_id: budsim-blue}
"""


def test_services_come_from_a_file_a_variable_or_options(config):
    from_file = shown(config("--format", "json", text=SERVICES, env={"TOK": "s3cr3t"}))["services"]
    assert from_file["value"] == ["budapp=http://budapp.internal:9081", "budcluster=https://b/api", "budsim=dapr"]
    from_variable = shown(config("--format", "json", env={"BUDPIPELINE_SERVICES": "a=http://a:1, b=http://b:2"}))["services"]
    assert from_variable["value"] == ["a=http://a:1", "b=http://b:2"]
    from_options = shown(config("--format", "json", "--service", "a=http://a:1", text=SERVICES, env={"TOK": "x"}))["services"]
    assert (from_options["value"], from_options["origin"]) == (["a=http://a:1"], "flag")


def test_what_is_wrong_with_a_service_is_said(config):
    done = config(text="services: {a: 'ftp://x', b: {urll: x}, c: 3, d: {token_file: /nope, headers: 1, timeout_seconds: no}}\n")
    assert done.code == 2
    for part in ("services.a.url: it must begin with http://", "services.b.urll: there is no such member; url,", "services.c: ",
                 "services.d.token_file: No such file", "services.d.headers: ", "services.d.timeout_seconds: ", "settings.yaml:1:1"):
        assert part in done.err
    assert "NAME=URL" in config("--service", "budapp").err


def test_what_no_request_could_carry_is_refused_at_the_start(config, tmp_path):
    (tmp_path / "torn").write_text("first\nsecond\n")
    done = config(env={"TOKEN": "t"}, text=f"""
services:
  a: {{url: "http://a", ca_file: /nope.pem, headers: {{"A b": x}}}}
  b: {{url: "http://b", headers: {{X: "1\\n2"}}, token_header: "X Y"}}
  c: {{url: "http://c", token_variable: TOKEN, token_file: {tmp_path / 'torn'}}}
  d: {{url: "http://d", token_file: {tmp_path / 'torn'}, headers: {{Content-Length: "3"}}}}
""")
    assert done.code == 2
    for part in ("services.a.ca_file: No such file", "services.a.headers: header A b has characters in its name",
                 "services.b.headers: header X is no text or holds a line break", "services.b.token_header: header X Y has",
                 "services.c.token_file: token_file and token_variable exclude each other",
                 "services.d.token_file: a token has no line breaks", "services.d.headers: header Content-Length is set"):
        assert part in done.err


def test_variables_of_the_original_name_apps_and_limits(config):
    every = shown(config("--format", "json", env={"BUDAPP_APP_ID": "x", "SYSTEM_USER_ID": "u", "DAPR_API_TOKEN": "t",
                                                  "CIRCUIT_BREAKER_FAILURE_THRESHOLD": "7",
                                                  "CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "8"}))
    assert [every[name]["value"] for name in ("apps.budapp", "invoke.system_user_id", "invoke.breaker_failures",
                                              "invoke.breaker_seconds")] == ["x", "u", 7, 8]
