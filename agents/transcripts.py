"""Conversations of agents in the messages format, so that they import and can be looked into like any other run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..model.traces import JsonValue
from ..services.agent_work.jobs import Transcript
from ..store.jobs.agent_runs import Spent
from .events import Message, result_text
from .model import endpoint_host


def transcript_of(
    agent: str,
    model: str,
    system: str,
    history: Sequence[Message],
    *,
    task: str,
    ending: str,
    spent: Spent,
    facts: Mapping[str, JsonValue] | None = None,
) -> Transcript:
    """The conversation as one record of the messages format.

    Args:
        agent: `investigator`, `judge:tone`.
        model: Which model spoke.
        system: Its instructions.
        history: As it was sent to the Messages API.
        task: What it worked on, as `investigate T412`.
        ending: How it ended.
        spent: What it took.
        facts: Further metadata.
    """
    messages: list[JsonValue] = [{"role": "system", "content": system}]
    for message in history:
        messages += _turns(message, agent, model)
    metadata: dict[str, JsonValue] = {
        "ending": ending,
        "endpoint": endpoint_host(),
        "requests": spent.requests,
        "input_tokens": spent.usage.input_tokens,
        "output_tokens": spent.usage.output_tokens,
        "cost_usd": round(spent.cost_usd, 6),
        **(facts or {}),
    }
    return Transcript(agent, model, {"task": task, "version": model, "metadata": metadata, "messages": messages})


def _turns(message: Message, agent: str, model: str) -> Iterator[JsonValue]:
    content = message["content"]
    if message["role"] == "assistant":
        yield _said(content, agent, model)
        return
    if isinstance(content, str):
        yield {"role": "user", "content": content}
        return
    for part in content:
        if part.get("type") == "tool_result":
            text = result_text(part)
            answer: dict[str, JsonValue] = {"role": "tool", "tool_call_id": part["tool_use_id"], "content": text}
            yield {**answer, "is_error": True} if part.get("is_error") else answer
        elif part.get("type") == "text":
            yield {"role": "user", "content": part["text"]}


def _said(content: Any, agent: str, model: str) -> JsonValue:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    calls: list[JsonValue] = [
        {"id": part["id"], "name": part["name"], "arguments": json.loads(json.dumps(part.get("input")))}
        for part in parts
        if part.get("type") == "tool_use"
    ]
    text = "\n".join(part["text"] for part in parts if part.get("type") == "text")
    said: dict[str, JsonValue] = {"role": "assistant", "name": agent, "model": model, "content": text}
    return {**said, "tool_calls": calls} if calls else said
