"""ChatGPT's data export (`conversations.json`): a conversation is a tree of messages, whose current branch counts."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, SpanBatch
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping, optional_text, required_text, sequence, time_ns
from ..head import Head
from ..judgements import first_of
from ..records import ReadItem, Record, Source, each_record
from .branches import current_branch, newest_leaf

CONVENTION = "chatgpt-export"
OTHER_BRANCHES = "They were edited or asked again; the branch that was open last is the run."
_UNSAID = ("user_editable_context", "model_editable_context", "app_pairing_content")
_TO_ALL = ("", "all")


def sniff(head: Head) -> bool:
    """Whether the first record is a conversation with a `mapping` of nodes."""
    nodes = mapping(head.first.get("mapping"))
    first = mapping(next(iter(nodes.values()), None))
    return "parent" in first and bool({"message", "children"} & first.keys())


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per conversation."""
    aside: list[int] = []
    yield from each_record(source, lambda record: _conversation(record, source, aside))
    if others := sum(aside):
        yield source.left_out("turns of other branches", others, OTHER_BRANCHES)


def _conversation(record: Record, source: Source, aside: list[int]) -> SpanBatch:
    value = mapping(record.value)
    nodes = {key: mapping(node) for key, node in mapping(value.get("mapping")).items()}
    if not nodes:
        raise BadInputError("Field 'mapping' is missing or empty.")
    parents = {key: optional_text(node.get("parent")) for key, node in nodes.items()}
    by_time = sorted(nodes, key=lambda key: time_ns(mapping(nodes[key].get("message")).get("create_time")) or 0)
    current = optional_text(value.get("current_node"))
    leaf = current if current in nodes else newest_leaf(by_time, parents)
    branch = current_branch(nodes, lambda node: optional_text(node.get("parent")), leaf or by_time[-1])
    turns = [turn for node in branch for turn in _turns(mapping(node.get("message")))]
    kept = sum(bool(_turns(mapping(node.get("message")))) for node in branch)
    said = sum(bool(_turns(mapping(node.get("message")))) for node in nodes.values())
    about = {name: value[name] for name in ("title", "gizmo_id", "default_model_slug") if value.get(name)}
    run = Evaluated(required_text({"id": first_of(value, "conversation_id", "id")}, "id"), turns, metadata=about)
    aside.append(said - kept)
    return evaluated_batch(run, CONVENTION, source, record.where)


def _turns(message: dict[str, JsonValue]) -> list[JsonValue]:
    """The turn in a message; none where it says nothing to anybody."""
    author, content, about = (mapping(message.get(name)) for name in ("author", "content", "metadata"))
    role, kind = as_text(author.get("role")), as_text(content.get("content_type"))
    if not message or kind in _UNSAID or (role == "system" and not _text(content)):
        return []
    when = message.get("create_time")
    if role == "tool":
        failed = mapping(about.get("aggregate_result")).get("status") == "failed_with_in_kernel_exception"
        return [
            {
                "role": "tool",
                "name": author.get("name"),
                "content": _text(content),
                "timestamp": when,
                "is_error": failed,
            }
        ]
    turn: dict[str, JsonValue] = {"role": role, "timestamp": when}
    if role == "assistant":
        turn["model"] = about.get("model_slug")
        turn["finish_reason"] = mapping(about.get("finish_details")).get("type")
        recipient = as_text(message.get("recipient"))
        if recipient not in _TO_ALL:
            return [{**turn, "content": "", "tool_calls": [{"name": recipient, "arguments": _text(content)}]}]
        if kind in ("thoughts", "reasoning_recap"):
            return [{**turn, "content": "", "reasoning": _text(content)}]
    return [{**turn, "content": [*_media(content), {"type": "text", "text": _text(content)}, *_attached(about)]}]


def _text(content: dict[str, JsonValue]) -> str:
    thoughts = [as_text(mapping(item).get("content")) for item in sequence(content.get("thoughts"))]
    parts = [
        part if isinstance(part, str) else as_text(mapping(part).get("text")) for part in sequence(content.get("parts"))
    ]
    whole = first_of(content, "text", "result", "content")
    return "\n".join(text for text in (*parts, *thoughts, as_text(whole)) if text)


def _media(content: dict[str, JsonValue]) -> list[JsonValue]:
    kinds = [
        as_text(mapping(part).get("content_type")) for part in sequence(content.get("parts")) if isinstance(part, dict)
    ]
    return [{"type": kind.partition("_")[0]} for kind in kinds if kind.endswith("_asset_pointer")]


def _attached(about: dict[str, JsonValue]) -> list[JsonValue]:
    files = [mapping(item) for item in sequence(about.get("attachments"))]
    return [{"type": "file", "mime_type": as_text(first_of(item, "mime_type", "name"))} for item in files]
