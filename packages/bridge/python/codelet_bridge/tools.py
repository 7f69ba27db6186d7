"""Host tools as functions: typed, documented, and with nothing to see of the transport but their name."""
from _thread import get_ident

from .codec_decode import decode_value
from .codec_encode import Encoder, TooLarge, encode_value
from .interrupts import interrupts
from .limits import limits
from .signatures import make_signature
from .tool_errors import ToolError, tool_error
from .wire import to_json


class FinalAnswer(BaseException):
    """Ends the step after final_answer(). The answer itself is already with the host."""

    __module__ = "builtins"


try:
    _Group = BaseExceptionGroup
except NameError:  # Python 3.10
    _Group = ()


def is_final(error):
    """Also an answer that a task of a TaskGroup gave: the group ends in an error that holds it."""
    errors = [error]
    for one in errors:
        if issubclass(type(one), _Group):
            errors += _Group.exceptions.__get__(one)
        elif not issubclass(type(one), FinalAnswer):
            return False
    return True


_main_thread = get_ident()
_calls = None
_loops = None


def connect_tools(calls, loops):
    global _calls, _loops
    _calls = calls
    _loops = loops


def fits_frame(text, more=""):
    """Whether a frame has room for this much JSON, and for its own fields."""
    return len(text) + len(more) <= limits.frame_bytes - 4096


def encode_line(tree):
    """Tagged JSON as text of a size that a frame can carry."""
    text = to_json(tree)
    if not fits_frame(text):
        raise TooLarge("a value of more than %d bytes can't leave the sandbox" % limits.frame_bytes)
    return text


def _encode_call(name, args, kwargs):
    encode = Encoder().encode
    tree = {"tool": name, "args": [encode(item) for item in args], "kwargs": kwargs}
    if kwargs:
        tree["kwargs"] = {key: encode(item) for key, item in kwargs.items()}
    return "," + encode_line(tree)[1:-1]


def _outcome(frame):
    error = frame.get("error")
    if error is None:
        return decode_value(frame["value"])
    raise tool_error(error["name"], error["message"])


def _refuse_call(name):
    raise ToolError("StepEnded: %s() was called by a thread whose step has ended" % name)


def call_tool(name, args, kwargs):
    """Blocks this thread, and no other, until the host has answered."""
    calls = _calls
    call = _encode_call(name, args, kwargs)
    armed = get_ident() == _main_thread and interrupts.disarm()
    try:
        slot = calls.start(call)
        if slot is not None:
            try:
                calls.wait(slot)
            except BaseException:
                calls.cancel(slot)
                raise
    finally:
        if armed:
            interrupts.arm()
    return _refuse_call(name) if slot is None else _outcome(slot.frame)


async def call_tool_async(name, args, kwargs):
    """Lets other tasks run until the host has answered; a cancelled task takes its call back."""
    from asyncio import get_running_loop

    calls, loops = _calls, _loops
    call = _encode_call(name, args, kwargs)
    loop = get_running_loop()
    future = loop.create_future()
    armed = get_ident() == _main_thread and interrupts.disarm()
    try:
        slot = calls.start(call, loop, future)
        if slot is not None:
            loops.watch(loop)
    finally:
        if armed:
            interrupts.arm()
    if slot is None:
        return _refuse_call(name)
    try:
        frame = await future
    except BaseException:
        calls.cancel(slot)
        raise
    finally:
        loops.unwatch(loop)
    return _outcome(frame)


class Fixed(type):
    """Classes that code can't change, as it can't change those of built-in functions: each session has one of them for all its steps."""

    def __setattr__(cls, name, value):
        raise TypeError("cannot set %r attribute of immutable type %r" % (name, cls.__name__))

    def __delattr__(cls, name):
        raise TypeError("cannot delete %r attribute of immutable type %r" % (name, cls.__name__))


class HostTool(metaclass=Fixed):
    __slots__ = ("__name__", "__qualname__", "__doc__", "_tool", "_schema", "__weakref__")
    __module__ = "__main__"

    def __init__(self, name, description, schema, returns):
        self.__name__ = self.__qualname__ = self._tool = name  # code may set the first two, as it may of any function
        self.__doc__ = description
        self._schema = (schema, returns)

    def __call__(self, /, *args, **kwargs):
        return call_tool(self._tool, args, kwargs)

    def aio(self, /, *args, **kwargs):
        """The same call as a coroutine: await asyncio.gather(tool.aio(a), tool.aio(b))."""
        return call_tool_async(self._tool, args, kwargs)

    @property
    def __signature__(self):
        return make_signature(*self._schema)

    def __reduce_ex__(self, protocol):
        return self._tool

    def __repr__(self):
        return "<tool %s%s>" % (self._tool, self.__signature__)


class FinalAnswerFunction(metaclass=Fixed):
    """final_answer(value) gives the answer to the task and ends the run."""

    __slots__ = ("__name__", "__qualname__")
    __module__ = "__main__"

    def __init__(self):
        self.__name__ = self.__qualname__ = "final_answer"

    def __call__(self, *answer, **named):
        if len(answer) > 1 or (answer and named):
            raise TypeError("final_answer() takes one value, got %d" % (len(answer) + len(named)))
        value = answer[0] if answer else next(iter(named.values())) if len(named) == 1 else dict(named) if named else None
        text = encode_line(encode_value(value))
        armed = get_ident() == _main_thread and interrupts.disarm()
        try:
            _calls.send_final(text)
        finally:
            if armed:
                interrupts.arm()
        raise FinalAnswer

    def __reduce_ex__(self, protocol):
        return "final_answer"

    def __repr__(self):
        return "<function final_answer(answer)>"
