"""A failed host tool as an exception that code catches as it would any other."""


class ToolError(Exception):
    """A host tool failed; the message says how. Catch it to go on."""

    __module__ = "builtins"

    def __str__(self):
        return str(self.args[0]) if self.args else ""


# A tool's error of one of these names is also caught as what it is called: `except ValueError`, `except FileNotFoundError`.
_familiar = {
    error.__name__: error
    for error in (
        ArithmeticError, AssertionError, AttributeError, ConnectionError, ConnectionRefusedError, ConnectionResetError, EOFError, FileExistsError,
        FileNotFoundError, IndexError, IsADirectoryError, KeyError, LookupError, NameError, NotADirectoryError, NotImplementedError, OSError,
        OverflowError, PermissionError, RuntimeError, TimeoutError, TypeError, ValueError, ZeroDivisionError,
    )
}  # fmt: skip
_familiar_tool_errors = {}
# Hosts written in JavaScript know hardly any other name than these: they say nothing that the message doesn't.
_plain = ("Error", "ToolError", "ToolInputError")
# What models expect of a function that refuses its arguments or fails: `except ValueError` catches it.
_OtherToolError = type("ToolError", (ToolError, ValueError), {"__module__": "builtins", "__doc__": ToolError.__doc__})


def tool_error(name, message):
    base = _familiar.get(name)
    if base is None:
        return _OtherToolError(message if name in _plain else "%s: %s" % (name, message))
    kind = _familiar_tool_errors.get(name)
    if kind is None:
        kind = _familiar_tool_errors[name] = type(name, (ToolError, base), {"__module__": "builtins", "__doc__": ToolError.__doc__})
    return kind(message)
