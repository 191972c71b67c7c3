"""Pictures of a run on the page: each drawn once, with the turn that speaks of it, from an address of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..answers.plain.conversation import Turn
from ..answers.plain.pictures import PLACEHOLDER, pictures_of
from ..model.traces import Trace


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where a picture of a step lies: `number` counts from 0 over the step's pictures."""

    step: int
    number: int


@dataclass(slots=True)
class Gallery:
    """The pictures of the runs of one page that were not drawn yet."""

    _seen: set[bytes] = field(default_factory=set)

    def beside(self, trace: Trace, turns: Sequence[Turn]) -> dict[int, list[Drawn]]:
        """By place of the turn, the pictures that come with it.

        A turn that speaks of as many pictures takes as many, in order; what is left of a step stands with its last
        turn. Model calls repeat the conversation before them, so what was drawn once is not drawn again.
        """
        places: dict[int, list[int]] = {}
        for place, turn in enumerate(turns):
            places.setdefault(turn.step, []).append(place)
        by_turn: dict[int, list[Drawn]] = {}
        for step in trace.steps:
            here = places.get(step.index)
            fresh = [] if here is None else self._fresh(trace, step.index)
            for place in here or ():
                wanted = sum(len(PLACEHOLDER.findall(piece.text)) for piece in turns[place].pieces)
                if taken := fresh[:wanted]:
                    by_turn[place], fresh = taken, fresh[wanted:]
            if here and fresh:
                by_turn.setdefault(here[-1], []).extend(fresh)
        return by_turn

    def _fresh(self, trace: Trace, index: int) -> list[Drawn]:
        found = []
        for number, picture in enumerate(pictures_of(trace.steps[index])):
            if picture.digest not in self._seen:
                self._seen.add(picture.digest)
                found.append(Drawn(index, number))
        return found
