"""An output that stops in the middle."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.traces import StepKind
from ...reading import Reading, View
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal

_REASONS = frozenset({"length", "max_tokens", "max_output_tokens", "model_length", "token_limit", "incomplete"})


_HABIT = 3
"""This many outputs that end inside a code block, and a fifth of all, are how the run is written down."""


def find(reading: Reading) -> Iterator[Signal]:
    cut = {view.index for view in reading.decisions if _is_cut(view.text)}
    if len(cut) >= _HABIT and 5 * len(cut) >= len(reading.decisions):
        cut = set()
    for view in reading.views:
        step = view.step
        if step.kind is StepKind.LLM and (step.finish_reason or "").lower() in _REASONS:
            reason = f"the model stopped at its token limit ({step.finish_reason})"
            evidence = quote(step, step.finish_reason or "", "finish_reason")
            yield signal(DEFINITION.name, view.index, reason, evidence, failure=not _goes_on(reading, view))
        elif view.index in cut:
            tail = view.text.rstrip()[-80:]
            yield signal(
                DEFINITION.name,
                view.index,
                "the output ends inside a code block",
                quote(step, tail, "outputs"),
                strength=0.7,
                failure=not _goes_on(reading, view),
            )


def _goes_on(reading: Reading, cut: View) -> bool:
    """Did the same agent speak again after it?"""
    return any(view.index > cut.index and view.agent == cut.agent and view.text for view in reading.decisions)


def _is_cut(text: str) -> bool:
    stripped = text.rstrip()
    return stripped.count("```") % 2 == 1 and not stripped.endswith("```") and len(stripped) > 200


DEFINITION = SignalDefinition(
    name="truncation",
    definition="A model output ends by its token limit, or inside an open code block.",
    weakness="Without a finish reason, prose cut in mid-sentence is not seen.",
    find=find,
)
