"""The chain: one row per verdict, rubric version, lesson and reviewer record, each hash over the one before.

It holds hashes only, so payloads stay erasable. It shows edits and gaps inside the store; whoever can rewrite the whole
file can rewrite the chain too, which only a checkpoint kept elsewhere tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ...model.errors import BadInputError
from ...model.text.jsontext import canonical, parse
from ..contract import Connection, Store
from ..fields import from_row, insert_row, values_of
from .access import GENESIS, access_hashes, hash_at
from .asked import altered_items

SELECT_SUBJECTS = "SELECT subject FROM chain WHERE kind = :kind"
SELECT_LAST = "SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1"
SELECT_CHAIN = "SELECT * FROM chain ORDER BY seq"
SELECT_HASH = "SELECT hash FROM chain WHERE seq = :seq"
SELECT_VERDICTS = "SELECT uid, record FROM verdict ORDER BY id"
SELECT_RUBRICS = "SELECT rubric_id, version, content FROM rubric_version ORDER BY id"
SELECT_ERASURES = "SELECT uid, record FROM erasure ORDER BY id"
SELECT_REVIEWERS = "SELECT fingerprint AS uid, record FROM trust_record ORDER BY id"
SELECT_COMPLETIONS = "SELECT uid, record FROM completion ORDER BY id"
_RECORDS = {
    "verdict": SELECT_VERDICTS,
    "completion": SELECT_COMPLETIONS,
    "reviewer": SELECT_REVIEWERS,
    "erasure": SELECT_ERASURES,
}
_KEPT = (*_RECORDS, "rubric")
"""Kinds of links whose record lies in the store; lessons and cases are files."""


class Link(NamedTuple):
    """One link. Its hash is over the other parts, in this order."""

    seq: int
    at: str
    kind: str
    subject: str
    sha256: str
    previous: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(canonical(list(self))).hexdigest()


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the chain proves, and what does not fit."""

    links: int
    head: str
    """Hash of the last link; a checkpoint is this, kept elsewhere."""
    problems: tuple[str, ...]
    erased: int = 0
    """Verdict records that were deleted on purpose and left their hash."""
    access_entries: int = 0
    access_head: str = GENESIS
    """Hash of the last entry of the access log."""

    @property
    def sound(self) -> bool:
        return not self.problems


def linked_subjects(con: Connection, kind: str) -> frozenset[str]:
    """Names of everything of a kind that was ever signed with this store. Cost: one query."""
    return frozenset(row["subject"] for row in con.execute(SELECT_SUBJECTS, {"kind": kind}))


def append_link(con: Connection, *, kind: str, subject: str, sha256: str, at: str) -> str:
    """Add a link, in the transaction that brings what it is about.

    Args:
        con: From `Store.write`.
        kind: verdict, completion, rubric, lesson, case, reviewer, erasure.
        subject: Uid, `rubric v3`, slug, fingerprint.
        sha256: Hex digest of the canonical content.
        at: UTC text.

    Returns:
        The hash of the new link.
    """
    last = con.execute(SELECT_LAST).fetchone()
    seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, GENESIS)
    link = Link(seq=seq, at=at, kind=kind, subject=subject, sha256=sha256, previous=previous)
    insert_row(con, "chain", values_of(link, hash=link.hash))
    return link.hash


def record_sha256(text: str | bytes) -> str:
    """Hex digest of a JSON text in canonical form, so that blanks and key order do not count."""
    return hashlib.sha256(canonical(parse(text))).hexdigest()


def audit_verify(store: Store, checkpoint: str | None = None) -> AuditReport:
    """Walk the chain and the access log, and compare them with what the store holds.

    Args:
        store: The store to look at.
        checkpoint: The hash of some earlier head, kept elsewhere; it has to be on the chain. For signed ones see
            `checkpoints.check_checkpoints`.

    Cost: one pass over chain and log, one hash per record.
    """
    problems: list[str] = []
    linked: set[tuple[str, str, str]] = set()
    with store.read() as con:
        hashes = [GENESIS, *_walk(con, problems, linked)]
        entries = [GENESIS, *access_hashes(con, problems)]
        found, erased = _held(con, problems)
        problems += [entry.in_words for entry in altered_items(con)]
    problems += [f"trigger {name} is gone" for name in sorted(store.lost_guards())]
    problems += [f"{kind} {subject} is not on the chain as it reads now" for kind, subject, _ in sorted(found - linked)]
    subjects = {(kind, subject) for kind, subject, _ in found} | erased
    problems += [
        f"{kind} {subject} is on the chain and gone from the store"
        for kind, subject, _ in sorted(linked)
        if kind in _KEPT and (kind, subject) not in subjects
    ]
    if checkpoint is not None and checkpoint not in hashes:
        problems.append(f"checkpoint {checkpoint[:12]}… is not on the chain: the store was rolled back or rebuilt")
    return AuditReport(len(hashes) - 1, hashes[-1], tuple(problems), len(erased), len(entries) - 1, entries[-1])


def heads_at(store: Store, links: int, access_entries: int) -> tuple[str | None, str | None]:
    """The hashes that chain and access log had at these lengths, as they read now; None where they are shorter."""
    with store.read() as con:
        link = con.execute(SELECT_HASH, {"seq": links}).fetchone() if links else {"hash": GENESIS}
        return None if link is None else link["hash"], hash_at(con, access_entries)


def _walk(con: Connection, problems: list[str], linked: set[tuple[str, str, str]]) -> Iterator[str]:
    """The hash of each link in order; what does not fit goes to `problems`."""
    previous = GENESIS
    for count, row in enumerate(con.execute(SELECT_CHAIN), start=1):
        link = from_row(Link, row)
        if link.seq != count:
            problems.append(f"link {count} is missing (the next is {link.seq})")
            return
        if link.previous != previous or row["hash"] != link.hash:
            problems.append(f"link {link.seq} ({link.kind} {link.subject}) was altered")
        previous = row["hash"]
        linked.add((link.kind, link.subject, link.sha256))
        yield previous


def _held(con: Connection, problems: list[str]) -> tuple[set[tuple[str, str, str]], set[tuple[str, str]]]:
    found: set[tuple[str, str, str]] = set()
    erased: set[tuple[str, str]] = set()
    for kind, statement in _RECORDS.items():
        for row in con.execute(statement):
            if row["record"] is None:
                erased.add((kind, row["uid"]))
            else:
                _add(found, problems, kind, row["uid"], row["record"])
    for row in con.execute(SELECT_RUBRICS):
        _add(found, problems, "rubric", f"{row['rubric_id']} v{row['version']}", row["content"])
    return found, erased


def _add(found: set[tuple[str, str, str]], problems: list[str], kind: str, subject: str, text: str) -> None:
    try:
        found.add((kind, subject, record_sha256(text)))
    except (ValueError, TypeError, BadInputError):
        problems.append(f"{kind} {subject} is not readable")
