"""What commands that show findings say on stderr beside them."""

from __future__ import annotations

from pathlib import Path

from ...services.understanding.invariants import waiting_rules
from ...store.contract import Store
from .output import say


def notice_rules(store: Store) -> None:
    """Say on stderr where the rules file of this folder is not in use as it reads."""
    told = waiting_rules(store, Path.cwd())
    if told:
        say(told, err=True)
