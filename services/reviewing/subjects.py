"""What a review is about: traces, sessions and steps as people and assistants name them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TypeVar

from ...model.clock import utc_text
from ...model.errors import UnknownIdError, UsageError, did_you_mean
from ...model.findings import CauseClass
from ...model.reviews import ItemState, Label, Severity
from ...model.text.display import safe_line
from ...model.traces import Step, Trace
from ...store.contract import Store
from ...store.reading.summaries import get_trace, parse_trace_id, resolve_trace

TEXT_LIMIT = 8_000
"""Characters of an explanation, a reason, a note."""
MAX_SESSION_TRACES = 50
"""More than a person can judge as one."""
_SPAN = re.compile(r"(\d{1,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_Word = TypeVar("_Word", Label, CauseClass, ItemState, Severity)


def load_subject(store: Store, trace: str | int | None) -> Trace:
    """The trace that an id names.

    Raises:
        UnknownIdError: if there is none.
    """
    return get_trace(store, trace_number(store, "" if trace is None else trace))


def session_traces(store: Store, session: str, project: str) -> list[int]:
    """The traces of a session, in order of time.

    Raises:
        UnknownIdError: if there are none.
        UsageError: if there are more than a person can judge as one.
    """
    with store.read() as con:
        rows = con.execute(
            "SELECT id FROM trace WHERE session = ? AND project = ? ORDER BY started_at, id LIMIT ?",
            (session, project, MAX_SESSION_TRACES + 1),
        ).fetchall()
    if not rows:
        raise UnknownIdError("session", session, known=f"project {project!r}", next_step="Search to find the session.")
    if len(rows) > MAX_SESSION_TRACES:
        raise UsageError(
            f"Session {safe_line(session, 60)!r} has over {MAX_SESSION_TRACES} traces; review one of them."
        )
    return [row[0] for row in rows]


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
    elif name.strip().isdigit() and len(name) < 10:
        index = int(name)
    if index is not None and index < len(trace.steps):
        return trace.steps[index]
    known = f"{trace.summary.short_id} has steps 0 to {len(trace.steps) - 1}"
    raise UnknownIdError("step", name, known=known, next_step=f"Name one as {trace.summary.short_id}.0.")


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


def bounded(what: str, text: str, limit: int) -> str:
    """A text with its outer blanks cut.

    Raises:
        UsageError: if it is empty or longer than `limit`.
    """
    text = text.strip()
    if not text:
        raise UsageError(f"The {what} is empty. Say it in one or two sentences.")
    if len(text) > limit:
        raise UsageError(f"The {what} has {len(text)} characters; at most {limit} are kept. Shorten it.")
    return text


def choice(kind: type[_Word], what: str, value: _Word | str) -> _Word:
    """A member of a closed set.

    Raises:
        UsageError: naming the nearest member.
    """
    try:
        return kind(value)
    except ValueError:
        hint = did_you_mean(str(value), [member.value for member in kind])
        raise UsageError(f"Unknown {what} {safe_line(str(value), 60)!r}; {hint}.") from None


def due_after(moment: datetime, span: str) -> str:
    """UTC text of `3d`, `12h`, `30m` or `2w` after a moment.

    Raises:
        UsageError: if it is no such span.
    """
    return utc_text(moment + time_span(span))


def time_span(text: str) -> timedelta:
    """The length of `30m`, `12h`, `3d` or `2w`.

    Raises:
        UsageError: if it is none.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{safe_line(text, 40)!r} is no length of time; write 30m, 12h, 3d or 2w.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
