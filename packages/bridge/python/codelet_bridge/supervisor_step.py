"""What the last step has sent, for a host that takes a session over from one that died."""
import re

_MAX_BYTES = 64 << 20
_LINE_BYTES = 250  # what a line takes beside its payload
_MAX_NUMBERS = 3000  # a longer description would fit no line
_SEQUENCE = re.compile(rb'{"t":"(\w+)","s":(\d{1,15})\b(?:,"call":(\d{1,15})\b)?')


class LastStep:
    """Its calls keep the numbers that they had for the first host, so that a result that was kept finds its call."""

    def __init__(self, id=0):
        self.id = id
        self.running = id > 0
        self.lines = {}  # in order; calls by their frame's number, others by a name of their own
        self.numbers = {}  # of the calls that wait for a result
        self.calls = 0
        self.recorded = 0
        self.bytes = 0
        self.is_complete = True
        self.held = False

    def record(self, kind, payload):
        if not self.id or not self.is_complete:
            return
        self.recorded += 1
        key = -self.recorded
        if kind == "f":
            parsed = _SEQUENCE.match(payload)
            if parsed is None:
                return  # a forgery, which the host refuses
            type, number, call = parsed.groups()
            if type == b"call":
                self.calls += 1
                key = int(number)
                self.numbers[key] = self.calls
            elif type == b"cancel":
                self.answered(int(call or 0))
                return
            elif type == b"wake":
                key = "wake"
                self.forget(key)
            elif type == b"done":
                self.running = False
        elif kind == "x":
            self.running = False
        size = len(payload) + _LINE_BYTES
        if self.bytes + size > _MAX_BYTES or len(self.numbers) > _MAX_NUMBERS:
            self.is_complete = False  # for good: what is missing once can't be had again
            self.lines.clear()
            self.numbers.clear()
            return
        self.bytes += size
        self.lines[key] = (kind, payload)

    def answered(self, call):
        self.numbers.pop(call, None)
        self.forget(call)

    def forget(self, key):
        line = self.lines.pop(key, None)
        if line is not None:
            self.bytes -= len(line[1]) + _LINE_BYTES

    def describe(self):
        """Holds what comes from now on: `release` sends it."""
        self.held = self.id > 0
        return {"step": self.id, "running": self.running, "calls": self.calls, "numbers": self.numbers, "complete": self.is_complete}

    def release(self):
        self.held = False
        return list(self.lines.values())
