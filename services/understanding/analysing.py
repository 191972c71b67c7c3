"""Find the signals of new and changed traces and keep them; resumable, a few traces a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

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


def rules_of(store: Store) -> str:
    """`RULES` with what this store adds and leaves out: its declared rules, its muted signals."""
    return _rules(declared_rules(store), muted_signals(store))


def _rules(declared: DeclaredRules, muted: frozenset[str]) -> str:
    parts = [RULES, f"declared:{declared.digest}" if declared.digest else "", *(f"-{name}" for name in sorted(muted))]
    return " ".join(filter(None, parts))


def analyse(
    store: Store,
    trace_ids: Sequence[int] | None = None,
    *,
    limit: int = 1_000_000,
    rows: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Compute the signals of traces that have none for their newest revision and the present rules.

    Args:
        store: Where.
        trace_ids: Only these; None for all that wait, oldest first.
        limit: At most so many, so that a background worker can take turns.
        rows: Whether traces are also looked at whose signals are there and whose rows are not, as in a store that an
            earlier Retrospan has analysed; only with `trace_ids`.
        on_progress: Called with how many are done and how many there are.

    Returns:
        How many traces were analysed; none in a read-only store.
    """
    if store.read_only:
        return 0
    refresh_record(store)
    refresh_known_failures(store)
    surround, muted = Surrounder(store), muted_signals(store)
    rules = _rules(surround.rules, muted)
    waiting = list(trace_ids) if rows and trace_ids else traces_to_analyse(store, rules, limit, trace_ids)
    waiting += _read_with(store, waiting, rules)
    for start in range(0, len(waiting), _BATCH):
        chunk = waiting[start : start + _BATCH]
        keep = [_analysed(reading, rules, surround, muted) for reading in readings_of(store, chunk)]
        with store.write() as con:
            for keep_one in keep:
                keep_one(con)
        if on_progress:
            on_progress(min(start + _BATCH, len(waiting)), len(waiting))
    return len(waiting)


def _read_with(store: Store, trace_ids: Sequence[int], rules: str) -> list[int]:
    """Later turns that were analysed before these came, or before these were as they are now."""
    later = later_turns(store, trace_ids)
    return sorted(set(later).difference(traces_to_analyse(store, rules, len(later), later))) if later else []


def _analysed(
    reading: Reading, rules: str, surround: Surrounder, muted: frozenset[str]
) -> Callable[[Connection], None]:
    """Look at one trace; what is returned keeps what was found. The trace itself is let go of: it may be large."""
    summary = reading.trace.summary
    signals = registry.signals_of(reading, muted, surround.of(summary))
    span_ids = [step.span_id for step in reading.trace.steps]
    told, rows = tell(reading), rows_of(reading)

    def keep(con: Connection) -> None:
        save_signals(con, summary.id, summary.revision, rules, span_ids, signals)
        keep_told_steps(con, summary, told)
        save_rows(con, summary.id, summary.revision, rows)

    return keep


def signals_of(store: Store, trace_ids: Sequence[int]) -> dict[int, tuple[Signal, ...]]:
    """The signals of these traces, found first where they are missing; in a read-only store without keeping them."""
    if store.read_only:
        surround, muted = Surrounder(store), muted_signals(store)
        waiting = traces_to_analyse(store, _rules(surround.rules, muted), len(trace_ids), trace_ids)
        readings = readings_of(store, waiting)
        fresh = {r.trace.summary.id: registry.signals_of(r, muted, surround.of(r.trace.summary)) for r in readings}
        return load_signals(store, trace_ids) | fresh
    with suppress(StoreFullError):  # what was found before can be read
        analyse(store, trace_ids)
    return load_signals(store, trace_ids)
