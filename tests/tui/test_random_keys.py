"""Keys at random, faster than the app can follow: it stays alive on every screen, and says nothing of its insides."""

from __future__ import annotations

import os
import random
import time

import anyio
import pytest
from conversations import Builder, answers, calls, says
from figures import say
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.trust.session import ReviewSession
from retrospan.tui.app import RetrospanApp
from retrospan.tui.widgets.palette import Palette
from retrospan.tui.widgets.row_list import RowList
from reviewdesk import Desk
from textual import on
from textual.app import App, ComposeResult
from textual.content import Content

MAIN = "htrlcd"
KEYS = (
    *MAIN, "enter", "escape", "tab", "shift+tab", "up", "down", "left", "right", "pageup", "pagedown", "home", "end",
    "space", "question_mark", "comma", "slash", "backspace", "delete", "f5", "R", "s", "w", "x", "n", "p", "a", "b",
    "e", "f", "g", "i", "j", "k", "m", "o", "u", "v", "y", "z", "1", "2", "3", "N", "P", "S", "ctrl+s", "ctrl+p",
    "ctrl+home", "ctrl+end", "é", "表", "full_stop", "left_square_bracket", "right_square_bracket", "colon",
)  # fmt: skip
"""What a person may hit; not the keys that leave the app."""


def type_at_random(app: RetrospanApp, seed: int, seconds: float) -> int:
    """Press keys for so many seconds with pauses of 0 to 50 ms; returns how many. A crash of the app raises here."""
    rng, pressed = random.Random(seed), []
    places: set[str] = set()

    async def run() -> None:
        async with app.run_test(size=rng.choice([(100, 30), (60, 20), (160, 50)])) as pilot:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for key in rng.choice(_BURSTS) if rng.random() < 0.3 else [rng.choice(KEYS)]:
                    pressed.append(key)
                    app.simulate_key(key)
                    await anyio.sleep(rng.choice((0, 0, 0.001, 0.01, 0.05)))
                places.add(type(app.screen).__name__)
                if rng.random() < 0.01:
                    await pilot.resize_terminal(rng.randint(20, 180), rng.randint(5, 60))
            await pilot.pause()

    try:
        anyio.run(run)
    except BaseException as err:
        err.add_note(f"seed {seed}, last keys {pressed[-25:]}, screens {sorted(places)}")
        raise
    return len(pressed)


_BURSTS = [
    line.split()
    for line in """
        t enter escape
        t enter s escape escape
        t enter d escape
        t enter w g escape
        t enter question_mark escape escape
        t slash x enter escape
        r enter escape
        r enter f escape escape
        l enter escape c enter escape
        d enter escape
        h enter escape t
        comma escape
        ctrl+p s enter escape
    """.strip().splitlines()
]
"""What hands that know the app type without looking."""


@pytest.fixture
def filled(store: Store, queue: Desk, traces: Builder) -> Store:
    for number in range(12):
        days = 45 if number % 3 else 30
        traces.add(
            says("user", f"Can I return order {number}?"),
            calls("get_policy", topic="refund"),
            answers("Within 30 days."),
            says("assistant", f"You have {days} days."),
            task="refund",
            version=f"v{number % 2}",
            outcome="fail" if number % 3 else "pass",
        )
    analyse(store)
    return store


@pytest.mark.parametrize("seed", range(3))
def test_quick_keys_leave_the_app_alive(filled: Store, ada: ReviewSession, quick: None, seed: int) -> None:
    assert type_at_random(RetrospanApp(filled, session=ada), seed, seconds=5) > 5


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.05])
def test_a_run_may_be_left_before_it_is_read(filled: Store, pause: float) -> None:
    app = RetrospanApp(filled)

    async def run() -> None:
        async with app.run_test() as pilot:
            for _ in range(6):
                for key in ("t", "enter", "s", "escape", "escape"):
                    app.simulate_key(key)
                    await anyio.sleep(pause)
            await pilot.pause()

    anyio.run(run)


@pytest.mark.parametrize("rows", [2, 4, 30])
def test_the_palette_takes_keys_where_its_list_has_no_room(store: Store, rows: int) -> None:
    app = RetrospanApp(store)

    async def run() -> None:
        async with app.run_test(size=(40, rows)) as pilot:
            await pilot.press("ctrl+p", "pagedown", "s", "pagedown")
            await pilot.pause()
            assert isinstance(app.screen, Palette)
            await pilot.press("pagedown", "pageup", "home", "end")

    anyio.run(run)


def test_the_palette_gives_way_to_another_main_screen(store: Store) -> None:
    app = RetrospanApp(store)

    async def run() -> None:
        async with app.run_test() as pilot:
            app.action_command_palette()
            await app.switch_mode("traces")
            await pilot.press("ctrl+p")
            assert isinstance(app.screen, Palette)
            await app.switch_mode("home")
            await pilot.press("ctrl+p", "escape")
            assert type(app.screen).__name__ == "HomeScreen"

    anyio.run(run)


def test_a_row_that_was_chosen_among_others_opens_nothing(store: Store) -> None:
    """The rows were exchanged between the key and its handler; the number may be that of another row, or of none."""
    rows, heard = RowList(lambda index, _width: Content(str(index)), id="rows"), list[int]()

    class Listening(App[None]):
        def compose(self) -> ComposeResult:
            yield rows

        @on(RowList.Chosen)
        def _chosen(self, event: RowList.Chosen) -> None:
            heard.append(event.index)

    async def run() -> None:
        async with Listening().run_test() as pilot:
            rows.fill(3, cursor=2)
            rows.action_choose()
            await pilot.pause()
            rows.action_choose()
            rows.fill(1)
            await pilot.pause()

    anyio.run(run)
    assert heard == [2]


@pytest.mark.slow
def test_minutes_of_random_keys(filled: Store, ada: ReviewSession, quick: None, pytestconfig: pytest.Config) -> None:
    """`RETROSPAN_KEY_SECONDS` says for how long, `RETROSPAN_KEY_SEED` from which seed on; each is an app."""
    left = float(os.environ.get("RETROSPAN_KEY_SECONDS", "40"))
    first = int(os.environ.get("RETROSPAN_KEY_SEED", "1000"))
    seed = pressed = 0
    while left > 0:
        part = min(30.0, left)
        pressed += type_at_random(RetrospanApp(filled, session=ada), first + seed, part)
        left, seed = left - part, seed + 1
    assert pressed > 10 * seed
    say(pytestconfig, f"{pressed} keys in {seed} sessions")
