"""Confirm that an application is connected: wait for its first trace, and say what is complete in it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...model.errors import UsageError
from ...model.traces import StepKind, Trace
from ...store.contract import Store
from ...store.reading.summaries import get_trace
from ...store.reading.trace_ids import next_trace_id
from ...store.traces.spans import count_spans
from ..privacy.redacting import Redactor
from .application import ServeOptions, serving

_LOOK_SECONDS = 0.3
_QUIET_SECONDS = 3.0
"""Exporters send every few seconds; a trace is shown when nothing more has come for so long."""
_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a complete trace has."""

    what: str
    ok: bool
    hint: str
    """What to do where it is missing."""


@contextmanager
def receiver_at(store: Store, endpoint: str) -> Iterator[bool]:
    """Receive at an address of this machine for the length of the block, unless a server answers there already.

    Yields:
        True where this process receives.

    Raises:
        UsageError: if the address is none.
        PortBusyError: if something else than a receiver has the port.
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{endpoint!r} is no address; write it as http://127.0.0.1:4318.")
    if parts.hostname not in _LOCAL or _answers(endpoint):
        yield False
        return
    with serving(store, ServeOptions(redact=Redactor()), port=parts.port or 4318):
        yield True


def wait_for_trace(
    store: Store, after: int, timeout_seconds: float | None = None, on_arrival: Callable[[], None] | None = None
) -> Trace | None:
    """The first trace that comes after another one, when nothing more of it seems to come.

    Args:
        store: Where it will arrive, whichever process receives.
        after: Only traces with a higher id.
        timeout_seconds: None to wait for ever.
        on_arrival: Called when its first spans are there.

    Returns:
        None where none came in time.
    """
    until = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    found: int | None = None
    spans, quiet_since = 0, time.monotonic()
    while True:
        if found is None:
            found = next_trace_id(store, after)
            if found is not None and on_arrival:
                on_arrival()
        now = count_spans(store, found) if found is not None else 0
        if now != spans:
            spans, quiet_since = now, time.monotonic()
        late = until is not None and time.monotonic() > until
        if found is not None and spans and (late or time.monotonic() - quiet_since > _QUIET_SECONDS):
            return get_trace(store, found)
        if late:
            return None
        time.sleep(_LOOK_SECONDS)


def check_trace(trace: Trace) -> list[Check]:
    """What a trace needs so that everything here works on it."""
    llm = [step for step in trace.steps if step.kind is StepKind.LLM]
    tools = [step for step in trace.steps if step.kind in (StepKind.TOOL, StepKind.RETRIEVER)]
    asked = {call.name for step in llm for message in step.output_messages for call in message.tool_calls}
    checks = [
        Check(
            "model calls with their messages", bool(llm) and all(s.output_messages or s.error for s in llm), _CONTENT
        ),
        Check("token counts", any(step.usage for step in llm), "Update the instrumentation of your model client."),
    ]
    if tools or asked:
        told = bool(tools) and all(s.inputs is not None and (s.outputs is not None or s.error) for s in tools)
        checks.append(Check("tool arguments and results", told, "Trace your tools too; see the notes above."))
    checks += [
        Check("one run is one trace", sum(step.parent is None for step in trace.steps) == 1, _ONE_ROOT),
        Check("input and final answer", bool(trace.summary.input and trace.summary.output), _CONTENT),
        Check("session", trace.summary.session is not None, "Name the session as the notes above say."),
        Check("version", trace.summary.version is not None, "Set service.version, so that versions can be compared."),
    ]
    return checks


_CONTENT = "Content capture is off in the instrumentation; switch it on."
_ONE_ROOT = "Put a span around the whole run; see the notes above."


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint.rstrip('/')}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
