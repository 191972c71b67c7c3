"""Reviewers are added, vouched for and revoked; a demo store has its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.model.errors import RefusedError, UnknownIdError, UsageError
from retrospan.model.reviews import Reviewer, ReviewerStatus
from retrospan.services.reviewing.people import (
    add_reviewer,
    demo_reviewer,
    distrust_reviewer,
    forget_demo,
    forget_lost_demos,
    list_reviewers,
    nobody_is_trusted,
    trust_reviewer,
    unlock_reviewer,
    vouch_for,
)
from retrospan.store.audit.chain import audit_verify
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.trust.config import load_trust_file
from retrospan.trust.folders import keys_folder
from retrospan.trust.keys import KdfCost, key_names

PASSPHRASE = "correct horse battery"


def add(store: Store, name: str, *, pin: bool = False) -> Reviewer:
    return add_reviewer(store, name, PASSPHRASE, pin=pin, cost=KdfCost(n=2**10))


def test_first_reviewer_is_pinned_outside_the_store_and_the_next_is_vouched_for(store: Store) -> None:
    assert nobody_is_trusted()
    assert add(store, "Ada", pin=True).status is ReviewerStatus.PINNED
    assert not nobody_is_trusted()
    assert add(store, "Ben").status is ReviewerStatus.UNTRUSTED

    ben = vouch_for(store, unlock_reviewer("Ada", PASSPHRASE), "Ben")

    assert (ben.status, ben.vouched_by) == (ReviewerStatus.COUNTERSIGNED, "Ada")
    assert audit_verify(store).sound


def test_nothing_is_pinned_without_being_asked(store: Store) -> None:
    assert add(store, "Ada").status is ReviewerStatus.UNTRUSTED
    assert load_trust_file().pins == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 200, "tab\tname", "esc\x1b[31m"])
def test_name_that_cannot_be_read_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError):
        add(store, name)
    assert list_reviewers(store) == []


def test_name_in_another_script_has_a_key_file(store: Store) -> None:
    add(store, "李雷", pin=True)

    assert unlock_reviewer("李雷", PASSPHRASE).name == "李雷"


def test_weak_passphrase_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(UsageError):
        add_reviewer(store, "Ada", "short", pin=True)

    assert key_names(keys_folder()) == []
    assert nobody_is_trusted()


def test_two_reviewers_of_one_name_are_told_apart_by_fingerprint(store: Store, tmp_path: Path) -> None:
    first = add(store, "Ada", pin=True)
    (keys_folder() / "ada.json").rename(tmp_path / "ada-old.json")
    second = add(store, "Ada")

    with pytest.raises(UnknownIdError, match="Give the fingerprint"):
        trust_reviewer(store, "Ada")
    assert trust_reviewer(store, second.fingerprint).status is ReviewerStatus.PINNED
    assert first.fingerprint != second.fingerprint


def test_revoked_reviewer_is_listed_as_such(store: Store) -> None:
    add(store, "Ada", pin=True)

    assert distrust_reviewer(store, "Ada", compromised=False).status is ReviewerStatus.REVOKED


def test_demo_reviewer_needs_no_passphrase_and_leaves_with_its_store(tmp_path: Path) -> None:
    with open_store(tmp_path / "demo.db", kind="demo") as demo:
        first, second = demo_reviewer(demo), demo_reviewer(demo)
        assert first.fingerprint == second.fingerprint
        assert [entry.status for entry in list_reviewers(demo)] == [ReviewerStatus.DEMO]
        assert key_names(keys_folder()) == [] and nobody_is_trusted()

        forget_demo(demo)
        assert load_trust_file().pins == []
        assert [entry.status for entry in list_reviewers(demo)] == [ReviewerStatus.UNTRUSTED]


def test_a_demo_whose_store_is_gone_leaves_no_pin_and_no_key(tmp_path: Path) -> None:
    with open_store(tmp_path / "first.db", kind="demo") as demo:
        demo_reviewer(demo)
    for path in tmp_path.glob("first.db*"):
        path.unlink()
    with open_store(tmp_path / "second.db", kind="demo") as demo:
        demo_reviewer(demo)
        assert [pin.demo_store for pin in load_trust_file().pins] == [demo.id]
        assert len(list((keys_folder() / "demo").iterdir())) == 1
    for path in tmp_path.glob("second.db*"):
        path.unlink()
    assert forget_lost_demos() == 1
    assert load_trust_file().pins == [] and list((keys_folder() / "demo").iterdir()) == []


def test_demo_store_may_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETROSPAN_STORE", str(tmp_path / "demo.db"))
    with open_store(kind="demo") as demo:
        assert demo_reviewer(demo).demo


def test_user_s_own_store_never_takes_a_demo_reviewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETROSPAN_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with open_store(kind="demo") as own, pytest.raises(RefusedError):
        demo_reviewer(own)


def test_demo_store_takes_no_real_reviewer(tmp_path: Path) -> None:
    with open_store(tmp_path / "demo.db", kind="demo") as demo, pytest.raises(RefusedError, match="demo store"):
        add(demo, "Ada", pin=True)
