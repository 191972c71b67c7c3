"""Signed checkpoints tell of a store that was rolled back or rebuilt, which is sound in itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from retrospan.model.errors import BadInputError, RefusedError
from retrospan.services.reviewing.people import distrust_reviewer
from retrospan.store.audit.access import AccessKind, list_access, record_access
from retrospan.store.audit.chain import audit_verify
from retrospan.store.audit.checkpoints import (
    CheckedCheckpoints,
    append_checkpoint,
    check_checkpoints,
    make_checkpoint,
    read_checkpoints,
)
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reviews.reviewers import load_trust
from retrospan.store.sqlite.driver import DatabaseError
from retrospan.trust.session import ReviewSession
from reviewdesk import Desk

NOW = "2026-11-22T11:00:00Z"


def check(store: Store, path: Path) -> CheckedCheckpoints:
    return check_checkpoints(store, read_checkpoints(path), load_trust(store))


def test_history_that_goes_on_keeps_every_checkpoint(desk: Desk, tmp_path: Path) -> None:
    ada, path = desk.reviewer(), tmp_path / "checkpoints.jsonl"
    for trace in ("T1", "T2"):
        desk.decide(ada, trace=trace)
        append_checkpoint(path, make_checkpoint(desk.store, ada, now=NOW))

    checked = check(desk.store, path)

    assert (checked.count, checked.newest, checked.problems) == (2, NOW, ())


def test_rolled_back_store_is_sound_in_itself_and_told_by_its_checkpoint(desk: Desk, tmp_path: Path) -> None:
    ada, path = desk.reviewer(), tmp_path / "checkpoints.jsonl"
    desk.decide(ada)
    assert desk.store.scrub()
    desk.store.back_up(tmp_path / "old.db")
    desk.decide(ada, trace="T2")
    append_checkpoint(path, make_checkpoint(desk.store, ada, now=NOW))

    with open_store(tmp_path / "old.db") as old:
        assert audit_verify(old).sound
        (problem, *_) = check(old, path).problems
    assert "rolled back or rebuilt" in problem


def test_rebuilt_chain_is_told(desk: Desk, tmp_path: Path) -> None:
    ada, path = desk.reviewer(), tmp_path / "checkpoints.jsonl"
    desk.decide(ada)
    append_checkpoint(path, make_checkpoint(desk.store, ada, now=NOW))
    with desk.store.write() as con:
        con.execute("DROP TRIGGER chain_no_update")
        con.execute("UPDATE chain SET hash = ? WHERE seq = (SELECT max(seq) FROM chain)", ("ab" * 32,))

    assert check(desk.store, path).problems


def test_checkpoint_of_a_stranger_a_changed_one_and_another_store_prove_nothing(desk: Desk, tmp_path: Path) -> None:
    ada, path = desk.reviewer(), tmp_path / "checkpoints.jsonl"
    stranger = ReviewSession("Ada", Ed25519PrivateKey.generate())
    made = make_checkpoint(desk.store, ada, now=NOW)
    append_checkpoint(path, make_checkpoint(desk.store, stranger, now=NOW))
    append_checkpoint(path, made.model_copy(update={"content": made.content.model_copy(update={"links": 0})}))
    with open_store(tmp_path / "other.db") as other:
        append_checkpoint(path, make_checkpoint(other, ada, now=NOW))

    stranger_told, changed_told, other_told = check(desk.store, path).problems

    assert "no reviewer trusted here" in stranger_told
    assert "does not fit" in changed_told
    assert "of another store" in other_told


def test_checkpoint_of_a_revoked_reviewer_proves_nothing(desk: Desk, tmp_path: Path) -> None:
    ada, path = desk.reviewer(), tmp_path / "checkpoints.jsonl"
    append_checkpoint(path, make_checkpoint(desk.store, ada, now=NOW))
    distrust_reviewer(desk.store, "Ada", compromised=True)

    assert "revoked" in check(desk.store, path).problems[0]


def test_unsound_history_is_not_signed(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.decide(ada)
    with desk.store.write() as con:
        con.execute("DROP TRIGGER verdict_no_delete")

    with pytest.raises(RefusedError, match="not sound"):
        make_checkpoint(desk.store, ada, now=NOW)


@pytest.mark.parametrize("text", ["", "{}\n", "no json\n"])
def test_file_that_holds_something_else_is_refused_and_left_alone(desk: Desk, tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(text)
    made = make_checkpoint(desk.store, desk.reviewer(), now=NOW)

    with pytest.raises(BadInputError):
        append_checkpoint(path, made)
    assert path.read_text() == text


def test_link_in_the_place_of_the_file_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("")
    (tmp_path / "checkpoints.jsonl").symlink_to(target)

    with pytest.raises(BadInputError, match="link"):
        append_checkpoint(tmp_path / "checkpoints.jsonl", make_checkpoint(desk.store, desk.reviewer(), now=NOW))


def test_access_log_names_who_and_what_and_only_grows(store: Store) -> None:
    record_access(store, AccessKind.READ, "T412", actor="human:Ada")
    record_access(store, "model", "T412.3", actor="agent:investigator", detail="anthropic, 1,200 tokens")

    assert [(entry.actor, entry.action.value, entry.subject) for entry in list_access(store)] == [
        ("agent:investigator", "model", "T412.3"),
        ("human:Ada", "read", "T412"),
    ]
    with pytest.raises(DatabaseError, match="append-only"), store.write() as con:
        con.execute("DELETE FROM access_log")
    with open_store(store.location, read_only=True) as reader:
        assert record_access(reader, AccessKind.READ, "T1", actor="cli") is False


@pytest.mark.parametrize(
    "statement",
    ["UPDATE access_log SET actor = 'nobody' WHERE id = 2", "DELETE FROM access_log WHERE id = 2"],
)
def test_edited_and_deleted_log_entries_are_told(store: Store, statement: str) -> None:
    for number in range(3):
        record_access(store, AccessKind.READ, f"T{number}", actor="human:Ada")
    with store.write() as con:
        con.execute("DROP TRIGGER access_log_no_update")
        con.execute("DROP TRIGGER access_log_no_delete")
        con.execute(statement)

    assert any("entry 2 of the access log" in problem for problem in audit_verify(store).problems)


def test_shortened_log_is_told_by_a_checkpoint(desk: Desk, tmp_path: Path) -> None:
    ada, path = desk.reviewer(), tmp_path / "checkpoints.jsonl"
    record_access(desk.store, AccessKind.EXPORT, "9 verdicts", actor="cli")
    append_checkpoint(path, make_checkpoint(desk.store, ada, now=NOW))
    with desk.store.write() as con:
        con.execute("DROP TRIGGER access_log_no_delete")
        con.execute("DELETE FROM access_log")

    assert "log entries that are not here" in check(desk.store, path).problems[0]


def test_file_of_checkpoints_holds_hashes_only(desk: Desk, tmp_path: Path) -> None:
    ada, path = desk.reviewer(), tmp_path / "checkpoints.jsonl"
    desk.decide(ada)
    append_checkpoint(path, make_checkpoint(desk.store, ada, now=NOW))

    record = json.loads(path.read_text())
    assert set(record["content"]) == {"store", "links", "head", "access_entries", "access_head"}
