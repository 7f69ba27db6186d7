"""Sleeps of asyncio in a replay: the loop's clock jumps to its next timer, so that tasks wake up in the order that they had."""


def watch_loops(readings, calls, asyncio):
    tasks, loops = asyncio.tasks, asyncio.base_events.BaseEventLoop
    wait, clock, run_once = tasks.sleep, loops.time, loops._run_once

    async def sleep(delay, result=None, **options):
        result = await wait(delay, result, **options)
        if delay > 0:
            readings.take("asyncio")
            readings.keep("asyncio", 1)
        return result

    def time(self):
        return clock(self) + readings.skipped

    def _run_once(self):
        # Not while a host call is pending: its answer comes first, as it may have then.
        if readings.left.get("asyncio") and not self._ready and not self._stopping and self._scheduled and not calls.waiting:
            readings.skipped += max(0.0, self._scheduled[0]._when - self.time())
        run_once(self)

    sleep.__doc__, sleep.__module__, time.__doc__ = wait.__doc__, wait.__module__, clock.__doc__
    loops.time, loops._run_once = time, _run_once
    for module in (asyncio, tasks):
        module.sleep = sleep
