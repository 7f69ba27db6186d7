"""sys.stdin; sys.stdout and sys.stderr: written line by line, capped inside the sandbox, and known to be drained before a step ends."""
import sys
from _thread import get_ident
from os import O_WRONLY, dup2, fstat
from os import close as os_close
from os import open as os_open
from os import stat as file_status
from os import write as os_write
from time import monotonic, sleep

from _io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper, _RawIOBase

from .channel import wait_for, write_rest
from .limits import limits


_OVERRUN = 16  # bytes past the budget, so that the host sees that there was more
_PAUSE = 0.0001
_PATIENCE = 0.5  # seconds of one step and stream


class _Stream(_RawIOBase):
    """A raw writer that drops what exceeds the step's budget, so that a flood costs the host nothing."""

    def __init__(self, fd, name, other):
        self._fd = fd
        self.other = other if _requests.get(other) else None  # None: the kernel can't say
        self.patience = _PATIENCE
        self.waiting = None  # the thread
        self.name = name
        self.mode = "wb"
        self.left = limits.output_bytes

    def write(self, data):
        with memoryview(data) as view:
            size = view.nbytes
            if self.left <= -_OVERRUN:
                return size
            rest = bytes(view[: self.left + _OVERRUN])
        self.left -= size
        while rest:
            try:
                rest = rest[os_write(self._fd, rest) :]
            except BlockingIOError:
                wait_for(self._fd, True)
        return size

    def let_read(self):
        """The host reads each stream by itself: what it has not read of the other one would come after this, which was written later."""
        if self.other is None or self.waiting == get_ident():  # a hook or signal handler of the code prints, too
            return
        try:
            self.waiting = get_ident()
            while self.patience > 0 and _unread(self.other):
                since = monotonic()
                sleep(_PAUSE)
                self.patience -= monotonic() - since
        finally:
            self.waiting = None

    def writable(self):
        return True

    def fileno(self):
        return self._fd


class _Buffer(BufferedWriter):
    """Waits while it holds no lock: a hook or signal handler that prints meanwhile would be refused."""

    def write(self, data):
        try:
            self.raw.let_read()
        finally:
            size = BufferedWriter.write(self, data)
        return size


