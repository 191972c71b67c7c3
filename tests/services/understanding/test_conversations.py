"""A session whose turns are traces of their own is read as one conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk_turns import CANCELS, CARRIES, FRAMEWORKS, GOOD, VERIFIES, DeskTurn, send
from retrospan.services.understanding.analysing import analyse, signals_of
from retrospan.services.understanding.invariants import use_rules
from retrospan.services.understanding.readings import readings_of
from retrospan.store.contract import Store
from retrospan.store.findings.signals import load_signals

RULES = """invariants:
  - {id: verify-first, tool: cancel_appointment, requires_before: [verify_identity]}
  - {id: own-appointment, tool: cancel_appointment, argument: appointment_id, found_in: [find_appointments]}
"""
SENT = [(framework, repeats) for framework in FRAMEWORKS for repeats in (True, False)]


def failures(store: Store, trace_id: int) -> list[str]:
    return [signal.signal for signal in signals_of(store, [trace_id])[trace_id] if signal.failure]


@pytest.fixture
def ruled(store: Store, tmp_path: Path) -> Store:
    """A store whose rules want the caller verified, and the appointment looked up."""
    file = tmp_path / ".retrospan" / "invariants.yaml"
    file.parent.mkdir()
    file.write_text(RULES, encoding="utf-8")
    use_rules(store, file)
    return store


@pytest.mark.parametrize(("framework", "repeats"), SENT)
def test_good_follow_up_turns_are_not_accused(ruled: Store, framework: str, repeats: bool) -> None:
    turns = send(ruled, GOOD, framework, repeats=repeats)
    assert [failures(ruled, turn) for turn in turns] == [[], [], []]


@pytest.mark.parametrize(("framework", "repeats"), SENT)
def test_an_id_carried_over_is_found_in_the_first_decision_of_a_turn(
    ruled: Store, framework: str, repeats: bool
) -> None:
    turns = send(ruled, [VERIFIES, CANCELS, CARRIES], framework, repeats=repeats)
    assert "carried_id" in failures(ruled, turns[2])
    assert failures(ruled, turns[1]) == []


@pytest.mark.parametrize("other", [{"user": "u-2"}, {"project": "dentist"}, {"session": "s-2"}])
def test_turns_of_somebody_else_are_no_context(ruled: Store, other: dict[str, Any]) -> None:
    send(ruled, [VERIFIES], repeats=False)
    (later,) = send(ruled, [CANCELS], repeats=False, first=1, **other)
    assert "invariant_broken" in failures(ruled, later)


def test_a_call_that_failed_in_an_earlier_turn_verifies_nobody(ruled: Store) -> None:
    refused = DeskTurn(VERIFIES.asked, [("verify_identity", {"name": "Nora"}, {"error": "unknown name"})], "Sorry?")
    turns = send(ruled, [refused, CANCELS], repeats=False)
    assert "invariant_broken" in failures(ruled, turns[1])


def test_a_turn_that_comes_late_is_read_with_those_after_it(ruled: Store) -> None:
    (later,) = send(ruled, [CANCELS], repeats=False, first=1)
    assert "invariant_broken" in failures(ruled, later)
    (earlier,) = send(ruled, [VERIFIES], repeats=False)
    analyse(ruled, [earlier])
    assert not [signal for signal in load_signals(ruled, [later])[later] if signal.failure]


def test_what_was_said_before_is_told_once_and_in_order(store: Store) -> None:
    turns = send(store, GOOD, repeats=True)
    readings = list(readings_of(store, turns))
    assert readings[0].given == ()
    told = [(message.role, message.content[:20]) for message in readings[2].given if message.role != "tool"]
    assert told == [
        ("user", "I am Nora Field, bor"),
        ("assistant", ""),
        ("assistant", ""),
        ("assistant", "Cardiology is on 14 "),
        ("user", "Please cancel the ra"),
        ("assistant", ""),
        ("assistant", "Your radiology appoi"),
    ]
