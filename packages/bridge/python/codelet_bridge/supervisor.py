"""Stands between a carrier (this process's stdin and stdout) and the worker. It runs no user code, so it answers while the worker is stuck.

Lines are `@codelet <number> <kind> <payload>`, from a host `@codelet <host> <number> <kind> <payload>`; anything else is noise. Numbered lines are kept
until the other side has acknowledged them and sent again after `hello`; `-` marks lines that are not. Kinds to the host: f frame, p part of one, o and e
output in base64, s worker started, x worker ended; h hello, a ack, b heartbeat with the worker's CPU milliseconds. From the host: f, p, s start a worker,
i interrupt, k kill, r send the last step's lines again, d be left alone for some seconds; h hello, a ack, g ping.

A host that died is followed by another one, which says `adopt` in its hello: numbering starts over, and what the last step has sent and nobody can
have used up (calls without a result, output, answer, end) is held for it until it asks.
"""
import base64
import json
import marshal
import os
import re
import select
import signal
import sys
import time

from .host_lines import LINE_BYTES, MAGIC, HostLines
from .supervised_worker import OutputBudget, Worker, cpu_ms, stand_above
from .supervisor_step import LastStep

MAX_KEPT_BYTES = 96 << 20
TORN = b"\x18"  # before each hello, and in no payload: what stands before it is the rest of a connection that broke
LOOK_S = 0.5
NOTABLE_CPU_MS = 50
CALL_OF_RESULT = re.compile(rb'{"t":"result","s":\d+,"call":(\d+)')
ALLOWED = tuple(('{"t":"%s",' % name).encode() for name in ("bound", "call", "cancel", "final", "rich", "wake", "done", "file"))

