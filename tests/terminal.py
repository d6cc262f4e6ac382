# SPDX-License-Identifier: Apache-2.0
"""A terminal for tests: a program on a pseudo-terminal, and what a person would see of it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time


class Screen:
    """What is on the screen: the few sequences the command line uses, and no others."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines, self.row, self.column = [""], 0, 0
        self.cursor_hidden = False

    def feed(self, text):
        for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+|\x1b", text):
            if token == "\r":
                self.column = 0
            elif token == "\n":
                self.down()
            elif token.startswith("\x1b"):
                self.sequence(token)
            else:
                for character in token:
                    self.put(character)

    def down(self):
        self.row += 1
        while len(self.lines) <= self.row:
            self.lines.append("")

    def put(self, character):
        if self.column == self.columns:
            self.column = 0
            self.down()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
        self.column += 1

    def sequence(self, token):
        if token.endswith("m"):
            return
        if token == "\x1b[K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif token == "\x1b[J":
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        elif token.endswith("A"):
            wanted = int(token[2:-1])
            assert wanted <= self.row and wanted < self.rows, "the cursor leaves the window"
            self.row -= wanted
        elif token in ("\x1b[?25l", "\x1b[?25h"):
            self.cursor_hidden = token.endswith("l")
        else:
            raise AssertionError(f"a sequence no one expects: {token!r}")

    @property
    def text(self):
        return "\n".join(self.lines)


class Terminal:
    """Starts a program on a pseudo-terminal. Use as a context."""

    def __init__(self, command, columns=100, rows=30, env=None, cwd=None):
        self.screen, self.raw = Screen(columns, rows), ""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        surroundings = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"} | (env or {})
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=slave, stdout=slave, stderr=slave, cwd=cwd, env=surroundings,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.slave = slave

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def read(self, seconds):
        """Takes what arrives within the time. @return whether anything did."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        text = os.read(self.master, 65536).decode("utf-8", "replace")
        self.raw += text
        self.screen.feed(text)
        return True

    def wait_for(self, predicate, seconds=20):
        """Reads until the predicate holds for the screen's text."""
        deadline = time.monotonic() + seconds
        while not predicate(self.screen.text):
            assert time.monotonic() < deadline, f"not seen in {seconds} s:\n{self.screen.text}"
            if not self.read(0.05):
                assert self.process.poll() is None or self.read(0.05), f"ended without it:\n{self.screen.text}"

    def finish(self, seconds=30):
        """Reads to the end. @return the exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {seconds} s:\n{self.screen.text}"
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.returncode

    def type(self, text):
        os.write(self.master, text.encode())

    def is_as_before(self):
        """True when the program has left the terminal's settings as it found them."""
        return termios.tcgetattr(self.slave) == self.before
