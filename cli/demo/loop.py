"""The end of `retrospan demo --auto`: a demo reviewer decides, and what was learnt is tried on both versions."""

from __future__ import annotations

from pathlib import Path

from ...model.cases import Case
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...regression.report import render_runs
from ...regression.results import CaseOutcome
from ...regression.runner import run_cases
from ...regression.target import load_target
from ...services.agent_work.demonstrating import FailingRun, Learnt, decide_and_learn, queue_reviews
from ...services.reviewing.people import demo_reviewer
from ...store.contract import Store
from ...store.knowledge.lookup import search_lessons
from ..shared.output import echo

_APP = "retrospan.examples.support_agent.app"
_EXPECTED = {"v1": CaseOutcome.FAILED, "v2": CaseOutcome.PASSED}


def write_project(place: Path) -> None:
    """The configuration by which regression cases find the example agent."""
    (place / "retrospan.toml").write_text(f'[tool.retrospan]\ntarget = "{_APP}:run"\nunsigned_cases = "run"\n')


def walk_loop(store: Store, place: Path, runs: list[FailingRun]) -> int:
    """Decide the first failing run as the demo reviewer, keep the lesson and the case, and run the case.

    Returns:
        Exit code: 0 where the case fails on v1 and passes on v2.
    """
    if not runs:
        raise UsageError("No run of the example agent shows a clear failure; there is nothing to learn from.")
    write_project(place)
    item = queue_reviews(store, runs)[0]
    echo(f"\n{item.short_id} asks: {item.question}")
    learnt = decide_and_learn(store, demo_reviewer(store), item, runs[0], place)
    _tell(store, learnt)
    return _try_case(learnt.case)


def _tell(store: Store, learnt: Learnt) -> None:
    verdict = learnt.verdict
    echo(f"  the reviewer answers first: {verdict.answer.label.value}")
    echo(f"  then sees the agent's proposal: {learnt.proposal}")
    echo(f"  and signs. Signature: {verdict.state.value}")
    echo(f"\nLesson {learnt.lesson.id} ({learnt.lesson.status.value})\n  {safe_line(learnt.lesson.title)}")
    for path in learnt.paths:
        echo(f"  {path}")
    found = search_lessons(store, safe_line(learnt.lesson.title))
    echo(f"  an assistant that asks before its next change finds {len(found)} confirmed lesson(s)")


def _try_case(case: Case) -> int:
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
    return 0 if as_expected else 1
