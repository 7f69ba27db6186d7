"""The runner's loop: frames of the host in, steps run on the main thread, frames out."""
import os
import sys

from .after_loading import AfterLoading
from .calls import Calls
from .channel import HostGone
from .child_flags import drop_own_flags
from .codec_encode import TooLarge, encode_value, opaque
from .codec_libraries import loaded_modules
from .errors import describe_error, error_name, register_sources, remember_source
from .event_loop import EventLoops, install_stand_in
from .execution import compile_step, evaluate, features_of
from .files import Files
from .import_guard import forget_half_imports
from .interrupts import interrupts
from .limits import apply_limits, limits
from .namespace import Namespace, rebinding_note
from .output import Output, open_standard_input
from .quiet_answers import end_tasks_quietly, end_threads_quietly
from .rich_output import RichOutput, printed_text
from .tools import connect_tools, encode_line, fits_frame, is_final
from .wire import json_text, to_json
from .world_functions import observe_world

_exit = os._exit
_set_trace = sys.settrace
_set_profile = sys.setprofile
_set_recursion_limit = sys.setrecursionlimit
_get_recursion_limit = sys.getrecursionlimit
_recursion_limit = _get_recursion_limit()
_MAX_FAILURES = 10000


def _is_foreign(error):
    """Whether other code than the runner's raised it; what built-in handlers raise, such as KeyboardInterrupt, has no code."""
    own = _is_foreign.__code__.co_filename
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename != own:
            return True
        step = step.tb_next
    return not isinstance(error, Exception)


