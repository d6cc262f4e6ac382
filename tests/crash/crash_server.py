# SPDX-License-Identifier: Apache-2.0
"""The service as a process that may be killed, and a client that finds it again."""
import collections
import http.client
import json
import signal
import subprocess
import time

Answer = collections.namedtuple("Answer", "status body headers")


class Gone(Exception):
    """The server closed the connection, or there is none."""


class Client:
    """One connection, kept alive. Not for several threads at once."""

    def __init__(self, port, timeout=60):
        self.port, self.timeout, self.connection = port, timeout, None

    def ask(self, method, path, body=None, **headers):
        """One request. Gone: it is not known whether it was carried out."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            body, headers = json.dumps(body), {"Content-Type": "application/json", **headers}
        try:
            if not self.connection:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (ConnectionError, http.client.HTTPException, OSError) as error:
            self.close()
            raise Gone(str(error)) from error
        parsed = json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text.decode()
        return Answer(answer.status, parsed, answer.headers)

    def get(self, path, status=200):
        answer = self.ask("GET", path)
        assert answer.status == status, f"GET {path}: {answer.status} {answer.body}"
        return answer.body

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Server:
    """`budpipeline serve` on one store and one port, as often as it takes."""

    def __init__(self, program, store, *flags, port=0, prepare=None):
        self.program, self.store, self.flags, self.prepare = program, store, flags, prepare
        self.port, self.process, self.starts = port, None, 0
        self.log_path = store.parent / f"{store.name}.log"

    def launch(self):
        """Starts it and does not wait."""
        self.starts += 1
        self.log = open(self.log_path, "ab")
        self.log_begin = self.log_path.stat().st_size
        self.process = subprocess.Popen(
            [self.program, "serve", "--store", f"sqlite:{self.store}", "--port", str(self.port), "--http-rate-limit", "0",
             *map(str, self.flags)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log,
            preexec_fn=self.prepare)
        self.log.close()
        return self

    def said(self):
        """What it has logged since it was launched."""
        with open(self.log_path, "rb") as log:
            log.seek(self.log_begin)
            return log.read().decode(errors="replace")

    def wait_until_ready(self, seconds=30):
        """Until it listens."""
        deadline = time.monotonic() + seconds
        while "listening on http://127.0.0.1:" not in self.said():
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.said()}"
            assert time.monotonic() < deadline, f"the server does not listen after {seconds} s:\n{self.said()}"
            time.sleep(0.002)
        self.port = int(self.said().split("listening on http://127.0.0.1:")[1].split()[0].rstrip('/",}'))
        return self

    def start(self):
        return self.launch().wait_until_ready()

    def client(self):
        return Client(self.port)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=40):
        """SIGTERM. @return its exit status"""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode if self.process else None

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
