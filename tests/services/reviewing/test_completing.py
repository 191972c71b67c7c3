"""The engineer's part of a verdict is a signed record of its own, and worth what verdict and signature are worth."""

from __future__ import annotations

import json

import pytest
from retrospan.model.errors import RefusedError, UnknownIdError, UsageError
from retrospan.model.findings import CauseClass
from retrospan.model.reviews import SignatureState
from retrospan.services.reviewing.completing import complete_verdict, completion_of, with_completions
from retrospan.services.reviewing.people import distrust_reviewer, vouch_for
from retrospan.store.audit.chain import audit_verify
from retrospan.store.reviews.completions import completions_of
from retrospan.store.reviews.verdicts import get_verdict
from retrospan.store.sqlite.driver import DatabaseError
from reviewdesk import Desk


def test_engineer_adds_step_and_cause_without_touching_the_experts_words(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())
    desk.reviewer("Eve", pin=False)
    vouch_for(desk.store, desk.unlock("Ada"), "Eve")

    done = complete_verdict(desk.store, desk.unlock("Eve"), verdict.short_id, cause="retrieval", step=1, lesson="ask")

    assert (done.state, done.engineer, done.cause, done.cause_span) == (
        SignatureState.VALID,
        "Eve",
        CauseClass.RETRIEVAL,
        "a2",
    )
    again = get_verdict(desk.store, verdict.uid)
    assert again.record == verdict.record and again.confirmed
    (merged,) = with_completions(desk.store, [again])
    assert (merged.answer.cause, merged.answer.reason) == (CauseClass.RETRIEVAL, verdict.answer.reason)
    assert audit_verify(desk.store).sound


def test_later_completion_replaces_the_former_and_both_stay_on_record(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    complete_verdict(desk.store, ada, verdict.uid, cause="tool")
    complete_verdict(desk.store, ada, verdict.uid, cause="prompt")

    found = completion_of(desk.store, verdict)
    assert found is not None and found.cause is CauseClass.PROMPT
    with desk.store.read() as con:
        assert con.execute("SELECT count(*) FROM completion").fetchone()[0] == 2


def test_completion_goes_with_its_verdict(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    complete_verdict(desk.store, ada, verdict.uid, cause="tool")

    desk.add_late_span("run-1")
    stale = get_verdict(desk.store, verdict.uid)
    assert completions_of(desk.store, [stale])[verdict.uid][0].state is SignatureState.STALE
    with pytest.raises(RefusedError, match="is stale"):
        complete_verdict(desk.store, ada, verdict.uid, cause="tool")


@pytest.mark.parametrize(
    ("place", "value"),
    [("verdict_sha256", "0" * 64), ("cause", "prompt"), ("lesson", "another"), ("verdict", "f" * 32)],
)
def test_changed_completion_does_not_count(desk: Desk, place: str, value: str) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    done = complete_verdict(desk.store, ada, verdict.uid, cause="tool")
    record = json.loads(json.dumps(dict(done.record)))
    record["manifest"] |= {place: value, "uid": "a" * 32}
    with desk.store.write() as con:
        con.execute(
            "INSERT INTO completion(uid, verdict_uid, record, created_at) VALUES (?, ?, ?, ?)",
            ("a" * 32, verdict.uid, json.dumps(record), "2026-11-22T11:00:00Z"),
        )

    found = completions_of(desk.store, [verdict])[verdict.uid]
    assert [entry.uid for entry in found if entry.confirmed] == [done.uid]
    assert not audit_verify(desk.store).sound


def test_completion_of_a_revoked_engineer_does_not_count(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    desk.reviewer("Eve", pin=False)
    vouch_for(desk.store, ada, "Eve")
    complete_verdict(desk.store, desk.unlock("Eve"), verdict.uid, cause="tool")
    distrust_reviewer(desk.store, "Eve", compromised=True)

    assert completion_of(desk.store, verdict) is None


def test_untrusted_key_nothing_said_and_unknown_verdict_are_refused(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    desk.reviewer("Eve", pin=False)

    with pytest.raises(RefusedError, match="not trusted"):
        complete_verdict(desk.store, desk.unlock("Eve"), verdict.uid, cause="tool")
    with pytest.raises(UsageError, match="Nothing is said"):
        complete_verdict(desk.store, ada, verdict.uid)
    with pytest.raises(UnknownIdError):
        complete_verdict(desk.store, ada, "V99", cause="tool")


@pytest.mark.parametrize("statement", ["DELETE FROM completion", "UPDATE completion SET record = '{}'"])
def test_completions_are_append_only(desk: Desk, statement: str) -> None:
    ada = desk.reviewer()
    complete_verdict(desk.store, ada, desk.decide(ada).uid, cause="tool")

    with pytest.raises(DatabaseError, match="append-only"), desk.store.write() as con:
        con.execute(statement)
