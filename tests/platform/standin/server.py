# SPDX-License-Identifier: Apache-2.0
"""The server: which world and which of its doors a request is for.

  /budapp/... /budcluster/... /budsim/... /budnotify/...    the services, asked directly
  /topics/TOPIC                                             publishing without a broker
  /v1.0/invoke/APP/method/...  /v1.0/publish/PUBSUB/TOPIC   the same behind Dapr's HTTP interface
  /_control/...                                             what tests ask and tell
  /worlds/NAME/...                                          all of it in a world of its own
"""
import asyncio
import json
import signal
import sys

import aiohttp
from aiohttp import web

from standin import control, services
from standin.broker import PUBSUB
from standin.calls import Call, ServiceError
from standin.world import World

LARGEST_BODY = 64 << 20


def reply(status, body, headers=None):
    """An answer: JSON unless it is a text; without a body for None."""
    headers = dict(headers or {})
    if body is None:
        return web.Response(status=status, headers=headers)
    headers.setdefault("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
    return web.Response(status=status, headers=headers, body=body if isinstance(body, str) else json.dumps(body))


class Platform:
    """All worlds of a process."""

    def __init__(self, options):
        self.options, self.session, self.worlds = options, None, {}

    async def open(self):
        timeout = aiohttp.ClientTimeout(total=30)
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64), timeout=timeout)

    async def close(self):
        for world in self.worlds.values():
            world.close()
        await self.session.close()

    def world(self, name):
        if name not in self.worlds:
            options = self.options
            self.worlds[name] = World(self.session, options.pace, options.redeliveries, options.redeliver_after)
        return self.worlds[name]

    async def handle(self, request):
        """Every request."""
        parts = request.path.lstrip("/").split("/")
        name = ""
        if parts[0] == "worlds" and len(parts) > 2:
            name, parts = parts[1], parts[2:]
        world, raw = self.world(name), await request.read()
        match parts:
            case ["_control", *rest]:
                return await self.control(world, request, "/".join(rest), raw)
            case ["v1.0", "invoke", app, "method", *rest]:
                return await self.invoked(world, request, app, "/".join(rest), raw)
            case ["v1.0", "publish", pubsub, *topic] if request.method in ("POST", "PUT"):
                return await self.published(world, request, "dapr", pubsub, "/".join(topic), raw)
            case ["v1.0", "healthz"]:
                return reply(204, None)
            case ["topics", *topic] if request.method == "POST":
                return await self.published(world, request, "http", PUBSUB, "/".join(topic), raw)
            case [service, *rest] if service in services.TABLES:
                return await self.called(world, request, "direct", service, "/".join(rest), raw)
        return reply(404, {"message": "Not Found"})

    async def control(self, world, request, name, raw):
        try:
            body = json.loads(raw) if raw else None
        except ValueError as error:
            return reply(400, {"message": str(error)})
        return reply(*await control.answer(world, request.method, name.rstrip("/"), dict(request.query), body))

    async def called(self, world, request, mode, service, path, raw):
        call = Call(mode, service, request.method, path, dict(request.query), request.headers, raw)
        return self.sent(request, await world.answer(call))

    @staticmethod
    def sent(request, answer):
        """The answer, or the end of the connection."""
        if answer is None:
            request.transport.abort()
            return web.Response()
        return reply(*answer)

    def lacks_token(self, request):
        """Dapr's own check of its token, when it has one."""
        return bool(self.options.token) and request.headers.get("dapr-api-token") != self.options.token

    @staticmethod
    def unauthorized():
        return reply(401, {"errorCode": "ERR_UNAUTHORIZED", "message": "invalid api token"})

    async def invoked(self, world, request, app, path, raw):
        if self.lacks_token(request):
            return self.unauthorized()
        if app not in services.TABLES:
            return reply(500, {"errorCode": "ERR_DIRECT_INVOKE",
                               "message": f"failed to invoke, id: {app}, err: failed to resolve address"})
        return await self.called(world, request, "dapr", app, path, raw)

    async def published(self, world, request, via, pubsub, topic, raw):
        """A message for a topic; what is for budnotify reaches it."""
        if via == "dapr" and self.lacks_token(request):
            return self.unauthorized()
        if pubsub != PUBSUB:
            return reply(404, {"errorCode": "ERR_PUBSUB_NOT_FOUND", "message": f"pubsub {pubsub} is not found"})
        call = Call(via, "pubsub", request.method, topic, dict(request.query), request.headers, raw)
        world.calls.append(call)
        rule = world.rule_for(call)
        await asyncio.sleep(rule.fields["delay"])
        if rule.fields["refuse"]:
            return self.sent(request, None)
        if rule.fields["reply"]:
            answer = world.scripted(rule.fields["reply"])
            call.status = answer[0]
            return reply(*answer)
        call.status = 204
        self.taken(world, call, via, topic)
        return self.sent(request, None) if rule.fields["lose"] else reply(204, None)

    @staticmethod
    def taken(world, call, via, topic):
        metadata = {name.removeprefix("metadata."): value for name, value in call.query.items()
                    if name.startswith("metadata.")}
        record = world.broker.take_published(via, topic, call.headers.get("Content-Type", ""), dict(call.headers),
                                             metadata, call.body)
        if topic == "notifications" and isinstance(record["data"], dict):
            world.notifications.append(record["data"])


async def run(options):
    """Serves until SIGTERM or SIGINT."""
    platform = Platform(options)
    await platform.open()
    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_route("*", "/{path:.*}", platform.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await serve(options, platform, runner)
    finally:
        await platform.close()
        await runner.cleanup()
    return 0


async def serve(options, platform, runner):
    site = web.TCPSite(runner, options.host, options.port, backlog=1024)
    await site.start()
    host, port = site._server.sockets[0].getsockname()[:2]
    if options.subscriber:
        mode = "dapr" if options.dapr else "direct"
        await control.answer(platform.world(""), "PUT", "subscriber", {}, {"url": options.subscriber, "mode": mode})
    print(f"budpipeline-platform: listening on http://{host}:{port}", flush=True)

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


def main(options):
    try:
        return asyncio.run(run(options))
    except OSError as error:
        print(f"budpipeline-platform: {error}", file=sys.stderr)
        return 1
