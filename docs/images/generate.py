"""Draw the pictures of the terminal app from the demo's own store: `python docs/images/generate.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import anyio
from retrospan.services.reviewing.people import demo_reviewer
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.tui.app import RetrospanApp
from retrospan.tui.picture import picture
from textual import events
from textual.worker import WorkerCancelled

HERE = Path(__file__).resolve().parent
_GUARD = 0.5
_PICTURES = {
    "review": ("review", ("enter", "3"), "No rule covers courses; the 45 days are invented.", ("enter",)),
    "home": ("home", (), "", ()),
    "diff": ("home", ("enter", "d"), "", ()),
}
"""Name → the screen to begin at, keys, words to type, keys after them."""


async def draw(store: Store, name: str) -> str:
    """The picture after these keys."""
    start, before, words, after = _PICTURES[name]
    app = RetrospanApp(store, start=start, session=demo_reviewer(store))
    async with app.run_test(size=(110, 32)) as pilot:
        for key in ("", *before, words, *after):
            if key == words and words and app.focused is not None:
                app.focused.post_message(events.Paste(words))
            elif key:
                await pilot.press(key)
            # Deciding keys act only a moment after what they decide on is shown.
            await pilot.pause(_GUARD)
            # Slow work that another made void is done with; the rest is waited for.
            with suppress(WorkerCancelled):
                await app.workers.wait_for_complete()
            await pilot.pause(_GUARD)
        return picture(app)


def main() -> None:
    # The demo's reviewer is thrown away with it; whom one trusts lies outside of every project.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as settings:
        os.environ["RETROSPAN_CONFIG_DIR"] = settings
        subprocess.run([sys.executable, "-m", "retrospan.cli", "demo", "--folder", folder], check=True)
        with open_store(Path(folder) / "store.db") as store:
            for name in _PICTURES:
                (HERE / f"{name}.svg").write_text(anyio.run(draw, store, name))


if __name__ == "__main__":
    main()
