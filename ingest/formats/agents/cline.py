"""Task folders of Cline and Roo Code: `api_conversation_history.json`, with `ui_messages.json` beside it.

The conversation is what the model saw; the messages of the screen tell tokens and cost. Results of tools stand in the
user role as `[tool for '…'] Result:`, calls in the text as tags, or both as parts of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text, parse
from ....model.traces import JsonValue, Span, SpanBatch, StepKind, TraceFacts, Usage
from ..chat import content_text
from ..fields import count, digest_of, mapping, number, sequence
from ..head import Head
from ..records import ReadItem, RecordError, Source, json_records
from ..session import SessionBuilder, kept
from .cline_turns import Turns

CONVENTION = "cline"
_AGENT = "cline"
_HISTORY = ("api_conversation_history.json", "claude_messages.json")
_SCREEN = "ui_messages.json"
_NOTES = ("task_metadata.json", "history_item.json", "context_history.json", "settings.json")
_ID_LENGTH = 12
"""Characters from which the name of a folder is taken for a task's id, if it holds digits only or is a UUID."""


def sniff(head: Head) -> bool:
    """Whether the first turns are a task's: by the tags that Cline and Roo write, or by the name of the file."""
    for record in head.records[:2]:
        turn = mapping(record)
        text = content_text(turn.get("content"))
        if turn.get("role") == "user" and "<environment_details>" in text and "<task>" in text:
            return True
    first = head.first
    return head.name in _HISTORY and "role" in first


def is_read_with_history(path: Path) -> bool:
    """Whether a file of a task's folder tells of the conversation beside it, and needs no reading of its own."""
    beside = any(path.with_name(name).is_file() for name in _HISTORY)
    return beside and (
        path.name in (_SCREEN, *_NOTES) or (path.name in _HISTORY[1:] and path.with_name(_HISTORY[0]).is_file())
    )


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the task."""
    turns: list[JsonValue] = []
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
        else:
            turns.append(record.value)
    if not turns:
        yield source.error("file", "The task has no turns.")
        return
    source.limits.check_steps(len(turns), where="file")
    key = _key(source, turns[0])
    reader = Turns(SessionBuilder(key, CONVENTION, _AGENT))
    for index, turn in enumerate(turns):
        try:
            reader.add(mapping(turn), f"{index}.{digest_of(turn)}")
        except BadInputError as err:
            yield source.error(f"item {index}", str(err))
    spans = reader.builder.spans
    metadata: dict[str, JsonValue] = {}
    if source.path is not None:
        _counted(spans, _beside(source.path, _SCREEN))
        notes = mapping(_beside(source.path, _NOTES[0]))
        metadata = kept(notes, "model_usage", "environment_history")
    yield SpanBatch(spans, [TraceFacts(key, session=key, metadata=metadata or None)])
    if reader.images:
        yield source.left_out("images", reader.images)


def _key(source: Source, first: JsonValue) -> str:
    """The task's id is the name of its folder: the files of all tasks are called alike."""
    folder = PurePosixPath(source.file.replace("\\\\", "/")).parent.name
    if len(folder) >= _ID_LENGTH and (folder.isdigit() or folder.count("-") == 4):
        return f"task-{folder}"
    return f"task-{digest_of(first)}"


def _beside(path: Path, name: str) -> JsonValue:
    try:
        return parse(path.with_name(name).read_bytes()) if path.with_name(name).is_file() else None
    except (OSError, ValueError):
        return None


def _counted(spans: list[Span], screen: JsonValue) -> None:
    """Tokens and cost of the requests, which the screen tells one by one, with what was written to the cache."""
    told = [mapping(one) for one in sequence(screen)]
    requests = [mapping(_parsed(one.get("text"))) for one in told if one.get("say") == "api_req_started"]
    requests = [one for one in requests if one.get("tokensOut") is not None]
    answers = [span for span in spans if span.kind is StepKind.LLM]
    if len(requests) != len(answers):
        return  # requests that were retried or cancelled: nothing tells which answer is whose
    for span, request in zip(answers, requests, strict=True):
        cached, written = count(request.get("cacheReads")), count(request.get("cacheWrites"))
        taken = count(request.get("tokensIn")) + cached + written
        span.usage = Usage(taken, count(request.get("tokensOut")), cached, written)
        span.cost_usd = number(request.get("cost")) if span.cost_usd is None else span.cost_usd


def _parsed(text: JsonValue) -> JsonValue:
    try:
        return parse(as_text(text))
    except ValueError:
        return None
