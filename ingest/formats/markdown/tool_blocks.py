"""Thoughts and tool uses that stand in the text of a Markdown chat as folded blocks, as SpecStory writes them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from ....model.traces import JsonValue
from ..chat import json_or_text
from ..dialogue.headlines import exit_code
from ..dialogue.refusals import persons_decision

_THINK = re.compile(r"<think>(.*?)</think>", re.DOTALL)
_TOOL = re.compile(r"<tool-use\b([^>]*)>(.*?)</tool-use>", re.DOTALL)
_FOLDED = re.compile(r"<details>\s*<summary>Tool use: \*\*[^*\n]+\*\*.*?</summary>.*?</details>", re.DOTALL)
_WRITTEN = re.compile(
    r"^\*\*Tool: (?P<name>[^*\n]{1,200})\*\*[ \t]*\n+"
    r"(?:\*\*Input:\*\*[ \t]*\n```\w*\n(?P<given>.*?)\n```[ \t]*(?:\n+|\Z))?"
    r"(?:\*\*(?P<how>Output|Error):\*\*[ \t]*\n```\w*\n(?P<came>.*?)\n?```[ \t]*(?=\n\s*\n|\s*\Z))?",
    re.DOTALL | re.MULTILINE,
)
"""A tool's use as opencode writes it: its name, then input and output as blocks of code."""
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
_NAMED = re.compile(r"\*\*([^*\n]{1,200})\*\*(?:[ \t]*[•·|:-][ \t]*(.*))?", re.DOTALL)
_ATTRIBUTE = re.compile(r'data-tool-(name|type)="([^"]*)"')
_LAST_BLOCK = re.compile(r"(?:^|\n)(`{3,})(\w*)[^\n]*\n(.*?)\n?\1[ \t]*(?=\n|\Z)", re.DOTALL)
_CODE = re.compile(r"(?:^|\n)`([^`\n]+)`[ \t]*(?=\n|\Z)")
_TAGS = re.compile(r"</?(?:details|summary|tool-use)\b[^>]*>")
_FAILED = re.compile(r"\s*(?:<tool_use_error>|Error:|\[?ERROR\b|Traceback \(most recent)")


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool's use in a text."""

    name: str
    given: JsonValue
    result: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A turn of an agent, taken apart."""

    words: str
    thought: str
    uses: tuple[ToolUse, ...]


def taken_apart(text: str) -> Said:
    """Words, thoughts and tool uses of an agent's turn; a use that is written down twice, the second empty, is one.

    Cost: linear in the text.
    """
    thoughts = [_unfolded(found[1]) for found in _THINK.finditer(text)]
    text = _THINK.sub("", text)
    uses: list[ToolUse] = []
    for pattern in (_TOOL, _FOLDED):
        for found in pattern.finditer(text):
            attributes, body = (found[1], found[2]) if pattern is _TOOL else ("", found[0])
            use = _use(dict(_ATTRIBUTE.findall(attributes)), body)
            if not (uses and uses[-1].name == use.name and not use.given and not use.result):
                uses.append(use)
        text = pattern.sub("", text)
    for found in _WRITTEN.finditer(text):
        result = found["came"] or ""
        failed = found["how"] == "Error" or _is_failed(result)
        uses.append(ToolUse(found["name"].strip(), json_or_text(found["given"]), result, failed))
    text = _WRITTEN.sub("", text)
    return Said(_plain(text), "\n".join(filter(None, thoughts)), tuple(uses))


def _use(attributes: dict[str, str], body: str) -> ToolUse:
    summary = _SUMMARY.search(body)
    named = _NAMED.search(summary[1]) if summary else None
    name = attributes.get("name") or (named[1] if named else "tool")
    rest = html.unescape(_TAGS.sub("", _SUMMARY.sub("", body))).strip()
    given: dict[str, JsonValue] = {}
    if named and named[2] and named[2].strip():
        given["summary"] = named[2].strip()
    blocks = list(_LAST_BLOCK.finditer(rest))
    result = ""
    if blocks and blocks[-1].end() >= len(rest) and blocks[-1][2] != "diff":
        result = blocks[-1][3]
        rest = rest[: blocks[-1].start()].strip()
    code = _CODE.search(rest)
    if code and attributes.get("type") in ("shell", None):
        given["command"] = code[1]
        rest = (rest[: code.start()] + rest[code.end() :]).strip()
    if rest:
        given["text"] = rest
    return ToolUse(name, given or None, result, _is_failed(result))


def _is_failed(result: str) -> bool:
    """Whether a result says that the call failed, or that a person stopped it."""
    return exit_code(result) not in (None, 0) or bool(_FAILED.match(result)) or persons_decision(result) is not None


def _unfolded(text: str) -> str:
    return _TAGS.sub("", _SUMMARY.sub("", text)).strip()


def _plain(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()
