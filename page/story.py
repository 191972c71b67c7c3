"""A review item as the page tells it: every turn with its pieces, folded or open, each of them whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from ..answers.plain.conversation import Speaker, Turn
from ..answers.plain.earlier import Part as Run
from ..answers.plain.earlier import whole_conversation
from ..answers.plain.first_look import first_places
from ..answers.plain.pieces import Piece, Setting
from ..model.findings import Signal
from ..model.text.display import safe_text
from ..services.reviewing.claiming import OpenReview
from ..services.reviewing.revising import Looked, SignedReview
from .drawn import Drawn, Gallery
from .markup import places_of, text_html

PIECE_LIMIT = 40_000
"""Characters of one piece that stand on the item's own page; the step's page has all of them."""
PAGE_LIMIT = 1_500_000
"""Characters on the item's own page in all; what comes after is opened on the step's page."""

PROSE_ON_PAGE = 300_000
"""Characters on a page that are set as Markdown, the dearest of which cost ten seconds of CPU a million."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece, set as HTML."""

    name: str
    html: Markup
    folded: bool
    size: int
    """Characters of the whole."""
    rest: int
    """How many of them stand on the step's page only."""


@dataclass(slots=True)
class Told:
    """One thing said or done; its texts have passed the render gate or do so in the template."""

    number: int
    """Counts from 1 over the whole page; its anchor."""
    step: int
    who: str
    kind: str
    """person, agent, act or aside."""
    look_here: bool
    parts: list[Part] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    """What a rule noticed here, in a sentence."""
    sources: list[Told] = field(default_factory=list)
    """For an answer: what the agent had looked up since its last one."""
    pictures: list[Drawn] = field(default_factory=list)


@dataclass(slots=True)
class Story:
    """One run of an item."""

    run: int
    """Counts from 0 over all that is shown, earlier turns first."""
    head: str
    """What stands above it; empty where the run is all there is."""
    turns: list[Told]
    steps: int


@dataclass(slots=True)
class Stories:
    """All runs of an item, and where searched words stand in them."""

    runs: list[Story] = field(default_factory=list)
    found: int = 0
    found_in: list[int] = field(default_factory=list)
    """Numbers of the turns with the words, in order."""

    @property
    def first_look(self) -> int | None:
        """The number of the turn to look at first."""
        return next((turn.number for story in self.runs for turn in story.turns if turn.look_here), None)


_ROLES = {"user": Speaker.PERSON, "human": Speaker.PERSON, "assistant": Speaker.AGENT, "model": Speaker.AGENT}
"""Names that name nobody: the role that every conversation has."""
_NAMES = {Speaker.PERSON: "User", Speaker.AGENT: "Agent", Speaker.ACT: "Agent", Speaker.ASIDE: "Also recorded"}


class _Room:
    """How much may still stand on the page, and what is searched."""

    def __init__(self, find: str) -> None:
        self.left = PAGE_LIMIT
        self.prose = PROSE_ON_PAGE
        self.find = find
        self.gallery = Gallery()


def tell(
    item: OpenReview | SignedReview | Looked, focus: Sequence[str], signals: Sequence[Sequence[Signal]], find: str = ""
) -> Stories:
    """The turns of each run of an item, first to last: earlier turns of its session, then what is asked about.

    Args:
        item: The runs.
        focus: Span ids that whoever asked has named.
        signals: By run that is asked about, what rules found.
        find: Words to mark, in open pieces.
    """
    stories, room = Stories(), _Room(find)
    found = {trace.summary.id: signals[number] for number, trace in enumerate(item.traces)}
    number = 0
    for place, run in enumerate(whole_conversation(item.traces, item.earlier, left_out=item.left_out)):
        turns = _told_turns(run, found[run.trace.summary.id] if run.judged else (), focus, number, room, stories)
        number += len(turns)
        stories.runs.append(Story(place, safe_text(run.head), turns, len(run.trace.steps)))
    return stories


def _told_turns(
    run: Run, signals: Sequence[Signal], focus: Sequence[str], number: int, room: _Room, stories: Stories
) -> list[Told]:
    first = first_places(run.trace, run.turns, focus, signals) if run.judged else []
    told_turns: list[Told] = []
    looked_up: list[Told] = []
    pictures = room.gallery.beside(run.trace, run.turns)
    for place, turn in enumerate(run.turns):
        told = _told(turn, number + place + 1, place in first, room)
        told.findings = _findings(turn, signals)
        told.pictures = pictures.get(place, [])
        if told.kind == "act":
            looked_up.append(told)
        elif told.kind == "agent":
            told.sources, looked_up = looked_up, []
        if here := sum(places_of(piece.text, room.find) for piece in turn.pieces):
            stories.found += here
            stories.found_in.append(told.number)
        told_turns.append(told)
    return told_turns


def _told(turn: Turn, number: int, look_here: bool, room: _Room) -> Told:
    parts = [_part(piece, room, open_it=look_here and turn.speaker is Speaker.ACT) for piece in turn.pieces]
    return Told(number, turn.step, _who(turn), turn.speaker.value, look_here, parts)


def _who(turn: Turn) -> str:
    if turn.speaker is Speaker.ACT:
        return f"{'Looks up with' if turn.searches else 'Uses'} {turn.name}" if turn.name else "Gets"
    if turn.instructions:
        return "Instructions"
    role = _ROLES.get(turn.name.lower(), turn.speaker)
    return _NAMES[role] if not turn.name or turn.name.lower() in _ROLES else turn.name


def _part(piece: Piece, room: _Room, *, open_it: bool) -> Part:
    shown = piece.text[: min(PIECE_LIMIT, max(room.left, 0))]
    room.left -= len(shown)
    has_words = bool(places_of(piece.text, room.find))
    folded = piece.folded and not open_it and not has_words
    setting = piece.setting
    if setting is Setting.PROSE:
        room.prose -= len(shown)
        setting = Setting.PROSE if room.prose >= 0 else Setting.EXACT
    html = text_html(shown, setting, room.find)
    return Part(piece.name, html, folded, len(piece.text), len(piece.text) - len(shown))


def _findings(turn: Turn, signals: Sequence[Signal]) -> list[str]:
    return [
        f"A rule noticed: {safe_text(signal.reason)}."
        for signal in signals
        if signal.failure and signal.step == turn.step and turn.acts and not turn.earlier
    ]
