"""A model call that failed, or a fatal message of the framework in place of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....model.findings import Signal
from ....model.traces import Status, StepKind
from ...reading import Reading, Role, View
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal

_FATAL = re.compile(
    r"(?i)\bBadRequestError\b[^\n]{0,160}|\bRateLimitError\b[^\n]{0,160}|\bcontext[_ ]length[_ ]exceeded\b[^\n]{0,80}"
    r"|\bcontent[_ ](?:policy|filter)\b[^\n]{0,120}|\bResponsibleAIPolicyViolation\b[^\n]{0,80}"
    r"|\bInternalServerError\b[^\n]{0,120}|\bAPI(?:Connection|Timeout|Status)?Error\b[^\n]{0,120}"
    r"|\bmaximum context length\b[^\n]{0,120}|\boverloaded_error\b"
)
_TRACEBACK = "Traceback (most recent call last)"


def find(reading: Reading) -> Iterator[Signal]:
    failed = [view for view in reading.views if view.step.kind is StepKind.LLM and view.step.status is Status.ERROR]
    for view in reading.views:
        step = view.step
        if step.kind is StepKind.LLM and step.status is Status.ERROR:
            message = step.error.message if step.error else view.text
            told = message.strip().splitlines()[0][:120] if message.strip() else "no message"
            evidence = quote(step, message, "error") or quote(step, step.name, "name")
            again = _worked_again(reading, view)
            reason = f"the model call failed{', and one after it worked' * again}: {told}"
            yield signal(DEFINITION.name, view.index, reason, evidence, failure=not again and view is failed[0])
        elif view.role is Role.DECISION and (match := _FATAL.search(view.text)) and _is_raised(view.text):
            yield signal(
                DEFINITION.name,
                view.index,
                f"the step broke off with {match.group().split()[0].strip(':')}",
                quote(step, match.group(), "outputs"),
            )


def _worked_again(reading: Reading, failed: View) -> bool:
    """Was the call made again, by a retry or the next round, and answered?"""
    later = (view for view in reading.decisions if view.index > failed.index and view.agent == failed.agent)
    return any(view.step.status is not Status.ERROR and view.step.output_messages for view in later)


def _is_raised(text: str) -> bool:
    """Raised rather than talked about: with a traceback, or as an error body."""
    return _TRACEBACK in text or "Error code:" in text or "'error':" in text or '"error":' in text


DEFINITION = SignalDefinition(
    name="llm_error",
    definition="A model call has error status, or its place holds a raised provider error (filter, rate, context).",
    weakness="Of several calls that failed the first is the failure. Provider errors that a framework retries and "
    "hides are not seen.",
    find=find,
)
