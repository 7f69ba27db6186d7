"""The first characters of repr(). Where containers share their parts, or hold very many, the whole of it is more than memory holds."""
from itertools import islice

_BRACKETS = {list: "[]", tuple: "()", set: "{}", dict: "{}", frozenset: "{}"}


def is_plain_container(value):
    """Whether repr() writes it part by part, in no words of a class of the code's own."""
    return type(value) in _BRACKETS


def start_of_repr(value, length):
    """repr() of a plain container, or at most `length` characters of it and three dots. Raises what the repr() of a part raises."""
    writer = _ReprWriter(length)
    try:
        writer.write(value)
    except (_TextIsFull, RecursionError):
        return "".join(writer.parts)[:length] + "..."
    return "".join(writer.parts)


class _TextIsFull(Exception):
    pass


class _ReprWriter:
    def __init__(self, length):
        self.left = length
        self.parts = []
        self.open = set()

    def add(self, text):
        self.parts.append(text)
        self.left -= len(text)
        if self.left < 0:
            raise _TextIsFull

    def copy(self, items):
        """As many as there can be room for: the repr() of an item may add to them, and a copy of all takes longer than the text."""
        return list(islice(items, self.left + 2))

    def write(self, value):
        kind = type(value)
        if kind not in _BRACKETS or not value:
            self.add(str.__str__(repr(value)))
            return
        opening, closing = _BRACKETS[kind]
        if id(value) in self.open:
            self.add(opening + "..." + closing)
            return
        self.open.add(id(value))
        self.add("frozenset(" + opening if kind is frozenset else opening)
        separator = ""
        for item in value if kind in (list, tuple) else self.copy(value.items() if kind is dict else value):
            self.add(separator)
            if kind is dict:
                self.write(item[0])
                self.add(": ")
                item = item[1]
            self.write(item)
            separator = ", "
        self.add(",)" if kind is tuple and len(value) == 1 else closing + ")" if kind is frozenset else closing)
        self.open.discard(id(value))
