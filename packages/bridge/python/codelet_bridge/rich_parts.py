"""What an object shows of itself: media type to content, text as it is and binary as base64."""
from binascii import a2b_base64

from .codec_encode import base64_text
from .codec_libraries import Media, is_image, png_of_image
from .wire import to_json

_METHODS = (
    ("image/png", "_repr_png_"), ("image/jpeg", "_repr_jpeg_"), ("image/svg+xml", "_repr_svg_"), ("text/html", "_repr_html_"),
    ("text/markdown", "_repr_markdown_"), ("text/latex", "_repr_latex_"), ("application/json", "_repr_json_"),
)  # fmt: skip
_TEXT_ENDINGS = ("xml", "json", "javascript", "latex")
_MAX_TYPES = 16
_MAX_TYPE_NAME = 100


def rich_parts(value):
    """Empty for what has nothing but its repr. A method that fails, or gives what its media type can't be, counts as absent."""
    kind = type(value)
    if kind is Media:
        return media_bundle({value.media_type: value.data})
    if is_image(kind):  # its own methods would give the same picture in several formats
        try:
            return {"image/png": base64_text(png_of_image(value))}
        except Exception:
            return {}
    parts = media_bundle(_shown(value, kind, "_repr_mimebundle_", include=None, exclude=None))
    for media_type, method in _METHODS:
        if media_type not in parts:
            parts.update(media_bundle({media_type: _shown(value, kind, method)}))
    return parts


def media_bundle(content_by_type):
    """What of a bundle can be sent."""
    parts = {}
    if isinstance(content_by_type, dict):
        for media_type, content in list(dict.items(content_by_type))[:_MAX_TYPES]:
            if _is_media_type(media_type):
                try:
                    content = _as_text(media_type, content)
                except Exception:
                    continue
                if content is not None:
                    parts[str.__str__(media_type)] = content
    return parts


def _shown(value, kind, method, **options):
    try:
        if not hasattr(kind, method):  # of the class: an object may answer to every name
            return None
        shown = getattr(value, method)(**options)
    except Exception:
        return None
    return shown[0] if isinstance(shown, tuple) and shown else shown  # the rest is metadata


def _is_media_type(name):
    return isinstance(name, str) and name.count("/") == 1 and len(name) <= _MAX_TYPE_NAME and name.isascii() and name.isprintable() and " " not in name


def _as_text(media_type, content):
    is_text = media_type.startswith("text/") or media_type.endswith(_TEXT_ENDINGS)
    if isinstance(content, (bytes, bytearray, memoryview)):
        data = bytes(content)
        return str(data, "utf-8") if is_text else base64_text(data)
    if isinstance(content, str):
        content = str.__str__(content)
        return content if is_text else _checked_base64(content)
    return to_json(content) if content is not None and media_type.endswith("json") else None


def _checked_base64(text):
    text = "".join(text.split())
    if not (text.isascii() and text.rstrip("=").replace("+", "").replace("/", "").isalnum()):
        return None
    return base64_text(a2b_base64(text))
