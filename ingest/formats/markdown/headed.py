"""The turns of a Markdown chat: told by headings that name a speaker, all in one style."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..fields import time_ns

_HEADING = re.compile(
    r"(?P<hashes>#{1,6}[ \t]+)?(?P<before>[_*]{0,3})[^\w\n*_#`<>|-]{0,4}(?P<who>[A-Za-z][\w .-]{0,40}?)"
    r"(?:[ \t]*\((?P<about>[^()\n]{0,160})\))?(?P<said>[ \t]+(?:said|says|wrote))?[ \t]*:?(?P<after>[_*]{0,3}):?[ \t]*"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_RULE = re.compile(r"[ \t]{0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*")
_ROLES = {
    **dict.fromkeys(("user", "human", "you", "me", "prompt", "person", "customer"), "user"),
    **dict.fromkeys(
        ("assistant", "agent", "ai", "bot", "model", "chatgpt", "gpt", "claude", "claude code", "gemini", "gemini cli",
         "copilot", "github copilot", "cursor", "cline", "roo", "roo code", "codex", "windsurf", "cascade", "deepseek",
         "grok", "llm", "response", "ai assistant", "amp", "opencode", "kiro", "droid", "mistral", "perplexity"),
        "assistant"),
    **dict.fromkeys(("system", "system prompt"), "system"),
    **dict.fromkeys(("tool", "tool result", "tool output", "tool response", "function", "observation"), "tool"),
}  # fmt: skip
_LOOKED_AT = 400
"""Characters of a line: a longer one is no heading."""


@dataclass(slots=True)
class Headed:
    """One turn: who speaks, what the heading says of it, and the text under it."""

    role: str
    who: str
    model: str | None
    moment: int | None
    style: tuple[int, str]
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words, without the rule that parts them from the next turn."""
        lines = list(self.lines)
        while lines and (not lines[-1].strip() or _RULE.fullmatch(lines[-1])):
            lines.pop()
        return "\n".join(lines).strip("\n")


def headed_turns(text: str) -> tuple[str, list[Headed]]:
    """What stands before the first turn, and the turns; headings in another style than the first belong to the text.

    Cost: linear in the text.
    """
    before: list[str] = []
    turns: list[Headed] = []
    fence = ""
    last = ""
    for line in text.splitlines():
        is_parted = bool(_RULE.fullmatch(last))
        found = _heading(line) if not fence or is_parted else None
        if found is not None and (not turns or found.style == turns[0].style):
            turns.append(found)
            fence = ""
        else:
            fence = _fence_after(fence, line)
            (turns[-1].lines if turns else before).append(line)
        last = line if line.strip() else last
    return "\n".join(before), turns


def is_chat(text: str) -> bool:
    """Whether a text is a chat: a person and an agent both speak, and headings of that style name speakers mostly."""
    before, turns = headed_turns(text)
    roles = {turn.role for turn in turns}
    if not {"user", "assistant"} <= roles:
        return False
    hashes = turns[0].style[0]
    if not hashes:
        return True
    mark = "#" * hashes + " "
    others = [line for held in (before.splitlines(), *(turn.lines for turn in turns)) for line in held]
    return sum(line.startswith(mark) for line in others) <= len(turns)


def _heading(line: str) -> Headed | None:
    bare = line.strip()
    if not bare or len(bare) > _LOOKED_AT or bare[0] not in "#*_":
        return None
    found = _HEADING.fullmatch(bare)
    if found is None or found["before"] != found["after"][::-1]:
        return None
    role = _ROLES.get(found["who"].strip().lower())
    if role is None or not (found["hashes"] or "**" in found["before"] or "__" in found["before"]):
        return None
    moment, model = _about(found["about"] or "")
    return Headed(role, found["who"].strip(), model, moment, (len((found["hashes"] or "").strip()), found["before"]))


def _about(text: str) -> tuple[int | None, str | None]:
    """Time and model out of what stands in brackets behind a speaker."""
    found = _TIME.search(text)
    rest = _TIME.sub("", text).strip(" ,;·|")
    parts = [part.strip() for part in rest.split("·")]
    model = parts[1] if len(parts) > 2 else rest
    return time_ns(found[0].replace(" ", "T")) if found else None, model or None


def _fence_after(fence: str, line: str) -> str:
    """The mark of the code block that is open after a line; empty where none is."""
    found = _FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    closes = line.strip() == found[1] and found[1].startswith(fence)
    return "" if closes else fence
