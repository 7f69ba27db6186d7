"""display(): what an object shows of itself as pictures, HTML or Markdown, capped."""
import sys

from .codec_encode import base64_text, safe_repr
from .limits import limits
from .wire import to_json

_METHODS = (
    ("image/png", "_repr_png_"), ("image/jpeg", "_repr_jpeg_"), ("image/svg+xml", "_repr_svg_"), ("text/html", "_repr_html_"),
    ("text/markdown", "_repr_markdown_"), ("text/latex", "_repr_latex_"),
)  # fmt: skip


def rich_parts(value):
    """Media type to content, without text/plain; empty for what has nothing but its repr."""
    parts = {}
    kind = type(value)
    for media_type, method in _METHODS:
        if not hasattr(kind, method):
            continue
        try:
            content = getattr(value, method)()
        except Exception:
            continue
        if isinstance(content, tuple) and content:
            content = content[0]
        if isinstance(content, (bytes, bytearray)):
            parts[media_type] = base64_text(bytes(content))
        elif isinstance(content, str):
            parts[media_type] = str.__str__(content)
    return parts


_MAX_PRINTED = 20000


def printed_text(value):
    """A value as print() shows it, for the model to read; None for text, which the host has already."""
    if type(value) is str:
        return None
    try:
        text = str.__str__(str(value))
    except Exception:
        return safe_repr(value)
    return text if len(text) <= _MAX_PRINTED else text[:_MAX_PRINTED] + "..."


class RichOutput:
    def __init__(self, calls, output):
        self.calls = calls
        self.output = output
        self.parts = 0
        self.bytes = 0

    def begin(self):
        self.parts = 0
        self.bytes = 0

    def send(self, parts):
        text = to_json(parts)
        self.parts += 1
        self.bytes += len(text)
        if self.parts > limits.rich_parts or self.bytes > limits.rich_bytes:
            if self.parts <= limits.rich_parts + 1:
                self.output.note("[display: this step showed too much; the rest is left out]")
                self.parts = limits.rich_parts + 1
            return
        self.calls.send('{"t":"rich"', ',"data":' + text)

    def display(self, *values):
        """Shows objects to the user as they show themselves: images, tables, HTML."""
        for value in values:
            parts = rich_parts(value)
            parts["text/plain"] = safe_repr(value)
            self.send(parts)

    def show_last_value(self, value):
        if value is None or type(value) in (str, int, float, bool, list, dict, tuple, bytes):
            return
        parts = rich_parts(value)
        if parts:
            parts["text/plain"] = safe_repr(value)
            self.send(parts)

    def show_figures(self):
        """Open matplotlib figures, as a notebook shows them at the end of a cell."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        from io import BytesIO

        for number in pyplot.get_fignums():
            target = BytesIO()
            pyplot.figure(number).savefig(target, format="png")
            self.send({"image/png": base64_text(target.getvalue())})
        pyplot.close("all")