class Session(Calls):
    """One interpreter's state. `serve` returns on a snapshot frame and may be called again, also in another process."""

    def __init__(self, channel):
        Calls.__init__(self, channel)
        self.output = Output(channel.drain, channel.devices)
        self.rich = RichOutput(self, self.output)
        self.loops = EventLoops(self)
        self.namespace = Namespace(self.rich.function)
        self.files = Files()
        self.final_sent = False
        self.mark_prefix = ""
        self.prepared = True
        self.outcome = None  # of the running step: value, error, printed value
        self.steps = 0
        self.features = 0
        self.failures = 0
        self.observed = None
        connect_tools(self, self.loops)
        actions = {"linecache": register_sources, "subprocess": drop_own_flags}
        actions.update({"threading": end_threads_quietly, "asyncio.base_events": end_tasks_quietly})
        sys.meta_path.insert(0, AfterLoading(actions))
        for name in actions.keys() & loaded_modules.keys():  # Python 3.13 begins with linecache
            actions[name](loaded_modules[name])
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)
        if not channel.selectable:
            interrupts.once = True
            install_stand_in(self)
            open_standard_input()

    def _after_fork(self):
        """A child has its parent's code and none of its connection."""
        self.forked = True
        if self.readings is not None:
            self.readings.end()
        for raw in self.output.raw.values():
            raw.other = None
        for fd in (self.channel.fd, self.channel.out_fd) + tuple(self.channel.drain):
            try:
                os.close(fd)
            except OSError:
                pass

    def serve(self):
        """Runs until the host is gone ("closed") or asks for a snapshot ("snapshot")."""
        raised = None
        while True:
            try:
                while raised is None or not self._is_fatal(raised):
                    try:
                        return self._serve_frames()
                    except HostGone:
                        return "closed"
                    except BaseException as error:
                        raised = error
                break
            except BaseException as error:  # came between the two lines above
                raised = error
        raise raised

    def _is_fatal(self, error):
        """Not so is what a signal handler of the code raised where none of it runs that it could end: what it cut short is done again."""
        self.failures += 1
        return self.failures > _MAX_FAILURES or not _is_foreign(error)

    def _serve_frames(self):
        self.complete()
        while True:
            if not self.prepared:
                self._prepare()
            frame = self.next_control()
            kind = frame["t"]
            if self.frame[3] is frame:
                pass
            elif kind == "exec":
                self.run_step(frame)
            elif kind == "file":
                self.answer(frame, '{"t":"file"', self.files.answer(frame))
            elif kind == "open":
                self.open(frame)
            elif kind == "bind":
                self.answer_binding(frame)
            if self.outcome is not None:
                self.prepared = False
                self.outcome = None
            self.failures = 0
            self.control.popleft()
            if kind == "snapshot":
                return "snapshot"
            if kind == "close":
                return "closed"

    def open(self, frame):
        """A host's first frame: numbering starts over, also after a restore in another process."""
        self.frame = (0, b"", [], None)
        self.mark_prefix = frame["mark"]
        apply_limits(frame["limits"])
        os.environ.setdefault("MPLBACKEND", "Agg")
        # At the end: a file of the code's shadows nothing.
        sys.path[:] = [folder for folder in sys.path if folder not in ("", self.files.folder)] + [self.files.folder]
        self.namespace.guard_imports(frame["imports"], frame["base"])
        self._prepare()
        if frame["restored"]:
            if frame["seed"] is None and "random" in loaded_modules:
                loaded_modules["random"].seed()
        elif frame["seed"] is not None:
            import random

            random.seed(frame["seed"])
        if frame["replayable"] and self.observed is None:
            self.observed = observe_world(self)
        self.readings = self.observed if frame["replayable"] else None
        version = "%d.%d.%d" % sys.version_info[:3]
        self.answer_binding(frame, ',"python":"%s","pid":%d' % (version, os.getpid()))

    def answer_binding(self, frame, more=""):
        """A variable that can't be built here is the caller's mistake: it is told, and the session goes on."""
        try:
            self.namespace.bind(frame["tools"], frame["vars"])
        except Exception as error:
            message = "%s: %s" % (type(error).__name__, error)
            more += ',"error":%s' % json_text(message[:2000])
        self.answer(frame, '{"t":"bound"', more)

    def send_final(self, text):
        """The first answer of a step counts."""
        with self.lock:
            if self.final_sent or not self.active:
                return
            self.final_sent = True
        self.send('{"t":"final"', ',"value":' + text)

    def run_step(self, frame):
        """Its code runs once; what comes after that is done until it is done."""
        if self.outcome is None:
            self._run_once(frame)
        if self.forked:
            self.output.flush()
            _exit(0)
        self._finish(frame, self.outcome)

    def _run_once(self, frame):
        self.steps = max(frame["id"], self.steps + 1)  # the host of a restored session starts over
        filename = "<step %d>" % self.steps
        self.namespace.names.pop("__warningregistry__", None)  # it knows warnings by line, and each step has a line 1
        interrupts.begin()
        if self.readings is not None:
            self.readings.begin(frame.get("replay") or {})
        self.active = True
        outcome = [None, None, None]
        try:
            self.outcome = outcome
            try:
                self._run_user_code(frame["code"], filename, outcome)
            finally:
                interrupts.armed = False
                _set_trace(None)
                _set_profile(None)
        except BaseException as error:  # an interrupt that hit the formatting of an error
            if outcome[1] is None:
                outcome[1] = error  # told in `_finish`: another one may come

    def _prepare(self):
        """What the next step needs whatever this one did; the host does not wait for it."""
        self.final_sent = False
        if interrupts.raised:
            forget_half_imports()
        interrupts.install()
        self.output.begin()
        self.rich.begin()
        try:
            _set_recursion_limit(max(_recursion_limit, _get_recursion_limit()))  # the code may have raised it
        except RecursionError:
            pass
        self.prepared = True

    def _run_user_code(self, code, filename, outcome):
        try:
            interrupts.arm()
            remember_source(filename, code)
            compiled = compile_step(code, filename, self.features)
            self.features |= features_of(compiled)
            try:
                value = evaluate(compiled, self.namespace.names, self.loops.run)
            finally:
                self.output.flush_replacements()
            self.rich.show_figures()
            if value is not None:
                outcome[0] = self._encode_result(value)
                outcome[2] = printed_text(value)
                self.rich.show_last_value(value)
        except BaseException as error:
            if is_final(error):
                self.rich.show_figures()
                return
            outcome[0] = None
            outcome[1] = describe_error(error, filename)
            if interrupts.raised:  # drawing could not be interrupted again
                self.rich.drop_figures()
            else:
                self.rich.show_figures()

    def _encode_result(self, value):
        try:
            return encode_line(encode_value(value))
        except TooLarge:
            return to_json(opaque(value))

    def _finish(self, frame, outcome):
        for name in self.namespace.rebound():
            self.output.note(rebinding_note(name))
            if name == "final_answer":
                outcome[0] = None  # what a fake final_answer returned is no answer
            self.namespace.restore(name)
        if isinstance(outcome[1], BaseException):
            outcome[1] = {"name": error_name(outcome[1]), "message": "", "traceback": ""}
        self.output.flush()
        self.end_step()
        if self.readings is not None:
            self.readings.end()
        tail = ""
        if outcome[1] is not None:
            tail += ',"error":' + to_json(outcome[1])
            if not fits_frame(tail):
                tail = ',"error":{"name":%s,"message":"","traceback":""}' % json_text(outcome[1]["name"][:100])
        if outcome[0] is not None:
            value = ',"value":' + outcome[0]
            text = "" if outcome[2] is None else ',"text":' + json_text(outcome[2])
            for more in (value + text, value, ',"value":null'):
                if fits_frame(tail, more):
                    tail += more
                    break
        if interrupts.raised:
            tail += ',"interrupted":true'
        marked = self.output.marked(self.mark_prefix, frame["id"])
        if marked:
            tail += ',"marked":' + to_json(marked)
        if self.readings is not None:
            try:
                with self.write_lock:  # a thread that came before the end has sent its call, and what it had read, by then
                    tail += self.readings.fields(len(tail))
            except BaseException:
                pass  # a signal handler of the code
        self.answer(frame, '{"t":"done"', tail)
