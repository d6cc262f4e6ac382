# SPDX-License-Identifier: Apache-2.0
"""The server of tests/support/server_probe.c as the tests use it, and raw requests to it."""
import os
import socket
import subprocess
from contextlib import contextmanager

import httpx

PROBLEM = {"Accept": "application/problem+json"}
ID = "0190f3b4-7c1e-7d3a-8f00-0123456789ab"


class Server:
    """A running server probe."""

    def __init__(self, program, pass_fds=(), **settings):
        arguments = [f"{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, pass_fds=pass_fds)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2]) if self.url.startswith("http") else None
        self.http = httpx.Client(base_url=self.url, timeout=20) if self.port else None

    def end(self):
        """Lets it drain and end. @return what it wrote to stderr"""
        if self.http:
            self.http.close()
        _, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, errors
        return errors

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def count(self):
        """By a connection of its own: one that was kept may be closed for idleness just when it is used again."""
        return httpx.get(self.url + "/count", timeout=20).json()

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def starter(support):
    """@return start(setting=value, ...): a server for the length of a `with`"""

    @contextmanager
    def start(**settings):
        running = Server(support("server-probe"), **settings)
        try:
            yield running
            running.end()
        finally:
            running.process.kill()

    return start


def read_response(connection):
    """Reads one response. @return status, headers (lower case), body"""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None, {}, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return int(lines[0].split()[1]), headers, body


def ask(server, text, timeout=20):
    """Sends bytes over a connection of its own. @return status, headers, body of the first response"""
    with server.connect() as connection:
        connection.settimeout(timeout)
        connection.sendall(text if isinstance(text, bytes) else text.encode())
        return read_response(connection)
