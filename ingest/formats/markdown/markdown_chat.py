"""Chats exported as Markdown: Cline and Roo, SpecStory, and any other with a heading for every turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from ....model.traces import JsonValue, Message, SpanBatch, ToolCall, TraceFacts
from ..agents.cline_turns import Turns
from ..dialogue.textloop import with_results
from ..evaluated import Evaluated, evaluated_batch
from ..fields import digest_of
from ..head import HEAD_BYTES, Head
from ..records import ReadItem, Source, opened
from ..session import SessionBuilder
from .headed import Headed, headed_turns, is_chat
from .tool_blocks import taken_apart

CONVENTION = "markdown-chat"
_SESSION = re.compile(r"(?:<!--[ \t]*(?P<product>[^\n<>]{1,60}?) Session |\*\*Session ID:\*\* )(?P<id>[\w-]{6,80})")
_TOOL_MARKS = ("<tool-use", "Tool use: **", "**Tool: ")
_CLINE = re.compile(r"^(?:<environment_details>|\[\w+(?: for [^\n]*)?\] Result:|\[Tool Use: \w+\])", re.MULTILINE)
_CLINE_PARTS = re.compile(
    r"^(?=[ \t]*(?:<environment_details>|<feedback>|<user_message>|# task_progress\b|# TODO LIST\b|"
    r"\[\w+(?: for [^\n]*)?\] Result:))",
    re.MULTILINE,
)
_TOOL_USE = re.compile(r"^\[Tool Use: (?P<name>[\w.:/-]+)\]\n?(?P<given>(?:.+\n?)*)", re.MULTILINE)
_TOOL_BACK = re.compile(r"^\[(?P<name>Tool|[a-z]\w*_\w+)(?P<failed> \(Error\))?\]\n", re.MULTILINE)
_GIVEN = re.compile(r"^(\w[\w ]*): (.*)$", re.MULTILINE)


def sniff(head: Head) -> bool:
    """Whether a text has turns of a person and an agent under headings."""
    return head.data.lstrip()[:1] in (b"<", b"#", b"*", b"_", b"-") and is_chat(head.data.decode("utf-8", "replace"))


def is_chat_file(path: Path) -> bool:
    """Whether a Markdown file of a folder is a chat, by its beginning."""
    if path.suffix.lower() != ".md":
        return False
    try:
        with opened(path) as stream:
            return sniff(Head(path.name, stream.read(HEAD_BYTES)))
    except OSError:
        return False


def read(source: Source) -> Iterator[ReadItem]:
    """One batch: the chat."""
    text = source.read_all().decode("utf-8", "replace").removeprefix("\ufeff")
    before, turns = headed_turns(text)
    source.limits.check_steps(len(turns), where="file")
    if not {"user", "assistant"} <= {turn.role for turn in turns}:
        what = "No chat: a heading such as **User:** or ## Assistant has to stand over every turn of both sides."
        yield source.error("file", what)
        return
    session = _SESSION.search(before)
    key = session["id"] if session else f"{PurePath(source.name).stem}-{digest_of(text)}"
    if session or any(mark in line for turn in turns for line in turn.lines for mark in _TOOL_MARKS):
        log = _Folded(SessionBuilder(key, CONVENTION, session["product"] if session else None))
        log.add_all(turns)
        yield SpanBatch(log.builder.spans, [TraceFacts(key, session=session["id"] if session else None)])
    elif _CLINE.search(text):
        reader = Turns(SessionBuilder(key, CONVENTION, "cline"))
        for index, turn in enumerate(_cline_turns(turns)):
            reader.add(turn, f"{index}.{digest_of(turn)}")
        yield SpanBatch(reader.builder.spans, [TraceFacts(key)])
    else:
        plain: list[JsonValue] = [_plain(turn) for turn in turns if turn.text.strip()]
        yield evaluated_batch(Evaluated(key, with_results(plain)), CONVENTION, source, "file")


def _plain(turn: Headed) -> JsonValue:
    said = taken_apart(turn.text)
    return {
        "role": turn.role, "content": said.words or turn.text, "reasoning": said.thought or None,
        "timestamp": turn.moment, "model": turn.model if turn.role == "assistant" else None,
    }  # fmt: skip


@dataclass(slots=True)
class _Folded:
    """The steps of a chat whose tool uses are folded blocks; several headings may stand over one answer."""

    builder: SessionBuilder
    thoughts: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    latest: Headed | None = None

    def add_all(self, turns: list[Headed]) -> None:
        """Takes in all turns."""
        for index, turn in enumerate(turn for turn in turns if turn.text.strip()):
            if turn.role != "assistant":
                self._answer((), f"{index}.before")
                self.builder.spoken(turn.text, key=str(index), time_ns=turn.moment)
                continue
            said = taken_apart(turn.text)
            self.latest = turn
            self.thoughts.append(said.thought)
            self.words.append(said.words)
            if said.uses:
                calls = tuple(ToolCall(use.name, use.given, f"{index}.{n}") for n, use in enumerate(said.uses))
                self._answer(calls, str(index))
                for call, use in zip(calls, said.uses, strict=True):
                    message = Message("tool", use.result, tool_call_id=call.id, is_error=use.is_error)
                    self.builder.returned(message, key=f"{call.id}.result", time_ns=turn.moment)
        self._answer((), "last")

    def _answer(self, calls: tuple[ToolCall, ...], key: str) -> None:
        words, thought = "\n\n".join(filter(None, self.words)), "\n".join(filter(None, self.thoughts))
        if self.latest is not None and (words or thought or calls):
            message = Message("assistant", words, calls, reasoning=thought or None)
            span = self.builder.answered(message, key=f"{key}.answer", time_ns=self.latest.moment)
            span.model = self.latest.model
        self.words, self.thoughts, self.latest = [], [], None


def _cline_turns(turns: list[Headed]) -> Iterator[dict[str, JsonValue]]:
    """The turns as Cline keeps them: parts of text, calls and results."""
    waiting: list[str] = []
    for index, turn in enumerate(turns):
        if turn.role == "assistant":
            calls = list(_TOOL_USE.finditer(turn.text))
            words: JsonValue = {"type": "text", "text": _TOOL_USE.sub("", turn.text).strip()}
            uses: list[JsonValue] = []
            for place, call in enumerate(calls):
                waiting.append(f"{index}.{place}")
                given = {name.strip().lower(): value for name, value in _GIVEN.findall(call["given"])}
                uses.append({"type": "tool_use", "id": waiting[-1], "name": call["name"], "input": given})
            yield {"role": "assistant", "content": [words, *uses]}
        else:
            yield {"role": turn.role, "content": list(_heard(turn.text, waiting))}


def _heard(text: str, waiting: list[str]) -> Iterator[JsonValue]:
    """The parts of a text in the user role: results of calls, what the person says, what Cline puts beside it."""
    for part in _CLINE_PARTS.split(text):
        back = _TOOL_BACK.match(part)
        if back and waiting:
            content = part[back.end() :].strip()
            yield {
                "type": "tool_result", "tool_use_id": waiting.pop(0), "content": content,
                "is_error": back["failed"] is not None,
            }  # fmt: skip
        elif part.strip():
            yield {"type": "text", "text": part.strip()}
