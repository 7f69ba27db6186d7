"""Python values to tagged JSON, the mirror of @codelet/core's value.ts. Subclasses with lying methods are read by their base type's own."""
from binascii import b2a_base64

from .codec_libraries import encode_library_value, loaded_modules, missing_value
from .limits import limits
from .start_of_repr import is_plain_container, start_of_repr

_SAFE = 2**53 - 1
_CONTAINERS = (dict, list, tuple, set, frozenset)
_SHORT = 100  # a million of such texts is no danger
MAX_NAME = 1000


def class_name(cls):
    name = str.__str__(type.__getattribute__(cls, "__qualname__"))[:MAX_NAME]
    module = type.__getattribute__(cls, "__module__")
    if type(module) is str and module not in ("builtins", "__main__"):
        return module[:MAX_NAME] + "." + name
    return name


def safe_repr(value):
    """repr() that can't fail; it runs user code, so it must be called inside the deadline."""
    try:
        if is_plain_container(value):
            return start_of_repr(value, limits.repr_chars)
        text = str.__str__(repr(value))
    except Exception as error:
        return "<%s whose repr() raised %s>" % (class_name(type(value)), class_name(type(error)))
    if len(text) > limits.repr_chars:
        return text[: limits.repr_chars] + "... (%d more characters)" % (len(text) - limits.repr_chars)
    return text


def opaque(value):
    return {"$type": "opaque", "type": class_name(type(value)), "repr": safe_repr(value)}


# Both are shown to the model as what they are for Python: a ValueError.
Unencodable = type("ValueError", (ValueError,), {"__module__": "builtins"})
TooLarge = type("ValueError", (Unencodable,), {"__module__": "builtins"})


def integer_text(number):
    """Decimal digits of any int, past CPython's limit on str(int), which code may have lowered to 640."""
    if -(10**600) < number < 10**600:
        return str(number)
    if number.bit_length() <= limits.int_digits * 3.33:  # before it takes seconds; digits are counted below
        parts = ["-" if number < 0 else ""]
        _split_digits(abs(number), parts)
        text = parts[0] + "".join(parts[1:]).lstrip("0")
        if len(text) <= limits.int_digits:  # with the sign, as the host counts
            return text
    raise TooLarge("an int of more than %d digits can't leave the sandbox" % limits.int_digits)


def _split_digits(number, parts, width=None):
    if width is None:
        width = 600
        while 10**width <= number:
            width *= 2
    if width <= 600:
        parts.append(str(number).rjust(width, "0"))
        return
    high, low = divmod(number, 10 ** (width // 2))
    _split_digits(high, parts, width // 2)
    _split_digits(low, parts, width // 2)


def _float(value):
    if value != value:
        return {"$type": "float", "value": "nan"}
    if value - value != 0.0:
        return {"$type": "float", "value": "inf" if value > 0 else "-inf"}
    if value == value // 1:
        return {"$type": "float", "value": float.__repr__(value)}
    return value


def base64_text(data):
    return str(b2a_base64(data, newline=False), "ascii")


class Encoder:
    __slots__ = ("nodes", "digits", "characters", "open")

    def __init__(self):
        self.nodes = 0
        self.digits = 0
        self.characters = 0  # of long texts and of bytes: the same one may stand in a value many times
        self.open = set()

    def encode(self, value, depth=0):
        self.nodes += 1
        kind = type(value)
        if kind is str:
            if len(value) > _SHORT:
                self.count(len(value))
        elif value is None or kind is bool:
            pass
        elif kind is int:
            if not -_SAFE <= value <= _SAFE:
                value = self._large_integer(value)
        elif kind is float:
            value = _float(value)
        else:
            return self._other(value, kind, depth)
        if self.nodes > limits.nodes or depth > limits.depth:
            self._too_much(depth)
        return value

    def count(self, characters):
        self.characters += characters
        if self.characters > limits.frame_bytes:
            raise TooLarge("a value of more than %d bytes can't leave the sandbox" % limits.frame_bytes)

    def base64(self, data):
        self.count(len(data))
        return base64_text(data)

    def _too_much(self, depth):
        if depth > limits.depth:
            raise Unencodable("a value nested deeper than %d levels can't leave the sandbox" % limits.depth)
        raise TooLarge("a value with more than %d parts can't leave the sandbox" % limits.nodes)

    def _large_integer(self, value):
        text = integer_text(value)
        self.digits += len(text)
        if self.digits > limits.digits:
            raise TooLarge("a value whose integers have more than %d digits can't leave the sandbox" % limits.digits)
        return {"$type": "int", "value": text}

    def _other(self, value, kind, depth):
        if self.nodes > limits.nodes or depth > limits.depth:
            self._too_much(depth)
        # issubclass over a real type with a built-in second argument never asks the value's own class.
        if issubclass(kind, str):
            value = str.__str__(value)
            self.count(len(value))
            return value
        if issubclass(kind, int):
            value = int.__int__(value)
            return value if -_SAFE <= value <= _SAFE else self._large_integer(value)
        if issubclass(kind, float):
            return _float(float.__pos__(value))
        if issubclass(kind, _CONTAINERS):
            return self._container(value, kind, depth)
        if issubclass(kind, (bytes, bytearray, memoryview)):
            try:
                data = bytes(memoryview(value))
            except ValueError:
                return opaque(value)  # a view that was released
            return {"$type": "bytes", "value": self.base64(data)}
        encoded = encode_library_value(self, value, kind, depth)
        return opaque(value) if encoded is None else None if encoded is missing_value else encoded

    def _container(self, value, kind, depth):
        mark = id(value)
        if mark in self.open:
            raise Unencodable("a value that contains itself can't leave the sandbox")
        for base in _CONTAINERS:
            if issubclass(kind, base):
                break
        if base.__len__(value) > limits.nodes - self.nodes:
            self._too_much(depth)  # before it takes seconds to find out
        self.open.add(mark)
        encode, depth = self.encode, depth + 1
        if issubclass(kind, dict):
            result = self._dict(value, kind, depth)
        elif issubclass(kind, list):
            result = [encode(item, depth) for item in list.__iter__(value)]
        elif issubclass(kind, tuple):
            result = {"$type": "tuple", "value": [encode(item, depth) for item in tuple.__iter__(value)]}
        elif issubclass(kind, set):
            result = {"$type": "set", "value": [encode(item, depth) for item in list(set.__iter__(value))]}  # a repr, or another thread, may add to it
        else:
            result = {"$type": "frozenset", "value": [encode(item, depth) for item in frozenset.__iter__(value)]}
        self.open.discard(mark)
        return result

    def _dict(self, value, kind, depth):
        encode = self.encode
        collections = loaded_modules.get("_collections")
        ordered = collections is not None and kind is getattr(collections, "OrderedDict", None)
        items = list(value.items() if ordered else dict.items(value))
        for key, _ in items:
            # JavaScript moves keys that look like numbers to the front of an object.
            if type(key) is not str or key == "$type" or "0" <= key[:1] <= "9":
                break
        else:
            return {key: encode(item, depth) for key, item in items}
        return {"$type": "dict", "value": [[encode(key, depth), encode(item, depth)] for key, item in items]}


def encode_value(value):
    """Tagged JSON, or ValueError for a cycle, too deep or too large a value. Runs user code (repr, iteration of library objects)."""
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    return Encoder().encode(value)
