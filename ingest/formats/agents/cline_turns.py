"""Builds the steps of a Cline or Roo task out of its turns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Message, ToolCall, Usage
from ..chat import content_text, to_messages
from ..dialogue.speakers import heard
from ..fields import count, mapping, number, optional_text, sequence, time_ns
from ..messages import usage_of
from ..session import SessionBuilder

_RESULT = re.compile(r"^\[(?P<tool>\w[\w.-]*)(?P<what>[^\n]{0,2000}?)\] Result:[ \t]*\n?")
_CALL = re.compile(r"<([a-z]+(?:_[a-z]+)+)>\s*(<.*?|.*?)</\1>", re.DOTALL)
_ARGUMENT = re.compile(r"<([a-z_]+)>\n?(.*?)\n?</\1>", re.DOTALL)
_FEEDBACK = re.compile(r"<(feedback|user_message|answer)>\s*(.*?)\s*</\1>", re.DOTALL)
_FAILED = re.compile(r"(?:The tool execution failed|Error executing|\[ERROR\]|<error>|The user denied this operation)")
_HARNESS = ("[ERROR]", "[TASK RESUMPTION]", "# task_progress", "# TODO LIST", "Note:", "[NOTE]")
_SPEECH = {"attempt_completion": "result", "ask_followup_question": "question", "plan_mode_respond": "response"}
"""Tools by which the agent talks to the person, and the argument that is said: words, and no calls."""


@dataclass(slots=True)
class Turns:
    """The steps so far, and the calls of the last answer that wait for a result."""

    builder: SessionBuilder
    waiting: list[ToolCall] = field(default_factory=list)
    spoken: set[str | None] = field(default_factory=set)
    """Ids of calls that were words."""
    images: int = 0

    def add(self, turn: dict[str, JsonValue], key: str) -> None:
        """The next turn."""
        moment = time_ns(turn.get("ts"))
        if turn.get("isSummary"):
            self.builder.compacted(content_text(turn.get("content")), key=key, time_ns=moment)
        elif turn.get("role") == "assistant":
            self._answer(turn, key, moment)
        else:
            self._heard(turn, key, moment)

    def _answer(self, turn: dict[str, JsonValue], key: str, moment: int | None) -> None:
        whole = _with_calls(to_messages(turn)[-1], key)
        self.spoken.update(call.id for call in whole.tool_calls if call.name in _SPEECH)
        message = _with_speech(whole)
        self.waiting = list(message.tool_calls)
        metrics = mapping(turn.get("metrics"))
        span = self.builder.answered(message, key=key, time_ns=moment, usage=_usage(metrics, turn))
        span.model = optional_text(mapping(turn.get("modelInfo")).get("modelId") or turn.get("model"))
        span.cost_usd = number(metrics.get("cost"))

    def _heard(self, turn: dict[str, JsonValue], key: str, moment: int | None) -> None:
        content = turn.get("content")
        parts = [mapping(part) for part in sequence(content)] or [{"type": "text", "text": content_text(content)}]
        given: list[JsonValue] = [part for part in parts if part.get("type") == "tool_result"]
        replies: list[str] = []
        for result in to_messages({"role": "user", "content": given}) if given else ():
            if result.tool_call_id not in self.spoken:
                self._returned(result.content, result.tool_call_id, key, moment, failed=result.is_error)
            replies.append(result.content)
        texts = [as_text(part.get("text")) for part in parts if part.get("type") == "text"]
        self.images += sum(part.get("type") == "image" for part in parts)
        results, others = _sorted(texts)
        for tool, body in results:
            if tool not in _SPEECH:
                self._returned(body, self._answered_call(tool), key, moment, failed=bool(_FAILED.match(body)))
            replies.append(body)
        feedback = [found[2] for body in replies for found in _FEEDBACK.finditer(body)]
        self._said(others, feedback, is_answer=bool(replies), key=key, moment=moment)

    def _said(self, texts: list[str], feedback: list[str], *, is_answer: bool, key: str, moment: int | None) -> None:
        words: list[str] = []
        for text in texts:
            parts = heard(text)
            for notice in parts.notices:
                if notice.is_event:
                    said = Message("system", notice.text, name=notice.name)
                    self.builder.said(said, key=f"{key}.{notice.name}", time_ns=moment)
                    words += [found[2] for found in _FEEDBACK.finditer(notice.text)]
                else:
                    self.builder.told(notice.text, notice.name)
            is_tagged = bool(parts.person) and parts.person != text.strip()
            if parts.person.lstrip().startswith(_HARNESS) or (is_answer and not is_tagged):
                self.builder.told(parts.person, "harness")
            elif parts.person:
                words.append(parts.person)
        if whole := "\n".join(words + feedback):
            self.builder.said(Message("user", whole), key=f"{key}.said", time_ns=moment)

    def _answered_call(self, tool: str) -> str | None:
        """The call that a result under a tool's name answers: the oldest one by that name that waits."""
        return next((call.id for call in self.waiting if call.name == tool), None)

    def _returned(self, text: str, call: str | None, key: str, moment: int | None, *, failed: bool) -> None:
        name = next((one.name for one in self.waiting if one.id == call), None)
        self.waiting = [one for one in self.waiting if one.id != call]
        message = Message("tool", text.strip(), tool_call_id=call, name=name, is_error=failed)
        self.builder.returned(message, key=f"{key}.{len(self.builder.spans)}", time_ns=moment)


def _with_calls(message: Message, key: str) -> Message:
    """The answer with the calls that stand in its text as tags."""
    if message.tool_calls:
        return message
    calls = tuple(
        ToolCall(call[1], dict(_ARGUMENT.findall(call[2])), f"{key}.{index}")
        for index, call in enumerate(_CALL.finditer(message.content))
    )
    return replace(message, tool_calls=calls)


def _with_speech(message: Message) -> Message:
    """The answer with what it says to the person by way of a tool as its words."""
    said = [call for call in message.tool_calls if call.name in _SPEECH]
    if not said:
        return message
    words = [as_text(mapping(call.arguments).get(_SPEECH[call.name])).strip() for call in said]
    before = _CALL.sub(lambda call: "" if call[1] in _SPEECH else call[0], message.content).strip()
    calls = tuple(call for call in message.tool_calls if call.name not in _SPEECH)
    return replace(message, content="\n".join(filter(None, (before, *words))), tool_calls=calls)


def _sorted(texts: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Results under the name of their tool, with what follows in parts of their own; and the other texts."""
    results: list[tuple[str, str]] = []
    others: list[str] = []
    is_open = False
    for text in texts:
        header = _RESULT.match(text)
        if header:
            body = text[header.end() :]
            results.append((header["tool"], body))
            is_open = not body.strip()
        elif is_open and not heard(text).notices:
            results[-1] = (results[-1][0], text)
            is_open = False
        else:
            others.append(text)
    return results, others


def _usage(metrics: dict[str, JsonValue], turn: dict[str, JsonValue]) -> Usage | None:
    tokens = mapping(metrics.get("tokens"))
    if not tokens:
        return usage_of(turn.get("usage"))
    cached = count(tokens.get("cached"))
    return Usage(count(tokens.get("prompt")) + cached, count(tokens.get("completion")), cached)
