"""How often each signal was right by people's verdicts, and which signals are muted, by people or by that record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ...analysis.signals.registry import DEFINITIONS, find_signals
from ...analysis.statistics import wilson
from ...model.errors import UsageError, did_you_mean
from ...model.reviews import Label
from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.reading.summaries import get_trace
from ...store.reviews.verdict_count import count_verdicts
from ...store.reviews.verdicts import confirmed_verdicts
from ...store.settings.values import get_setting, set_setting
from .baselines import Surrounder

LEAST_REVIEWS = 30
MUTED_BELOW = 0.2
"""A failure signal is muted where even the upper bound of its precision lies below, after `LEAST_REVIEWS`."""
_CHOSEN = "muted_signals"
_RECORD = "signal_precision"


@dataclass(frozen=True, slots=True)
class Precision:
    """One signal's record: of the judged runs that show it, how many people called a failure."""

    signal: str
    failure: bool
    reviews: int
    right: int
    low: float
    """95 % interval (Wilson)."""
    high: float
    muted: bool
    because: str
    """Who muted or unmuted it: `you`, `its record`, or empty."""

    @property
    def share(self) -> float | None:
        return self.right / self.reviews if self.reviews else None


def signal_precision(store: Store) -> list[Precision]:
    """The record of every signal, by the verdicts that are valid now; most reviews first.

    Muted signals are looked for as well, so that a record can recover.

    Cost: reads every judged run once.
    """
    counts, right = _count(store)
    _keep_record(store, counts, right)
    return sorted((_precision(store, d.name, d.failure, counts, right) for d in DEFINITIONS), key=_most_reviewed)


def muted_signals(store: Store) -> frozenset[str]:
    """Signals that are not looked for: those that people muted, and those whose record is bad, unless unmuted."""
    chosen = _chosen(store)
    record = get_setting(store, _RECORD)
    bad = _bad(record) if isinstance(record, dict) else frozenset()
    return (bad | chosen["mute"]) - chosen["unmute"]


def refresh_record(store: Store) -> None:
    """Look at the verdicts again if there are new ones, and enough to mute anything; else one query."""
    count, newest = count_verdicts(store)
    record = get_setting(store, _RECORD)
    seen = record.get("verdicts") if isinstance(record, dict) else None
    if count >= LEAST_REVIEWS and seen != [count, newest] and not store.read_only:
        _keep_record(store, *_count(store))


def mute_signals(store: Store, names: Collection[str]) -> None:
    """Leave these signals out from now on, in every answer of this store.

    Raises:
        UsageError: for a name that is no signal.
    """
    chosen, wanted = _chosen(store), _known(names)
    _choose(store, chosen["mute"] | wanted, chosen["unmute"] - wanted)


def unmute_signals(store: Store, names: Collection[str]) -> None:
    """Look for these signals again, whatever their record.

    Raises:
        UsageError: for a name that is no signal.
    """
    chosen, wanted = _chosen(store), _known(names)
    _choose(store, chosen["mute"] - wanted, chosen["unmute"] | wanted)


def _count(store: Store) -> tuple[Counter[str], Counter[str]]:
    """Of judged runs: how many show each signal, and how many of these failed."""
    shown: Counter[str] = Counter()
    right: Counter[str] = Counter()
    surround = Surrounder(store)
    for trace_id, verdict in confirmed_verdicts(store).items():
        if verdict.outcome is Label.CANT_TELL:
            continue
        trace = get_trace(store, trace_id)
        names = {signal.signal for signal in find_signals(trace, surroundings=surround.of(trace.summary))}
        shown.update(names)
        if verdict.outcome is Label.FAIL:
            right.update(names)
    return shown, right


def _keep_record(store: Store, shown: Counter[str], right: Counter[str]) -> None:
    if store.read_only:
        return
    verdicts = list(count_verdicts(store))
    failing = {definition.name for definition in DEFINITIONS if definition.failure}
    kept: Any = {name: [shown[name], right[name]] for name in shown if name in failing}
    record: Any = {"verdicts": verdicts, "signals": kept}
    if record != get_setting(store, _RECORD):
        set_setting(store, _RECORD, record)


def _bad(record: dict[str, Any]) -> frozenset[str]:
    return frozenset(name for name, (n, right) in record.get("signals", {}).items() if _is_bad(n, right))


def _is_bad(reviews: int, right: int) -> bool:
    return reviews >= LEAST_REVIEWS and wilson(right, reviews).high < MUTED_BELOW


def _precision(store: Store, name: str, failure: bool, counts: Counter[str], right: Counter[str]) -> Precision:
    chosen, n = _chosen(store), counts[name]
    by_record = failure and _is_bad(n, right[name])
    because = "you" if name in chosen["mute"] | chosen["unmute"] else "its record" if by_record else ""
    muted = name in chosen["mute"] or (by_record and name not in chosen["unmute"])
    interval = wilson(right[name], n)
    return Precision(name, failure, n, right[name], interval.low, interval.high, muted, because)


def _most_reviewed(row: Precision) -> tuple[int, str]:
    return -row.reviews, row.signal


def _chosen(store: Store) -> dict[str, frozenset[str]]:
    value = get_setting(store, _CHOSEN)
    lists: dict[str, Any] = dict(value) if isinstance(value, dict) else {}
    return {key: frozenset(map(str, lists.get(key) or ())) for key in ("mute", "unmute")}


def _choose(store: Store, mute: Collection[str], unmute: Collection[str]) -> None:
    value: dict[str, JsonValue] = {"mute": [*sorted(mute)], "unmute": [*sorted(unmute)]}
    set_setting(store, _CHOSEN, value)


def _known(names: Collection[str]) -> frozenset[str]:
    known = [definition.name for definition in DEFINITIONS]
    for name in names:
        if name not in known:
            raise UsageError(
                f"No signal {name!r}; {did_you_mean(name, known)}. `retrospan signals --precision` lists all."
            )
    return frozenset(names)
