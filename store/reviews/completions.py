"""The engineers' parts of verdicts, as they are kept; each is worth what its signature says when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ...model.errors import BadInputError
from ...model.reviews import Verdict
from ...model.text.jsontext import canonical
from ...trust.completions import Completion, parse_completion, verify_completion
from ...trust.root import Trust
from ..audit.chain import append_link, record_sha256
from ..contract import Connection, Store
from ..fields import insert_row
from .reviewers import load_trust

SELECT_COMPLETIONS = (
    "SELECT uid, record FROM completion WHERE verdict_uid IN :verdicts AND record IS NOT NULL ORDER BY id"
)


def insert_completion(con: Connection, completion: Completion, *, now: str) -> None:
    """Keep a signed completion and link it into the chain."""
    text = canonical(dict(completion.record)).decode()
    row = {"uid": completion.uid, "verdict_uid": completion.verdict, "record": text, "created_at": now}
    insert_row(con, "completion", row)
    append_link(con, kind="completion", subject=completion.uid, sha256=record_sha256(text), at=now)


def completions_of(
    store: Store, verdicts: Sequence[Verdict], trust: Trust | None = None
) -> dict[str, list[Completion]]:
    """By the verdict's uid, its completions in order, those left out that a valid one replaces."""
    trust = trust or load_trust(store)
    by_uid = {verdict.uid: verdict for verdict in verdicts}
    with store.read() as con:
        rows = con.execute(SELECT_COMPLETIONS, {"verdicts": list(by_uid)}).fetchall()
    found: dict[str, list[Completion]] = {}
    for completion in _checked(rows, by_uid, trust):
        found.setdefault(completion.verdict, []).append(completion)
    return {uid: _standing(entries) for uid, entries in found.items()}


def _checked(rows: Iterable[Any], verdicts: dict[str, Verdict], trust: Trust) -> Iterable[Completion]:
    for row in rows:
        try:
            completion = parse_completion(row["record"])
        except BadInputError:
            continue
        if completion.uid == row["uid"] and completion.verdict in verdicts:
            check = verify_completion(completion, verdicts[completion.verdict], trust)
            name = check.signed_by or completion.engineer
            yield replace(completion, state=check.state, state_reason=check.reason, engineer=name)


def _standing(entries: Sequence[Completion]) -> list[Completion]:
    replaced = {uid for entry in entries if entry.confirmed for uid in entry.supersedes}
    return [entry for entry in entries if entry.uid not in replaced]
