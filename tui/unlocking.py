"""Unlocking a reviewer's key inside the app: the passphrase is typed into a masked field on a real terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from textual.worker import WorkType

from ..model.errors import RetrospanError
from ..services.reviewing.people import demo_reviewer, unlock_reviewer
from ..trust.folders import keys_folder
from ..trust.keys import key_names
from ..trust.passphrase import require_terminal
from ..trust.session import ReviewSession
from .desk import Desk
from .screens.ask import LineScreen

_ADD_ONE = "Nobody can sign here yet. Leave with q and run `retrospan reviewer add NAME`, then come back."


def unlock(app: Desk, then: Callable[[ReviewSession], None]) -> None:
    """Ask for what is needed, then call `then`; a store of a demo has its own reviewer and asks nothing."""
    if app.store.kind == "demo":
        then(demo_reviewer(app.store))
        return
    try:
        require_terminal()
    except RetrospanError as err:
        app.tell(str(err), error=True)
        return
    names = [app.reviewer] if app.reviewer else key_names(keys_folder())
    if not names:
        app.tell(_ADD_ONE, error=True)
    elif len(names) == 1:
        _ask_passphrase(app, names[0], then)
    else:
        screen = LineScreen("Who are you?", f"Keys lie here for: {', '.join(names)}")
        app.push_screen(screen, lambda name: _ask_passphrase(app, name, then) if name else None)


def _ask_passphrase(app: Desk, name: str, then: Callable[[ReviewSession], None]) -> None:
    async def open_key(passphrase: str) -> None:
        try:
            session = await asyncio.to_thread(unlock_reviewer, name, passphrase)
        except RetrospanError as err:
            app.tell(str(err), error=True)
            return
        then(session)

    def typed(passphrase: str | None) -> None:
        if passphrase:
            work: WorkType[None] = partial(open_key, passphrase)
            app.run_worker(work, group="unlock", exclusive=True)

    app.push_screen(
        LineScreen(f"Passphrase of {name}", "Asked once; kept in memory until you leave", hidden=True), typed
    )
