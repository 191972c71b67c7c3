"""Everything that is recorded of one step, in pieces: what a reader can open, and so what a signature may cover."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.traces import Message, Step
from .pieces import Piece, Setting, found_document, given, said
from .words import laid_out

_FACTS = ("kind", "agent", "tool", "model", "status", "duration_ms", "cost_usd", "finish_reason", "tool_call_id")


def recorded(step: Step) -> list[Piece]:
    """The pieces of a step, whole, in the order in which it happened."""
    pieces = [Piece("In short", laid_out({name: getattr(step, name) for name in _FACTS}), Setting.VALUE)]
    if step.error:
        pieces.append(
            Piece("What went wrong", "\n".join(filter(None, (step.error.type, step.error.message))), Setting.EXACT)
        )
    pieces += [part for message in step.input_messages for part in _message("Read", message)]
    if step.inputs is not None:
        pieces.append(given("What went in", step.inputs))
    pieces += [part for message in step.output_messages for part in _message("Said", message)]
    if step.outputs is not None:
        pieces.append(given("What came out", step.outputs))
    pieces += [found_document(number, document) for number, document in enumerate(step.documents, 1)]
    if step.attributes:
        pieces.append(given("What else was recorded", dict(step.attributes)))
    return pieces


def _message(act: str, message: Message) -> Iterator[Piece]:
    who = f"{act}: {message.role}" + (f" ({message.name})" if message.name else "")
    if message.reasoning:
        yield said(message.reasoning, f"{who}, thinking")
    if message.content:
        yield said(message.content, who)
    for call in message.tool_calls:
        yield given(f"{who} asks for {call.name}", call.arguments)
