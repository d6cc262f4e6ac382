# SPDX-License-Identifier: Apache-2.0
"""Actions that call services, from the command line, against a server on this machine."""
import http.server
import json
import threading

import pytest


@pytest.fixture()
def service():
    """Answers every request with what it has heard; keeps it too."""
    heard = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            heard.append({"method": self.command, "target": self.path, "body": body, "headers": dict(self.headers)})
            reply = b'{"id": "m1"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(reply)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url, server.heard = f"http://127.0.0.1:{server.server_address[1]}", heard
    yield server
    server.shutdown()
    server.server_close()


DELETE = ("actions", "run", "model_delete", "-p", "model_id=7", "--format", "json")


def test_a_named_service_is_asked_on_behalf_of_the_user(cli, service):
    done = cli(*DELETE, "--service", f"budapp={service.url}", "--user", "ada", "--trace")
    call, told = service.heard[0], json.loads(done.err.splitlines()[0])
    assert (call["method"], call["target"].split("?")[1]) == ("DELETE", "force=false&user_id=ada")
    assert (told["app_id"], told["method"], told["query"]["user_id"]) == ("budapp", "DELETE", "ada")
    assert call["headers"]["traceparent"].startswith("00-")


def test_any_other_goes_through_the_sidecar(cli, service):
    cli(*DELETE, "--dapr", service.url)
    assert service.heard[0]["target"].startswith("/v1.0/invoke/budapp/method/")


def test_without_either_the_answer_says_what_to_configure(cli):
    done = cli(*DELETE)
    assert done.code == 1
    assert "services.budapp.url" in done.out and "dapr.url" in done.out


@pytest.mark.parametrize("flags", [("--service", "budapp=ftp://x"), ("--dapr", "localhost:3500"), ("--bus", "kafka"),
                                   ("--retries", "many")])
def test_what_is_wrong_with_a_flag_is_said(cli, flags):
    done = cli(*DELETE, *flags)
    assert done.code == 2
    assert flags[0] in done.err


def test_an_event_is_judged_alone(cli):
    done = cli("actions", "event", "model_add", "--event", '{"type": "notification"}', "--outputs", "{}")
    assert json.loads(done.out) == {"action": "ignore", "status": None, "outputs": {}, "error": None,
                                       "progress": None, "eta_minutes": None}


def test_an_event_must_be_an_object(cli):
    done = cli("actions", "event", "model_add", "--event", "[]")
    assert done.code == 2
    assert "--event" in done.err
