"""The worker as its supervisor sees it."""
import os
import signal
import socket
import subprocess
import sys

BOOT = """import marshal, os, sys
fd, left, parts = int(sys.argv[2]), int(sys.argv[4]), []
while left:
    part = os.read(fd, left)
    if not part:
        os._exit(0)
    parts.append(part)
    left -= len(part)
exec(marshal.loads(b"".join(parts)), {"__name__": "__main__"})
"""


class Worker:
    """A child process with a socket for frames and pipes for its output."""

    def __init__(self, code):
        ours, theirs = socket.socketpair()
        self.lifeline, their_lifeline = socket.socketpair()
        fd, lifeline = theirs.fileno(), their_lifeline.fileno()
        command = [sys.executable, "-s", "-c", BOOT, "--frames", str(fd), "--source", str(len(code)), "--lifeline", str(lifeline)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(fd, lifeline), start_new_session=True, bufsize=0
        )
        theirs.close()
        their_lifeline.close()
        self.socket = ours
        self.to_send = bytearray(code)
        self.line = bytearray()
        self.outputs = {"o": self.process.stdout.fileno(), "e": self.process.stderr.fileno()}
        ours.setblocking(False)
        for pipe in self.outputs.values():
            os.set_blocking(pipe, False)

    def signal(self, number, group=False):
        try:
            if self.process.poll() is None:
                os.killpg(self.process.pid, number) if group else os.kill(self.process.pid, number)
        except OSError:
            pass

    def end(self):
        """Kills it with its process group; returns how it ended."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass
        code = self.process.wait()
        self.socket.close()
        self.lifeline.close()
        self.process.stdout.close()
        self.process.stderr.close()
        return "exit code %d" % code if code >= 0 else "signal %s" % signal.Signals(-code).name


class OutputBudget:
    """Lets a step's output through up to its limit, and after that only the marker that ends it."""

    def __init__(self):
        self.limit = 256 << 10
        self.left = self.limit
        self.mark = b""
        self.tail = b""

    def begin(self, mark):
        self.left = self.limit + 16
        self.mark = mark
        self.tail = b""

    def take(self, data):
        shown = data[: max(0, self.left)]
        self.left -= len(data)
        recent = self.tail + data
        self.tail = recent[1 - len(self.mark) :] if len(self.mark) > 1 else b""
        if len(shown) < len(data) and self.mark and recent.find(self.mark) >= 0:
            self.tail = b""
            return shown + self.mark
        return shown
