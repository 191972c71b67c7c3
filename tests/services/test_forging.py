"""Attempts to make a verdict confirmed without a trusted reviewer's signature. Each has to fail."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from retrospan.knowledge.folders import KnowledgeKind, write_knowledge
from retrospan.knowledge.rubrics import built_in_rubric
from retrospan.model.errors import BadInputError, RefusedError
from retrospan.model.reviews import Answer, Label, ReviewerStatus, SignatureState, Verdict
from retrospan.model.traces import Outcome
from retrospan.services.colleagues.inviting import accept, invitation_of, invite
from retrospan.services.reviewing.asking import propose_verdict
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.people import (
    add_reviewer,
    demo_reviewer,
    distrust_reviewer,
    list_reviewers,
    trust_reviewer,
    vouch_for,
)
from retrospan.store.audit.chain import audit_verify
from retrospan.store.contract import Store
from retrospan.store.knowledge.index import index_knowledge
from retrospan.store.opening import keeping_of, open_store
from retrospan.store.reading.summaries import get_summaries
from retrospan.store.reviews.reviewers import insert_reviewer, load_records, load_roster
from retrospan.store.reviews.seen import seen_trace
from retrospan.store.reviews.verdicts import confirmed_verdicts, get_verdict, list_verdicts
from retrospan.store.sqlite.driver import DatabaseError
from retrospan.trust.folders import config_folder
from retrospan.trust.keys import fingerprint
from retrospan.trust.reviewers import make_reviewer
from retrospan.trust.session import ReviewSession
from retrospan.trust.signing import sign_manifest
from retrospan.trust.verdicts import parse_verdict_record, sign_verdict_record
from reviewdesk import PASSPHRASE, Desk

pytestmark = [pytest.mark.slow, pytest.mark.always]

NOW = "2026-11-22T11:00:00Z"


def nothing_confirmed(store: Store) -> bool:
    """No face shows a verdict."""
    shown = get_summaries(store, [1, 2])
    return confirmed_verdicts(store) == {} and all(
        trace.verdict is None and trace.outcome is Outcome.UNKNOWN for trace in shown
    )


def insert(store: Store, record: Mapping[str, Any], trace_id: int = 1, uid: str | None = None) -> None:
    """Write a record into the tables by hand, as a program with the file could."""
    with store.write() as con:
        name = uid or str(record.get("manifest", {}).get("uid", secrets.token_hex(16)))
        text = json.dumps(record)
        number = con.execute(
            "INSERT INTO verdict(uid, item_id, record, created_at) VALUES (?, NULL, ?, ?) RETURNING id",
            (name, text, NOW),
        ).fetchone()[0]
        con.execute("INSERT INTO verdict_subject(trace_id, verdict_id) VALUES (?, ?)", (trace_id, number))


def forged(store: Store, session: ReviewSession, trace_id: int = 1) -> dict[str, Any]:
    """A well-made record, signed by whoever holds the session."""
    seen = seen_trace(store, trace_id)
    assert seen is not None
    answer = Answer(Label.PASS)
    verdict = Verdict(
        uid=secrets.token_hex(16),
        question="Was it right?",
        rubric=built_in_rubric().ref,
        seen=(seen,),
        answer=answer,
        first_answer=answer,
        reviewer=session.fingerprint,
        reviewer_name=session.name,
        signed_at=NOW,
        outcome=Label.PASS,
    )
    return dict(sign_verdict_record(session, verdict, signed_at=NOW))


def stranger(name: str = "Ada") -> ReviewSession:
    """A key that the attacker made, under any name they like."""
    return ReviewSession(name, Ed25519PrivateKey.generate())


def test_control_a_real_verdict_is_confirmed(desk: Desk) -> None:
    ada = desk.reviewer()
    insert(desk.store, forged(desk.store, ada))

    assert confirmed_verdicts(desk.store)[1].answer.label is Label.PASS


def test_row_without_signature(desk: Desk) -> None:
    ada = desk.reviewer()
    record = forged(desk.store, ada) | {"signature": None}
    insert(desk.store, record)

    assert nothing_confirmed(desk.store)
    assert list_verdicts(desk.store, trace_id=1)[0].state is SignatureState.UNSIGNED


def test_columns_of_the_trace_say_confirmed(desk: Desk) -> None:
    with desk.store.write() as con:
        con.execute("UPDATE trace SET outcome = 'pass', outcome_source = 'verdict'")

    assert nothing_confirmed(desk.store)


@pytest.mark.parametrize("cut", [1, 20, 88])
def test_truncated_signature(desk: Desk, cut: int) -> None:
    record = forged(desk.store, desk.reviewer())
    record["signature"]["value"] = record["signature"]["value"][:-cut]
    insert(desk.store, record)

    assert nothing_confirmed(desk.store)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("manifest", "answer"), {"label": "fail"}),
        (("manifest", "question"), "Was it polite?"),
        (("manifest", "rubric"), {"id": "outcome", "version": 2, "sha256": "00"}),
        (("signature", "signed_at"), "2020-01-01T00:00:00Z"),
        (("signature", "name"), "Somebody Else"),
        (("signature", "demo"), True),
    ],
)
def test_changed_part_of_a_signed_record(desk: Desk, place: tuple[str, str], value: Any) -> None:
    record = forged(desk.store, desk.reviewer())
    record[place[0]][place[1]] = value
    insert(desk.store, record)

    assert nothing_confirmed(desk.store)


def test_signature_replayed_on_another_trace(desk: Desk) -> None:
    record = forged(desk.store, desk.reviewer(), trace_id=1)
    other = seen_trace(desk.store, 2)
    assert other is not None
    moved = json.loads(json.dumps(record))
    moved["manifest"]["seen"] = [
        {"trace": other.trace_key, "project": other.project, "revision": 1, "steps": list(other.steps.items())}
    ]
    insert(desk.store, moved, trace_id=2)

    assert nothing_confirmed(desk.store)


def test_record_filed_under_another_trace_stays_with_its_own(desk: Desk) -> None:
    insert(desk.store, forged(desk.store, desk.reviewer(), trace_id=1), trace_id=2)

    assert 2 not in confirmed_verdicts(desk.store, [2])
    assert get_summaries(desk.store, [2])[0].verdict is None


def test_record_filed_under_another_uid(desk: Desk) -> None:
    insert(desk.store, forged(desk.store, desk.reviewer()), uid=secrets.token_hex(16))

    assert nothing_confirmed(desk.store)


def test_signature_of_another_kind_of_thing(desk: Desk) -> None:
    ada = desk.reviewer()
    record = forged(desk.store, ada)
    record["signature"] = make_reviewer(ada, now=NOW).signature.model_dump(mode="json")
    insert(desk.store, record)

    assert nothing_confirmed(desk.store)


def test_new_reviewer_key_inserted_into_the_store(desk: Desk) -> None:
    desk.reviewer()
    mallory = stranger("Mallory")
    with desk.store.write() as con:
        insert_reviewer(con, make_reviewer(mallory, now=NOW), now=NOW)
    insert(desk.store, forged(desk.store, mallory))

    assert nothing_confirmed(desk.store)
    listed = {entry.name: entry.status for entry in list_reviewers(desk.store)}
    assert listed == {"Ada": ReviewerStatus.PINNED, "Mallory": ReviewerStatus.UNTRUSTED}


def test_public_key_swapped_under_a_trusted_name(desk: Desk) -> None:
    ada, impostor = desk.reviewer(), stranger("Ada")
    with desk.store.write() as con:
        con.execute("DROP TRIGGER trust_record_no_update")
        con.execute("UPDATE trust_record SET record = ?", (make_reviewer(impostor, now=NOW).model_dump_json(),))
    record = forged(desk.store, impostor)
    record["signature"]["reviewer"] = ada.fingerprint
    insert(desk.store, record)
    insert(desk.store, forged(desk.store, impostor))

    assert nothing_confirmed(desk.store)


def test_reviewer_countersigned_by_a_stranger_or_by_themselves(desk: Desk) -> None:
    desk.reviewer()
    mallory, helper = stranger("Mallory"), stranger("Helper")
    record = make_reviewer(mallory, now=NOW)
    vouchers = [
        sign_manifest(session, "countersignature", record.content(), signed_at=NOW) for session in (helper, mallory)
    ]
    with desk.store.write() as con:
        insert_reviewer(con, make_reviewer(helper, now=NOW), now=NOW)
        insert_reviewer(con, record.model_copy(update={"countersignatures": vouchers}), now=NOW)
    insert(desk.store, forged(desk.store, mallory))

    assert nothing_confirmed(desk.store)


def test_countersignature_moved_to_another_key(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    mallory = stranger("Ben")
    with desk.store.read() as con:
        ben = next(record for record in load_records(con) if record.name == "Ben")
    copied = make_reviewer(mallory, now=NOW).model_copy(update={"countersignatures": ben.countersignatures})
    with desk.store.write() as con:
        insert_reviewer(con, copied, now=NOW)
    insert(desk.store, forged(desk.store, mallory))

    assert nothing_confirmed(desk.store)


def test_changed_trace_content(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())
    with desk.store.write() as con:
        changed = con.execute("UPDATE body SET codec = 0, data = ? WHERE data LIKE ?", (b"You have 30 days.", b"%45%"))
        assert changed.rowcount == 1

    assert get_verdict(desk.store, verdict.short_id).state is SignatureState.INVALID
    assert nothing_confirmed(desk.store)


def test_step_removed_from_the_trace(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())
    with desk.store.write() as con:
        con.execute("UPDATE trace SET dirty = 1")
        con.execute("DELETE FROM occurrence WHERE span_id = 'a2'")
        con.execute("DELETE FROM span WHERE span_id = 'a2' AND trace_id = 1")

    assert get_verdict(desk.store, verdict.short_id).state is not SignatureState.VALID
    assert nothing_confirmed(desk.store)


def test_file_without_valid_signature(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    record = forged(desk.store, ada)
    record["manifest"]["answer"] = {"label": "fail"}
    for name, content in (("a" * 32, record), ("b" * 32, forged(desk.store, stranger()))):
        write_knowledge(tmp_path, KnowledgeKind.VERDICT, name, json.dumps(content))

    assert index_knowledge(desk.store, [tmp_path]).verdicts == 0
    assert nothing_confirmed(desk.store)


def test_demo_reviewer_in_an_ordinary_store(desk: Desk, tmp_path: Path) -> None:
    with open_store(tmp_path / "demo.db", kind="demo") as demo:
        session = demo_reviewer(demo)
        assert Desk(demo).decide(session).confirmed
    review = desk.open(session)
    give_answer(desk.store, review.claim, Answer(Label.PASS))

    with pytest.raises(RefusedError, match="demo reviewer"):
        sign_verdict(desk.store, session, review)
    with pytest.raises(RefusedError, match="demo stores only"):
        demo_reviewer(desk.store)
    insert(desk.store, forged(desk.store, session))
    assert nothing_confirmed(desk.store)


def test_ordinary_store_that_is_made_to_call_itself_demo(desk: Desk, tmp_path: Path) -> None:
    with open_store(tmp_path / "demo.db", kind="demo") as demo:
        session = demo_reviewer(demo)
    record = forged(desk.store, session)
    insert(desk.store, record)
    with desk.store.write() as con:
        con.execute("UPDATE meta SET value = 'demo' WHERE key = 'kind'")
    with open_store(desk.store.location) as again:
        assert again.kind == "demo"
        assert nothing_confirmed(again)


def test_store_with_real_reviewers_never_takes_a_demo_reviewer(desk: Desk) -> None:
    desk.reviewer()
    with desk.store.write() as con:
        con.execute("UPDATE meta SET value = 'demo' WHERE key = 'kind'")
    with open_store(desk.store.location) as again, pytest.raises(RefusedError, match="demo stores only"):
        demo_reviewer(again)


def test_ordinary_store_that_takes_over_the_identity_of_a_demo_store(desk: Desk, tmp_path: Path) -> None:
    """Two rows of its file name the demo that was pinned; the demo's key is no secret."""
    with open_store(tmp_path / "demo.db", kind="demo") as demo:
        session, name = demo_reviewer(demo), demo.id
    insert(desk.store, forged(desk.store, session))
    with desk.store.write() as con:
        con.execute("UPDATE meta SET value = 'demo' WHERE key = 'kind'")
        con.execute("UPDATE meta SET value = :name WHERE key = 'store_id'", {"name": name})
    with open_store(desk.store.location) as again:
        assert (again.kind, again.id) == ("demo", name)
        assert nothing_confirmed(again)
        assert get_verdict(again, "V1").state is SignatureState.INVALID


