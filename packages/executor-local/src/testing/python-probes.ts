/** Python for the beginning of a program: `attempt` says that the system did something, or why it refused; `call` is of the C library. */
export const attempts = `
import ctypes, os, socket
def attempt(act):
    try:
        act()
        return "done"
    except OSError as error:
        return os.strerror(error.errno)
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
`;

/** A program whose value is the descriptors that it could use, and the files behind those of all processes that it may look at. */
export const listDescriptors = `
import os
def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False
def of_process(pid):
    try:
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []
shown = [target for pid in os.listdir("/proc") if pid.isdigit() for target in of_process(pid)]
[[fd for fd in range(4096) if is_open(fd)], [target for target in shown if target.startswith("/") and not target.startswith(("/dev/null", "/proc/"))]]
`;
