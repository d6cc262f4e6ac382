# SPDX-License-Identifier: Apache-2.0
"""The service as a process of its own: started, stopped, killed and started again by tests from outside."""
import os
import re
import signal
import subprocess
import threading
import time
import weakref

PLATFORM_TOKEN = "platform-secret"  # dapr-api-token, where a test takes part as the platform

LISTENING = re.compile(r"listening on (unix:[^\s\"]+|https?://[^\s\"]+)")


class ServerDied(AssertionError):
    """The service ended before it listened."""


class RunningServer:
    """`budpipeline serve` on a free port with a store that outlives the process.

    url, pid, log (all it wrote so far), code (exit status, None while it runs)
    """

    all = weakref.WeakSet()

    def __init__(self, program, store, *arguments, env=None, cwd=None, port=0, ready_within=30, **how):
        self.command = [program, "serve", "--store", store, "--port", str(port), *map(str, arguments)]
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("BUDPIPELINE_")} | (env or {})
        self.cwd, self.how, self.ready_within = cwd, how, ready_within
        self.store, self.log, self.process = store, "", None
        self.all.add(self)
        self.start()

    def start(self):
        """Returns once it listens. @raise ServerDied"""
        assert self.process is None or self.process.poll() is not None
        self.log, self.url, self._ready, self._signalled = "", None, threading.Event(), False
        self.process = subprocess.Popen(self.command, env=self.env, cwd=self.cwd, stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, errors="replace", **self.how)
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        if not self._ready.wait(self.ready_within) or not self.url:
            self.process.kill()
            self.process.wait()
            raise ServerDied(f"exit status {self.process.returncode}\n{self.log}")

    def _read(self, stream):
        with stream:
            for line in stream:
                self.log += line
                found = None if self.url else LISTENING.search(line)
                if found:
                    self.url = found[1]
                    self._ready.set()
        self._ready.set()

    @property
    def pid(self):
        return self.process.pid

    @property
    def code(self):
        return self.process.poll()

    @property
    def died(self):
        """Whether it ended though no test told it to."""
        return self.process.poll() is not None and not self._signalled

    def signal(self, number):
        self._signalled = True
        self.process.send_signal(number)

    def wait(self, timeout=60):
        """@return the exit status"""
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        return code

    def wait_for_log(self, text, timeout=30):
        """Waits until the log has a text."""
        deadline = time.monotonic() + timeout
        while text not in self.log:
            assert time.monotonic() < deadline, f"no '{text}' in:\n{self.log}"
            assert self._reader.is_alive() or text in self.log, f"ended without '{text}':\n{self.log}"
            time.sleep(0.005)

    def stop(self, timeout=60):
        """As the service manager stops it. @return the exit status"""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        """As a crash."""
        self.signal(signal.SIGKILL)
        self.wait()

    def restart(self, crash=False):
        """Ends it and starts it again on the same store; the URL is another."""
        if crash:
            self.kill()
        else:
            assert self.stop() == 0, self.log
        self.start()

    def close(self):
        """For the end of a test: whatever became of it, nothing is left."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
