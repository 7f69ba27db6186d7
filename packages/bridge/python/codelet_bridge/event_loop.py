"""Top-level await: one event loop for the whole session, and one for platforms without select (Pyodide)."""
import sys

from .wire import to_json


class EventLoops:
    def __init__(self, calls):
        self.calls = calls
        self.loop = None
        self.watched = {}

    def run(self, coroutine):
        try:
            import asyncio

            if self.loop is None or self.loop.is_closed():
                self.loop = asyncio.new_event_loop() if self.calls.channel.selectable else stand_in_class(self.calls)()
                asyncio.set_event_loop(self.loop)
            return self.loop.run_until_complete(coroutine)
        except Exception:
            raise
        except BaseException as error:
            if self.loop is not None:
                self._cancel_tasks(asyncio, isinstance(error, KeyboardInterrupt))
            raise
        finally:
            coroutine.close()

    def _cancel_tasks(self, asyncio, is_interrupt):
        """After an interrupt or the final answer nothing of the step goes on behind the next one's back."""
        if self.loop.is_closed() or self.loop.is_running():
            return
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        try:
            if is_interrupt:  # it may have come just before asyncio's own word that the coroutine is done, which would stop whatever runs next
                self.loop.call_soon(self.loop.stop)
                self.loop.run_forever()
            if tasks:
                self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        except BaseException:
            self.loop.close()  # the second interrupt: what can't be cancelled never runs again
            raise

    def watch(self, loop):
        """Lets a loop wake up for results as long as one of its tasks waits for a call."""
        count = self.watched.get(loop, 0)
        self.watched[loop] = count + 1
        if count == 0 and self.calls.channel.selectable:
            loop.add_reader(self.calls.channel.fd, self.calls.read_ready)

    def unwatch(self, loop):
        count = self.watched.get(loop, 0) - 1
        if count > 0:
            self.watched[loop] = count
            return
        self.watched.pop(loop, None)
        if self.calls.channel.selectable and not loop.is_closed():
            loop.remove_reader(self.calls.channel.fd)


class _HostSelector:
    """Waits where nothing can be selected: by reading the host's frames, which also carry its wake-up calls."""

    def __init__(self, calls):
        self.calls = calls
        self.sleeping = False

    def select(self, timeout):
        if timeout is not None and timeout <= 0:
            return []
        if not any(slot.future is not None for slot in self.calls.waiting.values()):
            if timeout is None:
                raise RuntimeError("the event loop waits for something that can't happen")
            self._sleep(timeout)
            return []
        if timeout is not None:
            self.calls.send('{"t":"wake"', ',"ms":%s' % to_json(max(1, int(timeout * 1000))))
        self.calls.read_ready()
        return []

    def _sleep(self, seconds):
        import time

        try:
            self.sleeping = True
            time.sleep(seconds)
        except _Woken:
            pass
        finally:
            self.sleeping = False

    def wake(self):
        """Only a signal handler can run while this thread sleeps; without an exception the sleep would go on after it."""
        if self.sleeping:
            self.sleeping = False
            raise _Woken

    def close(self):
        pass


class _Woken(BaseException):
    pass


_stand_in = None


def stand_in_class(calls):
    global _stand_in
    if _stand_in is not None:
        return _stand_in
    from asyncio import BaseEventLoop

    class StandInLoop(BaseEventLoop):
        """No sockets, no subprocesses: tasks, timers and host calls."""

        def __init__(self):
            BaseEventLoop.__init__(self)
            self._selector = _HostSelector(calls)

        def _process_events(self, events):
            pass

        def _write_to_self(self):
            self._selector.wake()

        def run_in_executor(self, executor, function, *args):
            future = self.create_future()
            try:
                future.set_result(function(*args))
            except Exception as error:
                future.set_exception(error)
            return future

    _stand_in = StandInLoop
    return _stand_in


def install_stand_in(calls):
    """Makes asyncio.run and asyncio.new_event_loop work where the platform's own loop needs JavaScript."""
    import asyncio
    import asyncio.events

    asyncio.events._set_running_loop(None)  # Pyodide's own, which runs for ever
    loop_class = stand_in_class(calls)
    current = []

    def new_event_loop():
        return loop_class()

    def set_event_loop(loop):
        current[:] = [] if loop is None else [loop]

    def get_event_loop():
        running = asyncio.events._get_running_loop()
        if running is not None:
            return running
        if not current:
            current.append(loop_class())
        return current[0]

    for module in (asyncio, asyncio.events):
        module.new_event_loop = new_event_loop
        module.set_event_loop = set_event_loop
        module.get_event_loop = get_event_loop
    sys.modules.setdefault("asyncio", asyncio)
