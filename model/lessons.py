"""Lessons: what was learned, when it matters, what it rests on, and whether that still holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .fields import record_of
from .review_states import SignatureState

TITLE_LIMIT = 80
"""Characters of a title: one line in every client."""
ADVICE_WORDS = 60
"""Words of what to do: longer advice is read less, and helps less."""


HELD_BACK = "quarantined: "
"""Begins the reason why a lesson is not served, where a note holds it back."""


class LessonStatus(StrEnum):
    """How a lesson stands. A file that claims more than its signature carries is `proposed`."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    SUPERSEDED = "superseded"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """When a lesson matters: what is about to change."""

    tools: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    """Names or fingerprints of prompts."""
    tasks: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    """Types of failure."""
    files: tuple[str, ...] = ()
    """Paths or globs: `*` stays in a folder, `**` does not."""
    agents: tuple[str, ...] = ()

    def terms(self) -> tuple[str, ...]:
        return tuple(name for names in record_of(self).values() for name in names)


@dataclass(frozen=True, slots=True)
class LessonOrigin:
    """Where a lesson comes from; every part cites content that outlives short ids."""

    verdict: str | None = None
    """Uid of the verdict."""
    trace_key: str | None = None
    project: str | None = None
    spans: tuple[str, ...] = ()
    more_verdicts: tuple[str, ...] = ()
    """Uids of further verdicts that it rests on, as where two lessons were merged."""

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Every verdict that it rests on."""
        return (*((self.verdict,) if self.verdict else ()), *self.more_verdicts)


@dataclass(frozen=True, slots=True)
class TrueFor:
    """The set-up in which the failure was seen; with another one a lesson is worth asking about again."""

    prompts: tuple[str, ...] = ()
    """Fingerprints of system prompts."""
    tool_sets: tuple[str, ...] = ()
    """Fingerprints of tool definitions."""
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A finding written as advice, with its origin. `id` is a slug and the name of its file."""

    id: str
    title: str
    what_happened: str
    why: str
    what_to_do: str
    applies_to: AppliesTo = AppliesTo()
    origin: LessonOrigin = LessonOrigin()
    case: str | None = None
    """Id of the regression case that guards it."""
    supersedes: str | None = None
    """Id of the former revision; it stays, and is served no more."""
    merges: tuple[str, ...] = ()
    """Ids of the lessons that it was merged from; both stay, and are served no more."""
    true_for: TrueFor = TrueFor()
    status: LessonStatus = LessonStatus.PROPOSED
    state: SignatureState = SignatureState.UNSIGNED
    signed_by: str | None = None
    """Name of the trusted reviewer whose signature is valid; None otherwise."""
    proposed_by: str | None = None
    """`agent:claude`, `human:Ada`: who wrote it; who answers for it is `signed_by`."""
    path: str | None = None
    stale_because: str = ""
    """Why a confirmed lesson lost its ground, where it did."""
    doubts: tuple[str, ...] = ()
    """What has changed since it was confirmed, where something has: still true?"""

    @property
    def quarantined(self) -> bool:
        """Whether it is held back since it did harm, and waits for a reviewer to keep it or take it back."""
        return self.status is LessonStatus.STALE and self.stale_because.startswith(HELD_BACK)

    @property
    def replaces(self) -> tuple[str, ...]:
        """Ids of the lessons that this one takes the place of, once it is confirmed."""
        return (*((self.supersedes,) if self.supersedes else ()), *self.merges)


def retraction_of(lesson_id: str) -> str:
    """The id of the signed file that takes a lesson back."""
    return f"{lesson_id[:69]}-retracted"
