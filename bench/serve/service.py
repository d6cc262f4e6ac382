# SPDX-License-Identifier: Apache-2.0
"""The service under measurement, and the load generator."""
import contextlib
import http.client
import json
import resource
import shutil
import signal
import subprocess
import time


class Failed(Exception):
    """A measurement that went wrong is none."""


class Service:
    """`budpipeline serve` of the release build, with a store of its own."""

    def __init__(self, build, folder, *flags):
        self.program, self.build, self.folder, self.flags = build / "src/cli/budpipeline", build, folder, flags
        self.store, self.log, self.port, self.process = folder / "store", folder / "log", 0, None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def start(self):
        """@return seconds from spawning it to its first answer"""
        with open(self.log, "wb") as log:
            begun = time.perf_counter()
            self.process = subprocess.Popen(
                [self.program, "serve", "--store", f"sqlite:{self.store}", "--port", str(self.port), "--http-rate-limit", "0",
                 *self.flags], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, preexec_fn=_many_files)
        if not self.port:
            self._learn_port()
        while not self._answers():
            if self.process.poll() is not None:
                raise Failed(f"the service ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
            if time.perf_counter() - begun > 60:
                raise Failed(f"the service does not answer:\n{self.log.read_text()[-2000:]}")
        return time.perf_counter() - begun

    def _learn_port(self):
        for _ in range(20000):
            said = self.log.read_text()
            if "listening on http://127.0.0.1:" in said:
                self.port = int(said.split("listening on http://127.0.0.1:")[1].split()[0].rstrip('/",}'))
                return
            if self.process.poll() is not None:
                raise Failed(f"the service ended with {self.process.returncode}:\n{said[-2000:]}")
            time.sleep(0.0005)
        raise Failed("the service does not say where it listens")

    def _answers(self, path="/health"):
        try:
            return self.ask("GET", path)[0] == 200
        except OSError:
            time.sleep(0.0002)
            return False

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method, path, body=None):
        """@return status and body"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path):
        status, body = self.ask("GET", path)
        if status != 200:
            raise Failed(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def load_command(self, *arguments):
        return [self.build / "bench/load", "--url", self.url, "--json", *map(str, arguments)]

    def load(self, *arguments, timeout=900):
        """Runs the load generator. @return its figures"""
        done = subprocess.run(self.load_command(*arguments), capture_output=True, text=True, timeout=timeout)
        return figures(done.returncode, done.stdout, done.stderr)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()


def _many_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def figures(code, out, err):
    """The figures that the load generator printed."""
    if code:
        raise Failed(f"the load generator ended with {code}: {err.strip()[-600:]} {out.strip()}")
    return json.loads(out)


@contextlib.contextmanager
def running(build, folder, *flags):
    """A fresh service, started; stopped and its store removed at the end."""
    service = Service(build, folder, *flags)
    try:
        service.start()
        yield service
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)


def check_history(service, steps):
    """No special path: the newest execution shows each of its steps, with outputs, and its events."""
    newest = service.get("/executions?page_size=1")["executions"][0]
    rows = service.get(f"/executions/{newest['id']}/steps")["steps"]
    events = service.get(f"/executions/{newest['id']}/events?limit=1000")
    if len(rows) != steps or any(row["status"] != "COMPLETED" or "n" not in row["outputs"] for row in rows):
        raise Failed(f"the history of {newest['id']} does not show its {steps} steps: {rows[:2]}")
    if events["total_count"] < 2 * steps + 2:
        raise Failed(f"the history of {newest['id']} has {events['total_count']} events")
