"""SIGINT raises KeyboardInterrupt in user code only: never in the runner's own, never after the step it was meant for."""
import _signal


class Interrupts:
    __slots__ = ("armed", "pending", "raised", "_set_signal", "_handler")

    def __init__(self):
        self.armed = False
        self.pending = False
        self.raised = False
        self._set_signal = _signal.signal
        self._handler = self._on_interrupt

    def install(self):
        """Again before every step: code may have taken the signal."""
        try:
            if _signal.getsignal(_signal.SIGINT) is not self._handler:
                self._set_signal(_signal.SIGINT, self._handler)
        except (ValueError, OSError):
            pass

    def _on_interrupt(self, number, frame):
        if self.armed:
            self.armed = False
            self.raised = True
            raise KeyboardInterrupt
        self.pending = True

    def begin(self):
        """A new step: what arrived before it was meant for another one."""
        self.pending = False
        self.raised = False

    def arm(self):
        self.armed = True
        if self.pending:
            self.pending = False
            self.armed = False
            self.raised = True
            raise KeyboardInterrupt

    def disarm(self):
        was = self.armed
        self.armed = False
        return was


interrupts = Interrupts()
