"""A run as rows that can be asked with SQL: its steps, calls, messages and documents, each text by reference.

They are made when a run is analysed and say the same as its steps do; a new revision replaces them.
"""

from __future__ import annotations

from typing import NamedTuple

from .traces import JsonValue


class StepRow(NamedTuple):
    """One step."""

    step: int
    span_id: str
    parent: int | None
    kind: str
    name: str
    role: str
    """user, context, decision, result or frame: its part in the story."""
    agent: str | None
    tool: str | None
    model: str | None
    status: str
    error: str | None
    started_at: int | None
    """Unix ns."""
    duration_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    text: JsonValue
    """What the step itself says or gives back."""


class CallRow(NamedTuple):
    """One tool call with its result."""

    call: int
    """Counts from 0 in the run."""
    asked: int | None
    """The step that asked for it."""
    done: int | None
    """The step that shows its result."""
    agent: str | None
    tool: str
    effect: str
    """read, write or unknown: what the tool does to the world."""
    status: str
    """ok or error; also error where the result only says so in words."""
    error: str | None
    arguments: JsonValue
    result: JsonValue


class MessageRow(NamedTuple):
    """One message, at the step that first shows it."""

    step: int
    position: int
    direction: str
    """in: what a model was given; out: what it said."""
    role: str
    name: str | None
    text: JsonValue


class DocumentRow(NamedTuple):
    """One retrieved passage."""

    step: int
    rank: int
    """From 1."""
    document: str | None
    score: float | None
    text: JsonValue


class RunRows(NamedTuple):
    """All rows of a run."""

    steps: list[StepRow]
    calls: list[CallRow]
    messages: list[MessageRow]
    documents: list[DocumentRow]
