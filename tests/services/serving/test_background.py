"""Background work: findings follow the last span of a trace, and what was left behind is found again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from conversations import Builder, says
from retrospan.services.serving import background
from retrospan.services.serving.background import BackgroundWork
from retrospan.services.understanding import analysing
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """A function that waits until so many traces were analysed, told by the analysis itself."""
    done = threading.Semaphore(0)
    real = analysing.analyse

    def analyse(store: Store, trace_ids: list[int]) -> int:
        count = real(store, trace_ids)
        for _ in trace_ids:
            done.release()
        return count

    def wait(count: int) -> None:
        for _ in range(count):
            assert done.acquire(timeout=60)

    monkeypatch.setattr(background, "analyse", analyse)
    yield wait


@contextmanager
def _working(store: Store, **options: float) -> Iterator[BackgroundWork]:
    work = BackgroundWork(store, **options)  # type: ignore[arg-type]
    work.start()
    try:
        yield work
    finally:
        work.close()


def _waiting(store: Store) -> int:
    with store.read() as con:
        count: int = con.execute("SELECT count(*) FROM trace WHERE dirty = 1 OR analysed_with IS NULL").fetchone()[0]
        return count


def test_a_quiet_trace_is_assembled_and_analysed(
    store: Store, traces: Builder, analysed: Callable[[int], None]
) -> None:
    with _working(store, quiet_seconds=0.05) as work:
        trace_id = traces.add(says("user", "Hi"), says("assistant", "Hello"))
        work.touch([trace_id])
        analysed(1)
    (summary,) = get_summaries(store, [trace_id])
    assert (summary.step_count, _waiting(store)) == (2, 0)


def test_what_an_earlier_process_left_is_taken_up(
    store: Store, traces: Builder, analysed: Callable[[int], None]
) -> None:
    for _ in range(20):
        traces.add(says("user", "Hi"))
    with _working(store, quiet_seconds=0.0):
        analysed(20)
    assert _waiting(store) == 0


def test_a_trace_that_still_grows_is_left_alone(store: Store, traces: Builder) -> None:
    with _working(store, quiet_seconds=3600.0) as work:
        work.touch([traces.add(says("user", "Hi"))])
    assert _waiting(store) == 1


def test_closing_does_not_wait_for_what_is_not_due(store: Store, traces: Builder) -> None:
    work = BackgroundWork(store, quiet_seconds=3600.0)
    work.start()
    work.touch([traces.add(says("user", "Hi"))])
    work.close()
    assert _waiting(store) == 1
