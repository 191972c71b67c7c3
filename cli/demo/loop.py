"""The end of `retrospan demo --auto`: a demo reviewer decides, and what was learnt is tried on both versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...model.cases import Case
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...regression.report import render_runs
from ...regression.results import CaseOutcome
from ...regression.runner import run_cases
from ...regression.target import load_target
from ...regression.teaching.facts import load_facts
from ...regression.teaching.form import suggest
from ...regression.teaching.keeping import Taught, accept_form
from ...services.agent_work.demonstrating import FailingRun, decide, queue_reviews
from ...services.knowledge.confirming import export_verdict
from ...services.reviewing.people import demo_reviewer
from ...store.contract import Store
from ...store.knowledge.lookup import get_lesson, search_lessons
from ..shared.output import echo
from .verifying import verify_versions

_APP = "retrospan.examples.support_agent.app"
_EXPECTED = {"v1": CaseOutcome.FAILED, "v2": CaseOutcome.PASSED}


def write_project(place: Path) -> None:
    """The configuration by which regression cases find the example agent."""
    (place / "retrospan.toml").write_text(f'[tool.retrospan]\ntarget = "{_APP}:run"\nunsigned_cases = "run"\n')


def walk_loop(store: Store, place: Path, runs: list[FailingRun]) -> int:
    """Decide the first failing run as the demo reviewer, keep the lesson and the case, and run the case.

    Returns:
        Exit code: 0 where the case fails on v1 and passes on v2, and the comparison names what v2 breaks.
    """
    if not runs:
        raise UsageError("No run of the example agent shows a clear failure; there is nothing to learn from.")
    write_project(place)
    item = queue_reviews(store, runs)[0]
    echo(f"\n{item.short_id} asks: {item.question}")
    session = demo_reviewer(store)
    decided = decide(store, session, item, runs[0])
    echo(f"  the reviewer answers first: {decided.verdict.answer.label.value}")
    echo(f"  then sees the agent's proposal: {decided.proposal}")
    echo(f"  and signs. Signature: {decided.verdict.state.value}")
    facts = load_facts(store, decided.verdict)
    # The tools of the example answer for themselves, and its rubric stays: the demo is walked more than once.
    taught = accept_form(store, session, facts, replace(suggest(facts), frozen=False, example=""), place)
    exported = export_verdict(store, decided.verdict, place)
    if taught.case is None:
        raise UsageError(f"{runs[0].summary.short_id} has no input to make a case of.")
    _tell(store, taught, exported)
    told_apart = _try_case(taught.case)
    return 0 if verify_versions(store, place, taught.case, _APP) and told_apart else 1


def _tell(store: Store, taught: Taught, exported: Path) -> None:
    lesson = get_lesson(store, taught.lesson)
    echo(f"\nLesson {lesson.id} ({lesson.status.value})\n  {safe_line(lesson.title)}")
    for path in (*taught.paths, exported):
        echo(f"  {path}")
    found = search_lessons(store, safe_line(lesson.title))
    echo(f"  an assistant that asks before its next change finds {len(found)} confirmed lesson(s)")


def _try_case(case: Case) -> bool:
    echo(f"\nRegression case {case.id}, on both versions of the agent:")
    as_expected = True
    for version, expected in _EXPECTED.items():
        (runs,) = run_cases([case], load_target(f"{_APP}:run_{version}"))
        mark = "passed" if runs.outcome is CaseOutcome.PASSED else "failed"
        echo(f"\n  {version}: {mark}")
        for line in render_runs(runs).splitlines()[1:]:
            echo(f"     {line}")
        as_expected = as_expected and runs.outcome is expected
    echo(
        "\nThe loop is closed: the case fails on v1 and passes on v2."
        if as_expected
        else "\nThe case did not tell the versions apart as expected."
    )
    return as_expected
