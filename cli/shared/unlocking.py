"""Unlock a reviewer's key for a command: the passphrase is typed on this terminal, and nowhere else."""

from __future__ import annotations

import sys

from ...model.errors import RefusedError, UsageError
from ...store.contract import Store
from ...trust.session import ReviewSession
from .output import say

_TRIES = 3


def unlocked(store: Store, reviewer: str | None = None) -> ReviewSession:
    """The session of a reviewer; in a demo store its own, without a passphrase.

    Raises:
        UsageError: if no key lies here, or several and nobody is named.
        RefusedError: if there is no terminal, or the passphrase is wrong three times.
    """
    from ...services.reviewing.people import demo_reviewer, unlock_reviewer
    from ...trust.folders import keys_folder
    from ...trust.keys import key_names
    from ...trust.passphrase import read_passphrase

    if store.kind == "demo":
        if reviewer is not None:
            raise UsageError(
                f"In a demo store only its demo reviewer signs; {reviewer!r} counts in your own store. "
                "Leave out --reviewer, or --store."
            )
        return demo_reviewer(store)
    names = [reviewer] if reviewer else key_names(keys_folder())
    if not names:
        raise UsageError("No reviewer has a key here yet. Run `retrospan reviewer add NAME` first.")
    if len(names) > 1:
        raise UsageError(f"Several keys lie here: {', '.join(names)}. Say who you are with --reviewer NAME.")
    for left in reversed(range(_TRIES)):
        try:
            return unlock_reviewer(names[0], read_passphrase(f"Passphrase of {names[0]}: "))
        except RefusedError as err:
            if not left or not sys.stdin.isatty():
                raise
            say(str(err), err=True)
    raise AssertionError("the last try returns or raises")