class Supervisor:
    def __init__(self, runner, heartbeat_s, orphan_s, hash_seed, source, out):
        self.code = marshal.dumps(compile(runner, "<codelet>", "exec"))
        self.heartbeat_s = heartbeat_s
        self.orphan_s = self.patience_s = orphan_s
        self.hash_seed = hash_seed
        self.source = source
        self.lines = HostLines(out, orphan_s)
        self.worker = None
        self.host = None  # a name that the host gave itself
        self.hosts = set()  # also the ones before: a proxy may bring their hellos late
        self.left = None  # what it was told of the session that it took over
        self.left_key = None
        self.seen = 0
        self.unacknowledged = 0
        self.input = bytearray()
        self.parts = []
        self.budgets = {"o": OutputBudget(), "e": OutputBudget()}
        self.mark_prefix = ""
        self.is_opened = False
        self.max_unread = 20000
        self.asked = 0  # answers that the worker owes, and of these the ones that a dead host waited for
        self.unwanted = 0
        self.step = LastStep()
        self.last_key = ""  # of the step that was started last, also when its worker has ended since; None of one without
        self.heard = time.monotonic()
        self.beaten = float("-inf")
        self.cpu_ms = 0
        self.stopping = False

    def send_step(self, kind, payload):
        """What belongs to a step: not before a new host asks for it."""
        self.step.record(kind, payload)
        if not self.step.held:
            self.lines.send(kind, payload)

    # lines in

    def read_host(self):
        try:
            data = os.read(self.source, 262144)
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
            line = line.rpartition(TORN)[2]
            if line.startswith(MAGIC):
                host, number, kind, payload = bytes(line[len(MAGIC) :]).split(b" ", 3)
                if kind == b"h" or host.decode() == self.host:
                    self.handle_control(kind, payload) if number == b"-" else self.handle(int(number), kind, payload)
                elif self.host is not None:
                    self.lines.control("h", json.dumps({"host": self.host}))  # a host that was followed, and may not know yet

    def handle_control(self, kind, payload):
        if kind == b"h":
            self.greet(json.loads(payload))
        elif kind == b"a":
            self.lines.forget(int(payload))

    def greet(self, hello):
        """A provider may bring a hello twice: the same host adopts once."""
        if self.host is None or (hello.get("adopt") and hello["host"] not in self.hosts):
            self.lines.reset()
            self.seen = self.unacknowledged = 0
            self.parts = []
            self.host = hello["host"]
            self.hosts.add(self.host)
            self.left = self.step.describe() if self.worker and self.is_opened else None
            self.left_key = self.last_key
            self.unwanted = self.asked
        if hello["host"] != self.host:
            self.lines.control("h", json.dumps({"host": self.host}))
            return
        self.patience_s = self.lines.patience_s = self.orphan_s
        self.lines.forget(hello["seen"])
        answer = {"v": 1, "python": sys.version.split()[0], "host": self.host, "seen": self.seen, "patience": self.orphan_s}
        self.lines.control("h", json.dumps({**answer, "left": self.left, "last": self.left_key}))
        self.lines.repeat()

    def handle(self, number, kind, payload):
        if number != self.seen + 1:
            return  # seen before the connection was lost, or after a gap that the next hello fills
        self.seen = number
        self.unacknowledged += 1
        if self.unacknowledged >= 16 or kind != b"p":
            self.unacknowledged = 0
            self.lines.control("a", str(self.seen))
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
        elif kind == b"k":
            if self.worker is None:
                self.tell_end()
            else:
                self.step.held = False  # nobody will ask for it
                self.end_worker()
        elif kind == b"r":
            for line in self.step.release():
                self.lines.send(*line)
        elif kind == b"d":
            self.patience_s = self.lines.patience_s = float(payload)

    def forward(self, frame):
        if self.worker is None:
            self.tell_end()
            return
        if frame.startswith(b'{"t":"result",'):
            self.step.answered(int(CALL_OF_RESULT.match(frame).group(1)))
        elif frame.startswith(b'{"t":"exec",'):
            started = json.loads(frame)
            self.step = LastStep(started["id"])
            self.last_key = started.get("key")
            mark = "%s%d\x1e\n" % (self.mark_prefix, self.step.id)
            for budget in self.budgets.values():
                budget.begin(mark.encode())
        elif frame.startswith(b'{"t":"open",'):
            self.is_opened = True
            opening = json.loads(frame)
            self.max_unread = opening["limits"].get("unread_frames", self.max_unread)
            self.mark_prefix = opening["mark"]
            for budget in self.budgets.values():
                budget.limit = opening["limits"]["output_bytes"]
        if frame.startswith((b'{"t":"open",', b'{"t":"bind",', b'{"t":"file",')):
            self.asked += 1
        self.worker.send(frame)
        if self.is_opened and self.worker.unread > self.max_unread:
            self.end_worker("it asked without reading the answers")

    # the worker

    def start_worker(self):
        if self.worker is not None:
            self.end_worker()
        self.worker = Worker(self.code, self.hash_seed)
        self.step = LastStep()
        self.is_opened = False
        self.asked = self.unwanted = 0
        self.lines.send("s", str(self.worker.process.pid).encode())
        self.worker.flush()

    def end_worker(self, why=None):
        worker, self.worker = self.worker, None
        message, out_of_memory = worker.end()
        self.send_step("x", json.dumps({"message": why or message, "memory": out_of_memory}).encode())

    def tell_end(self):
        """To a new host that goes on without the step whose worker has ended since: it waits for an answer."""
        held = self.step.held
        for kind, payload in self.step.release():
            if held and kind == "x":
                self.lines.send(kind, payload)

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
                self.send_step(kind, base64.b64encode(shown[start : start + LINE_BYTES // 2]))

    def read_worker(self):
        lines = self.worker.read()
        if lines is None:
            self.drain_output()
            self.end_worker()
            return
        for line in lines:
            if not line.startswith(ALLOWED):
                self.end_worker()
                return
            if line.startswith((b'{"t":"bound",', b'{"t":"file",')):
                self.asked -= 1
                if self.unwanted > 0:
                    self.unwanted -= 1
                else:
                    self.lines.send("f", bytes(line))
            else:
                self.send_step("f", bytes(line))

    def drain_output(self):
        """What the worker left in its pipes; its children may hold them open."""
        for _ in range(1000):
            if not self.worker.outputs or not select.select(list(self.worker.outputs.values()), [], [], 0)[0]:
                return
            self.read_output()

    def run(self):
        stand_above()
        if os.getpid() != 1:  # the first process of a container gets no signal from its code that it does not ask for
            signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopping", True))
        signal.signal(signal.SIGINT, lambda *_: None)  # not one to ignore: the worker would inherit that
        try:
            self.serve()
        except (ConnectionError, TimeoutError):
            pass  # as an orphan
        finally:
            if self.worker is not None:
                self.worker.end()

    def serve(self):
        os.set_blocking(self.source, False)
        self.lines.write(b"\n")
        look = 0.0
        while not self.stopping:
            worker = self.worker
            readable = [self.source]
            writable = []
            if worker is not None:
                if self.lines.kept_bytes < MAX_KEPT_BYTES:
                    readable += [worker.socket.fileno(), *worker.outputs.values()]
                if worker.to_send:
                    writable.append(worker.socket.fileno())
            ready, free, _ = select.select(readable, writable, [], max(0.0, look - time.monotonic()))
            if worker is not None and free:
                worker.flush()
            if worker is not None and any(pipe in ready for pipe in worker.outputs.values()):
                self.read_output()
            if worker is not None and worker.socket.fileno() in ready:
                self.read_worker()
            if self.source in ready:
                self.read_host()
            now = time.monotonic()
            if now >= look:
                look = now + min(LOOK_S, self.heartbeat_s)
                self.beat(now)
                if now - self.heard > self.patience_s and not select.select([self.source], [], [], 0)[0]:  # what it said while this process wrote counts
                    break

    def beat(self, now):
        """Often while the worker computes: the host counts its processor time."""
        used_ms = cpu_ms() if self.worker else 0
        if now - self.beaten >= self.heartbeat_s or abs(used_ms - self.cpu_ms) > NOTABLE_CPU_MS:
            self.beaten, self.cpu_ms = now, used_ms
            self.lines.control("b", str(used_ms))


def supervise(arguments, runner):
    options = dict(zip(arguments[::2], arguments[1::2]))
    source, out = 0, 1
    if "--port" in options:
        from .supervisor_port import open_port

        address = os.environ.pop("CODELET_ADDRESS", "0.0.0.0")
        source, out = open_port(address, int(options["--port"]), os.environ.pop("CODELET_TOKEN"))
    heartbeat_s, orphan_s = float(options.get("--heartbeat", "2")), float(options.get("--orphan", "600"))
    Supervisor(runner, heartbeat_s, orphan_s, options.get("--hash-seed"), source, out).run()
