"""Reviewer records in the store, and whom of them the user's configuration makes trustworthy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...model.errors import BadInputError, UnknownIdError
from ...model.reviews import Reviewer
from ...trust.reviewers import ReviewerRecord, Roster, read_reviewer, resolve
from ...trust.root import Trust
from ..audit.chain import append_link, record_sha256
from ..contract import Connection, Store
from ..fields import insert_row

SELECT_RECORDS = "SELECT record FROM trust_record ORDER BY id"
SELECT_FILES = "SELECT text AS record FROM knowledge_file WHERE kind = 'reviewer' ORDER BY id"


def insert_reviewer(con: Connection, record: ReviewerRecord, *, now: str) -> None:
    """Keep a reviewer record, or a newer one with more countersignatures; older ones stay as history."""
    text = record.model_dump_json()
    insert_row(con, "trust_record", {"fingerprint": record.fingerprint, "record": text, "created_at": now})
    append_link(con, kind="reviewer", subject=record.fingerprint, sha256=record_sha256(text), at=now)


def load_records(con: Connection) -> list[ReviewerRecord]:
    """The records of the store and of the indexed knowledge folders, countersignatures of one key joined.

    A record that cannot be read, or is not signed by its own key, is left out.
    """
    found: dict[str, ReviewerRecord] = {}
    for record in _readable(row["record"] for row in (*con.execute(SELECT_FILES), *con.execute(SELECT_RECORDS))):
        known = found.get(record.fingerprint)
        if known is not None and known.content() == record.content():
            joined = {entry.reviewer + entry.value: entry for entry in known.countersignatures}
            joined |= {entry.reviewer + entry.value: entry for entry in record.countersignatures}
            record = record.model_copy(update={"countersignatures": list(joined.values())})
        found[record.fingerprint] = record
    return list(found.values())


def load_roster(store: Store) -> Roster:
    """All reviewers that are known here, and whom to trust.

    Raises:
        BadInputError: if the user's trust file is damaged.
    """
    with store.read() as con:
        records = load_records(con)
    return resolve(records, store_id=store.id, demo_kind=store.kind == "demo", place=place_of(store))


def place_of(store: Store) -> str:
    """Where a store's file lies, by a path without links."""
    return str(Path(store.location).resolve())


def load_trust(store: Store) -> Trust:
    """Whom to trust for what this store holds."""
    return load_roster(store).trust


def find_record(store: Store, name: str) -> ReviewerRecord:
    """The record of a reviewer by name or fingerprint.

    Raises:
        UnknownIdError: if there is none, or several of that name.
    """
    with store.read() as con:
        records = load_records(con)
    found = [record for record in records if record.fingerprint == name or record.name.lower() == name.lower()]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(f"{record.name} {record.fingerprint}" for record in found or records)) or "none"
    next_step = "Give the fingerprint." if found else "Run `retrospan reviewer list`."
    raise UnknownIdError("reviewer", name, known=f"known: {known}", next_step=next_step)


def find_reviewer(roster: Roster, key_fingerprint: str) -> Reviewer | None:
    """The reviewer of a fingerprint."""
    return next((entry for entry in roster.reviewers if entry.fingerprint == key_fingerprint), None)


def _readable(texts: Iterable[str]) -> Iterable[ReviewerRecord]:
    for text in texts:
        try:
            yield read_reviewer(text)
        except BadInputError:
            continue
