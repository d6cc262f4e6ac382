# SPDX-License-Identifier: Apache-2.0
"""An HTTP service that remembers every call: what steps reach when they touch the outside.

The path says how it answers, so that an answer follows from the request and from nothing else:

    /echo/...       200 at once
    /slow/MS/...    200 after so many milliseconds
    /flaky/K/...    503 for the first K idempotency keys seen on this path, then 200: a repetition of a lost call has
                    the key of the call and gets its answer
    /hang/...       never answers
"""
import asyncio
import collections
import json
import threading

Call = collections.namedtuple("Call", "method path key")


class Recorder:
    """Runs in a thread of its own until closed."""

    def __init__(self):
        self.calls = []
        self.keys = collections.defaultdict(list)  # of a path, in the order in which they came
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.ready.wait()

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024))
        self.port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ready.set()
        self.loop.run_forever()
        server.close()
        waiting = asyncio.all_tasks(self.loop)
        for task in waiting:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        self.loop.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    def by_key(self):
        """How often each key was seen."""
        return collections.Counter(call.key for call in list(self.calls) if call.key)

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
                if "content-length" in headers:
                    await reader.readexactly(int(headers["content-length"]))
                status, body = await self.answer(method, path, headers.get("idempotency-key"))
                body = json.dumps(body).encode()
                writer.write(b"HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" %
                             (status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the caller was killed, or has closed
        finally:
            writer.close()

    async def answer(self, method, path, key):
        self.calls.append(Call(method, path, key))
        keys = self.keys[path]
        if key and key not in keys:
            keys.append(key)
        _, behaviour, *rest = path.split("/")
        if behaviour == "hang":
            await asyncio.sleep(3600)
        if behaviour == "slow":
            await asyncio.sleep(int(rest[0]) / 1000)
        if behaviour == "flaky":
            await asyncio.sleep(0.01)
            if keys.index(key) < int(rest[0]):
                return 503, {"said": "not now"}
        return 200, {"said": f"{method} {path}"}
