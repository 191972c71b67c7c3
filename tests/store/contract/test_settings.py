"""Settings, cursors of pulls and tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conversations import Builder, says
from retrospan.store.contract import Store
from retrospan.store.settings.pulls import PullSource, advance_cursor, known_trace_keys, pull_cursor
from retrospan.store.settings.tokens import Role, add_token, list_tokens, revoke_token, verify_token
from retrospan.store.settings.values import get_setting, set_setting

SOURCE = PullSource("phoenix", "http://127.0.0.1:6006", "support")
MOMENT = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def test_a_setting_is_of_its_project_and_can_be_changed_and_forgotten(store: Store) -> None:
    set_setting(store, "muted", ["loop"], "p")
    set_setting(store, "muted", {"a": None})
    assert (get_setting(store, "muted", "p"), get_setting(store, "muted")) == (["loop"], {"a": None})
    set_setting(store, "muted", ["loop", "stale"], "p")
    assert get_setting(store, "muted", "p") == ["loop", "stale"]
    set_setting(store, "muted", None, "p")
    assert (get_setting(store, "muted", "p"), get_setting(store, "muted")) == (None, {"a": None})


def test_a_cursor_only_goes_forward(store: Store) -> None:
    assert pull_cursor(store, SOURCE) is None
    for hours in (0, 2, 1):
        advance_cursor(store, SOURCE, MOMENT + timedelta(hours=hours))
    assert pull_cursor(store, SOURCE) == MOMENT + timedelta(hours=2)
    assert pull_cursor(store, PullSource("phoenix", SOURCE.url, "other")) is None


def test_known_traces_are_told_of_any_number(store: Store, traces: Builder) -> None:
    for key in ("a", "b"):
        traces.add(says("user", "Hi"), id=key)
    asked = ["a", "c", *(f"run-{n}" for n in range(40_000))]
    assert known_trace_keys(store, asked) == {"a"}
    assert known_trace_keys(store, []) == set()


def test_a_token_is_listed_as_it_was_made(store: Store) -> None:
    token = add_token(store, "ci", Role.AGENT, days=2)
    (listed,) = list_tokens(store)
    assert verify_token(store, token) == listed
    assert (listed.name, listed.role, listed.revoked_at) == ("ci", Role.AGENT, None)
    assert listed.expires_at is not None
    lasts = datetime.fromisoformat(listed.expires_at) - datetime.fromisoformat(listed.created_at)
    assert lasts == timedelta(days=2)
    revoke_token(store, "ci")
    assert list_tokens(store)[0].revoked_at is not None
