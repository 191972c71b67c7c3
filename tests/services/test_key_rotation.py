"""A new key under an old name: what was signed stays, the old key signs no more, and the person is still one rater."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from retrospan.model.errors import RefusedError, UsageError
from retrospan.model.reviews import Answer, Label, ReviewerStatus, SignatureState
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.people import demo_reviewer, list_reviewers, rotate_key, unlock_reviewer, vouch_for
from retrospan.store.opening import open_store
from retrospan.store.reviews.verdicts import get_verdict
from retrospan.trust.config import load_trust_file, save_trust_file
from retrospan.trust.folders import keys_folder
from retrospan.trust.keys import KdfCost, key_names
from retrospan.trust.session import ReviewSession
from reviewdesk import PASSPHRASE, QUESTION, Desk

NEW = "another horse, another battery"
EARLIER = datetime.now(UTC) - timedelta(minutes=5)


def rotate(desk: Desk, session: ReviewSession) -> ReviewSession:
    rotate_key(desk.store, session, NEW, cost=KdfCost(n=2**10), now=EARLIER + timedelta(minutes=1))
    return unlock_reviewer(session.name, NEW)


def judged_earlier(desk: Desk, session: ReviewSession, *, overlap: int = 1, label: Label = Label.FAIL) -> str:
    item = request_review(desk.store, "T1", QUESTION, by="agent:x", overlap=overlap)
    review = open_review(desk.store, item.id, session.fingerprint, now=EARLIER)
    give_answer(desk.store, review.claim, Answer(label), now=EARLIER)
    return sign_verdict(desk.store, session, review, now=EARLIER).uid


def test_what_the_old_key_signed_stays_and_the_new_one_signs(desk: Desk) -> None:
    ada = desk.reviewer()
    former = judged_earlier(desk, ada)

    fresh = rotate(desk, ada)

    assert get_verdict(desk.store, former).state is SignatureState.VALID
    assert desk.decide(fresh, trace="T2").state is SignatureState.VALID
    status = {entry.fingerprint: entry.status for entry in list_reviewers(desk.store)}
    assert status == {ada.fingerprint: ReviewerStatus.REVOKED, fresh.fingerprint: ReviewerStatus.PINNED}
    assert key_names(keys_folder()) == ["ada"] and len(key_names(keys_folder() / "retired")) == 1


def test_old_key_signs_nothing_any_more(desk: Desk) -> None:
    ada = desk.reviewer()
    rotate(desk, ada)
    review = desk.open(ada, "T2")
    give_answer(desk.store, review.claim, Answer(Label.PASS))

    with pytest.raises(RefusedError, match="revoked"):
        sign_verdict(desk.store, ada, review)


def test_machine_that_knows_only_the_old_key_trusts_the_new_one_by_its_countersignature(desk: Desk) -> None:
    ada = desk.reviewer()
    before = load_trust_file()
    fresh = rotate(desk, ada)
    save_trust_file(before)

    status = {entry.fingerprint: entry.status for entry in list_reviewers(desk.store)}
    assert status[fresh.fingerprint] is ReviewerStatus.COUNTERSIGNED


def test_same_person_with_a_new_key_answers_no_item_twice(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    judged_earlier(desk, ada, overlap=2)
    judged_earlier(desk, desk.unlock("Ben"), overlap=2, label=Label.PASS)

    fresh = rotate(desk, ada)

    with pytest.raises(RefusedError, match="with a former key"):
        open_review(desk.store, 1, fresh.fingerprint)


def test_weak_passphrase_leaves_the_old_key_in_place(desk: Desk) -> None:
    ada = desk.reviewer()

    with pytest.raises(UsageError):
        rotate_key(desk.store, ada, "short")
    assert unlock_reviewer("Ada", PASSPHRASE).fingerprint == ada.fingerprint


def test_key_that_does_not_count_and_demo_keys_are_not_rotated(desk: Desk) -> None:
    desk.reviewer()
    desk.reviewer("Eve", pin=False)
    with pytest.raises(RefusedError, match="does not count here"):
        rotate_key(desk.store, desk.unlock("Eve"), NEW)
    with open_store(Path(desk.store.location).with_name("demo.db"), kind="demo") as demo, pytest.raises(RefusedError):
        rotate_key(demo, demo_reviewer(demo), NEW)
