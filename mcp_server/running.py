"""One call in a worker thread: heard while it runs, and called off when its client gives it up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anyio
from anyio import CapacityLimiter, from_thread, to_thread

from ..model.errors import StoppedError
from ..store.contract import Store

Result = TypeVar("Result")
Report = Callable[[int, int, str], None]
Notify = Callable[[float, float, str], Coroutine[Any, Any, None]]


async def run_stoppable(
    store: Store, work: Callable[[Report], Result], limiter: CapacityLimiter, notify: Notify | None = None
) -> Result:
    """Run `work` in a thread.

    Cancelling this ends the statement that the thread runs, undoes what it was writing, and lets it begin no other.

    Args:
        store: What the work uses.
        work: Takes a function by which it tells how many of how many are done, and what.
        limiter: How many may run at the same time.
        notify: Passes progress on to the client; None where nobody listens.
    """
    stop = threading.Event()

    def report(done: int, total: int, what: str) -> None:
        if stop.is_set():
            raise StoppedError("Called off; nothing further was done.")
        if notify is not None:
            from_thread.run(notify, done, total, what)

    def worked() -> Result:
        with store.stoppable(stop):
            return work(report)

    try:
        return await to_thread.run_sync(worked, limiter=limiter, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        stop.set()
        raise
