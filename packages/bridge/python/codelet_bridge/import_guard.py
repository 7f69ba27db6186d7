"""authorizedImports: a guard against accidents in the user's own import statements; libraries import what they need. And what interrupted imports leave."""
import sys

from .codec_libraries import loaded_modules


def guard_builtins(guarded, authorized, base):
    """Fills `guarded`, the builtins of user code, whose imports are checked. What is bound in the module from then on, as unittest.mock does, is bound there too."""
    import builtins

    def bind(name, value):
        guarded[name] = make_import(value, authorized, base) if name == "__import__" else value

    class Builtins(type(sys)):
        def __setattr__(self, name, value):
            object.__setattr__(self, name, value)
            bind(name, value)

        def __delattr__(self, name):
            object.__delattr__(self, name)
            guarded.pop(name, None)

    for name, value in list(builtins.__dict__.items()):
        bind(name, value)
    builtins.__class__ = Builtins


def make_import(real_import, authorized, base):
    """`__import__` for user code."""
    exact = set()
    prefixes = []
    for name in list(base) + list(authorized):
        if name.endswith(".*"):
            name = name[:-2]
            prefixes.append(name + ".")
        exact.add(name)
    shown = ", ".join(authorized) if authorized else "no others"

    def __import__(name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and type(name) is str and name not in exact:
            if not any(name.startswith(prefix) for prefix in prefixes):
                raise ImportError("import of %s is not authorized here. Authorized: %s, and the basic standard library (%s)" % (name, shown, _short(base)), name=name)
        return real_import(name, globals, locals, fromlist, level)

    return __import__


def _short(base):
    return ", ".join(name for name in base if name in ("math", "re", "json.*", "datetime", "random", "statistics", "itertools", "collections.*")) or "none"


def forget_half_imports():
    """An interrupted import takes the package back and leaves its parts, which the next import would not connect with it. What was compiled loads once only."""
    left = {}
    for name, module in list(loaded_modules.items()):
        package = name.partition(".")[0] if type(name) is str else name
        if package != name and package not in loaded_modules:
            left.setdefault(package, []).append((name, module))
    for parts in left.values():
        if not any(_is_compiled(module) for _, module in parts):
            for name, _ in parts:
                loaded_modules.pop(name, None)


def _is_compiled(module):
    try:
        return type(module.__spec__.loader).__name__ == "ExtensionFileLoader"
    except Exception:  # an object that the code has put there
        return True
