"""What a review is about: traces, sessions and steps as people and assistants name them."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.errors import UnknownIdError, UsageError
from ...model.text.display import safe_line
from ...model.traces import Step, Trace
from ...store.contract import Store
from ...store.reading.summaries import get_trace, parse_trace_id, resolve_trace
from ...store.reading.trace_ids import session_trace_ids

MAX_SESSION_TRACES = 50
"""More than a person can judge as one."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is judged as a whole."""

    name: str
    project: str


Subject = Session | str | int
"""What is judged: a session, or a trace as `T412`, external id or row id."""


def load_subject(store: Store, trace: str | int) -> Trace:
    """The trace that an id names.

    Raises:
        UnknownIdError: if there is none.
    """
    return get_trace(store, trace_number(store, trace))


def session_traces(store: Store, session: Session) -> list[int]:
    """The traces of a session, in order of time.

    Raises:
        UnknownIdError: if there are none.
        UsageError: if there are more than a person can judge as one.
    """
    found = session_trace_ids(store, session.project, session.name, MAX_SESSION_TRACES + 1)
    if not found:
        known = f"project {session.project!r}"
        raise UnknownIdError("session", session.name, known=known, next_step="Search to find the session.")
    if len(found) > MAX_SESSION_TRACES:
        raise UsageError(
            f"Session {safe_line(session.name, 60)!r} has over {MAX_SESSION_TRACES} traces; review one of them."
        )
    return found


def find_step(trace: Trace, name: str) -> Step:
    """A step of this trace by `T412.7`, `7` or span id.

    Raises:
        UnknownIdError: if it has no such step.
    """
    for step in trace.steps:
        if step.span_id == name:
            return step
    address = parse_trace_id(name)
    index = None
    if address is not None and address.step is not None:
        index = address.step if address.trace_id == trace.summary.id else None
    elif (own := _step_of_own(trace, name.strip())).isdigit() and len(own) < 10:
        index = int(own)
    if index is not None and index < len(trace.steps):
        return trace.steps[index]
    known = f"{trace.summary.short_id} has steps 0 to {len(trace.steps) - 1}"
    raise UnknownIdError("step", name, known=known, next_step=f"Name one as {trace.summary.short_id}.0.")


def _step_of_own(trace: Trace, name: str) -> str:
    """`7` of `7`, or of the run's own id and a step, `order-run-9.7`."""
    for own in (trace.summary.run_id, trace.summary.external_id):
        if own and name.startswith(f"{own}."):
            return name[len(own) + 1 :]
    return name


def item_number(item: str | int) -> int:
    """31 of `R31` or 31.

    Raises:
        UsageError: if it is no such id.
    """
    text = str(item).strip()
    digits = text[1:] if text[:1] in "Rr" else text
    if not digits.isdigit() or len(digits) > 15:
        raise UsageError(f"{safe_line(text, 60)!r} is no review id; one looks like R31.")
    return int(digits)


def trace_number(store: Store, trace: str | int) -> int:
    return resolve_trace(store, f"T{trace}" if isinstance(trace, int) else trace)