class Output:
    def __init__(self, drain, devices=()):
        """`drain` are copies of descriptors 1 and 2; where a restored session could not have them, `devices` are the files that those are of."""
        self.drain = drain
        self.devices = devices
        self.raw = {}
        self.text = {}
        self.marks = {}  # of this step, by stream: the lengths written of its marker, None where nobody reads it
        _requests.update(zip(drain, map(_unread_request, drain)))
        self.identity = [(fd, _identity(copy)) for fd, copy in zip((1, 2), drain or devices)]
        sys.stdout = sys.__stdout__ = self._open(1, "stdout")
        sys.stderr = sys.__stderr__ = self._open(2, "stderr")

    def begin(self):
        """Fresh budgets, and streams that are ours again whatever the last step did to them."""
        self.marks = {}
        for fd, identity in self.identity:
            if _identity(fd) != identity:
                self._restore(fd)
        for raw in self.raw.values():
            raw.left, raw.patience, raw.waiting = limits.output_bytes, _PATIENCE, None
        if not _is_ours(self.text["stdout"], "stdout"):
            sys.stdout = sys.__stdout__ = self._open(1, "stdout")
        if not _is_ours(self.text["stderr"], "stderr"):
            sys.stderr = sys.__stderr__ = self._open(2, "stderr")
        if _is_ended(getattr(sys, "stdin", None)):
            open_standard_input()

    def _restore(self, fd):
        if self.drain:
            dup2(self.drain[fd - 1], fd)
            return
        try:
            opened = os_open(self.devices[fd - 1], O_WRONLY)
            if opened != fd:
                dup2(opened, fd)
                os_close(opened)
        except OSError:
            pass  # the code has removed the device, or holds every descriptor: its output stays where it has put it

    def _open(self, fd, name):
        self.raw[name] = _Stream(fd, "<%s>" % name, self.drain[2 - fd] if self.drain else None)
        self.text[name] = TextIOWrapper(_Buffer(self.raw[name]), "utf-8", "backslashreplace", line_buffering=True)
        return self.text[name]

    def note(self, text):
        """A line of the runner's own to the model, outside the budget."""
        try:
            self.raw["stderr"].left = len(text) + 1
            self.text["stderr"].write(text + "\n")
        except (OSError, ValueError):
            pass

    def flush_replacements(self):
        """What the code has put in the place of our streams may hold text back: flushed as at the end of a program. Runs user code."""
        for name, ours in self.text.items():
            stream = getattr(sys, name, None)
            if stream is not ours and stream is not None:
                try:
                    stream.flush()
                except Exception:
                    pass  # closed, or no stream

    def flush(self):
        for stream in self.text.values():
            try:
                stream.flush()
            except (OSError, ValueError):
                pass

    def marked(self, prefix, step):
        """Writes the step's marker, once, on each stream that the host has not read to its end; returns their names."""
        data = ("%s%d\x1e\n" % (prefix, step)).encode("ascii")
        for name, fd in zip(("stdout", "stderr"), self.drain):
            if name not in self.marks and _may_be_unread(fd):
                self.marks[name] = []
            while self.marks.get(name) is not None and sum(self.marks[name]) < len(data):
                try:
                    write_rest(fd, data, self.marks[name])
                except BlockingIOError:
                    wait_for(fd, True)
                except OSError as error:
                    if error.errno is None:
                        raise  # not the stream's: a signal handler of the code raised it
                    self.marks[name] = None
        return [name for name, written in self.marks.items() if written is not None]


def open_standard_input():
    """Descriptor 0 as Python opens it: where the platform has put something else in the place of `sys.stdin`, and after code closed that, as `exit()` does."""
    try:
        raw = FileIO(0, "r", closefd=False)
    except OSError:
        return  # the code has closed it
    raw.name = "<stdin>"
    sys.stdin = sys.__stdin__ = TextIOWrapper(BufferedReader(raw), "utf-8")


def _is_ours(stream, name):
    try:
        return getattr(sys, name) is stream and not stream.closed
    except (AttributeError, ValueError):  # deleted, detached
        return False


def _is_ended(stream):
    """Whether nothing more comes from what code may have put there: that need not have `closed`, and text whose bytes were detached raises."""
    try:
        return stream is None or getattr(stream, "closed", False) is True
    except Exception:
        return True


def _identity(file):
    """Of a descriptor or a path. A device is the same in another process, its inode need not be."""
    try:
        status = file_status(file)
        return status.st_rdev or status.st_ino
    except OSError:
        return None


try:
    import termios
    from fcntl import ioctl as _ioctl
    from stat import S_ISFIFO, S_ISSOCK
except ImportError:
    _ioctl = None
_requests = {}


def _unread_request(fd):
    """None where the kernel can't say, 0 where nobody reads."""
    if _ioctl is None:
        return None
    mode = fstat(fd).st_mode
    # Of a unix socket: what the other side has not taken yet.
    request = termios.TIOCOUTQ if S_ISSOCK(mode) else termios.FIONREAD if S_ISFIFO(mode) else 0
    try:
        if request != 0:
            _ioctl(fd, request, bytearray(4))
    except OSError:
        return None
    return request


def _may_be_unread(fd):
    """Whether the host may have something to read. Where the kernel can't say, it may."""
    try:
        return _unread(fd)
    except BaseException:  # also what a signal handler or an audit hook of the code raises
        return True


def _unread(fd):
    request = _requests[fd]
    if request == 0:
        return False
    answer = bytearray(4)  # of this thread
    _ioctl(fd, request, answer)
    return answer != b"\0\0\0\0"
