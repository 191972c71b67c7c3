"""What was last measured of each judge, kept so that a list or an outline can show it at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ...analysis.judging.choosing import CorrectedRate
from ...model.clock import utc_now, utc_text
from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.settings.values import get_setting, set_setting

_SETTING = "judge-records"
_UNMEASURED = "never measured against people"


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """The outcome of a calibration."""

    judge: str
    key: str
    """Of its version."""
    criterion: str
    at: str
    """UTC text of when it was measured."""
    fails: int
    """Runs that people fail, in the half that may be looked at."""
    found: float
    """Share of them that the judge fails."""
    passes: int
    cleared: float
    trusted: bool
    stale: bool
    rate: tuple[float, float, float] | None
    """The corrected failure rate with its limits; None where it was refused."""
    labels: int
    """Verdicts that the rate rests on."""
    runs: int
    """Judged runs that the rate is of."""

    @property
    def in_words(self) -> str:
        """The record in a few words."""
        if not self.fails + self.passes:
            return _UNMEASURED
        told = f"of {self.fails} runs that people fail it fails {self.found:.0%}, "
        told += f"of {self.passes} that they pass it passes {self.cleared:.0%}"
        standing = "may stand in for a person" if self.trusted else "not shown to be reliable"
        return f"{told}; {standing}{'; out of date' if self.stale else ''}; measured {self.at[:10]}"

    @property
    def rate_in_words(self) -> str:
        """The corrected rate; empty where there is none that may be shown."""
        if self.rate is None or self.stale:
            return ""
        value, low, high = self.rate
        return (
            f"failure rate on {self.criterion} {value:.0%} ({low:.0%} to {high:.0%}) of {self.runs} judged runs, "
            f"corrected by {self.labels} verdicts, measured {self.at[:10]}"
        )


_NAMES = {part.name for part in fields(KnownRecord)}


def keep_known(store: Store, judge: str, record: dict[str, JsonValue]) -> None:
    """Keep what was measured of a judge in place of what was known; `at` is added."""
    kept: dict[str, JsonValue] = dict(_all(store))
    kept[judge] = {**record, "judge": judge, "at": utc_text(utc_now())}
    set_setting(store, _SETTING, kept)


def rate_of(rate: object) -> dict[str, JsonValue]:
    """The part of a record that tells the rate."""
    if not isinstance(rate, CorrectedRate):
        return {"rate": None, "labels": 0}
    return {"rate": list(rate.rate), "labels": rate.labels}


def known_records(store: Store) -> list[KnownRecord]:
    """What is known of every judge that was measured, by name; what another version of the program kept is left out."""
    found = []
    for _, entry in sorted(_all(store).items()):
        if set(entry) == _NAMES:
            rate = entry["rate"]
            found.append(KnownRecord(**{**entry, "rate": None if rate is None else (rate[0], rate[1], rate[2])}))
    return found


def record_note(store: Store, proposed_by: str) -> str:
    """What is known of the judge that made a proposal, in a few words; empty where no judge made it."""
    kind, _, name = proposed_by.partition(":")
    if kind != "judge":
        return ""
    return next((known.in_words for known in known_records(store) if known.judge == name), _UNMEASURED)


def _all(store: Store) -> dict[str, dict[str, Any]]:
    kept = get_setting(store, _SETTING)
    return (
        {str(name): dict(entry) for name, entry in kept.items() if isinstance(entry, dict)}
        if isinstance(kept, dict)
        else {}
    )
