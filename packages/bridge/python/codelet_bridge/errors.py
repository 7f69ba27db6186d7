"""What the model sees of an exception: the user's own frames, in CPython's words. Formatting runs user code, so it happens inside the deadline."""
from os import getcwd

from _io import StringIO

from .codec_encode import MAX_NAME, class_name
from .codec_libraries import loaded_modules

_MAX_MESSAGE = 10000
_MAX_TRACEBACK = 100000
_MAX_FRAMES = 20
_MAX_CHAIN = 4
_MAX_GROUPS = 3  # in each other

_work_folder = getcwd().rstrip("/") + "/"

sources = {}
"""The code of every step by file name: later errors point into earlier steps."""


def remember_source(filename, code):
    sources[filename] = code
    linecache = loaded_modules.get("linecache")
    if linecache is not None:
        _register_source(linecache, filename, code)


def register_sources(linecache):
    """For code that prints tracebacks or asks inspect for sources by itself, once linecache is loaded."""
    linecache.cache.pop("<string>", None)  # Python 3.13 takes what started the interpreter for the source of each `<string>`
    getattr(linecache, "_interactive_cache", {}).clear()
    for filename, code in sources.items():
        _register_source(linecache, filename, code)


def _register_source(linecache, filename, code):
    try:
        linecache.cache[filename] = (len(code), None, _lines(code), filename)
    except Exception:
        pass  # code has replaced the module: its own tracebacks lack lines then


def _lines(code):
    """As Python counts them: other ends of lines than its own are part of a line."""
    return [line.rstrip("\n") + "\n" for line in StringIO(code, None)]


def error_name(error):
    return str.__str__(type.__getattribute__(type(error), "__name__"))[:MAX_NAME]


def error_message(error):
    try:
        text = str.__str__(str(error))
    except BaseException as failure:
        return "<the error's own message raised %s>" % class_name(type(failure))
    return _cut(text, _MAX_MESSAGE)


def _cut(text, length):
    return text if len(text) <= length else text[:length] + "..."


def _is_line(number):
    return type(number) is int and 0 < number < 2**31


def describe_error(error, filename):
    """`name`, `message`, `traceback` and `line` of an exception, as JSON."""
    kind = type(error)
    described = {"name": error_name(error), "message": error_message(error)}
    line = None
    for step, number, _ in _user_frames(error):
        if step == filename and _is_line(number):
            line = number
    if issubclass(kind, SyntaxError) and error.filename == filename and _is_line(error.lineno):
        line = error.lineno
        described["message"] = _syntax_message(error)
    if line is not None:
        described["line"] = line
    described["traceback"] = _cut("\n".join(_chain_lines(error, described["message"], ())), _MAX_TRACEBACK)
    return described


def _syntax_message(error):
    message = _cut(error.msg, _MAX_MESSAGE) if type(error.msg) is str else "invalid syntax"
    return "%s (line %d)" % (message, error.lineno)


def _own(error, name):
    """An attribute that every error has, whatever its class says of it."""
    return getattr(BaseException, name).__get__(error)


def _user_frames(error):
    frames = []
    step = _own(error, "__traceback__")
    while step is not None:
        code = step.tb_frame.f_code
        if _is_users(code.co_filename, step.tb_frame.f_globals):
            frames.append((code.co_filename, step.tb_lineno, _cut(code.co_name, MAX_NAME)))
        step = step.tb_next
    return frames


def _is_users(filename, scope):
    """Steps, what they gave to `exec`, and the files of the work folder."""
    if filename in sources or filename == "<string>":
        return True
    if filename[:1] not in ("<", "/"):  # a name of the code's own, or of a source that a compiled library was built from
        filename = dict.get(scope, "__file__")
        if type(filename) is not str or filename[:1] != "/":
            return True
    return filename.startswith(_work_folder) and "site-packages" not in filename


def _chain_lines(error, message, later):
    lines = []
    chain = (error, *later)
    cause = _own(error, "__cause__")
    before = cause if cause is not None else None if _own(error, "__suppress_context__") else _own(error, "__context__")
    is_known = any(one is before for one in chain)
    if before is not None and not is_known and len(later) < _MAX_CHAIN and type(before).__name__ != "FinalAnswer":
        lines += _chain_lines(before, error_message(before), chain)
        lines += ["", "The above exception was the direct cause of the following exception:" if cause is not None else
                  "During handling of the above exception, another exception occurred:", ""]  # fmt: skip
    frames = _user_frames(error)
    if frames:
        lines.append("Traceback (most recent call last):")
    if len(frames) > _MAX_FRAMES:
        half = _MAX_FRAMES // 2
        lines += _frame_lines(frames[:half]) + ["  ... %d more frames" % (len(frames) - 2 * half)] + _frame_lines(frames[-half:])
    else:
        lines += _frame_lines(frames)
    lines += _last_lines(error, message)
    return lines


def _frame_lines(frames):
    lines = []
    for filename, number, name in frames:
        lines.append('  File "%s", line %s, in %s' % (_cut(filename, MAX_NAME), number, name))
        text = _cut(_source_line(filename, number), MAX_NAME)
        if text:
            lines.append("    " + text)
    return lines


def _source_line(filename, number):
    if not _is_line(number) or filename == "<string>":
        return ""
    if filename in sources:
        known = _lines(sources[filename])
        return known[number - 1].strip() if number <= len(known) else ""
    try:
        from linecache import getline

        return getline(filename, number).strip()
    except Exception:
        return ""


def _last_lines(error, message):
    kind = type(error)
    lines = []
    if issubclass(kind, SyntaxError) and _is_line(error.lineno):
        lines.append('  File "%s", line %d' % (_cut(str(error.filename), MAX_NAME), error.lineno))
        text = error.text if type(error.text) is str else ""
        if text.strip():
            shown = text.rstrip("\n").lstrip()
            lines.append("    " + shown[:1000])
            offset = error.offset if type(error.offset) is int else 0
            if 0 < offset <= 1000:
                lines.append("    " + " " * max(0, offset - 1 - (len(text.rstrip("\n")) - len(shown))) + "^")
    name = class_name(kind)
    lines.append("%s: %s" % (name, message) if message else name)
    notes = getattr(error, "__notes__", None)
    if type(notes) is list:
        lines += [_cut(note, _MAX_MESSAGE) for note in notes[:10] if type(note) is str]
    return lines + _member_lines(error, "  ")


def _member_lines(group, indentation):
    """The errors of an exception group, each with the code's own frame that raised it, and of the groups in it."""
    lines = []
    members = getattr(group, "exceptions", None)
    if type(members) is tuple and len(indentation) <= 2 * _MAX_GROUPS:
        for one in members[:10]:
            if isinstance(one, BaseException):
                lines.append("%s+ %s: %s" % (indentation, class_name(type(one)), error_message(one)))
                lines += [indentation + line for line in _frame_lines(_user_frames(one)[-1:])]
                lines += _member_lines(one, indentation + "  ")
    return lines
