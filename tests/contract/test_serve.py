# SPDX-License-Identifier: Apache-2.0
"""The service as an operator sees it: starting, stopping, what it says, what it refuses."""
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time

import httpx
import pytest

from running_server import ServerDied


def get(server, path, **how):
    return httpx.get(server.url + path, timeout=30, **how)


def lines(server):
    return [json.loads(line) for line in server.log.splitlines()]


def refused(serve, *arguments, **how):
    """Starts a service that must not start. @return what it wrote"""
    with pytest.raises(ServerDied) as died:
        serve(*arguments, **how)
    assert str(died.value).startswith("exit status 2\n"), died.value
    return str(died.value)


# ---------------------------------------------------------------------------------------------------------------------
# Starting


def test_it_answers_as_soon_as_it_says_that_it_listens(server):
    assert get(server, "/health").status_code == 200
    assert get(server, "/ready").status_code == 200
    assert get(server, "/actions").json()["actions"]


def test_the_log_is_json_lines_that_say_where_it_listens(server):
    assert server.stop() == 0
    every = lines(server)
    assert all({"time", "level", "logger", "message"} <= set(line) for line in every)
    assert [line for line in every if line["message"] == f"listening on {server.url}"]
    assert every[-1]["message"] == "stopped"


def test_it_listens_on_loopback_alone(server):
    port = int(server.url.rsplit(":", 1)[1])
    with open(f"/proc/{server.pid}/net/tcp") as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert f"0100007F:{port:04X}" in listening and f"00000000:{port:04X}" not in listening


def test_a_second_service_on_the_same_store_is_refused_and_told_who_holds_it(serve, server):
    said = refused(serve)
    assert "STORE_LOCKED" in said and str(server.pid) in said
    assert get(server, "/health").status_code == 200


def test_a_port_in_use_is_refused(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refused(serve, port=taken.getsockname()[1])
    assert "LISTEN" in said and str(taken) not in said


def test_a_store_that_cannot_be_is_refused(serve, tmp_path):
    assert "STORE_URL" in refused(serve, store="mysql:somewhere")
    (tmp_path / "garbage.db").write_bytes(b"this is no database" * 1000)
    assert "STORE_CORRUPT" in refused(serve, store=f"sqlite:{tmp_path}/garbage.db")


def test_configuration_is_refused_before_anything_is_touched(serve, tmp_path):
    said = refused(serve, "--address", "0.0.0.0")
    assert said.count("CONFIG_EXPOSED") == 2 and not (tmp_path / "store.db").exists()
    assert "CONFIG_VALUE" in refused(serve, "--http-threads", "0")
    assert "CONFIG_VALUE" in refused(serve, "--tls-cert", "cert.pem")


def test_settings_come_from_file_and_environment(serve, tmp_path):
    (tmp_path / "settings.yaml").write_text("http:\n  body_bytes: 1 KiB\nlog:\n  access: true\n")
    server = serve("--config", "settings.yaml", env={"BUDPIPELINE_LOG_LEVEL": "info"})
    big = httpx.post(server.url + "/validate", json={"dag": {"name": "x" * 2000}})
    assert big.status_code == 413
    assert server.stop() == 0
    [request] = [line for line in lines(server) if line["logger"] == "access"]
    assert (request["method"], request["path"], request["status"]) == ("POST", "/validate", 413)
    assert request["correlation_id"] == big.headers["X-Correlation-ID"]


def test_a_unix_socket_can_be_listened_on(serve, tmp_path):
    path = str(tmp_path / "socket")
    serve("--http-unix", path)
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client:
        assert client.get("http://local/health").status_code == 200


# ---------------------------------------------------------------------------------------------------------------------
# TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself. @return (certificate, key)"""
    folder = tmp_path_factory.mktemp("tls")
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                           "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=test",
                           "-addext", "subjectAltName=IP:127.0.0.1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "cert.pem", folder / "key.pem"


def test_https_is_served_with_a_certificate(serve, certificate):
    cert, key = certificate
    server = serve("--tls-cert", cert, "--tls-key", key)
    assert server.url.startswith("https://")
    assert httpx.get(server.url + "/health", verify=str(cert)).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "/health")


