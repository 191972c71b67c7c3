"""What became of lessons: where each comes from, what guards it, how its case ran last, since when it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...analysis.verification.ladder import Rung
from ...model.experiments import Lift
from ...model.reviews import Lesson, LessonStatus
from ...store.audit.access import AccessKind, accesses_of
from ...store.contract import Store
from ...store.experiments.experiments import newest_lifts
from ...store.experiments.runs import LastRun, last_runs
from ...store.reviews.reviewers import load_trust
from ...store.reviews.verdicts import verdicts_by_uid
from .standing import CaseStanding, case_standings

_MOST_READS = 5_000


@dataclass(frozen=True, slots=True)
class LessonStory:
    """What became of one lesson."""

    lesson: Lesson
    verdicts: tuple[str, ...]
    """`V12` for those in this store; the beginning of its uid for one that is not."""
    guard: CaseStanding | None
    last: LastRun | None
    """The last run of its case that was decided."""
    lift: Lift | None
    reads: int
    """How often it was given to somebody, as far as it is known and within the newest 5,000 times."""

    @property
    def holding_since(self) -> str | None:
        """When the comparison ended since which no run of production failed that way."""
        return self.guard.standing.since if self.guard and self.guard.standing.rung is Rung.HOLDING else None

    @property
    def in_words(self) -> str:
        """One line; what is not known is left out."""
        origin = self.lesson.origin
        parts = [f"from {', '.join(self.verdicts[:3])}" if self.verdicts else "from no verdict"]
        parts[0] += f" of {origin.project}" if origin.project else ""
        if self.lesson.case is None:
            parts.append("no case guards it")
        else:
            parts.append(f"case {self.lesson.case} {self._guarded()}")
        if self.lift is not None:
            parts.append(f"{self.lift.verdict.value} in {self.lift.experiment}")
        parts.append(f"given {self.reads} times" if self.reads else "given to nobody yet")
        return " · ".join(parts)

    def _guarded(self) -> str:
        standing = self.guard.standing if self.guard else None
        told = standing.rung.value if standing else "never ran"
        told += (
            f" since {standing.since[:10]}" if standing and standing.since and standing.rung is not Rung.NOT_RUN else ""
        )
        if self.last is not None:
            told += f", {'passed' if self.last.passed else 'failed'} last on {self.last.at[:10]}"
        return told


def stories_of(store: Store, lessons: Sequence[Lesson]) -> list[LessonStory]:
    """What became of these lessons, in their order.

    Cost: a few queries; for each guard that is verified one more over the runs of production since.
    """
    uids = sorted({uid for lesson in lessons for uid in lesson.origin.verdicts})
    known = verdicts_by_uid(store, uids, load_trust(store)) if uids else {}
    origins = {lesson.case: lesson.origin.trace_key for lesson in lessons if lesson.case}
    guards = {guard.case_id: guard for guard in case_standings(store, origins)} if origins else {}
    last, lifts = last_runs(store), newest_lifts(store)
    given = Counter(
        name for entry in accesses_of(store, AccessKind.LESSON, limit=_MOST_READS) for name in entry.subject.split()
    )
    return [
        LessonStory(
            lesson,
            tuple(known[uid].short_id if uid in known else uid[:8] for uid in lesson.origin.verdicts),
            guards.get(lesson.case or ""),
            last.get(lesson.case or ""),
            lifts.get(lesson.id),
            given[lesson.id],
        )
        for lesson in lessons
    ]


def lessons_in_words(stories: Sequence[LessonStory], doubted: int) -> str:
    """All lessons in one line: `12 lessons: 9 guarded, 7 of them holding, 1 regressed; 2 to ask again`.

    Args:
        stories: Of confirmed lessons and of those that are held back.
        doubted: How many of them have a reason to ask whether they still hold.
    """
    confirmed = [story for story in stories if story.lesson.status is LessonStatus.CONFIRMED]
    rungs = Counter(story.guard.standing.rung for story in confirmed if story.guard)
    guarded = sum(story.lesson.case is not None for story in confirmed)
    told = f"{len(confirmed)} lesson{'s' * (len(confirmed) != 1)}: {guarded} guarded"
    told += f", {rungs[Rung.HOLDING]} of them holding" if rungs[Rung.HOLDING] else ""
    told += f", {rungs[Rung.REGRESSED]} regressed" if rungs[Rung.REGRESSED] else ""
    told += f"; {doubted} to ask again" if doubted else ""
    held = sum(story.lesson.quarantined for story in stories)
    return f"{told}; {held} quarantined" if held else told
