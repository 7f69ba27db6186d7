"""Stands between a carrier (this process's stdin and stdout) and the worker. It runs no user code, so it answers while the worker is stuck.

Lines are `@codelet <number> <kind> <payload>`; anything else is noise. Numbered lines are kept until the other side has acknowledged them and sent
again after `hello`; `-` marks lines that are not. Kinds to the host: f frame, p part of one, o and e output in base64, s worker started, x worker ended;
h hello, a ack, b heartbeat. From the host: f, p, s start a worker, i interrupt, k kill; h hello, a ack, g ping, q quit.
"""
import base64
import errno
import json
import marshal
import os
import select
import signal
import sys
import time

from .supervised_worker import OutputBudget, Worker

MAGIC = b"@codelet "
LINE_BYTES = 48000
MAX_KEPT_BYTES = 96 << 20
MAX_LINE_BYTES = 80 << 20  # more than the host takes of a frame: nobody would read it
ALLOWED = tuple(('{"t":"%s",' % name).encode() for name in ("bound", "call", "cancel", "final", "rich", "wake", "done"))

class Supervisor:
    def __init__(self, runner, heartbeat_s, orphan_s):
        self.code = marshal.dumps(compile(runner, "<codelet>", "exec"))
        self.heartbeat_s = heartbeat_s
        self.orphan_s = orphan_s
        self.out = os.dup(1)
        os.dup2(2, 1)  # nothing else may print on the line stream
        self.worker = None
        self.sent = 0
        self.seen = 0
        self.unacknowledged = 0
        self.kept = []
        self.kept_bytes = 0
        self.input = bytearray()
        self.parts = []
        self.budgets = {"o": OutputBudget(), "e": OutputBudget()}
        self.mark_prefix = ""
        self.heard = time.monotonic()
        self.stopping = False

    # lines out

    def write(self, data):
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.out, view) :]
            except BlockingIOError:
                select.select([], [self.out], [])

    def control(self, kind, payload=""):
        self.write(MAGIC + ("- %s %s\n" % (kind, payload)).encode())

    def send(self, kind, payload=b""):
        self.sent += 1
        line = MAGIC + b"%d %s %s\n" % (self.sent, kind.encode(), payload)
        self.kept.append((self.sent, line))
        self.kept_bytes += len(line)
        self.write(line)

    def send_frame(self, frame):
        while len(frame) > LINE_BYTES:
            self.send("p", frame[:LINE_BYTES])
            frame = frame[LINE_BYTES:]
        self.send("f", frame)

    def forget(self, number):
        while self.kept and self.kept[0][0] <= number:
            self.kept_bytes -= len(self.kept.pop(0)[1])

    # lines in

    def read_host(self):
        try:
            data = os.read(0, 262144)
        except BlockingIOError:
            return
        if not data:
            self.stopping = True
            return
        self.heard = time.monotonic()
        self.input += data
        *lines, rest = self.input.split(b"\n")
        self.input = rest
        for line in lines:
            if line.startswith(MAGIC):
                number, kind, payload = bytes(line[len(MAGIC) :]).split(b" ", 2)
                self.handle_control(kind, payload) if number == b"-" else self.handle(int(number), kind, payload)

    def handle_control(self, kind, payload):
        if kind == b"h":
            self.forget(json.loads(payload)["seen"])
            self.control("h", json.dumps({"v": 1, "seen": self.seen, "sent": self.sent, "python": sys.version.split()[0]}))
            for _, line in self.kept:
                self.write(line)
        elif kind == b"a":
            self.forget(int(payload))
        elif kind == b"q":
            self.stopping = True

    def handle(self, number, kind, payload):
        if number != self.seen + 1:
            return  # seen before the connection was lost, or after a gap that the next hello fills
        self.seen = number
        self.unacknowledged += 1
        if self.unacknowledged >= 16 or kind != b"p":
            self.unacknowledged = 0
            self.control("a", str(self.seen))
        if kind == b"p":
            self.parts.append(payload)
        elif kind == b"f":
            frame = b"".join(self.parts) + payload
            self.parts = []
            self.forward(frame)
        elif kind == b"s":
            self.start_worker()
        elif kind == b"i" and self.worker is not None:
            self.worker.signal(signal.SIGINT)
        elif kind == b"k" and self.worker is not None:
            self.end_worker()

    def forward(self, frame):
        if self.worker is None:
            return
        if frame.startswith(b'{"t":"exec",'):
            mark = "%s%d\x1e\n" % (self.mark_prefix, json.loads(frame)["id"])
            for budget in self.budgets.values():
                budget.begin(mark.encode())
        elif frame.startswith(b'{"t":"open",'):
            opening = json.loads(frame)
            self.mark_prefix = opening["mark"]
            for budget in self.budgets.values():
                budget.limit = opening["limits"]["output_bytes"]
        self.worker.to_send += frame + b"\n"
        self.flush_worker()

    # the worker

    def start_worker(self):
        if self.worker is not None:
            self.end_worker()
        self.worker = Worker(self.code)
        self.send("s", str(self.worker.process.pid).encode())
        self.flush_worker()

    def end_worker(self):
        worker, self.worker = self.worker, None
        message = worker.end()
        self.send("x", json.dumps({"message": message}).encode())

    def flush_worker(self):
        worker = self.worker
        try:
            while worker.to_send:
                del worker.to_send[: worker.socket.send(memoryview(worker.to_send)[:262144].tobytes())]
        except BlockingIOError:
            pass
        except OSError:
            worker.to_send.clear()

    def read_output(self):
        for kind, pipe in list(self.worker.outputs.items()):
            try:
                data = os.read(pipe, 65536)
            except BlockingIOError:
                continue
            if not data:
                del self.worker.outputs[kind]
                continue
            shown = self.budgets[kind].take(data)
            for start in range(0, len(shown), LINE_BYTES // 2):
                self.send(kind, base64.b64encode(shown[start : start + LINE_BYTES // 2]))

    def read_worker(self):
        try:
            data = self.worker.socket.recv(262144)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in (errno.ECONNRESET, errno.EPIPE):
                raise
            data = b""
        if not data:
            self.drain_output()
            self.end_worker()
            return
        start = len(self.worker.line)
        self.worker.line += data
        if self.worker.line.find(b"\n", start) < 0:
            if len(self.worker.line) > MAX_LINE_BYTES:
                self.end_worker()
            return
        *lines, rest = self.worker.line.split(b"\n")
        self.worker.line = rest
        for line in lines:
            if not line.startswith(ALLOWED):
                self.end_worker()
                return
            self.send_frame(bytes(line))

    def drain_output(self):
        """What the worker left in its pipes; its children may hold them open."""
        for _ in range(1000):
            if not self.worker.outputs or not select.select(list(self.worker.outputs.values()), [], [], 0)[0]:
                return
            self.read_output()

    def run(self):
        os.set_blocking(0, False)
        self.write(b"\n")
        self.control("b")
        beat = time.monotonic() + self.heartbeat_s
        while not self.stopping:
            worker = self.worker
            readable = [0]
            writable = []
            if worker is not None:
                if self.kept_bytes < MAX_KEPT_BYTES:
                    readable += [worker.socket.fileno(), *worker.outputs.values()]
                if worker.to_send:
                    writable.append(worker.socket.fileno())
            ready, free, _ = select.select(readable, writable, [], max(0.0, beat - time.monotonic()))
            if worker is not None and free:
                self.flush_worker()
            if worker is not None and any(pipe in ready for pipe in worker.outputs.values()):
                self.read_output()
            if worker is not None and worker.socket.fileno() in ready:
                self.read_worker()
            if 0 in ready:
                self.read_host()
            now = time.monotonic()
            if now >= beat:
                beat = now + self.heartbeat_s
                self.control("b")
                if now - self.heard > self.orphan_s:
                    break
        if self.worker is not None:
            self.worker.end()


def supervise(arguments, runner):
    options = dict(zip(arguments[::2], arguments[1::2]))
    Supervisor(runner, float(options.get("--heartbeat", "5")), float(options.get("--orphan", "600"))).run()
