"""The steps of traces in words: made once per revision, when a trace is analysed, and kept for its outlines."""

from __future__ import annotations

from ...analysis.reading import Reading, read
from ...answers.step_lines import FORM, ToldStep, tell_steps
from ...model.traces import TraceSummary
from ...store.sqlite.connection import Store
from ...store.sqlite.driver import Connection
from ...store.traces.step_texts import load_told_steps, save_told_steps
from ...store.traces.summaries import get_trace


def keep_told_steps(con: Connection, reading: Reading) -> None:
    """Put a trace into words and keep them, inside the caller's transaction. Cost: linear in the trace's steps."""
    summary = reading.trace.summary
    save_told_steps(con, summary.id, summary.revision, FORM, _tell(reading))


def told_steps(store: Store, summary: TraceSummary) -> list[ToldStep]:
    """The steps of a trace in words; put into words now where its newest revision was not yet analysed."""
    kept = load_told_steps(store, summary.id, summary.revision, FORM)
    return _tell(read(get_trace(store, summary.id))) if kept is None else [ToldStep(*row) for row in kept]


def _tell(reading: Reading) -> list[ToldStep]:
    return tell_steps(reading, with_agents=len(reading.trace.summary.agents) > 1)
