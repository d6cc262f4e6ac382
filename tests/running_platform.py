# SPDX-License-Identifier: Apache-2.0
"""The stand-in platform as a process of its own, and its worlds as tests use them."""
import itertools
import subprocess
import time
from pathlib import Path

import httpx

PROGRAM = Path(__file__).resolve().parent / "platform/budpipeline-platform"
SERVICES = ("budapp", "budcluster", "budsim", "budnotify")


class RunningPlatform:
    """`budpipeline-platform` on a free port.

    url
    """

    def __init__(self, *arguments, pace=0):
        self.process = subprocess.Popen([PROGRAM, "--port", "0", "--pace", str(pace), *map(str, arguments)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.names = itertools.count(1)

    def world(self):
        """A world that nobody has used."""
        return World(f"{self.url}/worlds/{next(self.names)}")

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class World:
    """One world of the platform: what a test tells it and asks it.

    url       what Dapr's base URL is; /budapp and so on below it are the services
    """

    def __init__(self, url):
        self.url, self.client = url, httpx.Client(timeout=60, verify=False)  # it loads no certificates

    def close(self):
        self.client.close()

    def control(self, method, name, body=None, /, **query):
        answer = self.client.request(method, f"{self.url}/_control/{name}", json=body, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def service(self, name):
        """The base URL of a service, asked directly."""
        return f"{self.url}/{name}"

    def rule(self, **fields):
        return self.control("POST", "rules", fields)

    def job(self, path="*", count=None, **options):
        """What jobs do that are started by calls to a path."""
        return self.rule(path=path, count=count, method="POST", job=options)

    def subscriber(self, url, mode="direct", **how):
        return self.control("PUT", "subscriber", {"url": url, "mode": mode, **how})

    def calls(self, **query):
        return self.control("GET", "calls", **query)

    def jobs(self, **query):
        return self.control("GET", "jobs", **query)

    def release(self, **options):
        return self.control("POST", "release", {"options": options})

    def tell(self, *events, **how):
        return self.control("POST", "events", {"events": list(events), **how})

    def deliveries(self, **query):
        return self.control("GET", "deliveries", **query)

    def records(self, table):
        return {each["id"]: each for each in self.control("GET", "records")[table]}

    def until(self, what, within=20):
        """Waits until something that is asked of the world is so. @return what it came to"""
        deadline = time.monotonic() + within
        while not (found := what(self)):
            assert time.monotonic() < deadline, f"not so within {within} s; calls: {self.calls()}, jobs: {self.jobs()}"
            time.sleep(0.01)
        return found
