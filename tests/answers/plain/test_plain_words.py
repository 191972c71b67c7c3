"""Dates, states and pieces as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from retrospan.answers.plain.conversation import Speaker, conversation
from retrospan.answers.plain.dates import due_words, moment_words
from retrospan.answers.plain.pieces import SHORT, Setting, given
from retrospan.model.traces import Message, Span, SpanBatch, StepKind, ToolCall
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch

NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours", "told"),
    [
        ("2026-11-30T11:52:00Z", 0, "today at 11:52"),
        ("2026-12-01T00:10:00Z", 0, "tomorrow at 00:10"),
        ("2026-11-30T23:10:00Z", 2, "today at 01:10"),
        ("2026-11-30T21:10:00Z", 2, "yesterday at 23:10"),
        ("2026-11-03T09:00:00Z", 0, "3 Nov at 09:00"),
        ("2025-11-03T09:00:00Z", 0, "3 Nov 2025"),
        ("never", 0, "never"),
    ],
)
def test_moments_are_told_in_the_time_of_the_place(text: str, hours: int, told: str) -> None:
    assert moment_words(text, now=NOW, zone=timezone(timedelta(hours=hours))) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-12-03T23:40:00Z", "due in 3 days"),
        ("2026-11-30T22:20:00Z", "overdue by 1 hour"),
        (None, ""),
    ],
)
def test_due_dates_are_told_by_how_far_they_are(text: str | None, told: str) -> None:
    assert due_words(text, now=NOW) == told


@pytest.mark.parametrize(
    ("value", "setting"),
    [
        ('{"id": 4711, "allergies": ["nuts"]}', Setting.VALUE),
        ({"id": 4711}, Setting.VALUE),
        ("| dose | mg |\n|---|---:|\n| one | 400 |", Setting.PROSE),
        ("Take **one** a day", Setting.PROSE),
        ("def f(x):\n    return x ** 2 ** 3", Setting.EXACT),
        ("[2026-11-30] INFO started", Setting.EXACT),
        (None, Setting.EXACT),
    ],
)
def test_a_value_is_set_by_what_it_is(value: object, setting: Setting) -> None:
    assert given("What it got", value).setting is setting  # type: ignore[arg-type]


def test_a_long_result_is_folded_and_whole() -> None:
    piece = given("What it got", "x" * (SHORT + 1))
    assert piece.folded
    assert len(piece.text) == SHORT + 1


def test_results_that_stand_in_messages_only_are_told(store: Store) -> None:
    first = Span("r", "a", "chat", StepKind.LLM, started_at_ns=1)
    first.input_messages = (Message("user", "Is it safe?", name="Nurse Joy"),)
    first.output_messages = (Message("assistant", tool_calls=(ToolCall("look_up", {"q": "x"}, "c9"),)),)
    second = Span("r", "b", "chat", StepKind.LLM, started_at_ns=2)
    answer = Message("tool", "Never with warfarin.", tool_call_id="c9")
    second.input_messages = (*first.input_messages, *first.output_messages, answer)
    second.output_messages = (Message("assistant", "No.", reasoning="Warfarin."),)
    commit_batch(store, SpanBatch([first, second]))
    turns = conversation(get_trace(store, 1))
    assert [(turn.speaker, turn.name) for turn in turns] == [
        (Speaker.PERSON, "Nurse Joy"),
        (Speaker.ACT, "look_up"),
        (Speaker.ACT, ""),
        (Speaker.AGENT, ""),
    ]
    assert turns[2].pieces[0].text == "Never with warfarin."
    assert [piece.text for piece in turns[3].pieces] == ["Warfarin.", "No."]
