"""Find traces by the ids that people have: the run's own, the session's, the trace's; before words are tried."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..contract import Store

_ID = re.compile(r"(?=[^\s]*\d)[\w.:@/+=-]*(?:[-_:/@.#]|[A-Za-z])[\w.:@/+=-]*")
_HEX = re.compile(r"[0-9a-fA-F]{16,}")
_SHORT = re.compile(r"[Tt](\d{1,15})")
_NEWEST = 2_000
SELECT_BY_ID = "SELECT id FROM trace WHERE trace_key = :text OR run_id = :text ORDER BY id DESC"
SELECT_BY_SESSION = "SELECT id FROM trace WHERE session = :text ORDER BY id DESC"
SELECT_BY_NUMBER = "SELECT id FROM trace WHERE id = :number"
SELECT_NEWEST_IDS = "SELECT trace_key, run_id, session FROM trace ORDER BY id DESC LIMIT :most"


class Named(NamedTuple):
    """Traces that an id names, newest first, and what kind of id it is."""

    trace_ids: list[int]
    how: str


def traces_named(store: Store, text: str) -> Named | None:
    """The traces that `text` is the id of: a run's own or short one, else a session's; None where it is no id here."""
    with store.read() as con:
        short = _SHORT.fullmatch(text)
        if short and con.execute(SELECT_BY_NUMBER, {"number": int(short[1])}).fetchone():
            return Named([int(short[1])], "by id")
        for statement, how in ((SELECT_BY_ID, "by id"), (SELECT_BY_SESSION, "by session")):
            if rows := con.execute(statement, {"text": text}).fetchall():
                return Named([row["id"] for row in rows], how)
    return None


def looks_like_id(text: str) -> bool:
    """Whether whoever types this means one thing: `R-2041`, a UUID, hex digits, `T412`.

    >>> looks_like_id("R-2041"), looks_like_id("refund"), looks_like_id("2026")
    (True, False, False)
    """
    return bool(_HEX.fullmatch(text) or _SHORT.fullmatch(text) or (_ID.fullmatch(text) and not text.isdigit()))


def near_ids(store: Store, text: str, most: int = 5) -> list[str]:
    """Ids of the newest traces that are nearest to `text` by their letters."""
    from rapidfuzz import process  # only the unlucky pay for its import

    with store.read() as con:
        rows = con.execute(SELECT_NEWEST_IDS, {"most": _NEWEST}).fetchall()
    known = dict.fromkeys(value for row in rows for value in (row["run_id"], row["session"], row["trace_key"]) if value)
    return [name for name, _, _ in process.extract(text, list(known), limit=most, score_cutoff=60)]
