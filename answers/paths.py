"""Workflow paths as text for a model."""

from __future__ import annotations

from ..analysis.paths.graph import Covered, Tally
from ..model.text.budget import clip
from ..model.text.fence import fenced, inert_line
from ..services.coverage.paths import PathsReport, Untested

_WAY = 150


def paths_text(report: PathsReport, *, limit: int) -> str:
    """Variants, what fails there, what was never tested, and the run to promote."""
    newest = f" (newest of {report.total})" if report.runs < report.total else ""
    c = report.coverage
    head = (
        f"{report.runs} runs{newest} took {len(report.variants)} ways; failures by {report.basis}.\n"
        f"Tested by {report.cases} regression cases: {_share(c.nodes, 'nodes')}, {_share(c.edges, 'transitions')}, "
        f"{_share(c.variants, 'ways')}; reviewed: {c.variants.reviewed} ways."
    )
    rows = [f"{_counts(v.tally)}: {_way(v.path)}" for v in report.variants[:limit]]
    untested = [_row(open_way) for open_way in report.untested[:limit]]
    more = f"\n{len(report.variants) - limit} rarer ways; raise limit." if len(report.variants) > limit else ""
    told = f"{head}\n{fenced(['ways', *rows, 'never tested, promote', *untested] if untested else rows)}{more}"
    if not report.untested:
        return f"{told}\nEvery way has a regression case."
    first = report.untested[0].promote.short_id
    return f'{told}\nNext: get_trace(trace="{first}"), then propose_lesson with its case.'


def _share(covered: Covered, what: str) -> str:
    return f"{covered.cases}/{covered.of} {what}"


def _counts(tally: Tally) -> str:
    rate = tally.failure_rate
    told = "" if rate is None else f", {rate.value:.0%} [{rate.low:.0%}–{rate.high:.0%}] fail"
    return f"{tally.runs} runs{told}"


def _row(open_way: Untested) -> str:
    tally = open_way.variant.tally
    return f"{open_way.promote.short_id} ({open_way.because}) for {_counts(tally)}: {_way(open_way.variant.path)}"


def _way(path: tuple[str, ...]) -> str:
    return clip(inert_line(" → ".join(path) or "(nothing)"), _WAY)