def test_a_certificate_that_is_none_is_refused(serve, certificate, tmp_path):
    (tmp_path / "none.pem").write_text("no certificate")
    said = refused(serve, "--tls-cert", tmp_path / "none.pem", "--tls-key", certificate[1])
    assert "TLS" in said
    assert "none-such.pem" in refused(serve, "--tls-cert", tmp_path / "none-such.pem", "--tls-key", certificate[1])


def test_beyond_loopback_with_everything_it_demands(serve, certificate):
    server = serve("--address", "0.0.0.0", "--auth", "--tls-cert", certificate[0], "--tls-key", certificate[1])
    port = server.url.rsplit(":", 1)[1]
    with httpx.Client(verify=str(certificate[0])) as client:
        assert client.get(f"https://127.0.0.1:{port}/health").status_code == 200
        assert client.get(f"https://127.0.0.1:{port}/pipelines").status_code == 401


# ---------------------------------------------------------------------------------------------------------------------
# Tokens, beside the running service


def test_tokens_are_seen_at_once(serve, cli):
    server = serve("--auth")

    def token(*arguments):
        done = cli("token", *arguments, "--store", server.store)
        assert done.code == 0, done.err
        return done.out.strip()

    def status(secret, path="/pipelines", method="GET"):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return httpx.request(method, server.url + path, headers=headers, timeout=30).status_code

    assert status(None) == 401 and status("bp_" + "A" * 43) == 401
    reader, ci = token("create", "reader", "--scope", "read"), token("create", "ci")
    assert status(reader) == 200 and status(ci) == 200
    assert status(reader, "/pipelines/00000000-0000-0000-0000-000000000000", "DELETE") == 403
    assert status(ci, "/pipelines/00000000-0000-0000-0000-000000000000", "DELETE") == 404
    assert status(None, "/health") == 200
    token("revoke", "ci")
    deadline = time.monotonic() + 10
    while status(ci) == 200:
        assert time.monotonic() < deadline, "a revoked token still opens"
    assert status(ci) == 401 and status(reader) == 200


def test_authentication_that_nobody_can_pass_is_told(serve, cli):
    """It starts, and lets nobody in: what waits in the store goes on although the last token has expired."""
    warning = "no token is valid, so clients are refused: make one with 'budpipeline token create NAME'"
    server = serve("--address", "0.0.0.0", "--auth", "--behind-proxy")
    url = f"http://127.0.0.1:{server.url.rsplit(':', 1)[1]}"
    assert warning in server.log
    assert httpx.get(url + "/health").status_code == 200 and httpx.get(url + "/pipelines").status_code == 401
    made = cli("token", "create", "ci", "--store", server.store)
    answer = httpx.get(url + "/pipelines", headers={"Authorization": f"Bearer {made.out.strip()}"})
    assert (made.code, answer.status_code) == (0, 200)
    for command, warned in ((None, False), ("revoke", True)):
        if command:
            assert cli("token", command, "ci", "--store", server.store).code == 0
        assert server.stop() == 0
        server.start()
        assert (warning in server.log) == warned


@pytest.mark.parametrize("options, token, warned", [
    (("--dapr-url", "http://127.0.0.1:1"), "", True), (("--service", "budapp=http://127.0.0.1:1"), "", True),
    (("--dapr-url", "http://127.0.0.1:1"), "t", False), ((), "", False)])
def test_that_events_of_services_are_refused_is_told(serve, options, token, warned):
    warning = "services are configured and auth.app_api_token (APP_API_TOKEN) is not"
    assert (warning in serve(*options, env={"APP_API_TOKEN": token}).log) == warned


# ---------------------------------------------------------------------------------------------------------------------
# Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(server, number):
    server.signal(number)
    assert server.wait() == 0
    assert any("stopping" in line["message"] for line in lines(server))


def test_a_hang_up_changes_nothing(server):
    server.signal(signal.SIGHUP)
    server.wait_for_log("SIGHUP")
    assert get(server, "/health").status_code == 200 and server.code is None


def test_a_crash_leaves_a_store_that_opens(server):
    server.restart(crash=True)
    assert get(server, "/ready").status_code == 200


# ---------------------------------------------------------------------------------------------------------------------
# The service manager


