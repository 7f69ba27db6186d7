"""display(), the last value and figures: sent to the host within the step's budget."""
import sys

from .after_loading import AfterLoading
from .codec_encode import safe_repr
from .codec_libraries import loaded_modules
from .errors import error_message, error_name
from .figures import close_figure, figure_png, is_figure, open_figures
from .limits import limits
from .rich_parts import media_bundle, rich_parts
from .start_of_repr import is_plain_container, start_of_repr
from .tools import Fixed, fits_frame
from .wire import to_json

_MAX_PRINTED = 20000
_MAX_REASON = 300


def printed_text(value):
    """A value as print() shows it, for the model to read; None for text, which the host has already, and for plain data with too long an int to print."""
    if type(value) is str:
        return None
    try:
        if is_plain_container(value):
            return start_of_repr(value, _MAX_PRINTED)
        text = str.__str__(str(value))
    except Exception:
        return None if type(value) in (int, list, dict, tuple, set) else safe_repr(value)
    return text if len(text) <= _MAX_PRINTED else text[:_MAX_PRINTED] + "..."


class DisplayFunction(metaclass=Fixed):
    """Shows objects to the user as they show themselves: images, tables, HTML. With raw, they are dicts of media type to content."""

    __slots__ = ("__name__", "__qualname__", "__self__")
    __module__ = "__main__"

    def __init__(self, rich):
        self.__name__ = self.__qualname__ = "display"
        self.__self__ = rich

    def __call__(self, /, *values, raw=False, include=None, exclude=None, **named):
        self.__self__.display(values, raw)

    def __reduce_ex__(self, protocol):
        return "display"

    def __repr__(self):
        return "<function display(*values)>"


class RichOutput:
    def __init__(self, calls, output):
        self.calls = calls
        self.output = output
        self.function = DisplayFunction(self)
        self.begin()
        sys.meta_path.insert(0, AfterLoading(self._notebook_functions()))

    def begin(self):
        self.parts = 0
        self.bytes = 0
        self.is_over = False
        self.drawn = {}  # id to figure and picture: what this step has shown of it

    def _notebook_functions(self):
        """plt.show() and IPython's display() show to our host, as they do in a notebook."""

        def show(*options, **named):
            """Shows all open figures, and closes them."""
            self.show_figures()

        return {
            "matplotlib.pyplot": lambda module: setattr(module, "show", show),
            "IPython.display": lambda module: setattr(module, "display", self.function),
        }

    def display(self, values, raw):
        for value in values:
            if self.calls.forked:
                print(safe_repr(value))  # a child has no connection, but its parent's streams
            elif raw:
                self._send(media_bundle(value))
            elif not is_figure(value):
                self._send_with_text(rich_parts(value), value)
            else:
                self._draw(value, False)

    def show_last_value(self, value):
        if value is None or type(value) in (str, int, float, bool, list, dict, tuple, bytes):
            return
        if is_figure(value):
            if id(value) not in self.drawn:
                self._draw(value, False)
            return
        parts = rich_parts(value)
        if parts:
            self._send_with_text(parts, value)

    def show_figures(self):
        """Those that are open in matplotlib, as a notebook shows them at the end of a cell."""
        if self.calls.forked or "matplotlib" not in loaded_modules:
            return
        for figure in open_figures():
            self._draw(figure, True)
            close_figure(figure)

    def drop_figures(self):
        if "matplotlib" in loaded_modules:
            for figure in open_figures():
                close_figure(figure)

    def _draw(self, figure, unless_drawn):
        if self.parts >= limits.rich_parts:
            self._leave_out()
            return
        try:
            picture = figure_png(figure)
        except Exception as error:
            reason = "%s: %s" % (error_name(error), error_message(error))
            self.output.note("[a figure can't be drawn: %s]" % reason[:_MAX_REASON])
            return
        if unless_drawn and self.drawn.get(id(figure)) == (figure, picture):
            return
        self.drawn[id(figure)] = (figure, picture)
        self._send_with_text({"image/png": picture}, figure)

    def _send_with_text(self, parts, value):
        text = parts.pop("text/plain", None)
        parts["text/plain"] = safe_repr(value) if text is None else text[: limits.repr_chars]
        self._send(parts)

    def _send(self, parts):
        """Of what is too large for the rest of the step's budget the text alone is sent, where it has one."""
        text = self._fitting(parts)
        if text is None:
            self._leave_out()
            text = self._fitting({"text/plain": parts["text/plain"]} if "text/plain" in parts else {})
        if text:
            self.parts += 1
            self.bytes += len(text)
            self.calls.send('{"t":"rich"', ',"data":' + text)

    def _fitting(self, parts):
        """JSON; empty when there is nothing to send, None when it is too much."""
        if not parts:
            return ""
        room = limits.rich_bytes - self.bytes
        if self.parts >= limits.rich_parts or sum(map(len, parts.values())) > room:
            return None
        text = to_json(parts)
        return text if len(text) <= room and fits_frame(text) else None

    def _leave_out(self):
        if not self.is_over:
            self.is_over = True
            self.output.note("[display: this step showed too much; some of it is left out]")
