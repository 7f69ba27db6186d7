"""The runner starts over in a namespace with its own builtins, which user code can't patch."""
import sys

if __name__ == "__main__":
    import builtins

    _scope = {"__name__": "codelet_bridge", "__builtins__": dict(builtins.__dict__)}
    exec(sys._getframe().f_code, _scope)
    raise SystemExit(_scope["run"](sys.argv[1:]))
