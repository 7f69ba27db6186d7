"""What a step reads of the world: kept for a replay, and in a replay read again from what was kept. One queue per source, in order."""
from collections import deque

from .limits import limits
from .wire import to_json

_MAX_READINGS = 10000
_MAX_READING_CHARS = 256 << 10  # the host counts both, too
_DIGITS = 20
CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


class Readings:
    def __init__(self):
        self.on = False
        self.left = {}  # by source, what the running step has not come to yet of an earlier run
        self.pending = deque()  # pairs of source and reading since the last frame that took some
        self.sent = self.sent_chars = self.chars = 0
        self.is_full = self.is_told = False
        self.behind = {}  # nanoseconds that a clock of this process lies behind the one that was read before
        self.skipped = 0.0  # seconds that event loops did not wait for
        self.node = None

    def begin(self, replay):
        self.pending.clear()
        self.sent = self.sent_chars = self.chars = 0
        self.is_full = self.is_told = False
        self.left = {source: deque(readings) for source, readings in replay.items() if type(readings) is list}
        self.on = True

    def end(self):
        self.on = False
        self.left = {}

    def take(self, source):
        """The next reading of the earlier run; None when there is none left, and the world has to be read."""
        queue = self.left.get(source)
        if not queue:
            return None
        try:
            return queue.popleft()
        except IndexError:  # another thread was faster
            return None

    def keep(self, source, reading, chars=0):
        if self.is_full or not self.on:
            return
        self.chars += chars
        if self.chars > _MAX_READING_CHARS or self.sent + len(self.pending) >= _MAX_READINGS:
            self.is_full = True
        else:
            self.pending.append((source, reading))

    def nanoseconds(self, clock, read):
        """A clock that goes on where the earlier run's stood; the time of day is what it is."""
        taken = self.take(clock)
        if taken is None:
            now = read() + self.behind.get(clock, 0)
        else:
            now = int(taken)
            if clock != "time":
                self.behind[clock] = now - read()
        self.keep(clock, now, _DIGITS)
        return now

    def entropy(self, size, read):
        taken = self.take("urandom")
        if taken is not None and len(taken) == 2 * size:
            data = bytes.fromhex(taken)
        else:
            if taken is not None:
                self.left.pop("urandom", None)  # other code than in the earlier run
            data = read(size)
        if self.on and not self.is_full:
            self.keep("urandom", data.hex() if size <= _MAX_READING_CHARS else "", 2 * size)
        return data

    def fields(self, size):
        """JSON fields of the next frame, which has `size` characters already, with what was read since the one before. The write lock is held."""
        try:
            if not self.pending and self.is_full == self.is_told:
                return ""
            text = to_json(self._drained())
        except Exception:
            text = ""  # code has been here
        if not text or size + len(text) > limits.frame_bytes - 1024:
            self.is_full = True
            text = '{"cut":true}'
        self.is_told = self.is_full
        return ',"readings":' + text

    def _drained(self):
        drained = {}
        for _ in range(len(self.pending)):
            source, reading = self.pending.popleft()
            if source in CLOCKS:
                reading = str(reading)  # more digits than a number of JSON keeps everywhere
            chars = len(reading) if type(reading) is str else 0
            if self.sent >= _MAX_READINGS or self.sent_chars + chars > _MAX_READING_CHARS:
                self.is_full = True  # threads have counted past each other
                self.pending.clear()
                break
            self.sent += 1
            self.sent_chars += chars
            drained.setdefault(source, []).append(reading)
        if self.is_full:
            drained["cut"] = True
        return drained
