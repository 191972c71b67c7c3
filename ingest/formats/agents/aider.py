"""Aider's chat history (`.aider.chat.history.md`): a trace for each chat that was started.

Lines after `####` are the person's, lines after `>` are aider's own, the rest is the model's. Edits, commits and
commands that aider reports are tool steps; other lines of its own are shown as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ....model.traces import Message, SpanBatch, StepKind, ToolCall, TraceFacts, Usage
from ..fields import span_id_of, time_ns
from ..head import Head
from ..records import ReadItem, Source
from ..session import SessionBuilder, left_out_of

CONVENTION = "aider"
_AGENT = "aider"
_START = "# aider chat started at "
_TOKENS = re.compile(r"Tokens: (?P<rest>.*? received)\.?")
_AMOUNT = re.compile(r"([\d.,]+)([kM]?) (sent|cache write|cache hit|received)")
_COST = re.compile(r"Cost: \$([\d.]+) message")
_MODEL = re.compile(r"(?:Main model|Model): (\S+)")
_DONE = (
    (re.compile(r"Applied edit to (?P<path>.+)"), "apply_edit", False),
    (re.compile(r"Commit [0-9a-f]{6,40} (?P<message>.*)"), "git_commit", False),
    (re.compile(r"Running (?P<command>.+)"), "run_command", False),
    (re.compile(r"(?P<problem>The LLM did not conform to the edit format.*)"), "apply_edit", True),
    (re.compile(r"(?P<problem>Failed to (?:apply|write|edit).*)"), "apply_edit", True),
)
_ASKING_COMMANDS = ("/ask", "/code", "/architect", "/context")
"""Commands whose argument is a request to the model."""
_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}


def sniff(head: Head) -> bool:
    """Whether the text begins as a chat's history."""
    return head.data.lstrip().startswith(_START.encode())


def read(source: Source) -> Iterator[ReadItem]:
    """A batch a chat; chats in which nobody asked anything are counted."""
    left_out: Counter[str] = Counter()
    is_empty = True
    for started, lines in _chats(source):
        chat = _Chat(started, lines)
        batch = chat.batch()
        if batch is None:
            left_out["chats without a question"] += 1
            continue
        is_empty = False
        yield batch
    if is_empty:
        yield source.error("file", "The history holds no chat in which something was asked.")
        return
    yield from left_out_of(source.file, left_out)


def _chats(source: Source) -> Iterator[tuple[str, list[str]]]:
    text = source.read_all().decode("utf-8", "replace")
    started, lines = "", list[str]()
    for line in text.splitlines():
        if line.startswith(_START):
            if lines:
                yield started, lines
            started, lines = line.removeprefix(_START).strip(), []
        else:
            lines.append(line)
    if lines:
        yield started, lines


@dataclass(slots=True)
class _Chat:
    started: str
    lines: list[str]
    model: str | None = None
    blocks: list[tuple[str, list[str]]] = field(default_factory=list)

    def batch(self) -> SpanBatch | None:
        """The chat's steps; None where nobody asked and nothing was answered."""
        for line in self.lines:
            self._take(line)
        asked = next((lines for kind, lines in self.blocks if kind == "####"), None)
        if asked is None:
            return None
        key = f"aider-{span_id_of(self.started, *asked)}"
        builder = SessionBuilder(key, CONVENTION, _AGENT)
        moment = time_ns(self.started)
        for index, (kind, lines) in enumerate(self.blocks):
            self._step(builder, kind, lines, index, moment)
        return SpanBatch(builder.spans, [TraceFacts(key)])

    def _take(self, line: str) -> None:
        kind = next((mark for mark in ("####", ">") if line == mark or line.startswith(f"{mark} ")), "")
        text = line.removeprefix(kind).removeprefix(" ") if kind else line
        if self.blocks and self.blocks[-1][0] == kind:
            self.blocks[-1][1].append(text)
        elif text.strip():
            self.blocks.append((kind, [text]))

    def _step(self, builder: SessionBuilder, kind: str, lines: list[str], index: int, moment: int | None) -> None:
        text = "\n".join(line.rstrip() for line in lines).strip()
        if kind == ">":
            self._reported(builder, [line.strip() for line in lines], index)
        elif kind == "####":
            command = text.split(maxsplit=1)[0] if text else ""
            if command.startswith(("/", "!")) and command not in _ASKING_COMMANDS:
                builder.said(Message("system", text, name="command"), key=f"{index}", time_ns=moment)
            elif text:
                builder.said(Message("user", text), key=f"{index}", time_ns=moment)
        elif text:
            span = builder.answered(Message("assistant", text), key=f"{index}", time_ns=moment)
            span.model = self.model

    def _reported(self, builder: SessionBuilder, lines: list[str], index: int) -> None:
        """What aider says of itself: tokens for the last answer, things done as tool steps, the rest as it is."""
        rest: list[str] = []
        for place, line in enumerate(lines):
            if model := _MODEL.search(line):
                self.model = model[1]
            if (tokens := _TOKENS.match(line)) is not None:
                _count(builder, tokens["rest"], line)
            elif done := _done(line, f"{index}.{place}"):
                call, failed = done
                builder.calls[f"{index}.{place}"] = (call, None)
                message = Message("tool", line, tool_call_id=call.id, is_error=failed)
                builder.returned(message, key=f"{index}.{place}", time_ns=None)
            elif line:
                rest.append(line)
        if rest:
            builder.said(Message("system", "\n".join(rest), name="aider"), key=f"{index}", time_ns=None)


def _done(line: str, key: str) -> tuple[ToolCall, bool] | None:
    """What a line says that aider did, and whether it failed."""
    for pattern, name, failed in _DONE:
        if found := pattern.fullmatch(line):
            return ToolCall(name, dict(found.groupdict()), key), failed
    return None


def _count(builder: SessionBuilder, amounts: str, line: str) -> None:
    answer = next((span for span in reversed(builder.spans) if span.kind is StepKind.LLM), None)
    if answer is None:
        return
    told = {what: float(size.replace(",", "")) * _FACTORS[unit] for size, unit, what in _AMOUNT.findall(amounts)}
    hit, written = int(told.get("cache hit", 0)), int(told.get("cache write", 0))
    more = Usage(int(told.get("sent", 0)) + hit + written, int(told.get("received", 0)), hit, written)
    answer.usage = (answer.usage or Usage()) + more
    if cost := _COST.search(line):
        answer.cost_usd = (answer.cost_usd or 0) + float(cost[1])
