"""authorizedImports: a guard against accidents in the user's own import statements; libraries import what they need."""


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
