"""An answer ends the thread or the task that gives it without a traceback, as sys.exit() ends a thread."""
from .tools import is_final


def end_threads_quietly(threading):
    report = threading.excepthook

    def excepthook(args, /):
        if not is_final(args.exc_value):
            report(args)

    threading.excepthook = excepthook


def end_tasks_quietly(base_events):
    loops = base_events.BaseEventLoop
    report = loops.call_exception_handler

    def call_exception_handler(self, context):
        if not is_final(context.get("exception")):
            report(self, context)

    call_exception_handler.__doc__ = report.__doc__
    loops.call_exception_handler = call_exception_handler
