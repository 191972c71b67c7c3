"""The text of a step, for finding words in a run and for taking it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from ..answers.plain.words import laid_out, step_name
from ..model.traces import Step, Trace


def steps_with(trace: Trace, words: str) -> list[int]:
    """The steps that add a text with these words, whatever their case. Cost: one pass over the run's text."""
    wanted = words.casefold()
    return [step.index for step in trace.steps if any(wanted in text.casefold() for text in _texts(step))]


def step_plain(step: Step) -> str:
    """All that a step adds, a part below the other."""
    return "\n\n".join(_texts(step))


def _texts(step: Step) -> Iterator[str]:
    yield step_name(step)
    if step.error is not None:
        yield step.error.message
    for message in (*step.new_messages, *step.output_messages):
        if message.content:
            yield message.content
        for call in message.tool_calls:
            yield f"{call.name}\n{laid_out(call.arguments)}"
    yield from (document.content for document in step.documents)
    shown = (step.inputs if not step.input_messages else None, None if step.output_messages else step.outputs)
    for value in shown:
        if value not in (None, "", {}, []):
            yield laid_out(value)
