"""A review item as a card: what is asked, what passes and fails, the evidence to look at first, where to answer.

What agents proposed and why it was queued stay out: a person who reads the card may be the one who is to answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from ..model.reviews import Criterion
from ..model.text.display import safe_text
from ..services.reviewing.asking import get_review
from ..services.understanding.analysing import signals_of
from ..store.contract import Store
from ..store.reading.summaries import get_trace
from .plain.conversation import conversation
from .plain.first_look import first_places

_EXCERPT = 600
_MOST_CRITERIA = 12


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One place of the evidence."""

    step: int
    who: str
    """person, agent, act or aside."""
    words: str


@dataclass(frozen=True, slots=True)
class ReviewCard:
    """What a card shows; every text is safe to put on a screen, and none is markup."""

    item: str
    question: str
    state: str
    subject: str
    asked: str
    """What the person had asked the application."""
    criteria: tuple[dict[str, str], ...]
    evidence: tuple[Excerpt, ...]
    answer_at: str
    """Address of the item on the review page; empty where none is known."""
    answer_with: str
    """The command that opens it in a terminal."""


def review_card(store: Store, item: str, *, page: str = "") -> ReviewCard:
    """The card of one item.

    Args:
        store: Where.
        item: `R31`.
        page: Address of the review page, `https://review.example`; empty where none is known.

    Raises:
        UnknownIdError: if there is no such item.
    """
    view = get_review(store, item)
    found, rubric = view.item, view.rubric
    trace = None if found.trace_id is None else get_trace(store, found.trace_id)
    return ReviewCard(
        item=found.short_id,
        question=safe_text(found.question),
        state=found.state.value.replace("_", " "),
        subject=trace.summary.short_id if trace else f"session {safe_text(found.session or '')}",
        asked=safe_text(trace.summary.input[:_EXCERPT]) if trace else "",
        criteria=tuple(_criterion(entry) for entry in (rubric.criteria if rubric else ())[:_MOST_CRITERIA]),
        evidence=tuple(_evidence(store, found.trace_id, found.focus)) if found.trace_id is not None else (),
        answer_at=f"{page.rstrip('/')}/item/{found.id}" if page else "",
        answer_with="retrospan review",
    )


def card_json(card: ReviewCard) -> dict[str, object]:
    """The card as the structured content of a tool's result."""
    return asdict(card)


def _criterion(criterion: Criterion) -> dict[str, str]:
    texts = {"question": criterion.question, "pass": criterion.pass_when, "fail": criterion.fail_when}
    return {name: safe_text(text) for name, text in texts.items() if text}


def _evidence(store: Store, trace_id: int, focus: tuple[str, ...]) -> Iterator[Excerpt]:
    trace = get_trace(store, trace_id)
    turns = conversation(trace)
    for place in sorted(first_places(trace, turns, focus, signals_of(store, [trace_id])[trace_id])):
        turn = turns[place]
        yield Excerpt(turn.step, turn.speaker.value, safe_text(turn.text[:_EXCERPT]))