def test_store_with_real_reviewers_in_the_place_of_a_demo_store(desk: Desk, tmp_path: Path) -> None:
    with open_store(tmp_path / "demo.db", kind="demo") as demo:
        session, name = demo_reviewer(demo), demo.id
    desk.reviewer()
    insert(desk.store, forged(desk.store, session))
    with desk.store.write() as con:
        con.execute("UPDATE meta SET value = 'demo' WHERE key = 'kind'")
        con.execute("UPDATE meta SET value = :name WHERE key = 'store_id'", {"name": name})
    desk.store.scrub()
    shutil.copy(desk.store.location, tmp_path / "demo.db")
    keeping_of(tmp_path / "demo.db")[0].accept(tmp_path / "demo.db")
    with open_store(tmp_path / "demo.db") as swapped:
        assert swapped.id == name
        assert nothing_confirmed(swapped)


def test_demo_reviewer_can_neither_be_pinned_nor_vouch(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    with open_store(tmp_path / "demo.db", kind="demo") as demo:
        session = demo_reviewer(demo)
    with desk.store.write() as con:
        insert_reviewer(con, make_reviewer(session, now=NOW), now=NOW)

    with pytest.raises(RefusedError):
        trust_reviewer(desk.store, session.name)
    with pytest.raises(RefusedError):
        vouch_for(desk.store, ada, session.name)
    with pytest.raises(RefusedError):
        vouch_for(desk.store, session, "Ada")


def test_second_reviewer_does_not_pin_themselves(desk: Desk) -> None:
    desk.reviewer()

    with pytest.raises(RefusedError, match="trusted here already"):
        add_reviewer(desk.store, "Mallory", PASSPHRASE, pin=True)


def test_revoked_reviewer(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    distrust_reviewer(desk.store, "Ada", compromised=True)

    assert get_verdict(desk.store, verdict.short_id).state is SignatureState.INVALID
    assert nothing_confirmed(desk.store)
    review = desk.open(ada, "T2")
    give_answer(desk.store, review.claim, Answer(Label.PASS))
    with pytest.raises(RefusedError, match="revoked"):
        sign_verdict(desk.store, ada, review)


def test_damaged_trust_file_trusts_nobody_on_a_guess(desk: Desk) -> None:
    desk.decide(desk.reviewer())
    (config_folder() / "trust.json").write_text('{"pins": "everybody"}')

    with pytest.raises(BadInputError, match="damaged"):
        confirmed_verdicts(desk.store)


def test_store_from_elsewhere_confirms_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    desk.decide(desk.reviewer())
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path / "another-user"))

    assert nothing_confirmed(desk.store)


