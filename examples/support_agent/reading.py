"""What the scripted model understands of a conversation: wishes, orders, tool results, and its instructions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from .messages import Turn, blocks

_ORDER_ID = re.compile(r"\bR-\d{4}\b")
_ADDRESS = re.compile(r"\bto ([A-Z0-9][^.?!]*\d[^.?!]*)")
_WISHES = {
    "refund": ("refund", "money back"),
    "mail": ("email", "e-mail", "in writing"),
    "address": ("new address", "change the address", "deliver it to", "ship it to"),
    "status": ("where is", "status of", "arrived yet", "on its way"),
    "rule": ("how long", "how many days", "how fast", "warranty", "can i return", "price", "delivery", "window"),
}
_INSTRUCTIONS = {
    "check_policy": "check the return policy before you issue a refund",
    "admit_failure": "if a tool fails, try once more",
    "only_found": "only when a tool result states it",
    "find_meant": "find the order that the customer means",
    "mail_first": "before you say that you sent one",
}


@dataclass(frozen=True, slots=True)
class Used:
    """A tool call of the conversation and its result."""

    tool: str
    arguments: dict[str, Any]
    result: Any
    failed: bool


@dataclass(slots=True)
class View:
    """A conversation as the model sees it when it is asked for the next message."""

    asked: str = ""
    """The customer's latest message."""
    earlier: list[str] = field(default_factory=list)
    """The customer's messages before that."""
    now: list[Used] = field(default_factory=list)
    """Tools used since the latest message."""
    before: list[Used] = field(default_factory=list)
    rules: frozenset[str] = frozenset()
    """Which of the known instructions the system prompt gives."""

    @property
    def wishes(self) -> set[str]:
        """What the latest message asks for."""
        text = self.asked.lower()
        return {wish for wish, phrases in _WISHES.items() if any(phrase in text for phrase in phrases)}

    @property
    def named_order(self) -> str | None:
        """The order number in the latest message."""
        found = _ORDER_ID.search(self.asked)
        return found.group() if found else None

    @property
    def known_order(self) -> str | None:
        """The order number last spoken of before."""
        found = _ORDER_ID.findall(" ".join(self.earlier))
        return found[-1] if found else None

    @property
    def address(self) -> str | None:
        """The new address in the latest message."""
        found = _ADDRESS.search(self.asked)
        return found.group(1).strip() if found else None

    def used(self, tool: str) -> list[Used]:
        """Calls of a tool since the latest message."""
        return [use for use in self.now if use.tool == tool]

    def orders(self) -> list[dict[str, Any]]:
        """Every order that a tool has shown in this conversation, latest first."""
        shown: list[dict[str, Any]] = []
        for use in reversed(self.before + self.now):
            results = use.result if isinstance(use.result, list) else [use.result]
            shown += [r for r in results if isinstance(r, dict) and "item" in r]
        return shown


def read(system: str, messages: list[Turn]) -> View:
    """The view of a conversation, whose tool results stand in user messages."""
    text = " ".join(system.lower().split())
    view = View(rules=frozenset(name for name, phrase in _INSTRUCTIONS.items() if phrase in text))
    calls: dict[str, dict[str, Any]] = {}
    for message in messages:
        for block in blocks(message["content"]):
            if block["type"] == "tool_use":
                calls[block["id"]] = block
            elif block["type"] == "tool_result":
                view.now.append(_used(calls[block["tool_use_id"]], block))
            elif message["role"] == "user":
                if view.asked:
                    view.earlier.append(view.asked)
                view.asked = block["text"]
                view.before, view.now = view.before + view.now, []
    return view


def _used(call: dict[str, Any], result: dict[str, Any]) -> Used:
    content = result["content"]
    try:
        value = json.loads(content)
    except ValueError:
        value = content
    return Used(call["name"], call["input"], value, bool(result.get("is_error")))


def item_matches(item: str, text: str) -> bool:
    """Whether a text speaks of an item: it holds a distinctive word of the item's name."""
    words = set(re.findall(r"[a-z]{3,}", text.lower()))
    return bool(words & set(item.lower().split()[1:]))
