"""What signed answers teach a rubric: a few telling examples for its next version, and what no example settles.

Telling are answers where somebody went wrong with the words as they are: a proposal or a judge that was overruled, two
people who differed until a third decided, a "can't tell" that was decided later. The reasons are the reviewers' own;
nothing of a run is copied, and no model chooses or writes. Where a judge answers the rubric, the half of the runs that
it is tested on teaches nothing: those answers must not stand in what the judge reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ...knowledge.folders import KnowledgeKind
from ...knowledge.plaintext import plain_line
from ...knowledge.ranking import words_of
from ...knowledge.rubrics import clean_rubric, rubric_content
from ...model.clock import utc_now, utc_text
from ...model.reviews import Criterion, Label, Rubric, Verdict
from ...model.text import yamltext
from ...store.contract import Store
from ...store.jobs.judgements import judgements
from ...store.knowledge.index import put_draft
from ...store.reviews.rubrics import find_rubric
from ...store.reviews.verdicts import list_verdicts
from ..reviewing.rubrics import RubricDiff, diff_rubrics, label_on, overridden
from .improving import MOST_CLAUSES
from .labels import in_test_half

_ALIKE = 0.6
"""Share of shared words from which two reasons say the same."""
_LENGTH = 300
_DECIDED = (Label.PASS, Label.FAIL)
_SAYS = {Label.PASS: "Passes", Label.FAIL: "Fails"}


class Ground(StrEnum):
    """Why an answer tells something; the first tells most."""

    DISAGREED = "people differed"
    CANT_TELL = "somebody could not tell"
    OVERRULED = "a proposal or judge was overruled"


@dataclass(frozen=True, slots=True)
class Telling:
    """A signed answer that tells what the words of a criterion do not."""

    criterion: str
    label: Label
    reason: str
    ground: Ground
    verdict: str
    """`V12`."""

    @property
    def example(self) -> str:
        """As it stands in a rubric."""
        return f"{_SAYS[self.label]}: {self.reason}"


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Answers that no example settles: the words of the criterion have to."""

    criterion: str
    ground: Ground
    count: int
    reasons: tuple[str, ...]
    """Different ones, at most three."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the answers under a rubric suggest for its next version."""

    current: Rubric
    proposed: Rubric
    chosen: tuple[Telling, ...]
    found: int
    """Telling answers in all."""
    open_points: tuple[OpenPoint, ...]

    @property
    def diff(self) -> RubricDiff:
        return diff_rubrics(self.current, self.proposed)


def learn_rubric(store: Store, rubric_id: str) -> Learned:
    """The next version of a rubric, from every signed answer that counts under any of its versions.

    Examples that a reviewer has signed stay. More are added up to six a criterion: one of each ground and label first,
    never two that say the same.

    Raises:
        UnknownIdError: if there is no confirmed version.

    Cost: checks every verdict; one query over the answers of judges.
    """
    current = find_rubric(store, rubric_id)
    told, left = _telling(store, current)
    chosen = [one for entry in current.criteria for one in choose(entry, [t for t in told if t.criterion == entry.id])]
    criteria = tuple(
        replace(entry, examples=(*entry.examples, *(one.example for one in chosen if one.criterion == entry.id)))
        for entry in current.criteria
    )
    proposed = clean_rubric(replace(current, version=current.version + 1, criteria=criteria))
    return Learned(current, proposed, tuple(chosen), len(told), tuple(left))


def keep_learned(store: Store, learned: Learned) -> bool:
    """Keep what was learned as the draft of the next version, in place of a former one; False where it adds nothing."""
    if not learned.chosen:
        return False
    proposed = learned.proposed
    name = f"{proposed.id}.v{proposed.version}"
    with store.write() as con:
        text = yamltext.dump(rubric_content(proposed))
        put_draft(con, KnowledgeKind.RUBRIC, name, text, now=utc_text(utc_now()))
    return True


def choose(criterion: Criterion, told: Sequence[Telling]) -> list[Telling]:
    """The few of these that tell most beside the examples that a criterion has already.

    Each ground and label comes up in turn, so that no kind of mistake and neither answer crowds out the others; within
    one the newest first.
    """
    groups: dict[tuple[Ground, Label], list[Telling]] = defaultdict(list)
    for one in reversed(told):
        groups[one.ground, one.label].append(one)
    order = [(ground, label) for ground in Ground for label in _DECIDED]
    known = [example.partition(": ")[2] or example for example in criterion.examples]
    chosen: list[Telling] = []
    while len(criterion.examples) + len(chosen) < MOST_CLAUSES and any(groups.values()):
        for key in order:
            fresh = next((one for one in groups[key] if not _said(one.reason, known)), None)
            groups[key] = groups[key][groups[key].index(fresh) + 1 :] if fresh else []
            if fresh and len(criterion.examples) + len(chosen) < MOST_CLAUSES:
                chosen.append(fresh)
                known.append(fresh.reason)
    return chosen