def test_proposal_is_no_verdict_whoever_signs_it_by_name(desk: Desk) -> None:
    desk.reviewer()
    propose_verdict(desk.store, "T1", label="pass", explanation="fine", by="human:Ada")

    assert nothing_confirmed(desk.store)


def test_record_with_extra_or_odd_parts_is_no_verdict(desk: Desk) -> None:
    record = forged(desk.store, desk.reviewer())
    for odd in (record | {"state": "valid"}, {"format": "retrospan.verdict/1"}, record | {"manifest": []}):
        with pytest.raises(BadInputError):
            parse_verdict_record(odd)
        insert(desk.store, odd, uid=secrets.token_hex(16))

    assert nothing_confirmed(desk.store)


def test_signature_of_zeros_and_small_order_keys(desk: Desk) -> None:
    desk.reviewer()
    record = forged(desk.store, stranger())
    zero = base64.b64encode(bytes(32)).decode()
    record["signature"] |= {"reviewer": fingerprint(zero), "value": base64.b64encode(bytes(64)).decode()}
    insert(desk.store, record)

    assert nothing_confirmed(desk.store)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verdict SET record = '{}'",
        "UPDATE verdict SET uid = 'x', record = NULL",
        "DELETE FROM verdict",
        "DELETE FROM verdict_subject",
        "UPDATE chain SET sha256 = 'x'",
        "DELETE FROM chain WHERE seq = 2",
        "INSERT OR REPLACE INTO chain VALUES (2, 'a', 'b', 'c', 'd', 'e', 'f')",
        "UPDATE trust_record SET record = '{}'",
    ],
)
def test_history_is_append_only(desk: Desk, statement: str) -> None:
    desk.decide(desk.reviewer())

    with pytest.raises(DatabaseError, match="append-only"), desk.store.write() as con:
        con.execute(statement)
    assert audit_verify(desk.store).sound


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE chain SET sha256 = '00' WHERE seq = 2", "link 2"),
        ("DELETE FROM chain WHERE seq = 2", "link 2 is missing"),
        ("DELETE FROM verdict", "gone from the store"),
        ("UPDATE verdict SET record = '{}'", "not on the chain as it reads now"),
    ],
)
def test_audit_tells_of_edited_and_deleted_rows(desk: Desk, statement: str, told: str) -> None:
    desk.decide(desk.reviewer())
    desk.decide(desk.unlock("Ada"), trace="T2")
    with desk.store.write() as con:
        for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            con.execute(f"DROP TRIGGER {row[0]}")
        con.execute("PRAGMA defer_foreign_keys = ON")
        con.execute("DELETE FROM verdict_subject")
        con.execute(statement)

    report = audit_verify(desk.store)
    assert not report.sound
    assert any(told in problem for problem in report.problems)
    assert any("trigger" in problem for problem in report.problems)


