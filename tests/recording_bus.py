# SPDX-License-Identifier: Apache-2.0
"""A bus that remembers what it is given: over HTTP at /TOPIC, and as a Dapr sidecar's publish endpoint."""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Delivery:
    """One event as it arrived: topic, path, headers (names in lower case), event."""

    def __init__(self, path, headers, event):
        self.path, self.headers, self.event = path, {name.lower(): text for name, text in headers.items()}, event
        self.topic = path.rsplit("/", 1)[-1]

    @property
    def type(self):
        return self.event["type"]

    @property
    def execution(self):
        return self.event["data"]["execution_id"] if "data" in self.event else self.event["payload"]["workflow_id"]


class RecordingBus:
    """url, deliveries (in the order in which they were taken), refused (all that were not).

    refuse(delivery) -> status or None, and look(delivery), are called before an event is taken; `pause` seconds are
    waited for before each answer, `closed` holds all answers back until it is cleared."""

    def __init__(self):
        self.deliveries, self.refused = [], []
        self.refuse = self.look = None
        self.pause = 0
        self.open = threading.Event()
        self.open.set()
        self._lock = threading.Condition()
        bus = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(bus.take(Delivery(self.path, self.headers, json.loads(body))))

            def answer(self, status):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # a client that was killed

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def take(self, delivery):
        if self.look:
            self.look(delivery)
        if self.pause:
            time.sleep(self.pause)
        self.open.wait()
        status = self.refuse(delivery) if self.refuse else None
        with self._lock:
            (self.refused if status else self.deliveries).append(delivery)
            self._lock.notify_all()
        return status or 204

    def wait_for(self, condition, timeout=60):
        """Waits until condition(deliveries) holds."""
        deadline = time.monotonic() + timeout
        with self._lock:
            while not condition(self.deliveries):
                assert self._lock.wait(deadline - time.monotonic()), \
                    f"{len(self.deliveries)} events: {[one.type for one in self.deliveries[-20:]]}"

    def of(self, execution, topic=None):
        """What was told of an execution, in order."""
        with self._lock:
            return [one for one in self.deliveries
                    if one.execution == execution and topic in (None, one.topic)]

    def close(self):
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
