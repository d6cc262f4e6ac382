#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small HTTP service with real data about the planets, for the examples. Needs nothing but Python.

  GET  /planets                     the names
  GET  /planets/NAME                the facts about one
  GET  /flaky/NAME?failures=N       the same, but every success comes after N answers of 503
  GET  /slow/NAME?seconds=S         the same, after a while
  POST /results                     keeps a JSON object, answers 201 with its number
  GET  /results                     what was kept

Prints one line, "listening on http://127.0.0.1:PORT", once it can be reached.
"""
import argparse
import collections
import http.server
import json
import threading
import time
import urllib.parse
from pathlib import Path

PLANETS = json.loads((Path(__file__).parent / "planets.json").read_text())
LONGEST_WAIT_SECONDS = 10
LARGEST_BODY = 1 << 20


class Memory:
    """What the service remembers between requests."""

    def __init__(self):
        self.lock = threading.Lock()
        self.failures = collections.Counter()
        self.results = []

    def fails_again(self, name, failures):
        """True for the first `failures` requests; then false once, and it begins anew."""
        with self.lock:
            if self.failures[name] < failures:
                self.failures[name] += 1
                return True
            self.failures[name] = 0
            return False

    def keep(self, result):
        with self.lock:
            self.results.append(result)
            return len(self.results)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    memory = Memory()

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
        match url.path.strip("/").split("/"):
            case ["planets"]:
                self.answer(200, {"planets": list(PLANETS)})
            case ["planets", name]:
                self.answer_planet(name)
            case ["flaky", name]:
                if self.memory.fails_again(name, int(query.get("failures", 2))):
                    self.answer(503, {"error": "try again later"})
                else:
                    self.answer_planet(name)
            case ["slow", name]:
                time.sleep(min(float(query.get("seconds", 1)), LONGEST_WAIT_SECONDS))
                self.answer_planet(name)
            case ["results"]:
                self.answer(200, {"results": self.memory.results})
            case _:
                self.answer(404, {"error": f"there is nothing at {url.path}"})

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST_BODY))
        if self.path != "/results":
            self.answer(404, {"error": f"there is nothing at {self.path}"})
            return
        try:
            self.answer(201, {"number": self.memory.keep(json.loads(body))})
        except ValueError:
            self.answer(400, {"error": "the body is not JSON"})

    def answer_planet(self, name):
        planet = PLANETS.get(name)
        self.answer(200 if planet else 404, planet or {"error": f"no planet is called {name}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Requests are not worth a line."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1; 0 takes a free one (default: 8765)")
    port = parser.parse_args().port
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        parser.exit(1, f"{parser.prog}: port {port}: {error.strerror}\n")
    server.daemon_threads = True
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
