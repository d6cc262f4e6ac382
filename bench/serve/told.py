# SPDX-License-Identifier: Apache-2.0
"""How fast subscribers are told: events that are waiting in the store, published to a sink on this machine."""
import asyncio
import threading
import time

from .report import Row
from .service import Failed, running

EXECUTIONS, STEPS = 2000, 10
DEFINITION = {"name": "told", "steps": [
    {"id": f"s{i}", "name": f"S{i}", "action": "set_output", "params": {"outputs": {"n": i}},
     "depends_on": [f"s{i - 1}"] if i else []} for i in range(STEPS)]}
EVENTS = EXECUTIONS * (2 * STEPS + 1)


class Sink(asyncio.Protocol):
    """Takes everything, at once or, while it is closed, later."""

    count, last, open, waiting = 0, 0.0, False, []

    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            size = int(self.data[:end].lower().split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self.data) < end + 4 + size:
                return
            self.data = self.data[end + 4 + size:]
            if Sink.open:
                self.take()
            else:
                Sink.waiting.append(self)

    def take(self):
        Sink.count, Sink.last = Sink.count + 1, time.perf_counter()
        self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    @staticmethod
    def let_in():
        Sink.open = True
        for one in Sink.waiting:
            one.take()


def serve_sink():
    """@return its loop and its port"""
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), []

    async def begin():
        server = await loop.create_server(Sink, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()

    def work():
        loop.create_task(begin())
        loop.run_forever()

    threading.Thread(target=work, daemon=True).start()
    ready.wait()
    return loop, port[0]


def start_all(service):
    def work():
        body = {"pipeline_definition": DEFINITION, "callback_topics": ["t"]}
        for _ in range(EXECUTIONS // 4):
            status, answer = service.ask("POST", "/executions/run", body)
            if status != 201:
                raise Failed(f"a start was answered with {status}: {answer[:200]}")

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def told(bench):
    """Events that subscribers are told each second."""
    loop, port = serve_sink()
    with running(bench.build, bench.data / "told", "--bus-kind", "http", "--bus-url", f"http://127.0.0.1:{port}/{{topic}}",
                 "--events-timeout-ms", "600000") as service:
        start_all(service)
        begun = time.perf_counter()
        loop.call_soon_threadsafe(Sink.let_in)
        while Sink.count < EVENTS:
            if time.perf_counter() - begun > 300:
                raise Failed(f"{Sink.count} of {EVENTS} events")
            time.sleep(0.01)
        yield Row("events told a second", EVENTS / (Sink.last - begun), "/s",
                  note=f"{EVENTS} of {EXECUTIONS} executions; the sink is one thread of Python")
