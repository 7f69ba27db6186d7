"""The worker as its supervisor sees it."""
import errno
import os
import signal
import socket
import subprocess
import sys

MAX_LINE_BYTES = 80 << 20  # more than the host takes of a frame: nobody would read it

BOOT = """import marshal, os, sys
sys.path[:] = [folder for folder in sys.path if folder]
try:
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
except OSError:
    pass
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

    def __init__(self, code, hash_seed):
        ours, theirs = socket.socketpair()
        self.lifeline, their_lifeline = socket.socketpair()
        fd, lifeline = theirs.fileno(), their_lifeline.fileno()
        command = [sys.executable, "-s", "-c", BOOT, "--frames", str(fd), "--source", str(len(code)), "--lifeline", str(lifeline)]
        environment = dict(os.environ, PYTHONHASHSEED=hash_seed or "random", PYTHONDONTWRITEBYTECODE="1")
        pipes = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(fd, lifeline), bufsize=0)
        self.process = subprocess.Popen(command, env=environment, start_new_session=True, **pipes)
        self.killed_for_memory = memory_kills()
        theirs.close()
        their_lifeline.close()
        self.socket = ours
        self.to_send = bytearray(code)
        self.unread = 0  # frames since it had read all of them
        self.line = bytearray()
        self.outputs = {"o": self.process.stdout.fileno(), "e": self.process.stderr.fileno()}
        ours.setblocking(False)
        for pipe in self.outputs.values():
            os.set_blocking(pipe, False)

    def send(self, frame):
        self.to_send += frame + b"\n"
        self.flush()
        self.unread = self.unread + 1 if self.to_send else 0

    def flush(self):
        try:
            while self.to_send:
                del self.to_send[: self.socket.send(memoryview(self.to_send)[:262144].tobytes())]
        except BlockingIOError:
            pass
        except OSError:
            self.to_send.clear()

    def read(self):
        """The lines that are whole; None when it has ended, or sends one that is longer than any."""
        try:
            data = self.socket.recv(262144)
        except BlockingIOError:
            return []
        except OSError as error:
            if error.errno not in (errno.ECONNRESET, errno.EPIPE):
                raise
            return None
        if not data:
            return None
        start = len(self.line)
        self.line += data
        if self.line.find(b"\n", start) < 0:
            return None if len(self.line) > MAX_LINE_BYTES else []
        *lines, self.line = self.line.split(b"\n")
        return lines

    def signal(self, number, group=False):
        try:
            if self.process.poll() is None:
                os.killpg(self.process.pid, number) if group else os.kill(self.process.pid, number)
        except OSError:
            pass

    def end(self):
        """Kills it with what it has started; returns how it ended."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            pass
        code = self.process.wait()
        end_orphans()
        self.socket.close()
        self.lifeline.close()
        self.process.stdout.close()
        self.process.stderr.close()
        out_of_memory = code == -signal.SIGKILL and memory_kills() > self.killed_for_memory
        return "exit code %d" % code if code >= 0 else "signal %s" % signal_name(-code), out_of_memory


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)  # most real-time signals have none


def cpu_ms():
    """Of the worker and whatever it started that is alive or waited for, also away from its process group; 0 where the system doesn't say."""
    children = {}
    ticks = {}
    try:
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open("/proc/%s/stat" % name) as file:
                        fields = file.read().rpartition(")")[2].split()
                except OSError:
                    continue
                children.setdefault(int(fields[1]), []).append(int(name))
                ticks[int(name)] = sum(map(int, fields[11:15]))
        below = list(children.get(os.getpid(), ()))
        for pid in below:
            below += children.get(pid, ())
        return sum(ticks[pid] for pid in below) * 1000 // os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0


def stand_above():
    """On Linux only. Daemons of the worker become children of this process (PR_SET_CHILD_SUBREAPER, 36), and end with it. Nobody but root reaches into this
    process, not into its streams, its memory or its variables (PR_SET_DUMPABLE, 4): else code could speak for it, and for the host."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    except Exception:
        pass


def end_orphans():
    """Whoever is a child of this process once the worker is gone; a few times, since they may leave children of their own."""
    own = "/proc/%d/task/%d/children" % (os.getpid(), os.getpid())
    for _ in range(20):
        if os.getpid() == 1:
            try:
                os.kill(-1, signal.SIGKILL)  # all of a container at once: faster than any of them can fork
            except OSError:
                pass
        try:
            with open(own) as file:
                orphans = [int(pid) for pid in file.read().split()]
        except OSError:
            return
        if not orphans:
            return
        for pid in orphans:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except OSError:
                pass


def memory_kills():
    """How many processes of this control group the kernel has ended for want of memory."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path) as file:
                for line in file:
                    if line.startswith("oom_kill "):
                        return int(line.split()[1])
        except (OSError, ValueError):
            pass
    return 0


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
