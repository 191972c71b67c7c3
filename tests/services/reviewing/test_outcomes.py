"""What became of verdicts, and verdicts for other programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from conversations import Builder, says
from hypothesis import given
from hypothesis import strategies as st
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.model.reviews import Label, LessonStatus
from retrospan.model.text.csvtext import csv_cell, csv_text
from retrospan.regression.teaching.keeping import drafts_of
from retrospan.services.knowledge.drafts import accept_draft
from retrospan.services.reviewing.export import FIELDS, export_verdicts, render_export
from retrospan.services.reviewing.outcomes import review_outcomes
from retrospan.services.reviewing.people import distrust_reviewer
from retrospan.store.audit.access import AccessKind, list_access
from reviewdesk import Desk, untried


def test_verdict_shows_its_lesson_and_its_case(desk: Desk, tmp_path: Path, traces: Builder) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    for draft in drafts_of(desk.store, verdict):
        if draft.kind is not KnowledgeKind.RUBRIC:
            accept_draft(desk.store, ada, draft, tmp_path, untried)
    traces.add(says("user", "Hello"), says("assistant", "Hi"), project="support", id="later")

    report = review_outcomes(desk.store, reviewer="Ada")

    (entry,) = report.outcomes
    assert [lesson.status for lesson in entry.lessons] == [LessonStatus.CONFIRMED]
    assert [case.status for case in entry.cases] == ["active"]
    assert (entry.recurrences, entry.runs_since) == (None, 1)
    assert entry.in_words == f"behind 1 case, 1 lesson, 2 numbers ({', '.join(entry.numbers)})"
    assert entry.numbers == ("pass rate", "agreement on outcome")
    assert [story.in_words for story in entry.stories] == [
        f"from V1 of support · case {entry.cases[0].id} not run · given to nobody yet"
    ]
    assert report.in_words.startswith("Your 1 verdicts (1 fails) became 1 lessons and 1 tests.")


def test_verdict_of_a_revoked_reviewer_and_of_others_are_left_out(desk: Desk) -> None:
    desk.decide(desk.reviewer())
    assert review_outcomes(desk.store, reviewer="Ben").in_words == "You have not signed a verdict yet."
    distrust_reviewer(desk.store, "Ada", compromised=True)
    assert review_outcomes(desk.store).in_words == "Nothing is judged yet."


def test_recurrence_is_counted_by_failure_mode(desk: Desk, traces: Builder) -> None:
    desk.decide(desk.reviewer())
    later = [
        traces.add(says("user", "x"), says("assistant", "y"), project="support", id=f"later-{n}") for n in range(3)
    ]
    with desk.store.write() as con:
        con.execute("INSERT INTO failure_mode(id, project, opened_at) VALUES (1, 'support', '2026-11-22T11:00:00Z')")
        con.executemany(
            "INSERT INTO mode_member(trace_id, mode_id, known, likeness, joined_at) VALUES (?, 1, 0, 1, '')",
            [(1,), (later[0],)],
        )

    (entry,) = review_outcomes(desk.store).outcomes

    assert (entry.runs_since, entry.recurrences) == (3, 1)


def test_export_has_a_line_per_verdict_and_is_noted(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.decide(ada)
    desk.decide(ada, Label.PASS, "T2")

    records = export_verdicts(desk.store, actor="human:Ada")

    lines = [json.loads(line) for line in render_export(records, "jsonl").splitlines()]
    assert [(line["label"], line["signature"], line["reviewer"]) for line in lines] == [
        ("fail", "valid", "Ada"),
        ("pass", "valid", "Ada"),
    ]
    rows = list(csv.DictReader(io.StringIO(render_export(records, "csv"))))
    assert [row["label"] for row in rows] == ["fail", "pass"] and list(rows[0]) == list(FIELDS)
    newest = list_access(desk.store)[0]
    assert (newest.action, newest.actor, newest.subject) == (AccessKind.EXPORT, "human:Ada", "2 verdicts")


def test_export_says_what_does_not_count(desk: Desk) -> None:
    desk.decide(desk.reviewer())
    desk.add_late_span("run-1")

    assert [record["signature"] for record in export_verdicts(desk.store)] == ["stale"]
    assert export_verdicts(desk.store, only_valid=True) == []


@pytest.mark.parametrize(
    "hostile",
    [
        '=HYPERLINK("https://evil.example")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "  =1+1",
        "＝1+1",
        "|calc",
        "\u200b=1+1",
        "\ufeff=1+1",
    ],
)
def test_cell_that_would_run_as_a_formula_is_text(hostile: str) -> None:
    assert csv_cell(hostile).lstrip()[:1] not in ("=", "+", "-", "@", "|", "＝", "\t", "\r")


@given(st.text())
def test_any_text_is_one_cell_without_formula_or_control(text: str) -> None:
    document = csv_text(["a", "b"], [[text, 1.5]])
    rows = list(csv.reader(io.StringIO(document, newline="")))
    assert len(rows) == 2 and len(rows[1]) == 2 and rows[1][1] == "1.5"
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))
