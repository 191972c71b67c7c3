"""The terminal app without a terminal: first picture and key to screen on 100,000 traces, first rows of new runs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.tui.app import RetrospanApp
from retrospan.tui.screens.home import HomeScreen
from retrospan.tui.widgets.row_list import RowList
from textual.pilot import Pilot

KEYS = ("down", "pagedown", "end", "home", "pageup") * 8
"""The last two pages are read from the store on the way."""
_SIZE = (120, 40)
_LOOK_S = 0.001
_Measured = tuple[str, float, float, None, str]


def terminal_rows(store: Store) -> Iterator[_Measured]:
    """What was measured, p50 and p95, no floor, unit."""
    for start in ("home", "traces"):
        firsts = [anyio.run(_first_picture, store, start) for _ in range(5)]
        yield _row(f"terminal: first picture of {start}, 100,000 traces", [cpu for cpu, _ in firsts], "CPU ms")
        yield _row("the same", [wall for _, wall in firsts], "wall ms")
    keys = anyio.run(_keys, store)
    yield _row("terminal: key to screen in the list", [cpu for cpu, _ in keys], "CPU ms")
    yield _row("the same", [wall for _, wall in keys], "wall ms")


def _row(what: str, taken: list[float], unit: str) -> _Measured:
    return what, statistics.median(taken), statistics.quantiles(taken, n=20, method="inclusive")[-1], None, unit


def first_home_rows(untouched: Path) -> Iterator[_Measured]:
    """The first home over runs that nobody has looked at: the newest of them, then what is failing; of a copy each."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(5):
            copy = Path(folder) / f"{number}.db"
            with open_store(untouched) as store:
                store.back_up(copy)
            with open_store(copy) as store:
                taken.append(anyio.run(_first_rows, store))
    for name, cpu in zip(("newest", "failing"), zip(*taken, strict=True), strict=True):
        yield _row(f"terminal: first home of 2,000 new runs, {name} rows", list(cpu), "CPU ms")


async def _first_rows(store: Store) -> tuple[float, float]:
    watch, newest = _Watch(), 0.0
    app = RetrospanApp(store, start="home")
    async with app.run_test(size=_SIZE):
        while True:
            await anyio.sleep(_LOOK_S)
            if not isinstance(home := app.screen, HomeScreen):
                continue
            newest = newest or (watch.read()[0] if home.newest else 0.0)
            if home.modes or (home.failing and home.failing.findings):
                return newest, watch.read()[0]


class _Watch:
    """CPU and wall milliseconds since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> tuple[float, float]:
        return (time.process_time() - self._cpu) * 1e3, (time.perf_counter() - self._wall) * 1e3


async def _settled(app: RetrospanApp, pilot: Pilot[None]) -> None:
    await pilot.pause()
    while any(not worker.is_finished for worker in app.workers):
        await anyio.sleep(_LOOK_S)
    await pilot.pause()


async def _first_picture(store: Store, start: str) -> tuple[float, float]:
    watch = _Watch()
    app = RetrospanApp(store, start=start)
    async with app.run_test(size=_SIZE) as pilot:
        await _settled(app, pilot)
        return watch.read()


async def _keys(store: Store) -> list[tuple[float, float]]:
    taken = []
    app = RetrospanApp(store, start="traces")
    async with app.run_test(size=_SIZE) as pilot:
        await _settled(app, pilot)
        assert app.screen.query_one(RowList).count > 0
        for key in KEYS:
            watch = _Watch()
            await pilot.press(key)
            await _settled(app, pilot)
            taken.append(watch.read())
    return taken
