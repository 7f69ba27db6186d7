"""Puts functions that read the world through a session's readings in the place of Python's own. Only sessions that are replayable have them."""
import sys

from .after_loading import AfterLoading
from .readings import CLOCKS, Readings
from .replayed_loops import watch_loops

_caller = sys._getframe
# What these read, and how often, depends on how long things take: it says nothing of the code, and is never repeated.
_INTERNAL = frozenset(
    "asyncio threading queue selectors concurrent multiprocessing subprocess socket socketserver ssl codelet_bridge codelet_platform".split()
)


class _Internal(dict):
    """Whether a module is one of those, by its name."""

    def __missing__(self, name):
        answer = type(name) is str and name.partition(".")[0] in _INTERNAL
        if len(self) < 1000:
            self[name] = answer
        return answer


_internal = _Internal()


def observe_world(calls):
    """Readings of this interpreter, for good: what code holds of it by now, it holds."""
    import os
    import random
    import time

    readings, urandom, read_ns = Readings(), os.urandom, time.time_ns
    replaced = {}
    for function, stand_in in _time_functions(readings, time) + _system_functions(readings, os):
        replaced[id(function)] = _callable_like(function, stand_in)
    _observe_dates(readings, read_ns)
    _observe_random(readings, random, urandom)
    sys.modules.pop("timeit", None)  # its defaults hold a clock
    _replace_everywhere(replaced)
    late = {
        "uuid": lambda module: _observe_uuid(readings, module, urandom),
        "asyncio": lambda module: watch_loops(readings, calls, module),
    }
    for name in list(late):
        if name in sys.modules:
            late.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, AfterLoading(late))
    return readings


def _callable_like(function, stand_in):
    """An object that is called: as a class's attribute it becomes no method, like a built-in function and unlike one of Python."""
    name = function.__name__
    kind = type(
        "builtin_function_or_method",
        (),
        {
            "__module__": "builtins",
            "__call__": staticmethod(stand_in),
            "__repr__": lambda self: repr(function),
            "__reduce_ex__": lambda self, protocol: name,
        },
    )
    made = kind()
    made.__dict__.update(__name__=name, __qualname__=name, __doc__=function.__doc__, __module__=function.__module__)
    return made


def _replace_everywhere(replaced):
    """Also where a module has taken one for itself with `from time import time`."""
    for name, module in list(sys.modules.items()):
        if not isinstance(module, type(sys)) or _internal[name]:
            continue
        names = module.__dict__
        for key, value in list(names.items()):
            if id(value) in replaced:
                names[key] = replaced[id(value)]


def _time_functions(readings, time):
    pairs = []
    for clock in CLOCKS:
        if hasattr(time, clock):
            read, read_ns = getattr(time, clock), getattr(time, clock + "_ns")
            pairs += [(read, _seconds(readings, clock, read, read_ns)), (read_ns, _nanoseconds(readings, clock, read_ns))]
    read_ns, localtime = time.time_ns, time.localtime

    def now():
        return readings.nanoseconds("time", read_ns) // 10**9

    for name in ("localtime", "gmtime", "ctime"):
        pairs.append((getattr(time, name), _of_seconds(getattr(time, name), now)))
    strftime, asctime, sleep = time.strftime, time.asctime, time.sleep

    def formatted(format, *moment):
        if not moment and not _internal[_caller(1).f_globals.get("__name__")]:
            moment = (localtime(now()),)
        return strftime(format, *moment)

    def printed(*moment):
        if not moment and not _internal[_caller(1).f_globals.get("__name__")]:
            moment = (localtime(now()),)
        return asctime(*moment)

    def slept(seconds, /):
        if _internal[_caller(1).f_globals.get("__name__")]:
            return sleep(seconds)
        is_time = type(seconds) in (int, float) and seconds >= 0
        if not is_time or readings.take("sleep") is None:
            sleep(seconds)
        readings.keep("sleep", 1)

    return pairs + [(strftime, formatted), (asctime, printed), (sleep, slept)]


def _seconds(readings, clock, read, read_ns):
    def seconds():
        if _internal[_caller(1).f_globals.get("__name__")]:
            return read()
        return readings.nanoseconds(clock, read_ns) / 1e9

    return seconds


def _nanoseconds(readings, clock, read_ns):
    def nanoseconds():
        if _internal[_caller(1).f_globals.get("__name__")]:
            return read_ns()
        return readings.nanoseconds(clock, read_ns)

    return nanoseconds


