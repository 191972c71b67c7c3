"""The tool that says how far a fix is proven."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ..registry import Caller, tool

if TYPE_CHECKING:
    from ...services.verification.standing import CaseStanding
    from ...store.contract import Store

_SHOWN = 30
_CASES = "cases and runs of this project"


@tool("Verification status")
def verification_status(
    caller: Caller,
    of: Annotated[str, Field(max_length=200, description="E3, a case, lesson or mode (M3); empty: all")] = "",
) -> str:
    """Whether fixes are proven: rung of each case, comparisons of versions, confirmed failures that came back."""
    of = of.strip()
    if of[:1] in "eE" and of[1:].isdigit():
        return _experiment(caller.store, of)
    from ...services.verification.guards import guards_of

    standings = guards_of(caller.store, of)
    return "\n".join([*_standing_lines(standings, of), *([] if of else _newest(caller.store))])


def _experiment(store: Store, text: str) -> str:
    from ...model.text.fence import fenced, inert
    from ...regression.verifying.rendering import render_text
    from ...store.experiments.experiments import experiment_report, get_experiment, parse_experiment_id

    experiment = get_experiment(store, parse_experiment_id(text))
    report = experiment_report(store, experiment.id)
    if report is None:
        again = f"`retrospan verify --resume {experiment.short_id}`"
        return f"{experiment.short_id} is {experiment.state.value}. A person goes on: {again}"
    told = [inert(line) for line in render_text(report).splitlines() if line.strip()]
    return f"{experiment.short_id}: {experiment.verdict}, {experiment.finished_at}\n{fenced(told, _CASES)}"


def _standing_lines(standings: list[CaseStanding], of: str) -> list[str]:
    from ...model.text.fence import fenced, inert_line

    if not standings:
        what = f" guards {inert_line(of, 80)!r}" if of else " has run yet"
        return [f"No case{what}. A person runs `retrospan case run` or `retrospan verify BASE CANDIDATE --plan`."]
    counts = Counter(entry.standing.rung.value for entry in standings)
    rows = [
        f"{inert_line(entry.case_id, 80)}: {entry.standing.rung.value}; last {entry.passed}/{entry.runs}; "
        f"{inert_line(entry.standing.because, 200)}"
        for entry in standings[:_SHOWN]
    ]
    more = [f"… and {len(standings) - _SHOWN} more; name a case, lesson or mode."] if len(standings) > _SHOWN else []
    return [", ".join(f"{n} {rung}" for rung, n in counts.most_common()) + ":", fenced(rows, _CASES), *more]


def _newest(store: Store) -> list[str]:
    from ...model.experiments import ExperimentKind
    from ...model.text.fence import inert_line
    from ...services.verification.recurrences import find_recurrences
    from ...store.experiments.experiments import list_experiments

    lines = [
        f"{e.short_id} {e.created_at[:10]} {e.verdict or e.state.value}: {inert_line(f'{e.base} → {e.candidate}', 120)}"
        for e in list_experiments(store, kind=ExperimentKind.VERIFY, limit=5)
    ]
    for found in find_recurrences(store)[:_SHOWN]:
        runs = ", ".join(f"T{trace_id}" for trace_id in found.trace_ids[:5])
        by = inert_line(found.verdict.reviewer_name, 60)
        lines.append(
            f"Came back: {runs} repeat T{found.verdict.trace_id}, which {by} failed ({found.verdict.short_id})"
        )
    return lines
