"""SIGINT raises KeyboardInterrupt in user code only: never in the runner's own, never after the step it was meant for, never between two callbacks of
an event loop, which would lose one of them and leave its task waiting for ever."""
import _signal

from .codec_libraries import loaded_modules
from .errors import sources


class Interrupts:
    __slots__ = ("armed", "pending", "raised", "once", "_step", "_set_signal", "_set_mask", "_handler")

    def __init__(self):
        self.armed = False
        self.pending = False
        self.raised = False
        self.once = False  # where the host repeats its signal because one may get lost
        self._step = 0
        self._set_signal = _signal.signal
        self._set_mask = getattr(_signal, "pthread_sigmask", None)
        self._handler = self._on_interrupt

    def install(self):
        """Again before every step: code may have taken or blocked the signal."""
        try:
            if _signal.getsignal(_signal.SIGINT) is not self._handler:
                self._set_signal(_signal.SIGINT, self._handler)
            if self._set_mask is not None:
                self._set_mask(_signal.SIG_UNBLOCK, (_signal.SIGINT,))
        except (ValueError, OSError):
            pass

    def _on_interrupt(self, number, frame):
        if not self.armed:
            self.pending = True
            return
        loop = loop_between_callbacks(frame)
        if loop is None:
            self._raise()
        step = self._step
        loop.call_soon_threadsafe(lambda: self._raise() if self.armed and step == self._step else None)

    def _raise(self):
        self.armed = not self.once
        self.raised = True
        raise KeyboardInterrupt

    def begin(self):
        """A new step: what arrived before it was meant for another one."""
        self.pending = False
        self.raised = False
        self._step += 1

    def arm(self):
        self.armed = True
        if self.pending:
            self.pending = False
            self._raise()

    def disarm(self):
        was = self.armed
        self.armed = False
        return was


interrupts = Interrupts()


def loop_between_callbacks(frame):
    """The running event loop, if it is the loop itself that runs and no callback or task of the code."""
    try:
        loop = loaded_modules["_asyncio"]._get_running_loop()  # never imported here: that takes asyncio with it
    except (KeyError, AttributeError):
        return None
    while loop is not None and frame is not None:
        code = frame.f_code
        if code.co_filename in sources:
            return None
        if code.co_name in ("_run_once", "run_forever") and "asyncio" in code.co_filename:
            return loop
        frame = frame.f_back
    return None
