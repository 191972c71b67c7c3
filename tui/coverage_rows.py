"""Regression cases and coverage as rows: what is tested, and which ways of the runs are not."""

from __future__ import annotations

from textual.content import Content

from ..analysis.paths.graph import Covered, Tally
from ..analysis.verification.ladder import Rung
from ..model.cases import CaseStatus
from ..model.reviews import SignatureState
from ..services.coverage.paths import PathsReport, Untested
from ..services.knowledge.cases import ListedCase
from .gate import cell, counted, joined, lines, shown
from .plots import bar

_STATUS = {
    CaseStatus.ACTIVE: ("● active", "$verdict-pass"),
    CaseStatus.DRAFT: ("○ draft", "$quiet"),
    CaseStatus.FLAKY: ("~ flaky", "$warning"),
    CaseStatus.RETIRED: ("– retired", "$quiet"),
}
_SIGNATURES = {
    SignatureState.VALID: ("✓ signed", "$verdict-pass"),
    SignatureState.UNSIGNED: ("unsigned", "$quiet"),
}


_RUNGS = {
    Rung.VERIFIED: "$verdict-pass",
    Rung.HOLDING: "$verdict-pass",
    Rung.REGRESSED: "$verdict-fail",
    Rung.REPRODUCED: "$warning",
}


def case_row(listed: ListedCase, width: int, rung: Rung | None = None) -> Content:
    """Status, signature, what it has proven where it has run, title; of a file that cannot be read, why."""
    if listed.case is None:
        return joined(cell("! broken", 12, "$error"), cell(f"{listed.path.name}: {listed.problem}", max(width - 12, 8)))
    status, style = _STATUS[listed.case.status]
    signature, shade = _SIGNATURES.get(listed.signature, (f"! {listed.signature.value}", "$error"))
    proven = [] if rung is None else [cell(rung.value.replace("_", " "), 12, _RUNGS.get(rung, "$quiet"))]
    room = max(width - 24 - 12 * len(proven), 8)
    return joined(cell(status, 12, style), cell(signature, 12, shade), *proven, cell(listed.case.title, room))


def untested_row(way: Untested, width: int) -> Content:
    """The run to promote, how many runs went its way, how many of them fail, the way."""
    tally = way.variant.tally
    return joined(
        cell(way.promote.short_id, 8, "bold $accent"),
        cell(counted(tally.runs, "run"), 12),
        cell(fails_words(tally), 16, "$verdict-fail" if tally.failed else "$quiet"),
        cell(" → ".join(way.variant.path) or "(nothing)", max(width - 36, 8)),
    )


def fails_words(tally: Tally) -> str:
    """`12% of 98 fail`, or that nothing is known."""
    rate = tally.failure_rate
    return "unknown" if rate is None else f"{rate.value:.0%} of {tally.judged:,} fail"


def coverage_content(report: PathsReport, width: int) -> Content:
    """A bar for each kind of place: how many of them a regression case goes, and how many runs a person judged."""
    c = report.coverage
    parts = (("steps", c.nodes), ("transitions", c.edges), ("ways", c.variants), ("runs", c.runs))
    newest = f" (the newest of {report.total:,})" if report.runs < report.total else ""
    head = f"{counted(report.runs, 'run')}{newest}; failures by {report.basis}"
    return lines(shown(head, "$quiet"), *(_covered(name, covered, width) for name, covered in parts))


def _covered(name: str, covered: Covered, width: int) -> Content:
    room = max((width - 12 - 2 * 24) // 2, 4)
    of = covered.of or 1
    return joined(
        cell(name, 12),
        bar(covered.cases / of, room, "$verdict-pass"),
        Content(" "),
        cell(f"{covered.cases:,} of {covered.of:,} in a case", 23, "$quiet"),
        bar(covered.reviewed / of, room, "$primary"),
        Content(" "),
        cell(f"{covered.reviewed:,} of {covered.of:,} judged", 23, "$quiet"),
    )
