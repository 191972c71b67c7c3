"""A trace or some of its steps as text inside a budget: what assistants and `retrospan call` read."""

from __future__ import annotations

from ..model.errors import UsageError
from ..model.findings import Signal
from ..model.traces import Trace
from ..services.understanding.analysing import signals_of
from ..services.understanding.step_texts import told_steps
from ..store.contract import Store
from ..store.reading.summaries import get_summary, get_trace, locate_trace, resolve_trace
from .detailing import StepRequest, detail_steps, parse_steps
from .outlining import outline_trace
from .session_place import session_place


def read_trace(store: Store, name: str, *, budget: int, full: bool = False, offset: int = 0) -> str:
    """The outline of a trace, or with `full` its steps from the first on.

    Where an outline cannot show every step, the suspected ones are among those it keeps.

    Raises:
        UnknownIdError: if there is no such trace.
        UsageError: if an offset is given without a step.
    """
    if full or offset:
        return read_steps(store, name, "0-", full=full, offset=offset, budget=budget)
    trace_id = resolve_trace(store, name)
    signals = signals_of(store, [trace_id])[trace_id]
    summary = get_summary(store, trace_id)
    told = told_steps(store, summary)
    place = session_place(store, trace_id)
    outline = outline_trace(summary, told, signals, budget=budget, place=place)
    if outline.folded:
        from ..services.understanding.explaining import explain_trace

        suspects = [suspect.step for suspect in explain_trace(store, trace_id).report.suspects[:5]]
        outline = outline_trace(summary, told, signals, budget=budget, suspects=suspects, place=place)
    return outline.text


def read_steps(store: Store, name: str, steps: str | None, *, full: bool, offset: int, budget: int) -> str:
    """Steps of a trace with all that is new in them.

    Args:
        store: Where.
        name: The trace, or one of its steps as `T412.7`.
        steps: `7`, `7-9`, `3,7-9`; None where `name` says it.
        full: The whole conversation and the raw attributes too.
        offset: Characters to skip of a single step.
        budget: Tokens.

    Raises:
        UnknownIdError: if there is no such trace or step.
        UsageError: if the steps cannot be read, or the offset does not fit.
    """
    address = locate_trace(store, name)
    named = None if address.step is None else str(address.step)
    if named is not None and steps is not None and steps.strip() != named:
        raise UsageError(
            f"{name!r} names one step and steps={steps!r} others. Name the trace alone, or leave steps out."
        )
    trace, signals = _load(store, name)
    wanted = parse_steps(trace, steps or named or "0-")
    return detail_steps(trace, signals, StepRequest(wanted, full, offset), budget=budget)


def _load(store: Store, name: str) -> tuple[Trace, tuple[Signal, ...]]:
    trace_id = resolve_trace(store, name)
    signals = signals_of(store, [trace_id])[trace_id]
    return get_trace(store, trace_id), signals
