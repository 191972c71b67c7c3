"""Sessions that Gemini CLI keeps in `chats/`: one JSON document, or one record a line with updates among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePath

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, Span, SpanBatch, Status, StepError, ToolCall, TraceFacts, Usage
from ..chat import content_text
from ..fields import count, digest_of, mapping, optional_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, Record, RecordError, Source, json_records
from ..session import SessionBuilder, kept, left_out_of

CONVENTION = "gemini-cli"
AGENT = "gemini-cli"


def sniff(head: Head) -> bool:
    """Whether the first record is of a session."""
    first = head.first
    return "sessionId" in first and "projectHash" in first and ("startTime" in first or "messages" in first)


def is_prompt_log(path: Path) -> bool:
    """Whether a file lists the prompts of the sessions that lie in `chats` beside it."""
    return path.name == "logs.json" and (path.parent / "chats").is_dir()


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the session."""
    whole: dict[str, JsonValue] = {}
    turns: list[dict[str, JsonValue]] = []
    left_out: Counter[str] = Counter()
    for record in json_records(source):
        value = mapping(record.value) if isinstance(record, Record) else {}
        if isinstance(record, RecordError):
            yield record
        elif "messages" in value or "projectHash" in value:
            whole.update({name: item for name, item in value.items() if name != "messages"})
            turns += map(mapping, sequence(value.get("messages")))
        elif "$rewindTo" in value:
            place = next((at for at, turn in enumerate(turns) if turn.get("id") == value["$rewindTo"]), len(turns))
            left_out["turns that were taken back"] += len(turns) - place
            del turns[place:]
        elif "$set" in value:
            _set(whole, turns, mapping(value["$set"]))
        elif value.get("type"):
            _put(turns, value)
        else:
            yield source.error(record.where, "No record of a session: 'type' is missing.")
    if not turns:
        yield source.error("file", "The session has no turns.")
        return
    yield _batch(source, whole, turns, left_out)
    yield from left_out_of(source.file, left_out)


def _set(whole: dict[str, JsonValue], turns: list[dict[str, JsonValue]], update: dict[str, JsonValue]) -> None:
    whole.update({name: item for name, item in update.items() if name != "messages"})
    if isinstance(update.get("messages"), list):
        turns[:] = map(mapping, sequence(update["messages"]))


def _put(turns: list[dict[str, JsonValue]], turn: dict[str, JsonValue]) -> None:
    """A turn that is written again (with its calls, its tokens) takes the place of the first writing."""
    place = next((at for at, known in enumerate(turns) if turn.get("id") and known.get("id") == turn["id"]), None)
    if place is None:
        turns.append(turn)
    else:
        turns[place] = turn


def _batch(
    source: Source, whole: dict[str, JsonValue], turns: list[dict[str, JsonValue]], left_out: Counter[str]
) -> SpanBatch:
    source.limits.check_steps(len(turns), where="file")
    session = as_text(whole.get("sessionId")) or f"{PurePath(source.name).stem}-{digest_of(turns[0])}"
    builder = SessionBuilder(session, CONVENTION, AGENT)
    for index, turn in enumerate(turns):
        _add(builder, turn, as_text(turn.get("id")) or str(index), left_out)
    metadata = kept(whole, "projectHash", "kind", "summary", "directories")
    facts = TraceFacts(session, session=session, metadata=metadata or None)
    return SpanBatch(builder.spans, [facts])


def _add(builder: SessionBuilder, turn: dict[str, JsonValue], key: str, left_out: Counter[str]) -> None:
    kind, moment, text = turn.get("type"), time_ns(turn.get("timestamp")), content_text(turn.get("content"))
    if kind == "user":
        builder.spoken(text, key=key, time_ns=moment)
    elif kind == "gemini":
        _answer(builder, turn, text, key, moment)
    elif kind in ("error", "info", "warning"):
        span = builder.said(Message("system", text, name=as_text(kind)), key=key, time_ns=moment)
        builder.turns.pop()
        if kind == "error":
            span.status, span.error = Status.ERROR, StepError(text)
    else:
        left_out[f"message/{as_text(kind)}"] += 1


def _answer(builder: SessionBuilder, turn: dict[str, JsonValue], text: str, key: str, moment: int | None) -> None:
    calls = [mapping(call) for call in sequence(turn.get("toolCalls"))]
    thoughts = [_thought(mapping(one)) for one in sequence(turn.get("thoughts"))]
    message = Message("assistant", text, tuple(map(_call, calls)), reasoning="\n".join(thoughts) or None)
    span = builder.answered(message, key=key, time_ns=moment, usage=tokens_of(turn.get("tokens")))
    span.model, span.provider = optional_text(turn.get("model")), "google"
    for index, call in enumerate(calls):
        _returned(builder, call, f"{key}.{index}", moment)


def _thought(thought: dict[str, JsonValue]) -> str:
    return ": ".join(filter(None, (as_text(thought.get("subject")), as_text(thought.get("description")))))


def _call(call: dict[str, JsonValue]) -> ToolCall:
    return ToolCall(as_text(call.get("name")), call.get("args"), optional_text(call.get("id")))


def _returned(builder: SessionBuilder, call: dict[str, JsonValue], key: str, asked: int | None) -> Span:
    parts = [mapping(mapping(part).get("functionResponse")) for part in sequence(call.get("result"))]
    responses = [mapping(part.get("response")) for part in parts]
    texts = [as_text(one.get("output") or one.get("error") or one.get("content") or one) for one in responses if one]
    text = "\n".join(texts) or as_text(call.get("resultDisplay"))
    status = call.get("status")
    if status == "cancelled" and not text:
        text = "cancelled by the user"
    failed = status in ("error", "cancelled") or any(one.get("error") for one in responses)
    message = Message("tool", text, tool_call_id=optional_text(call.get("id")), is_error=failed)
    return builder.returned(message, key=key, time_ns=time_ns(call.get("timestamp")) or asked)


def tokens_of(value: JsonValue) -> Usage | None:
    """Tokens as Gemini CLI counts them; thoughts stand beside the output there and are part of it here."""
    raw = mapping(value)
    if not raw:
        return None
    return used(*(raw.get(name) for name in ("input", "tool", "output", "thoughts", "cached")))


def used(given: JsonValue, for_tools: JsonValue, taken: JsonValue, thoughts: JsonValue, cached: JsonValue) -> Usage:
    """Counts of tokens as Gemini tells them, each for itself."""
    thought = count(thoughts)
    return Usage(count(given) + count(for_tools), count(taken) + thought, count(cached), reasoning_tokens=thought)
