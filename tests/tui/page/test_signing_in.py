"""Signing in: what opens the same key is one, also at once; invitations lock nobody out; passkeys hold everywhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from clocks import Clock
from retrospan.model.errors import RefusedError, RetrospanError, UsageError
from retrospan.page import passkeys
from retrospan.page.passkeys import Site
from retrospan.page.signing_in import TRIES, FrontDoor
from retrospan.services.reviewing import people
from retrospan.services.reviewing.people import add_reviewer, list_reviewers, unlock_reviewer
from retrospan.services.serving.limiting import Limiter, TooMany, Turns
from retrospan.store.audit.access import AccessKind, list_access
from retrospan.store.contract import Store
from retrospan.trust import keys
from retrospan.trust.folders import keys_folder
from retrospan.trust.keys import KdfCost

PASSPHRASE = "four plain words here"
OTHER = "other four plain words"
HERE = "10.0.0.1"
LOCALHOST = Site("localhost", "http://localhost:8477")


@pytest.fixture
def door(store: Store) -> Iterator[FrontDoor]:
    add_reviewer(store, "Ada", PASSPHRASE, pin=True, cost=KdfCost(n=2**10))
    opened = FrontDoor(store, unlock_reviewer("Ada", PASSPHRASE), Clock())
    yield opened
    opened.close()


def outcome(act: Callable[[], object]) -> str:
    try:
        act()
    except RetrospanError as err:
        return type(err).__name__
    return "in"


@pytest.mark.parametrize("names", [["Ada"] * 6, ["Ada", "Ada!", "-ada", "Àda", "ADA?", "a d a".replace(" ", "")]])
def test_names_that_open_the_same_key_are_one(door: FrontDoor, names: list[str]) -> None:
    got = [outcome(lambda name=name: door.sign_in(name, "wrong words entirely", HERE)) for name in names]  # type: ignore[misc]
    assert got == ["RefusedError"] * TRIES + ["TooMany"]
    assert outcome(lambda: door.sign_in("Ada!!", PASSPHRASE, "10.0.0.2")) == "TooMany"


def test_tries_at_once_are_counted_before_they_are_looked_at(door: FrontDoor) -> None:
    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(lambda _: outcome(lambda: door.sign_in("Ada", "wrong words entirely", HERE)), range(12)))
    assert got.count("RefusedError") <= TRIES
    assert got.count("TooMany") >= 12 - TRIES


def test_right_passphrases_use_up_no_tries(door: FrontDoor) -> None:
    assert [outcome(lambda: door.sign_in("Ada", PASSPHRASE, HERE)) for _ in range(TRIES + 3)] == ["in"] * (TRIES + 3)


def test_derivations_run_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 128 MiB: twelve people who sign in at once must not cost a gigabyte."""
    running, most, lock = [0], [0], threading.Lock()

    class Counted:
        def __init__(self, **_: object) -> None: ...

        def derive(self, _: bytes) -> bytes:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            threading.Event().wait(0.01)
            with lock:
                running[0] -= 1
            return bytes(32)

    monkeypatch.setattr(keys, "Scrypt", Counted)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: keys._derive("x", b"y", KdfCost()), range(24)))
    assert most == [1]


def test_whoever_comes_when_many_wait_is_refused_at_once() -> None:
    turns, hold, held = Turns(1), threading.Event(), threading.Event()

    def stay() -> None:
        with turns.turn("people"):
            held.set()
            hold.wait(10)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(stay)
        held.wait(10)
        pool.submit(stay)
        while turns._room._value:
            threading.Event().wait(0.001)
        with pytest.raises(TooMany), turns.turn("people"):
            pass
        hold.set()


def test_what_is_taken_and_given_back_is_there_again() -> None:
    clock = Clock()
    limit = Limiter(2, 60, clock)
    assert [limit.take("a"), limit.take("a")] == [0, 0]
    assert limit.take("a") == 30
    limit.give_back("a")
    assert limit.take("a") == 0


def test_tries_are_noted_without_what_was_typed(door: FrontDoor, store: Store) -> None:
    for name, words in (("Ada", PASSPHRASE), ("Ada", "wrong words entirely"), (PASSPHRASE, "Ada")):
        outcome(lambda name=name, words=words: door.sign_in(name, words, HERE))  # type: ignore[misc]
    noted = [(e.subject, e.detail) for e in reversed(list_access(store)) if e.action is AccessKind.SIGN_IN]
    told = [f"signed in from {HERE}", f"failed from {HERE}", f"failed from {HERE}"]
    assert noted == list(zip(["ada", "ada", "unknown name"], told, strict=True))


