"""The module __main__ of user code, and the names in it that belong to the host."""
import sys

from .codec_decode import decode_value
from .import_guard import guard_builtins
from .tool_errors import ToolError
from .tools import FinalAnswerFunction, HostTool


class Namespace:
    def __init__(self, display):
        self.module = type(sys)("__main__")
        self.names = self.module.__dict__
        self.names["ToolError"] = ToolError
        self.names["display"] = display
        self.guarded = {}  # one for all hosts of the session: functions keep the builtins that they were defined with
        self.host_names = {}
        sys.argv[:] = [""]  # the runner's own would be read by argparse in the code
        self._own("final_answer", FinalAnswerFunction())
        sys.modules["__main__"] = self.module

    def _own(self, name, function):
        self.host_names[name] = function
        self.names[name] = function

    def guard_imports(self, authorized, base):
        import builtins

        self.names["__builtins__"] = builtins
        if authorized is not None and "*" not in authorized:
            guard_builtins(self.guarded, authorized, base)
            self.names["__builtins__"] = self.guarded

    def bind(self, tools, variables):
        for tool in tools:
            self._own(tool["name"], HostTool(tool["name"], tool["description"], tool["inputSchema"], tool.get("outputSchema")))
        for name, value in variables.items():
            self.names[name] = decode_value(value)

    def rebound(self):
        """The host's names that the step bound to something else or deleted."""
        names = self.names
        return [name for name, function in self.host_names.items() if names.get(name) is not function]

    def restore(self, name):
        self.names[name] = self.host_names[name]


def rebinding_note(name):
    """What the model has to know after it took a name of the host."""
    if name == "final_answer":
        return "Note: final_answer is the function that ends the run. Call it, final_answer(value), instead of binding its name. The name is restored."
    return "Note: %s is a tool, and this step bound or deleted its name. The tool is restored; use another name for your own." % name