def _said(reason: str, known: Iterable[str]) -> bool:
    words = set(words_of(reason))
    return not words or any(len(words & set(words_of(one))) >= _ALIKE * len(words) for one in known)


def _telling(store: Store, rubric: Rubric) -> tuple[list[Telling], list[OpenPoint]]:
    judged = _judged(store, rubric.id)
    verdicts = [
        verdict
        for verdict in list_verdicts(store)
        if verdict.confirmed and verdict.rubric.id == rubric.id and not (judged and _kept_for_the_test(verdict))
    ]
    told: list[Telling] = []
    open_: dict[tuple[str, Ground], list[str]] = defaultdict(list)
    for entry in rubric.criteria:
        for answers in _by_question(verdicts, entry.id, alone=len(rubric.criteria) == 1):
            ground = _ground(store, entry.id, answers, judged)
            last = next((a for a in reversed(answers) if a[1] in _DECIDED), None)
            if ground is None:
                continue
            settled = last is not None and (ground is not Ground.DISAGREED or _decided(answers))
            if last is not None and settled and _reason(last[0], entry.id):
                reason = _reason(last[0], entry.id)
                told.append(Telling(entry.id, last[1], reason, ground, last[0].short_id))
            elif not settled:
                open_[entry.id, ground].append(_reason(answers[-1][0], entry.id))
    points = [OpenPoint(name, ground, len(why), _different(why)) for (name, ground), why in open_.items()]
    return told, points


_Answered = tuple[Verdict, Label]


def _by_question(verdicts: Sequence[Verdict], criterion: str, *, alone: bool) -> Iterator[list[_Answered]]:
    """The final answers to a criterion, those on the same run together, in the order they were signed."""
    found: dict[object, list[_Answered]] = defaultdict(list)
    for verdict in sorted(verdicts, key=lambda entry: (entry.signed_at, entry.id or 0)):
        given = {answer.criterion: answer.label for answer in verdict.answer.criteria}
        label = given.get(criterion, verdict.answer.label if alone else None)
        if label is not None:
            key = tuple(seen.trace_key for seen in verdict.subjects)
            found[key].append((verdict, label))
    yield from found.values()


def _ground(
    store: Store, criterion: str, answers: Sequence[_Answered], judged: Mapping[tuple[int, str], set[str]]
) -> Ground | None:
    """What went wrong with a question; None where nothing did."""
    labels = {label for _, label in answers}
    if labels >= set(_DECIDED):
        return Ground.DISAGREED
    first = {label_on(verdict.first_answer, criterion) for verdict, _ in answers}
    if Label.CANT_TELL in labels | first:
        return Ground.CANT_TELL
    verdict, label = answers[-1]
    said = judged.get((verdict.trace_id or 0, criterion), set())
    if label in _DECIDED and (overridden(store, verdict) or (said - {label.value} and said <= {"pass", "fail"})):
        return Ground.OVERRULED
    return None


def _kept_for_the_test(verdict: Verdict) -> bool:
    return any(in_test_half(seen.trace_key) for seen in verdict.subjects)


def _decided(answers: Sequence[_Answered]) -> bool:
    """Whether people who differed came to an answer: the last one replaces a former, or most of them gave it."""
    verdict, last = answers[-1]
    given = [label for _, label in answers if label in _DECIDED]
    return bool(verdict.supersedes) or given.count(last) * 2 > len(given)


def _judged(store: Store, rubric_id: str) -> dict[tuple[int, str], set[str]]:
    """By run and criterion: what judges answered."""
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    for judge in judgements(store):
        if judge.params.get("rubric") == rubric_id:
            for trace_id, label in judge.labels.items():
                if label is not None:
                    found[trace_id, str(judge.params.get("criterion"))].add(label)
    return found


def _reason(verdict: Verdict, criterion: str) -> str:
    notes = {answer.criterion: answer.note for answer in verdict.answer.criteria}
    return plain_line(notes.get(criterion) or verdict.answer.reason)[:_LENGTH]


def _different(reasons: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for reason in reasons:
        if reason and not _said(reason, found):
            found.append(reason)
    return tuple(found[:3])
