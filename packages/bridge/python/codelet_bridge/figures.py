"""matplotlib's figures. Nothing is imported: code that draws has loaded it."""
from binascii import b2a_base64

from .codec_libraries import loaded_modules



def is_figure(value):
    found = getattr(loaded_modules.get("matplotlib.figure"), "Figure", None)
    return isinstance(found, type) and issubclass(type(value), found)


def figure_png(figure):
    """Base64. Raises what drawing raises, such as the ValueError of a formula in a label."""
    from io import BytesIO

    target = BytesIO()
    figure.savefig(target, format="png")
    return str(b2a_base64(target.getvalue(), newline=False), "ascii")


def open_figures():
    """Those that pyplot holds, in the order of their numbers; other threads may open and close some meanwhile."""
    managers = getattr(_registry(), "figs", {})
    return [manager.canvas.figure for _, manager in sorted(managers.items(), key=_number_of)]


def close_figure(figure):
    _registry().destroy_fig(figure)


def _registry():
    """pyplot's own list: pyplot.figure(number) would open what another thread has just closed."""
    return getattr(loaded_modules.get("matplotlib._pylab_helpers"), "Gcf", None)


def _number_of(item):
    return item[0]