class Manager:
    """A service manager's end of sd_notify."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(30)
        self.path = str(path)

    def next(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


def test_the_manager_is_told_when_it_is_ready_and_when_it_stops(serve, manager):
    server = serve(env={"NOTIFY_SOCKET": manager.path})
    assert manager.next() == {"READY": "1", "STATUS": f"listening on {server.url}"}
    assert server.stop() == 0
    assert manager.next()["STOPPING"] == "1"


def test_the_watchdog_is_fed(serve, manager):
    serve(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "100000"})
    assert "READY" in manager.next()
    begun = time.monotonic()
    assert manager.next() == {"WATCHDOG": "1"} and manager.next() == {"WATCHDOG": "1"}
    assert time.monotonic() - begun < 5


HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def hand_over(budpipeline, tmp_path, address):
    """Starts the service on a socket made here. @return (process, port)"""
    with socket.socket() as listener:
        listener.bind((address, 0))
        listener.listen()
        process = subprocess.Popen([sys.executable, "-c", HAND_OVER, str(listener.fileno()), budpipeline, "serve", "--store",
                                    f"sqlite:{tmp_path}/store.db"], pass_fds=[listener.fileno()], stderr=subprocess.PIPE,
                                   text=True)
        return process, listener.getsockname()[1]


def test_a_socket_is_taken_over(budpipeline, tmp_path):
    process, port = hand_over(budpipeline, tmp_path, "127.0.0.1")
    try:
        assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).status_code == 200
    finally:
        process.terminate()
        assert process.wait(30) == 0, process.stderr.read()
        process.stderr.close()


def test_a_socket_beyond_loopback_is_guarded_too(budpipeline, tmp_path):
    process, _ = hand_over(budpipeline, tmp_path, "0.0.0.0")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2 and "CONFIG_EXPOSED" in said


def test_the_unit_is_sound(root, budpipeline, tmp_path):
    unit = tmp_path / "budpipeline.service"
    unit.write_text((root / "packaging/budpipeline.service").read_text().replace("/usr/bin/budpipeline", str(budpipeline)))
    try:
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    about = [line for line in done.stderr.splitlines() if "budpipeline.service" in line]
    assert not about, done.stderr


# ---------------------------------------------------------------------------------------------------------------------
# Pipelines from files


def hello(text):
    return ("name: hello\nsteps:\n  - {id: greet, name: Greet, action: set_output, "
            f"params: {{outputs: {{text: {text}}}}}}}\n")


def versions(server):
    return {each["name"]: each["version"] for each in get(server, "/pipelines").json()}


def test_pipelines_are_loaded_once_and_saved_again_when_they_change(serve, tmp_path):
    folder = tmp_path / "pipelines"
    folder.mkdir()
    (folder / "hello.yaml").write_text(hello("one"))
    (folder / "notes.txt").write_text("no pipeline")
    server = serve("--load", folder)
    assert versions(server) == {"hello": "1"}
    server.restart()
    assert versions(server) == {"hello": "1"}
    (folder / "hello.yaml").write_text(hello("two"))
    (folder / "other.json").write_text(json.dumps({"name": "other", "steps": [
        {"id": "a", "name": "A", "action": "log", "params": {"message": "x"}}]}))
    server.restart()
    assert versions(server) == {"hello": "2", "other": "1"}


def test_a_file_that_is_wrong_keeps_the_service_from_starting(serve, tmp_path):
    folder = tmp_path / "pipelines"
    folder.mkdir()
    (folder / "a.yaml").write_text(hello("one"))
    (folder / "b.yaml").write_text("name: b\nsteps: [\n")
    (folder / "c.yaml").write_text("name: c\nsteps:\n  - {id: x, name: X, action: log, depends_on: [nobody]}\n")
    (folder / "d.yaml").write_text(hello("same name"))
    said = refused(serve, "--load", folder)
    assert "PIPELINE_FILE" in said and f"{folder}/b.yaml:" in said and "UNKNOWN_STEP" in said
    assert "another file has a pipeline of this name" in said
    server = serve()
    assert versions(server) == {}


def test_the_examples_can_be_loaded(serve, root):
    server = serve("--load", root / "examples")
    assert len(versions(server)) == len(list((root / "examples").glob("[0-9]*.yaml")))
