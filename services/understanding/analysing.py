"""Find the signals of new and changed traces and keep them; resumable, a few traces a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ...analysis.reading import Reading
from ...analysis.rows import rows_of
from ...analysis.signals import registry
from ...analysis.signals.registry import DEFINITIONS
from ...model.errors import StoreFullError
from ...model.findings import Signal
from ...store.contract import Connection, Store
from ...store.findings.signals import load_signals, save_signals, traces_to_analyse
from ...store.reading.conversations import later_turns
from ...store.reading.rows import save_rows
from .baselines import Surrounder
from .invariants import DeclaredRules, declared_rules
from .known_failures import refresh_known_failures
from .readings import readings_of
from .signal_precision import muted_signals, refresh_record
from .step_texts import keep_told_steps, tell

_BATCH = 16
RULES = "6 " + " ".join(definition.name for definition in DEFINITIONS)
"""Names the rules that stored findings rest on. Raise the number when a rule changes what it finds."""


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """What signals are found by in a store, as read at one moment."""

    declared: DeclaredRules
    muted: frozenset[str]

    @property
    def name(self) -> str:
        """`RULES` with what the store adds and leaves out; equal for equal rules."""
        digest = f"declared:{self.declared.digest}" if self.declared.digest else ""
        return " ".join(filter(None, [RULES, digest, *(f"-{name}" for name in sorted(self.muted))]))


def rules_in_force(store: Store) -> RulesInForce:
    """The declared rules of a store, and the signals that it leaves out."""
    return RulesInForce(declared_rules(store), muted_signals(store))


def rules_now(store: Store) -> RulesInForce:
    """`rules_in_force`, after what they rest on was brought up to date where the store can be written."""
    if not store.read_only:
        refresh_record(store)
        refresh_known_failures(store)
    return rules_in_force(store)


def rules_of(store: Store) -> str:
    """The name of the rules that hold in a store now."""
    return rules_in_force(store).name


def analyse(
    store: Store,
    trace_ids: Sequence[int] | None = None,
    *,
    limit: int = 1_000_000,
    rules: RulesInForce | None = None,
    rows: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Compute the signals of traces that have none for their newest revision and the present rules.

    Args:
        store: Where.
        trace_ids: Only these; None for all that wait, oldest first.
        limit: At most so many, so that a background worker can take turns.
        rules: Those in force where the caller has read them.
        rows: Whether traces are also looked at whose signals are there and whose rows are not, as in a store that an
            earlier Retrospan has analysed; only with `trace_ids`.
        on_progress: Called with how many are done and how many there are.

    Returns:
        How many traces were analysed; none in a read-only store.
    """
    if store.read_only:
        return 0
    rules = rules or rules_now(store)
    surround = Surrounder(store, rules.declared)
    waiting = list(trace_ids) if rows and trace_ids else traces_to_analyse(store, rules.name, limit, trace_ids)
    waiting += _read_with(store, waiting, rules.name)
    for start in range(0, len(waiting), _BATCH):
        chunk = waiting[start : start + _BATCH]
        keep = [_analysed(reading, rules, surround) for reading in readings_of(store, chunk)]
        with store.write() as con:
            for keep_one in keep:
                keep_one(con)
        if on_progress:
            on_progress(min(start + _BATCH, len(waiting)), len(waiting))
    return len(waiting)


def _read_with(store: Store, trace_ids: Sequence[int], rules: str) -> list[int]:
    """Later turns that were analysed before these came, or before these were as they are now."""
    later = later_turns(store, trace_ids) if trace_ids else []
    return sorted(set(later).difference(traces_to_analyse(store, rules, len(later), later))) if later else []


def _analysed(reading: Reading, rules: RulesInForce, surround: Surrounder) -> Callable[[Connection], None]:
    """Look at one trace; what is returned keeps what was found. The trace itself is let go of: it may be large."""
    summary = reading.trace.summary
    signals = registry.signals_of(reading, rules.muted, surround.of(summary))
    span_ids = [step.span_id for step in reading.trace.steps]
    told, rows = tell(reading), rows_of(reading)

    def keep(con: Connection) -> None:
        save_signals(con, summary.id, summary.revision, rules.name, span_ids, signals)
        keep_told_steps(con, summary, told)
        save_rows(con, summary.id, summary.revision, rows)

    return keep


def signals_of(store: Store, trace_ids: Sequence[int]) -> dict[int, tuple[Signal, ...]]:
    """The signals of these traces, found first where they are missing; in a read-only store without keeping them."""
    rules = rules_now(store)
    bring_up(store, trace_ids, rules)
    return known_signals(store, trace_ids, rules)


def bring_up(store: Store, trace_ids: Sequence[int], rules: RulesInForce) -> int:
    """`analyse` for what somebody waits to read: a full store stops nobody, as what was found before can be read."""
    with suppress(StoreFullError):
        return analyse(store, trace_ids, rules=rules)
    return 0


def known_signals(store: Store, trace_ids: Sequence[int], rules: RulesInForce) -> dict[int, tuple[Signal, ...]]:
    """The signals that are kept of these traces; in a read-only store, which keeps none, also what is missing."""
    found = load_signals(store, trace_ids)
    if store.read_only and (waiting := traces_to_analyse(store, rules.name, len(trace_ids), trace_ids)):
        surround = Surrounder(store, rules.declared)
        for reading in readings_of(store, waiting):
            summary = reading.trace.summary
            found[summary.id] = registry.signals_of(reading, rules.muted, surround.of(summary))
    return found
