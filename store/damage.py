"""What is found wrong with a store, and what of it can be saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Part = Literal["file", "rows", "contents", "spans", "runs", "full text", "vectors", "history", "files", "log"]
"""`file`: the engine's own pages. `log`: what had not been written back when the file was copied."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong."""

    part: Part
    what: str
    lost: str = ""
    """What cannot be read any more; empty where nothing is lost."""
    saved: str = ""
    """What a salvage does about it."""


@dataclass(slots=True)
class StoreCheck:
    """What a check found. Counts are of what could be read."""

    location: str
    damages: list[Damage] = field(default_factory=list)
    runs: int = 0
    spans: int = 0
    contents: int = 0
    verdicts: int = 0
    differing_runs: int = 0
    """Runs whose row is not what their spans make now: a flipped byte, or the reading of another Retrospan. Nothing is
    lost by it."""
    left_out: int = 0
    """Further damages of a part of which 20 are listed."""

    @property
    def sound(self) -> bool:
        return not self.damages

    def add(self, damage: Damage, *, most: int = 20) -> None:
        """Note a damage; of one part no more than `most`."""
        if sum(known.part == damage.part for known in self.damages) < most:
            self.damages.append(damage)
        else:
            self.left_out += 1


@dataclass(slots=True)
class Salvaged:
    """What a salvage brought into the new store."""

    location: str
    rows: dict[str, int] = field(default_factory=dict)
    """By table, how many rows were saved."""
    lost: dict[str, int] = field(default_factory=dict)
    """By table, how many stretches of rows, or rows, could not be read or meant nothing any more."""
    replaced_contents: int = 0
    """Contents that could not be read; a text that says so stands in their place."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy of a store, made whole."""

    location: str
    bytes: int
    runs: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A copy that took a store's place."""

    location: str
    runs: int
    aside: str | None
    """Where what lay there before is now; None where nothing did."""
