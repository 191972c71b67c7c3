"""Evidence as quotations: every quote stands in its step, letter for letter."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import Evidence
from ...model.text.jsontext import as_text, scalars
from ...model.traces import Message, Step

QUOTE_LIMIT = 240


def quote(step: Step, text: str, path: str | None = None) -> Evidence | None:
    """Evidence for `text` in `step`, cut to 240 characters; None where the step does not hold it.

    A text that the step holds only piecewise (a value printed as compact JSON there) is given up rather than rewritten.
    """
    wanted = text.strip()[:QUOTE_LIMIT].strip()
    if wanted and stands_in(step, wanted):
        return Evidence(step.index, wanted, path)
    return None


def around(step: Step, text: str, start: int, end: int, path: str | None = None) -> Evidence | None:
    """Evidence for `text[start:end]` with some words of its sentence on both sides."""
    room = max(0, (160 - (end - start)) // 2)
    head = text.rfind("\n", max(0, start - room), start) + 1 or max(0, start - room)
    stop = text.find("\n", end, end + room)
    tail = stop if stop != -1 else min(len(text), end + room)
    return quote(step, text[head:tail], path) or quote(step, text[start:end], path)


def stands_in(step: Step, words: str) -> bool:
    """Does the step hold these words literally, in any of its texts or JSON values?"""
    return any(words in text for text in texts_of(step))


def texts_of(step: Step) -> Iterator[str]:
    """Every text of a step as a reader may see it: messages, calls, inputs, outputs, documents, error."""
    for value in (step.outputs, step.inputs):
        yield as_text(value)
        for _, item in scalars(value):
            yield str(item) if not isinstance(item, str) else item
    for message in (*step.output_messages, *step.new_messages, *step.input_messages):
        yield from _message_texts(message)
    for document in step.documents:
        yield document.content
    if step.error:
        yield step.error.message
        yield step.error.type or ""
    yield step.finish_reason or ""
    yield step.tool or step.name


def _message_texts(message: Message) -> Iterator[str]:
    yield message.content
    yield message.reasoning or ""
    for call in message.tool_calls:
        yield call.name
        yield as_text(call.arguments)
        for _, item in scalars(call.arguments):
            yield str(item) if not isinstance(item, str) else item