def test_rolled_back_store_does_not_hold_its_checkpoint(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.decide(ada)
    desk.decide(ada, trace="T2")
    checkpoint = audit_verify(desk.store).head
    with desk.store.write() as con:
        con.execute("DROP TRIGGER chain_no_delete")
        con.execute("DROP TRIGGER verdict_no_delete")
        con.execute("DROP TRIGGER verdict_subject_no_delete")
        con.execute("DELETE FROM verdict_subject WHERE verdict_id = 2")
        con.execute("DELETE FROM verdict WHERE id = 2")
        con.execute("DELETE FROM chain WHERE seq = 3")

    assert not any("checkpoint" in problem for problem in audit_verify(desk.store).problems)
    assert any("rolled back" in problem for problem in audit_verify(desk.store, checkpoint).problems)


def test_erased_record_leaves_its_hash(desk: Desk) -> None:
    desk.decide(desk.reviewer())
    with desk.store.write() as con:
        con.execute("UPDATE verdict SET record = NULL")

    report = audit_verify(desk.store)
    assert (report.sound, report.erased) == (True, 1)
    assert nothing_confirmed(desk.store)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO review_invitation(token_sha256, name, replaces, made_by, made_at, expires_at) "
        "SELECT :token, 'Mallory', '', made_by, made_at, expires_at FROM review_invitation",
        "UPDATE review_invitation SET token_sha256 = :token",
        "UPDATE review_invitation SET token_sha256 = :token, name = 'Mallory'",
    ],
)
def test_invitation_that_somebody_wrote_into_the_store(desk: Desk, statement: str) -> None:
    """Accepting one has the key of whoever made it vouch for whoever has the link."""
    ada = desk.reviewer()
    real, known = invite(desk.store, ada, "Bo Lind"), "a link that Mallory made up"
    with desk.store.write() as con:
        con.execute(statement, {"token": hashlib.sha256(known.encode()).hexdigest()})

    assert invitation_of(desk.store, known) is None
    with pytest.raises(RefusedError, match="is over"):
        accept(desk.store, known, "four other plain words", ada)
    assert [entry.name for entry in load_roster(desk.store).reviewers] == ["Ada"]
    if statement.startswith("INSERT"):
        assert accept(desk.store, real, "four other plain words", ada).name == "Bo Lind"
