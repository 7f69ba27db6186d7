"""A failed host tool as an exception that code catches as it would any other."""


class ToolError(Exception):
    """A host tool failed; the message says how. Catch it to go on."""

    __module__ = "__main__"  # where pickle finds it

    def __str__(self):
        return str(self.args[0]) if self.args else ""

    def __reduce__(self):
        name = _made_names.get(type(self))
        return Exception.__reduce__(self) if name is None else (ToolError._made, (name, self.args), self.__dict__)

    @classmethod
    def _made(cls, name, args):
        return _kind_of(name)(*args)


# A tool's error of one of these names is also caught as what it is called: `except ValueError`, `except FileNotFoundError`.
_familiar = {
    error.__name__: error
    for error in (
        ArithmeticError, AssertionError, AttributeError, ConnectionError, ConnectionRefusedError, ConnectionResetError, EOFError, FileExistsError,
        FileNotFoundError, IndexError, IsADirectoryError, KeyError, LookupError, NameError, NotADirectoryError, NotImplementedError, OSError,
        OverflowError, PermissionError, RuntimeError, TimeoutError, TypeError, ValueError, ZeroDivisionError,
    )
}  # fmt: skip
# Hosts written in JavaScript know hardly any other name than these: they say nothing that the message doesn't.
_plain = ("Error", "ToolError", "ToolInputError")
_other = "ToolError"
# What models expect of a function that refuses its arguments or fails: `except ValueError` catches it.
_made_kinds = {_other: type(_other, (ToolError, ValueError), {"__module__": "builtins", "__doc__": ToolError.__doc__})}
_made_names = {_made_kinds[_other]: _other}


def tool_error(name, message):
    if name in _familiar:
        return _kind_of(name)(message)
    return _kind_of(_other)(message if name in _plain else "%s: %s" % (name, message))


def _kind_of(name):
    kind = _made_kinds.get(name)
    if kind is None:
        kind = _made_kinds[name] = type(name, (ToolError, _familiar[name]), {"__module__": "builtins", "__doc__": ToolError.__doc__})
        _made_names[kind] = name
    return kind
