"""The runner: what a run becomes, and that a broken machine is no failed check."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.model.case_checks import Judged, OutputContains, ToolCalled
from retrospan.model.cases import Case, CaseStatus, Provenance
from retrospan.regression import RunResult
from retrospan.regression.report import render_runs
from retrospan.regression.results import CaseRuns, JudgeAnswer
from retrospan.regression.runner import run_case, run_cases

CASE = Case(
    id="window",
    title="Names the window",
    status=CaseStatus.ACTIVE,
    input="How long?",
    checks=(OutputContains(text="30 days"), Judged(question="Is it kind?")),
    provenance=Provenance(lesson="returns-window", trace="4bf92f35"),
)


def test_a_case_passes_when_no_check_fails() -> None:
    done = run_case(CASE, lambda _: "30 days")
    assert done.outcome == "passed"
    assert [check.status for check in done.checks] == ["passed", "skipped"]
    assert done.run == RunResult("30 days")


def test_a_failed_check_fails_the_case() -> None:
    assert run_case(CASE, lambda _: "14 days").outcome == "failed"


def test_a_raising_target_is_an_error_that_shows_the_application(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: str) -> str:
        raise RuntimeError("no connection")

    done = run_case(CASE, broken)
    assert done.outcome == "error"
    assert done.error is not None
    assert done.error.endswith("RuntimeError: no connection")
    assert "in broken" in done.error
    assert "run_case" not in done.error
    assert capsys.readouterr().out == ""


def test_an_undecidable_check_is_an_error_but_a_failed_one_weighs_more() -> None:
    undecided = CASE.model_copy(update={"checks": (ToolCalled(tool="t"), OutputContains(text="30 days"))})
    assert run_case(undecided, lambda _: "30 days").outcome == "error"
    assert run_case(undecided, lambda _: "14 days").outcome == "failed"


def test_nothing_decided_is_skipped() -> None:
    judged = CASE.model_copy(update={"checks": (Judged(question="Is it kind?"),)})
    assert run_case(judged, lambda _: "hi").outcome == "skipped"
    assert run_case(judged, lambda _: "hi", lambda *_: JudgeAnswer(True, "kind")).outcome == "passed"


def test_repeats_count_and_retired_cases_rest() -> None:
    answers = iter(["30 days", "14 days", "30 days"])
    seen: list[str] = []

    def progress(runs: CaseRuns) -> None:
        seen.append(runs.case.id)

    retired = CASE.model_copy(update={"id": "old", "status": CaseStatus.RETIRED})
    (runs,) = run_cases([retired, CASE], lambda _: next(answers), repeats=3, on_done=progress)
    assert (runs.passed, len(runs.results), runs.outcome, seen) == (2, 3, "failed", ["window"])


def test_the_report_names_check_observation_and_origin() -> None:
    (runs,) = run_cases([CASE], lambda _: {"output": "14 days", "tool_calls": [{"name": "search", "result": "x"}]})
    told = render_runs(runs).splitlines()
    assert told[0] == "window: output_contains '30 days' failed"
    assert "✗ output_contains '30 days': the answer does not have the text" in told
    assert "answer: 14 days" in told
    assert "call:   search() → x" in told
    assert told[-1] == "from lesson returns-window, trace 4bf92f35"


def test_hostile_text_of_a_run_is_shown_safely() -> None:
    def hostile(_: str) -> Any:
        return {"output": "\x1b]52;c;x\x07\u202e", "tool_calls": [{"name": "a\x1b[2J", "result": "\x9b31m"}]}

    def raising(_: str) -> str:
        raise RuntimeError("\x1b[31mred\u202e")

    for target in (hostile, raising):
        (runs,) = run_cases([CASE], target)
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(render_runs(runs))
