"""Tagged JSON from the host to Python values. Only the tags below; nothing is looked up by name."""
from binascii import a2b_base64

from .codec_libraries import decode_array, decode_frame, decode_media


def parse_integer(text):
    """int() of any length, past CPython's limit on int(str)."""
    if len(text) <= 600:
        return int(text)
    if text[0] == "-":
        return -parse_integer(text[1:])
    middle = len(text) // 2
    return parse_integer(text[:middle]) * 10 ** (len(text) - middle) + parse_integer(text[middle:])


def _datetime(tagged):
    from _datetime import datetime

    text = tagged["value"]
    try:
        return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        return text  # of a year that Python has none for; JavaScript has 275,760 of them


def _date(tagged):
    from _datetime import date

    return date.fromisoformat(tagged["value"])


def _time(tagged):
    from _datetime import time

    return time.fromisoformat(tagged["value"])


def _timedelta(tagged):
    from _datetime import timedelta

    days, seconds, microseconds = tagged["value"]
    return timedelta(days, seconds, microseconds)


def _decimal(tagged):
    from decimal import Decimal

    return Decimal(tagged["value"])


def _frame(tagged):
    columns = []
    for name, dtype, values, *categories in tagged["columns"]:
        values = _keys(values) if categories else _items(values)
        columns.append((_key(name), dtype, values, *_categories(categories)))
    levels = [[(_key(name), dtype, *_categories(categories)) for name, dtype, *categories in each] for each in tagged.get("levels") or ((), ())]
    return decode_frame(columns, _keys(tagged["index"]), levels)


def _categories(tagged):
    return [(is_ordered, _keys(values)) for is_ordered, values in tagged]


def _items(values):
    return [decode_value(item) for item in values]


def _key(json):
    """What Python has to hash: a list is a tuple there, a set a frozenset, and a described object, which would be a dict, the text of its description."""
    kind = type(json)
    tag = json.get("$type") if kind is dict else None
    if tag == "opaque":
        return json["repr"]
    if kind is list or tag == "tuple":
        return tuple(_keys(json if kind is list else json["value"]))
    if tag == "set":
        return frozenset(_keys(json["value"]))
    return decode_value(json)


def _keys(values):
    return [_key(item) for item in values]


def _set(kind, tagged):
    items = _keys(tagged["value"])
    try:
        return kind(items)
    except TypeError:
        return items  # JavaScript's objects, which Python can't hash


def _dict(tagged):
    pairs = [(_key(key), decode_value(value)) for key, value in tagged["value"]]
    try:
        return dict(pairs)
    except TypeError:
        return pairs


_DECODERS = {
    "int": lambda tagged: parse_integer(tagged["value"]),
    "float": lambda tagged: float(tagged["value"]),
    "bytes": lambda tagged: a2b_base64(tagged["value"]),
    "media": lambda tagged: decode_media(tagged["mediaType"], a2b_base64(tagged["value"])),
    "tuple": lambda tagged: tuple(_items(tagged["value"])),
    "set": lambda tagged: _set(set, tagged),
    "frozenset": lambda tagged: _set(frozenset, tagged),
    "dict": _dict,
    "datetime": _datetime,
    "date": _date,
    "time": _time,
    "timedelta": _timedelta,
    "decimal": _decimal,
    "ndarray": lambda tagged: decode_array(tagged["dtype"], tagged["shape"], a2b_base64(tagged["value"])),
    "frame": _frame,
    "opaque": lambda tagged: {"type": tagged["type"], "repr": tagged["repr"]},
}


def decode_value(json):
    kind = type(json)
    if kind is dict:
        if "$type" in json:
            return _DECODERS[json["$type"]](json)
        return {key: decode_value(value) for key, value in json.items()}
    if kind is list:
        return [decode_value(item) for item in json]
    return json
