"""Coding sessions of the field set as conversations: Claude Code's lines and mini-swe-agent's trajectories."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable
from typing import Any

import yaml
from datasets import DATA, Case

_KINDS = ("claude-code", "mini-swe-agent")
Message = dict[str, Any]


def coding_sessions() -> list[Case]:
    """Sessions in the order of their ids, named after them, with outcome; `extra` holds the quotes of real failures."""
    folder = DATA / "field"
    cases = []
    for path in sorted((folder / "labels").glob("*.yaml")):
        label = yaml.safe_load(path.read_text(encoding="utf-8"))
        if label["kind"] in _KINDS:
            text = lzma.decompress((folder / "runs" / label["file"]).read_bytes()).decode()
            messages = _claude_code(text) if label["kind"] == "claude-code" else _trajectory(text)
            case_id = f"coding/{label['id']}"
            record = {"id": case_id, "messages": [_plain(message) for message in messages]}
            outcome = label["outcome"] if label["outcome"] in ("pass", "fail") else None
            quotes = [failure["quote"] for failure in label["failures"]]
            cases.append(Case(case_id, record, outcome=outcome, extra={"quotes": quotes}))
    return cases


def _plain(message: Message) -> Message:
    return {key: value for key, value in message.items() if key in _FIELDS}


_FIELDS = ("role", "content", "tool_calls", "tool_call_id", "name", "is_error")


def _trajectory(text: str) -> list[Message]:
    value = json.loads(text)
    messages: list[Message] = value["messages"] if isinstance(value, dict) else value
    return messages


def _claude_code(text: str) -> list[Message]:
    """The lines of persons, agent and tools in order; lines of one answer (one message id) in a row are one message."""
    found: list[Message] = []
    for row in map(json.loads, text.splitlines()):
        if row.get("type") == "assistant":
            _add_answer(found, row["message"])
        elif row.get("type") == "user":
            found.extend(_said(row["message"]["content"]))
    return found


def _add_answer(found: list[Message], said: Message) -> None:
    if not found or found[-1].get("message") != said["id"]:
        found.append({"role": "assistant", "content": "", "tool_calls": [], "message": said["id"]})
    answer = found[-1]
    for block in said["content"]:
        if block["type"] == "text":
            answer["content"] = "\n".join(filter(None, (answer["content"], block["text"])))
        elif block["type"] == "tool_use":
            function = {"name": block["name"], "arguments": json.dumps(block["input"])}
            answer["tool_calls"].append({"id": block["id"], "type": "function", "function": function})


def _said(content: str | list[Message]) -> Iterable[Message]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for block in blocks:
        if block["type"] == "text":
            yield {"role": "user", "content": block["text"]}
        elif block["type"] == "tool_result":
            answer: Message = {"role": "tool", "tool_call_id": block["tool_use_id"], "content": _text(block["content"])}
            yield answer | ({"is_error": True} if block.get("is_error") else {})


def _text(content: str | list[Message]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") for block in content if isinstance(block, dict))
