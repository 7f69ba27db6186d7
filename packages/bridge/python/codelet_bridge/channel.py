"""The byte stream to the host over a file descriptor that user code finds only by looking for it."""
import sys
from errno import EBADF, ECONNRESET, EIO, ENOTCONN, EPIPE
from os import _exit as exit_now
from os import read as os_read
from os import write as os_write

from _io import BlockingIOError as WouldBlock


_CLOSED = (EBADF, ECONNRESET, EIO, ENOTCONN, EPIPE)
_SMALL_READ = 16384  # a larger buffer costs an mmap per read
_LARGE_READ = 1048576


class HostGone(BaseException):
    """The stream has ended: nothing that code could do matters any more."""


class FdChannel:
    """A socket or pipe. `drain` are private copies of the real stdout and stderr, where the host reads those by itself."""

    __slots__ = ("fd", "out_fd", "selectable", "drain", "devices")

    def __init__(self, fd, out_fd=None, drain=()):
        self.fd = fd
        self.out_fd = fd if out_fd is None else out_fd
        self.drain = drain
        self.devices = ()
        self.selectable = True

    def read(self, parts):
        """Adds at least one byte to `parts`, of a long frame as many as there are; the process ends with its host."""
        while True:
            try:
                _read_part(self.fd, parts)
            except WouldBlock:
                wait_for(self.fd, False)
                continue
            except OSError as error:
                if error.errno not in _CLOSED:
                    raise  # not the channel's: a signal handler of the code raised it
                exit_now(0)
            if not parts[-1]:
                exit_now(0)
            return

    def write(self, data, written):
        """What `written`, a list of lengths, lacks of `data`; what a signal handler of the code raises is raised when all of it is out."""
        raised = None
        blocked = False
        while True:
            try:
                if blocked:
                    blocked = False
                    wait_for(self.out_fd, True)
                write_rest(self.out_fd, data, written)
                break
            except WouldBlock:
                blocked = True
            except OSError as error:
                if error.errno in _CLOSED:
                    exit_now(0)
                raised = error
            except BaseException as error:
                raised = error
        if raised is not None:
            raise raised


class DeviceChannel:
    """Pyodide's device files: blocking reads, no select, no threads. `devices` are the paths of stdout and stderr."""

    __slots__ = ("fd", "out_fd", "selectable", "drain", "devices")

    def __init__(self, fd, out_fd, devices=()):
        self.fd = fd
        self.out_fd = out_fd
        self.selectable = False
        self.drain = ()
        self.devices = devices

    def read(self, parts):
        _read_part(self.fd, parts)
        if not parts[-1]:
            parts.pop()
            raise HostGone

    def write(self, data, written):
        write_rest(self.out_fd, data, written)


def _read_part(fd, parts):
    # As below: one C call reads and keeps.
    parts.extend(map(os_read, (fd,), (_LARGE_READ if parts else _SMALL_READ,)))


def write_rest(fd, data, written):
    while sum(written) < len(data):
        # One C call writes and keeps the length: signal handlers run between bytecodes, and what raised there would lose it.
        written.extend(map(os_write, (fd,), (data[sum(written) :],)))


def wait_for(fd, writable):
    import select

    select.select([] if writable else [fd], [fd] if writable else [], [])


def is_readable(fd):
    import select

    return bool(select.select([fd], [], [], 0)[0])


def private_copy(fd):
    """A copy above the numbers that code likes to close, gone in programs that it starts."""
    import fcntl

    for lowest in (800, 200, 50):
        try:
            return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
        except OSError:
            continue
    return fd


def die_with_host(fd):
    """`fd` is one end of a pair on which the host writes nothing: when the other end is gone, the kernel kills this process, also in busy C code."""
    import fcntl

    try:
        fcntl.fcntl(fd, 10, 9)  # F_SETSIG, SIGKILL: no constant in the module
        fcntl.fcntl(fd, fcntl.F_SETOWN, __import__("os").getpid())
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | fcntl.FASYNC)
    except (AttributeError, OSError, ValueError):
        import _thread

        _thread.start_new_thread(lambda: os_read(fd, 1) or exit_now(0), ())
        return
    if sys.platform != "linux":
        return
    if is_readable(fd):  # the host was gone before the kernel knew whom to kill
        exit_now(0)