def _of_seconds(convert, now):
    def converted(seconds=None, /):
        if seconds is None and not _internal[_caller(1).f_globals.get("__name__")]:
            seconds = now()
        return convert(seconds)

    return converted


def _system_functions(readings, os):
    urandom, getpid = os.urandom, os.getpid

    def random_bytes(size, /):
        if type(size) is not int or size < 0 or _internal[_caller(1).f_globals.get("__name__")]:
            return urandom(size)
        return readings.entropy(size, urandom)

    def process():
        if _internal[_caller(1).f_globals.get("__name__")]:
            return getpid()
        taken = readings.take("pid")
        pid = getpid() if taken is None else taken
        readings.keep("pid", pid)
        return pid

    pairs = [(urandom, random_bytes), (getpid, process)]
    if hasattr(os, "getrandom"):
        getrandom = os.getrandom

        def more_random_bytes(size, flags=0):
            if type(size) is not int or size < 0 or _internal[_caller(1).f_globals.get("__name__")]:
                return getrandom(size, flags)
            return readings.entropy(size, lambda size: getrandom(size, flags))

        pairs.append((getrandom, more_random_bytes))
    return pairs


def _observe_random(readings, random, urandom):
    """Generators without a seed: they take theirs from the system in C."""
    seed_with = random.Random.seed

    def seed(self, a=None, version=2):
        if a is None and readings.on:
            a = int.from_bytes(readings.entropy(32, urandom), "big")
        seed_with(self, a, version)

    random.Random.seed = _named_as(seed_with, seed)
    random.seed = random._inst.seed


def _observe_uuid(readings, module, urandom):
    """uuid1 and its like tell the machine's address, which another machine does not have."""
    for name in ("uuid1", "uuid6"):
        if hasattr(module, name):
            setattr(module, name, _without_address(readings, getattr(module, name), urandom))


def _without_address(readings, make, urandom):
    def without_address(node=None, clock_seq=None):
        if node is None and readings.on:
            if readings.node is None:
                readings.node = int.from_bytes(readings.entropy(6, urandom), "big") | 1 << 40
            node = readings.node
        return make(node, clock_seq)

    return _named_as(make, without_address)


def _observe_dates(readings, read_ns):
    """Types of C can't be given other methods, but their namespaces can; the interpreter is told by an attribute that any type may have."""
    import gc

    from _datetime import date, datetime, timezone
    from _warnings import warn

    of_date, of_datetime = (gc.get_referents(kind.__dict__)[0] for kind in (date, datetime))
    real_now, real_utcnow, real_today, from_timestamp, combine = (
        of_datetime["now"],
        of_datetime["utcnow"],
        of_date["today"],
        of_datetime["fromtimestamp"],
        of_datetime["combine"],
    )
    utc = timezone.utc
    discouraged = sys.version_info >= (3, 12)

    def microseconds():
        return readings.nanoseconds("time", read_ns) // 1000 / 1e6

    def now(cls, tz=None):
        if _internal[_caller(1).f_globals.get("__name__")]:
            return real_now.__get__(None, cls)(tz)
        return from_timestamp.__get__(None, cls)(microseconds(), tz)

    def utcnow(cls):
        if _internal[_caller(1).f_globals.get("__name__")]:
            return real_utcnow.__get__(None, cls)()
        if discouraged:
            warn(_UTCNOW, DeprecationWarning, 2)
        moment = datetime.fromtimestamp(microseconds(), utc)
        return combine.__get__(None, cls)(moment.date(), moment.time())

    def today(cls):
        if _internal[_caller(1).f_globals.get("__name__")]:
            return real_today.__get__(None, cls)()
        return cls.fromtimestamp(readings.nanoseconds("time", read_ns) / 1e9)

    of_datetime["now"] = classmethod(_named_as(real_now, now))
    of_datetime["utcnow"] = classmethod(_named_as(real_utcnow, utcnow))
    of_date["today"] = classmethod(_named_as(real_today, today))
    changed = type.__dict__["__abstractmethods__"]
    for kind in (datetime, date):
        changed.__set__(kind, ())
        changed.__delete__(kind)


_UTCNOW = (
    "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. "
    "Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC)."
)


def _named_as(function, other):
    other.__name__ = function.__name__
    other.__qualname__ = function.__qualname__
    other.__doc__ = function.__doc__
    return other
