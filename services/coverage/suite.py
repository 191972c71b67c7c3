"""What the regression cases of a project cover, what none of them does, and which would do as well alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...analysis.verification.covering import smallest_cover
from ...model.case_checks import Judged
from ...model.cases import Case, CaseStatus
from ...model.errors import UsageError
from ...model.reviews import Label, LessonStatus, SignatureState, Verdict
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.findings.modes import modes_by_key
from ...store.knowledge.lookup import list_lessons
from ...store.reading.summaries import get_summaries
from ...store.reviews.rubrics import list_rubrics
from ...store.reviews.verdicts import confirmed_verdicts
from ..knowledge.cases import list_cases, nearest_knowledge
from ..modes.views import list_modes
from .paths import PathsReport, workflow_paths

_MODES = 500
_NAME = 80


@dataclass(frozen=True, slots=True)
class Area:
    """One kind of thing that cases can cover."""

    name: str
    covered: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def of(self) -> int:
        return len(self.covered) + len(self.missing)


@dataclass(frozen=True, slots=True)
class WorthWriting:
    """A case that is missing, and the run to make it from."""

    trace: TraceSummary
    why: str
    """Holds words of runs."""
    command: str
    """What makes it."""


@dataclass(frozen=True, slots=True)
class SuiteCoverage:
    """What a suite covers."""

    cases: tuple[str, ...]
    """Ids of all that are not retired."""
    drafts: int
    """Of them, those that nobody has signed."""
    areas: tuple[Area, ...]
    next: tuple[WorthWriting, ...]
    """Best first, one a run."""
    smallest: tuple[str, ...]
    """Cases that cover all of it together."""

    @property
    def needless(self) -> tuple[str, ...]:
        """Cases that cover nothing which the smallest suite does not."""
        return tuple(sorted(set(self.cases) - set(self.smallest)))


def suite_coverage(store: Store, folder: Path, query: str = "", *, most: int = 10) -> SuiteCoverage:
    """Count what the cases of a folder cover of the runs that a search line finds.

    Failures that people confirmed, failure modes, lessons, criteria of the rubrics, and ways of the runs.

    Args:
        store: Where; failure modes are those that were gathered so far.
        folder: The project's folder.
        query: The search line.
        most: Cases worth writing that are named.

    Raises:
        QueryError: if the query cannot be read.
        UsageError: if there is no knowledge folder at or above `folder`.

    Cost: see `workflow_paths`; one signature check a verdict.
    """
    listed = [entry for entry in list_cases(nearest_knowledge(folder)) if entry.case is not None]
    cases = [entry.case for entry in listed if entry.case and entry.case.status is not CaseStatus.RETIRED]
    signed = {entry.case.id for entry in listed if entry.case and entry.signature is SignatureState.VALID}
    paths = _paths(store, query, folder)
    verdicts = {trace: v for trace, v in confirmed_verdicts(store).items() if v.answer.label is Label.FAIL}
    runs = {summary.id: summary for summary in get_summaries(store, sorted(verdicts))}
    parts = [
        _failures(cases, verdicts, runs),
        _modes(store, query, cases),
        _lessons(store, cases),
        _criteria(store, cases, verdicts),
        _ways(paths),
    ]
    covers: dict[str, set[str]] = defaultdict(set)
    for area, by_case, _ in parts:
        for case, items in by_case.items():
            covers[case] |= {f"{area.name}:{item}" for item in items}
    worth: dict[int, WorthWriting] = {}
    for entry in (entry for _, _, found in parts for entry in found):
        worth.setdefault(entry.trace.id, entry)
    return SuiteCoverage(
        tuple(case.id for case in cases),
        sum(case.id not in signed for case in cases),
        tuple(area for area, _, _ in parts),
        tuple(worth.values())[:most],
        smallest_cover({case.id: frozenset(covers[case.id]) for case in cases}),
    )


_Part = tuple[Area, dict[str, set[str]], list[WorthWriting]]
"""An area, what each case covers of it, and what is worth writing for the rest."""


def _part(name: str, every: Iterable[str], by_case: dict[str, set[str]], worth: list[WorthWriting]) -> _Part:
    covered = set().union(*by_case.values())
    items = list(dict.fromkeys(every))
    area = Area(name, tuple(i for i in items if i in covered), tuple(i for i in items if i not in covered))
    return area, by_case, worth


def _failures(cases: Sequence[Case], verdicts: dict[int, Verdict], runs: dict[int, TraceSummary]) -> _Part:
    named = {trace: f"{verdict.short_id} on T{trace}" for trace, verdict in verdicts.items() if trace in runs}
    by_case = {
        case.id: {
            name
            for trace, name in named.items()
            if verdicts[trace].uid == case.provenance.verdict or runs[trace].external_id == case.provenance.trace
        }
        for case in cases
    }
    covered = set().union(*by_case.values())
    missing = sorted((t for t, name in named.items() if name not in covered), reverse=True)
    worth = [
        WorthWriting(
            runs[trace],
            f"{verdicts[trace].reviewer_name} failed it ({verdicts[trace].short_id})",
            f"retrospan review teach {verdicts[trace].short_id}",
        )
        for trace in missing
    ]
    return _part("confirmed failures", named.values(), by_case, worth)


def _modes(store: Store, query: str, cases: Sequence[Case]) -> _Part:
    page = list_modes(store, query, limit=_MODES)
    views = [view for view in page.modes if view.row.failure]
    origins = modes_by_key(store, [case.provenance.trace for case in cases if case.provenance.trace])
    known = {view.short_id for view in views}
    by_case = {case.id: {f"M{n}" for n in origins.get(case.provenance.trace or "", ())} & known for case in cases}
    covered = set().union(*by_case.values())
    missing = [view for view in views if view.short_id not in covered]
    typical = {view.short_id: int(view.typical.lstrip("T").partition(".")[0]) for view in missing}
    runs = {summary.id: summary for summary in get_summaries(store, sorted(set(typical.values())))}
    worth = [
        _from_run(runs[typical[v.short_id]], f"typical of {v.short_id} {v.name[:_NAME]}, {v.size} runs")
        for v in missing
        if typical[v.short_id] in runs
    ]
    return _part("failure modes", (view.short_id for view in views), by_case, worth)


def _lessons(store: Store, cases: Sequence[Case]) -> _Part:
    lessons = [lesson for lesson in list_lessons(store) if lesson.status is LessonStatus.CONFIRMED]
    by_case = {
        case.id: {entry.id for entry in lessons if entry.case == case.id or entry.id == case.provenance.lesson}
        for case in cases
    }
    return _part("lessons", (lesson.id for lesson in lessons), by_case, [])


def _criteria(store: Store, cases: Sequence[Case], verdicts: dict[int, Verdict]) -> _Part:
    newest = {rubric.id: rubric for rubric in list_rubrics(store) if rubric.state is SignatureState.VALID}
    questions = {c.question: f"{rubric.id}/{c.id}" for rubric in newest.values() for c in rubric.criteria}
    failed = {
        verdict.uid: {f"{verdict.rubric.id}/{a.criterion}" for a in verdict.answer.criteria if a.label is Label.FAIL}
        for verdict in verdicts.values()
    }
    by_case = {
        case.id: {questions[c.question] for c in case.checks if isinstance(c, Judged) and c.question in questions}
        | (failed.get(case.provenance.verdict or "", set()) & set(questions.values()))
        for case in cases
    }
    return _part("criteria", questions.values(), by_case, [])


def _paths(store: Store, query: str, folder: Path) -> PathsReport | None:
    try:
        return workflow_paths(store, query, folder=folder)
    except UsageError:
        return None


def _ways(paths: PathsReport | None) -> _Part:
    by_case: dict[str, set[str]] = defaultdict(set)
    names = []
    for variant in paths.variants if paths else ():
        names.append(" → ".join(variant.path) or "(no tool)")
        for case in variant.tally.cases:
            by_case[case].add(names[-1])
    worth = [
        _from_run(way.promote, f"{way.variant.tally.runs} runs go its way; {way.because}")
        for way in (paths.untested if paths else ())
    ]
    return _part("ways", names, dict(by_case), worth)


def _from_run(trace: TraceSummary, why: str) -> WorthWriting:
    return WorthWriting(trace, why, f"retrospan case new {trace.short_id} --id …")
