"""What is to be done to a module as soon as it is loaded, whoever imports it."""
import sys


class AfterLoading:
    """A finder that finds nothing itself. `actions` are functions of a module by its name."""

    def __init__(self, actions):
        self._actions = actions

    def find_spec(self, name, path=None, target=None):
        action = self._actions.get(name)
        if action is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        try:
            _after_loading(spec.loader, action)
        except AttributeError:
            pass  # a loader that nothing can be added to: the module is what it is
        return spec


def _after_loading(loader, action):
    load = loader.exec_module

    def exec_module(module):
        load(module)
        action(module)

    loader.exec_module = exec_module
