"""What became of verdicts: the lessons and cases that came of them, and whether the failure has come back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...knowledge.documents import Document, check_document
from ...knowledge.folders import KnowledgeKind
from ...model.cases import CaseStatus, parse_case
from ...model.errors import BadInputError
from ...model.reviews import Label, Lesson, LessonStatus, SignatureState, Verdict
from ...model.text import yamltext
from ...store.contract import Store
from ...store.experiments.runs import last_runs
from ...store.findings.modes import modes_of
from ...store.knowledge.index import list_documents
from ...store.knowledge.lookup import list_lessons
from ...store.reviews.queues import runs_since
from ...store.reviews.reviewers import load_trust
from ...store.reviews.verdicts import list_verdicts
from ...trust.root import Trust
from ..verification.lesson_story import LessonStory, stories_of
from ..verification.recurrences import repeats_of
from .completing import completion_of

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """A regression case that came of a verdict."""

    id: str
    status: str
    """draft, active, flaky, retired; an active one without a valid signature is a draft."""
    passes: bool | None
    """In its last run, where one is known."""


@dataclass(frozen=True, slots=True)
class VerdictOutcome:
    """What one verdict led to."""

    verdict: Verdict
    lessons: tuple[Lesson, ...]
    cases: tuple[CaseOutcome, ...]
    completed_by: str | None
    """The engineer who added step and cause."""
    runs_since: int
    """Runs of the project since it was signed."""
    recurrences: int | None
    """How many of them fail in the same way; None where its way of failing has no name yet and none repeats it."""
    repeats: tuple[int, ...] = ()
    """Later runs without a difference from the one that was judged."""
    stories: tuple[LessonStory, ...] = ()
    """What became of each lesson."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of reports that count this verdict."""
        verdict = self.verdict
        found = ["pass rate"] if verdict.outcome in (Label.PASS, Label.FAIL) else []
        found += [f"agreement on {verdict.rubric.id}"] if not verdict.demo else []
        return (*found, "how often proposals are followed") if verdict.proposal else tuple(found)

    @property
    def in_words(self) -> str:
        """`behind 2 cases, 1 lesson, 2 numbers (pass rate, agreement on outcome)`."""
        lessons = sum(_stands(lesson) for lesson in self.lessons)
        cases = sum(case.status == CaseStatus.ACTIVE.value for case in self.cases)
        told = [_counted(cases, "case"), _counted(lessons, "lesson")]
        named = f" ({', '.join(self.numbers)})" if self.numbers else ""
        return f"behind {', '.join(told)}, {_counted(len(self.numbers), 'number')}{named}"


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """What became of the verdicts of one person, or of all."""

    reviewer: str | None
    outcomes: tuple[VerdictOutcome, ...]

    @property
    def in_words(self) -> str:
        """One sentence for whoever judged."""
        fails = [entry for entry in self.outcomes if entry.verdict.answer.label is Label.FAIL]
        lessons = {lesson.id for entry in self.outcomes for lesson in entry.lessons if _stands(lesson)}
        cases = {case.id for entry in self.outcomes for case in entry.cases if case.status == CaseStatus.ACTIVE.value}
        whose = "Your" if self.reviewer else "All"
        if not self.outcomes:
            return "Nothing is judged yet." if self.reviewer is None else "You have not signed a verdict yet."
        told = f"{whose} {len(self.outcomes)} verdicts ({len(fails)} fails) became {len(lessons)} lessons and "
        told += f"{len(cases)} tests."
        known = [entry for entry in fails if entry.recurrences is not None]
        back = sum(1 for entry in known if entry.recurrences)
        if known:
            told += f" {len(known) - back} of {len(known)} failures have not come back since, {back} have."
        return told


def review_outcomes(
    store: Store,
    *,
    reviewer: str | None = None,
    case_results: Mapping[str, bool] | None = None,
    limit: int = 50,
) -> OutcomeReport:
    """What became of the newest verdicts that count.

    Args:
        store: Where.
        reviewer: Name or fingerprint of who signed; None for everybody.
        case_results: Whether each case passed in its last run, by id; by default what its experiments say.
        limit: At most so many verdicts.
    """
    trust = load_trust(store)
    verdicts = [verdict for verdict in list_verdicts(store, trust=trust) if verdict.confirmed]
    if reviewer is not None:
        verdicts = [v for v in verdicts if reviewer.lower() in (v.reviewer_name.lower(), v.reviewer.lower())]
    verdicts = sorted(verdicts, key=lambda entry: entry.signed_at, reverse=True)[:limit]
    lessons = _by_verdict([(uid, lesson) for lesson in list_lessons(store, trust) for uid in lesson.origin.verdicts])
    if case_results is None:
        case_results = {case: run.passed for case, run in last_runs(store).items()}
    cases = _by_verdict(_cases(store, trust, case_results))
    told = stories_of(store, [lesson for found in lessons.values() for lesson in found])
    stories = {story.lesson.id: story for story in told}
    found = tuple(_outcome(store, verdict, lessons, cases, stories) for verdict in verdicts)
    return OutcomeReport(reviewer, found)


def _outcome(
    store: Store,
    verdict: Verdict,
    lessons: Mapping[str, Sequence[Lesson]],
    cases: Mapping[str, Sequence[CaseOutcome]],
    stories: Mapping[str, LessonStory],
) -> VerdictOutcome:
    completion = completion_of(store, verdict)
    with store.read() as con:
        modes = modes_of(con, [verdict.trace_id]) if verdict.trace_id is not None else {}
        mine = [mode for found in modes.values() for mode in found]
        runs, back = runs_since(con, verdict.seen[0].project, verdict.signed_at, mine)
    repeats = _repeats(store, verdict)
    return VerdictOutcome(
        verdict,
        tuple(lessons.get(verdict.uid, ())),
        tuple(cases.get(verdict.uid, ())),
        completion.engineer if completion else None,
        runs,
        max(back, len(repeats)) if mine or repeats else None,
        repeats,
        tuple(stories[lesson.id] for lesson in lessons.get(verdict.uid, ())),
    )


def _repeats(store: Store, verdict: Verdict) -> tuple[int, ...]:
    if verdict.answer.label is not Label.FAIL or verdict.trace_id is None:
        return ()
    return repeats_of(store, verdict.trace_id)


def _by_verdict(pairs: Sequence[tuple[str | None, _Entry]]) -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = defaultdict(list)
    for uid, entry in pairs:
        if uid is not None:
            found[uid].append(entry)
    return found


def _cases(store: Store, trust: Trust, results: Mapping[str, bool]) -> list[tuple[str | None, CaseOutcome]]:
    found = []
    for document in list_documents(store, KnowledgeKind.CASE):
        try:
            case = parse_case(yamltext.dump(dict(document.content)), source=document.name)
        except BadInputError:
            continue
        status = case.status.value if _signed(document, trust) else CaseStatus.DRAFT.value
        found.append((case.provenance.verdict, CaseOutcome(case.id, status, results.get(case.id))))
    return found


def _signed(document: Document, trust: Trust) -> bool:
    return check_document(document, trust).state is SignatureState.VALID


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _stands(lesson: Lesson) -> bool:
    return lesson.status is LessonStatus.CONFIRMED
