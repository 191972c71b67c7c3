"""What is failing, in a few lines: the commonest failure signals, each with an example step and the next command."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ...model.findings import Signal
from ...store.contract import Store
from ...store.findings.signals import load_signals

_MOST = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which runs fail, with an example to look at."""

    signal: str
    traces: int
    """How many of the traces looked at show it."""
    of: int
    """How many were looked at."""
    example: str
    """Step id, `T412.7`, or a trace id where the signal is about the whole run."""
    reason: str
    quote: str
    next_command: str


def top_findings(store: Store, trace_ids: Sequence[int], limit: int = _MOST) -> list[Finding]:
    """The commonest failure signals among these traces, each with its clearest example."""
    by_signal: dict[str, list[tuple[int, Signal]]] = defaultdict(list)
    for trace_id, signals in load_signals(store, trace_ids).items():
        for signal in signals:
            if signal.failure:
                by_signal[signal.signal].append((trace_id, signal))
    findings = [_finding(name, found, len(trace_ids)) for name, found in by_signal.items()]
    return sorted(findings, key=lambda f: (-f.traces, f.signal))[:limit]


def _finding(name: str, found: list[tuple[int, Signal]], of: int) -> Finding:
    trace_id, signal = max(found, key=lambda item: (item[1].strength, bool(item[1].evidence), -item[0]))
    return Finding(
        signal=name,
        traces=len({trace for trace, _ in found}),
        of=of,
        example=f"T{trace_id}" if signal.step is None else f"T{trace_id}.{signal.step}",
        reason=signal.reason,
        quote=signal.evidence[0].quote if signal.evidence else "",
        next_command=f"retrospan suspects T{trace_id}",
    )
