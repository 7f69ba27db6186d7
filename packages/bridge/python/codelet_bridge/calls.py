"""Host calls of all threads over one channel without a thread of its own: whoever waits first reads for everybody (leader and followers)."""
from _thread import allocate_lock, get_ident
from collections import deque

from .channel import is_readable
from .wire import from_json


class Slot:
    """One call that waits for its result."""

    __slots__ = ("id", "frame", "wake", "loop", "future")

    def __init__(self, call_id):
        self.id = call_id
        self.frame = None
        self.wake = None
        self.loop = None
        self.future = None


class Calls:
    def __init__(self, channel):
        self.channel = channel
        self.lock = allocate_lock()
        # Number, text and written lengths of the last frame, and the host's frame that was answered last; one assignment, so that no signal handler sees half of it.
        self.frame = (0, b"", [], None)
        self.write_lock = allocate_lock()
        self.rest = []  # parts of a frame that is not complete yet
        self.lines = []  # frames that are, the first one last
        self.reader = None
        self.followers = 0
        self.waiting = {}
        self.active = False
        self.forked = False
        self.control = deque()
        self.control_slot = Slot(0)
        self.readings = None

    # sending

    def send(self, head, tail):
        """Writes `head` + sequence number + `tail` as one line; both are JSON text."""
        with self.write_lock:
            self._write(head, tail)

    def answer(self, frame, head, tail):
        """Answers a frame of the host, once; called again, it sends what was not sent yet."""
        if self.frame[3] is not frame:
            with self.write_lock:
                self._write(head, tail, frame)
        self.complete()

    def complete(self):
        with self.write_lock:
            if self.frame[1]:
                self._complete()

    def _write(self, head, tail, answered=None):
        if self.frame[1]:
            self._complete()
        number = self.frame[0] + 1
        data = ('%s,"s":%d%s}\n' % (head, number, tail)).encode("ascii")
        self.frame = (number, data, [], self.frame[3] if answered is None else answered)
        self._complete()

    def _complete(self):
        """Writes what is left of the last frame, also when a signal handler of the code raised in its middle."""
        number, data, written, answered = self.frame
        self.channel.write(data, written)
        self.frame = (number, b"", written, answered)

    def start(self, call, loop=None, future=None):
        """Sends a call (JSON fields after a comma), whose id is its frame's sequence number; None when no step runs."""
        if self.forked:
            raise RuntimeError("host tools can't be called from a forked process")
        slot = None
        try:
            with self.write_lock:
                with self.lock:
                    if not self.active:
                        return None
                    slot = Slot(self.frame[0] + 1)
                    slot.loop = loop
                    slot.future = future
                    self.waiting[slot.id] = slot
                self._write('{"t":"call"', call if self.readings is None else call + self.readings.fields(len(call)))
        except BaseException:
            if slot is not None:
                self.cancel(slot)
            raise
        return slot

    def cancel(self, slot):
        with self.lock:
            given_up = self.waiting.pop(slot.id, None)
        if given_up is not None and not self.forked:
            self.send('{"t":"cancel"', ',"call":%d' % slot.id)

    def end_step(self):
        """From here on calls are refused. Threads and tasks that still wait get an error."""
        with self.lock:
            self.active = False
        for slot in list(self.waiting.values()):
            self._settle(slot, {"error": {"name": "StepEnded", "message": "the step ended before the tool answered"}})
            self.waiting.pop(slot.id, None)

    # receiving

    def wait(self, slot):
        """Blocks this thread until the slot has its frame; reads the channel when nobody else does."""
        me = get_ident()
        while slot.frame is None:
            if self.reader == me:
                raise RuntimeError("a signal handler can't call a tool while the code it interrupted waits for one")
            wake = None
            try:
                with self.lock:
                    if slot.frame is not None:
                        break
                    if self.reader is None:
                        self.reader = me
                    else:
                        wake = slot.wake = allocate_lock()
                        wake.acquire()
                        self.followers += 1
                if wake is not None:
                    wake.acquire()
                    continue
                while slot.frame is None:
                    self._receive()
            finally:
                if self.reader == me:
                    self.reader = None  # not in a function, at whose start a signal handler may raise
                    self._wake_heir()
        return slot.frame

    def next_control(self):
        """The host's next frame that is no result. It stays the next one until it is taken from `control`."""
        slot = self.control_slot
        while not self.control:
            slot.frame = None
            if not self.control:
                self.wait(slot)
        return self.control[0]

    def read_ready(self):
        """For event loops: reads once, if there is something and no thread is at it."""
        me = get_ident()
        if self.reader is not None:
            return
        try:
            with self.lock:
                if self.reader is not None:
                    return
                self.reader = me
            if self.lines or not self.channel.selectable or is_readable(self.channel.fd):
                self._receive()
        finally:
            if self.reader == me:
                self.reader = None
                self._wake_heir()

    def _wake_heir(self):
        """For a reader that stops: whoever waits for it goes on reading."""
        with self.lock:
            if self.followers == 0:
                return
            for heir in [self.control_slot, *self.waiting.values()]:
                if heir.wake is not None and heir.frame is None:
                    self._wake(heir)
                    return

    def _wake(self, slot):
        wake = slot.wake
        slot.wake = None
        self.followers -= 1
        wake.release()

    def _receive(self):
        """Reads once. Every statement keeps what it has got: a signal handler of the code may raise after any of them."""
        if not self.lines:
            if not self.rest or b"\n" not in self.rest[-1]:
                self.channel.read(self.rest)
            data = self.rest[-1]
            if data[-1:] != b"\n" and b"\n" not in data:
                return
            lines = b"".join(self.rest).split(b"\n")
            lines.reverse()
            self.rest, self.lines = [lines[0]] if lines[0] else [], lines
            lines[0] = b""
        lines = self.lines
        while lines:
            if not lines[-1]:
                lines.pop()
                continue
            if type(lines[-1]) is bytes:
                lines[-1] = from_json(lines[-1])
            self._dispatch(lines[-1])

    def _dispatch(self, frame):
        if frame["t"] == "result":
            with self.lock:
                slot = self.waiting.get(frame["call"])
            if slot is not None:
                self._settle(slot, frame)
                with self.lock:
                    self.waiting.pop(frame["call"], None)  # last: a handler of the code may raise in between, and the line is read again
            self.lines.pop()
        elif frame["t"] == "wake":
            self.lines.pop()
        else:
            self.control.extend(map(self.lines.pop, (-1,)))  # one C call: never lost, never twice
            self._settle(self.control_slot, frame)

    def _settle(self, slot, frame):
        with self.lock:
            slot.frame = frame
            if slot.wake is not None:
                self._wake(slot)
        if slot.loop is not None:
            try:
                slot.loop.call_soon_threadsafe(_resolve, slot)
            except RuntimeError:
                pass  # the loop is closed: nobody waits any more


def _resolve(slot):
    if not slot.future.done():
        slot.future.set_result(slot.frame)
