"""JSON lines by the C encoder and scanner themselves: patching the json module changes nothing here."""
import _json


def _refuse_json(value):
    raise ValueError("not JSON: " + type(value).__name__)


class _Scanning:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = _refuse_json
    memo = {}


_encode_json = _json.make_encoder(None, _refuse_json, _json.encode_basestring_ascii, None, ":", ",", False, False, False)
_scan_json = _json.make_scanner(_Scanning)
json_text = _json.encode_basestring_ascii


def to_json(tree):
    return "".join(_encode_json(tree, 0))


def from_json(line):
    return _scan_json(str(line, "utf-8"), 0)[0]
