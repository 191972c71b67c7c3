"""Names of modes from the words of their runs, made when somebody asks and kept until a member goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...analysis.modes.features import normalised_error
from ...analysis.modes.naming import NamingText, name_of
from ...analysis.modes.symptoms import SUSPICION
from ...model.findings import Signal
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.findings.mode_features import load_centres
from ...store.findings.modes import Member, ModeRow, keep_computed_names, list_members, tools_of
from ...store.findings.signals import load_signals
from ...store.reading.summaries import get_summaries, get_trace
from ...store.reading.trace_ids import list_trace_ids
from .suspected_steps import suspicion

_READ = 12
"""Members read for a name."""
_OTHERS = 80
"""Runs of the project that the members are held against, spread evenly over its time."""


def computed_names(store: Store, rows: Sequence[ModeRow]) -> dict[int, str]:
    """The name of each mode: what its runs are suspected of, or its commonest signal and distinctive words.

    Made from at most 12 runs of the mode and 80 others where the store does not keep it.
    """
    names = {row.id: row.computed_name for row in rows if row.computed_name}
    fresh: dict[int, str] = {}
    for project in sorted({row.project for row in rows if row.id not in names}):
        pool = get_summaries(store, _spread_ids(store, project))
        with store.read() as con:
            families = {centre.mode_id: centre.family for centre in load_centres(con, project)}
        for row in rows:
            if row.project == project and row.id not in names:
                members = list_members(store, row.id)
                suspected = families.get(row.id, "").startswith(SUSPICION) and _suspected(store, members)
                fresh[row.id] = suspected or _name(store, members, pool)
    if fresh and not store.read_only:
        with store.write() as con:
            keep_computed_names(con, fresh.items())
    return names | fresh


def _suspected(store: Store, members: Sequence[Member]) -> str | None:
    """What its first run is suspected of, as all of them are; None where their siblings have changed since."""
    trace = get_trace(store, members[0].trace_id)
    found = suspicion(store, trace, load_signals(store, [trace.summary.id])[trace.summary.id])
    return f"suspected: {found.words}" if found else None


def _spread_ids(store: Store, project: str) -> list[int]:
    ids = list_trace_ids(store, project)
    return ids[:: max(1, len(ids) // _OTHERS)][:_OTHERS]


def _name(store: Store, members: Sequence[Member], pool: Sequence[TraceSummary]) -> str:
    inside = {member.trace_id for member in members}
    read = members[:: max(1, len(members) // _READ)][:_READ]
    summaries = get_summaries(store, [member.trace_id for member in read])
    signals = load_signals(store, [member.trace_id for member in read])
    tools = tools_of(store, read)
    texts = [_text(summary, signals[summary.id], tools) for summary in summaries]
    others = [
        NamingText((), None, "", _words(summary), summary.input[:2_000]) for summary in pool if summary.id not in inside
    ]
    return name_of(texts, others)


def _text(summary: TraceSummary, signals: Iterable[Signal], tools: Mapping[int, str]) -> NamingText:
    failing = sorted((signal for signal in signals if signal.failure), key=lambda signal: -signal.strength)
    names = tuple(dict.fromkeys(signal.signal for signal in failing))
    error = next((signal for signal in failing if "error" in signal.signal), None)
    told = "" if error is None else error.evidence[0].quote if error.evidence else error.reason
    tool = tools.get(summary.id)
    return NamingText(names, tool, normalised_error(told), _words(summary), summary.input[:2_000])


def _words(summary: TraceSummary) -> str:
    """The answer, since requests differ by chance; the request where there was no answer."""
    return summary.output[:2_000] or summary.input[:2_000]
