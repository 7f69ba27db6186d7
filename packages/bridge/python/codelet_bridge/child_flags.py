"""How multiprocessing, joblib and others start this interpreter again: with its flags, which here are not the code's choice but how the worker was started."""

_OWN_FLAGS = ("-I", "-P", "-S")


def drop_own_flags(subprocess):
    """A child without `site` finds no packages, and one with a safe path no file of the work folder."""
    flags_of_this_process = getattr(subprocess, "_args_from_interpreter_flags", None)
    if flags_of_this_process is None:
        return

    def _args_from_interpreter_flags():
        return [flag for flag in flags_of_this_process() if flag not in _OWN_FLAGS]

    subprocess._args_from_interpreter_flags = _args_from_interpreter_flags
