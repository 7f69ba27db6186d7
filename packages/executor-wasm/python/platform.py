"""What this sandbox is to Python, as the module `codelet_platform`: runs once, before the memory snapshot.

It must leave no JavaScript object in any reachable name: a snapshot can't hold one.
"""

import errno
import os
import struct
import sys
import time

FRAMES = 3
OUTPUTS = ("/dev/codelet-stdout", "/dev/codelet-stderr")
_SLEEP = 4
_CHECKPOINT = 1

_monotonic = time.monotonic
_current_folder, _enter_folder = os.getcwd, os.chdir
_time = struct.Struct("<d")
_write = os.write


def sleep(seconds, /):
    """Suspend execution for some seconds. Pyodide's own burns CPU and can't be interrupted."""
    seconds = float(seconds) if hasattr(seconds, "__float__") else float(seconds.__index__())
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _write(_SLEEP, _time.pack(_monotonic() + seconds))


def _unavailable(name):
    def refuse(*args, **kwargs):
        raise OSError(errno.ENOSYS, "os.%s is not available: this sandbox runs no other programs" % name)

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def _close_processes():
    """Emscripten's own answers are -1, a fatal error of the interpreter, or nothing at all."""
    for name in (
        "system popen fork forkpty posix_spawn posix_spawnp execv execve execl execle execlp execlpe execvp execvpe"
        " spawnv spawnve spawnvp spawnvpe spawnl spawnle spawnlp spawnlpe"
    ).split():
        for module in (os, sys.modules["posix"]):
            if hasattr(module, name) or module is os:
                setattr(module, name, _unavailable(name))


def _leave_javascript_loop():
    """Pyodide's event loop needs JavaScript's, which stands still while Python runs. The bridge brings its own."""
    import asyncio
    from asyncio import events, runners

    events._set_running_loop(None)
    events._event_loop_policy = None
    asyncio.run = runners.run


def _fix_environment():
    """Pyodide sets this at every start; nothing is linked at run time."""
    for name in ("LD_LIBRARY_PATH", "PYTHONINSPECT"):
        os.environ.pop(name, None)
    sys.argv[:] = [""]
    sys.executable = sys._base_executable = ""


def _reseed():
    """What was drawn before the snapshot would be drawn again in every process."""
    import random
    import tempfile

    random.seed()
    tempfile._name_sequence = None


_PREIMPORTED = """
abc argparse array ast asyncio base64 bisect calendar cmath collections.abc colorsys concurrent.futures contextlib contextvars copy csv ctypes dataclasses
datetime decimal difflib email.mime.multipart email.mime.text enum fnmatch fractions functools gc getpass glob graphlib gzip hashlib heapq hmac
html.parser http.client importlib.metadata importlib.resources inspect io ipaddress itertools json keyword linecache locale logging math mimetypes
numbers operator os pathlib pickle platform pprint queue random re reprlib sched secrets select selectors shlex shutil signal socket sqlite3 ssl
statistics string struct subprocess sys tempfile textwrap threading timeit token tokenize tomllib traceback types typing unicodedata unittest
urllib.parse urllib.request uuid warnings weakref xml.etree.ElementTree zipfile zlib zoneinfo
"""


def _preimport():
    """Without a snapshot, importing one of these takes 5 to 200 ms."""
    import importlib
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _PREIMPORTED.split():
            try:
                importlib.import_module(name)
            except ImportError:
                pass  # Pyodide leaves out a few


_serve = None
_folder = None  # where code was at the last checkpoint


def use(serve):
    """`serve()` runs the host's frames until it is to be called again after a checkpoint (True) or the host is gone (False)."""
    global _serve
    _serve = serve


def main(start):
    """Called by JavaScript: in a "new" process, in one with a "restored" state, and again ("continued") after each checkpoint."""
    global _folder
    if start != "continued":
        _fix_environment()
    if start == "new":
        _reseed()
    if start == "restored":
        try:
            _enter_folder(_folder)
        except OSError:
            pass  # no folder of the session's, which is all that is restored
    if not _serve():
        return 0
    _folder = _current_folder()
    return _CHECKPOINT


_preimport()
_close_processes()
_leave_javascript_loop()
_fix_environment()
time.sleep = sleep