def test_a_flood_of_tries_does_not_fill_the_log(door: FrontDoor, store: Store) -> None:
    for _ in range(300):
        outcome(lambda: door.sign_in("Ada", "wrong words entirely", HERE))
    assert sum(entry.action is AccessKind.SIGN_IN for entry in list_access(store, limit=1_000)) < 100


def test_two_who_accept_one_invitation_at_once_lock_nobody_out(door: FrontDoor, store: Store) -> None:
    token = door.invite("Bo Lind")
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda words: outcome(lambda: door.accept(token, words)), (PASSPHRASE, OTHER)))
    assert sorted(got) == ["RefusedError", "in"]
    chosen = (PASSPHRASE, OTHER)[got.index("in")]
    assert outcome(lambda: door.sign_in("Bo Lind", chosen, HERE)) == "in"
    (bo,) = [entry for entry in list_reviewers(store) if entry.name == "Bo Lind"]
    assert bo.vouched_by == "Ada"


def test_an_invitation_whose_key_nobody_could_vouch_for_can_be_accepted_again(
    door: FrontDoor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = door.invite("Bo Lind")

    def fails(*_: object, **__: object) -> None:
        raise RefusedError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(people, "vouch_for", fails)
        assert outcome(lambda: door.accept(token, OTHER)) == "RefusedError"
    assert outcome(lambda: door.accept(token, OTHER)) == "in"


def test_of_two_keys_made_at_once_one_is_kept(store: Store) -> None:
    cheap = KdfCost(n=2**10)
    place = keys_folder()

    def make(words: str) -> str:
        return outcome(lambda: keys.create_key(place, "Cem", words, created_at="2026-11-22T11:00:00Z", cost=cheap))

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(make, (PASSPHRASE, OTHER)))
    assert sorted(got) == [UsageError.__name__, "in"]
    assert keys.open_key(place, "Cem", (PASSPHRASE, OTHER)[got.index("in")]).name == "Cem"


def have_passkey(reviewer: str, host: str = "localhost") -> None:
    entry = passkeys._Passkey(reviewer=reviewer, rp_id=host, credential_id="AAAA", public_key="AAAA", sign_count=0)
    passkeys._save(passkeys._File(passkeys=[*passkeys._load().passkeys, entry]))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "reviews.example.com"])
def test_a_passkey_is_asked_for_under_every_name_of_the_page(host: str) -> None:
    pytest.importorskip("webauthn")
    have_passkey("ada")
    elsewhere = Site(host, f"https://{host}")
    assert passkeys.has_passkey("ada")
    with pytest.raises(RefusedError, match="registered at localhost"):
        passkeys.check("ada", elsewhere, b"c", "{}")
    with pytest.raises(RefusedError, match="registered at localhost"):
        passkeys.registration("ada", "Ada", elsewhere, b"c")
    assert not passkeys.may_register("ada", elsewhere)


def test_a_further_passkey_needs_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("webauthn")
    asked = passkeys.registration("ada", "Ada", LOCALHOST, b"challenge")
    assert asked["proof"] is None
    have_passkey("ada")
    assert passkeys.registration("ada", "Ada", LOCALHOST, b"challenge")["proof"]["allowCredentials"]
    for proof in ("", "{}", json.dumps({"id": "AAAA"})):
        with pytest.raises(RefusedError):
            passkeys.register("ada", LOCALHOST, b"challenge", "{}", proof, now="")
    assert len(passkeys.list_passkeys("ada")) == 1


def test_a_registration_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(RefusedError):
        passkeys.register("ada", LOCALHOST, b"", "{}", "", now="")


def test_a_new_key_keeps_the_passkeys_of_the_former_one_and_an_administrator_removes_them() -> None:
    have_passkey("old")
    passkeys.hand_over("old", "new")
    assert (passkeys.has_passkey("old"), passkeys.has_passkey("new")) == (False, True)
    assert passkeys.remove_passkeys("new", "BBBB") == 0
    assert passkeys.remove_passkeys("new") == 1
    assert not passkeys.has_passkey("new")
