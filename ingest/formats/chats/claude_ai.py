"""claude.ai's data export (`conversations.json`): chat messages with their parts; the current branch counts."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, SpanBatch
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping, optional_text, required_text, sequence
from ..head import Head
from ..judgements import first_of
from ..records import LeftOut, ReadItem, Record, Source, each_record
from .branches import current_branch, newest_leaf
from .chatgpt import OTHER_BRANCHES

CONVENTION = "claude-ai-export"


def sniff(head: Head) -> bool:
    """Whether the first record is a conversation with `chat_messages`."""
    return "uuid" in head.first and "chat_messages" in head.first


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per conversation; empty ones are counted."""
    aside: list[int] = []
    yield from each_record(source, lambda record: _conversation(record, source, aside))
    if others := sum(aside):
        yield source.left_out("turns of other branches", others, OTHER_BRANCHES)


def _conversation(record: Record, source: Source, aside: list[int]) -> SpanBatch | LeftOut:
    value = mapping(record.value)
    if not isinstance(value.get("chat_messages"), list):
        raise BadInputError("No conversation: field 'chat_messages' is missing or no list.")
    messages = [mapping(item) for item in sequence(value["chat_messages"])]
    if not messages:
        return source.left_out("conversations without a message", 1)
    branch = _branch(messages, optional_text(value.get("current_leaf_message_uuid")))
    about = {name: value[name] for name in ("name", "summary", "model") if value.get(name)}
    turns: list[JsonValue] = list(map(_turn, branch))
    run = Evaluated(required_text(value, "uuid"), turns, metadata=about)
    aside.append(len(messages) - len(branch))
    return evaluated_batch(run, CONVENTION, source, record.where)


def _branch(messages: list[dict[str, JsonValue]], current: str | None) -> list[dict[str, JsonValue]]:
    """The messages up to the current leaf; all of them where they do not say what they follow."""
    parents = {as_text(item.get("uuid")): optional_text(item.get("parent_message_uuid")) for item in messages}
    if not any(parent in parents for parent in parents.values()):
        return messages
    by_time = sorted(messages, key=lambda item: as_text(item.get("created_at")))
    leaf = current if current in parents else newest_leaf([as_text(item.get("uuid")) for item in by_time], parents)
    nodes = {as_text(item.get("uuid")): item for item in messages}
    return current_branch(nodes, lambda item: optional_text(item.get("parent_message_uuid")), leaf or "")


def _turn(message: dict[str, JsonValue]) -> JsonValue:
    parts = [mapping(part) for part in sequence(message.get("content"))]
    content: list[JsonValue] = [_part(part, index) for index, part in enumerate(parts)]
    if not content:
        content = [{"type": "text", "text": as_text(message.get("text"))}]
    for item in map(mapping, sequence(message.get("attachments"))):
        name, text = as_text(item.get("file_name")) or "attachment", as_text(item.get("extracted_content"))
        content.append({"type": "text", "text": f"[{name}]\n{text}"} if text else {"type": "file", "mime_type": name})
    for item in map(mapping, sequence(first_of(message, "files_v2", "files"))):
        word = "image" if item.get("file_kind") == "image" else "file"
        content.append({"type": word, "mime_type": as_text(item.get("file_name"))})
    return {
        "role": {"human": "user"}.get(as_text(message.get("sender")), as_text(message.get("sender"))),
        "content": content,
        "timestamp": message.get("created_at"),
    }


def _part(part: dict[str, JsonValue], index: int) -> JsonValue:
    """A part; older exports gave calls and results no ids, and a result stands right behind its call."""
    if part.get("type") == "tool_use":
        return {**part, "id": part.get("id") or f"part-{index}"}
    if part.get("type") == "tool_result":
        return {**part, "tool_use_id": part.get("tool_use_id") or f"part-{index - 1}"}
    return part
