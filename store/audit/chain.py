"""The chain: one row per verdict, rubric version, lesson and reviewer record, each hash over the one before.

It holds hashes only, so payloads stay erasable. It shows edits and gaps inside the store; whoever can rewrite the whole
file can rewrite the chain too, which only a checkpoint kept elsewhere tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from ...model.errors import BadInputError
from ...model.text.jsontext import canonical, parse
from ..contract import Connection, Store
from ..sqlite.append_only import trigger_names
from .access import access_hashes

GENESIS = "0" * 64

SELECT_LAST = "SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1"
SELECT_CHAIN = "SELECT seq, at, kind, subject, sha256, previous, hash FROM chain ORDER BY seq"
INSERT_LINK = "INSERT INTO chain(seq, at, kind, subject, sha256, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
SELECT_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
SELECT_VERDICTS = "SELECT uid, record FROM verdict ORDER BY id"
SELECT_RUBRICS = "SELECT rubric_id, version, content FROM rubric_version ORDER BY id"
SELECT_ERASURES = "SELECT uid, record FROM erasure ORDER BY id"
SELECT_REVIEWERS = "SELECT fingerprint, record FROM trust_record ORDER BY id"
SELECT_COMPLETIONS = "SELECT uid, record FROM completion ORDER BY id"
_KEPT = ("verdict", "rubric", "reviewer", "erasure", "completion")
"""Kinds of links whose record lies in the store; lessons and cases are files."""


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
    seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    digest = _hash(seq, at, kind, subject, sha256, previous)
    con.execute(INSERT_LINK, (seq, at, kind, subject, sha256, previous, digest))
    return digest


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
        guards = trigger_names() - {row[0] for row in con.execute(SELECT_TRIGGERS)}
    problems += [f"trigger {name} is gone" for name in sorted(guards)]
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
        link = con.execute("SELECT hash FROM chain WHERE seq = ?", (links,)).fetchone()
        entry = con.execute("SELECT hash FROM access_log WHERE id = ?", (access_entries,)).fetchone()
    return (
        GENESIS if not links else link[0] if link else None,
        GENESIS if not access_entries else entry[0] if entry else None,
    )


def _walk(con: Connection, problems: list[str], linked: set[tuple[str, str, str]]) -> Iterator[str]:
    """The hash of each link in order; what does not fit goes to `problems`."""
    previous = GENESIS
    for count, row in enumerate(con.execute(SELECT_CHAIN), start=1):
        seq, at, kind, subject, sha256, before, digest = row
        if seq != count:
            problems.append(f"link {count} is missing (the next is {seq})")
            return
        if before != previous or digest != _hash(seq, at, kind, subject, sha256, before):
            problems.append(f"link {seq} ({kind} {subject}) was altered")
        previous = digest
        linked.add((kind, subject, sha256))
        yield digest


def _held(con: Connection, problems: list[str]) -> tuple[set[tuple[str, str, str]], set[tuple[str, str]]]:
    found: set[tuple[str, str, str]] = set()
    erased: set[tuple[str, str]] = set()
    for kind, statement in (("verdict", SELECT_VERDICTS), ("completion", SELECT_COMPLETIONS)):
        for uid, record in con.execute(statement):
            if record is None:
                erased.add((kind, uid))
            else:
                _add(found, problems, kind, uid, record)
    for rubric, version, content in con.execute(SELECT_RUBRICS):
        _add(found, problems, "rubric", f"{rubric} v{version}", content)
    for name, record in con.execute(SELECT_REVIEWERS):
        _add(found, problems, "reviewer", name, record)
    for uid, record in con.execute(SELECT_ERASURES):
        _add(found, problems, "erasure", uid, record)
    return found, erased


def _add(found: set[tuple[str, str, str]], problems: list[str], kind: str, subject: str, text: str) -> None:
    try:
        found.add((kind, subject, record_sha256(text)))
    except (ValueError, TypeError, BadInputError):
        problems.append(f"{kind} {subject} is not readable")


def _hash(seq: int, at: str, kind: str, subject: str, sha256: str, previous: str) -> str:
    return hashlib.sha256(canonical([seq, at, kind, subject, sha256, previous])).hexdigest()
