"""A person at the keyboard of the terminal app: presses keys, reads the screen, compares pictures of it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import anyio
from retrospan.tui.app import RetrospanApp
from retrospan.tui.picture import picture
from rich.style import Style
from textual import events
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

SNAPSHOTS = Path(__file__).resolve().parents[1] / "tui" / "snapshots"
_UPDATE = "RETROSPAN_UPDATE_SNAPSHOTS"


class Hands:
    """Keys in, screen out. Every key is followed by waiting until the app has nothing left to do."""

    def __init__(self, app: RetrospanApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.pressed: list[str] = []

    async def settle(self) -> None:
        """Wait until workers are done and what they found is shown."""
        await self.pilot.pause()
        while pending := [worker for worker in self.app.workers if not worker.is_finished]:
            # What another worker made void is done with.
            with suppress(WorkerCancelled):
                await self.app.workers.wait_for_complete(pending)
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.pressed.append(key)
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Put words into the focused field, as a paste does; counts as no key."""
        focused = self.app.focused
        assert focused is not None, "no field to type into"
        focused.post_message(events.Paste(text))
        await self.settle()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait for something that comes by itself."""
        with anyio.fail_after(20):
            while not seen():
                await self.pilot.pause(0.02)
                await self.settle()

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.settle()

    @property
    def lines(self) -> list[str]:
        """The screen's text, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def styles(self) -> list[Style]:
        """The style of each stretch of text: its colours, links, and what a click on it would do."""
        strips = self.app.screen._compositor.render_strips()
        return [segment.style for strip in strips for segment in strip if segment.style is not None]

    @property
    def place(self) -> str:
        """Name of the screen on top."""
        return type(self.app.screen).__name__


def at_keyboard(
    app: RetrospanApp, walk: Callable[[Hands], Awaitable[None]], *, size: tuple[int, int] = (100, 30)
) -> None:
    """Run the app without a terminal and let `walk` use it."""

    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            hands = Hands(app, pilot)
            await hands.settle()
            await walk(hands)

    anyio.run(run)


def assert_looks_as_before(hands: Hands, name: str) -> None:
    """Compare the screen with its stored picture; `RETROSPAN_UPDATE_SNAPSHOTS=1` stores it anew."""
    path = SNAPSHOTS / f"{name}.svg"
    now = picture(hands.app)
    if os.environ.get(_UPDATE):
        path.write_text(now)
    assert path.exists(), f"no picture {name!r} yet; store it with {_UPDATE}=1 and look at it"
    if path.read_text() != now:
        raise AssertionError(f"{name} looks different:\n{hands.text}\nIf it is meant to, run with {_UPDATE}=1.")
