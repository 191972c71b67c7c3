"""News of reviewing in words: the subject of a mail, its text, a message for a chat."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.text.display import safe_line
from .news import News, NewsKind

_SHOWN = 20
"""Lines of one kind in a message."""
_HEADS = {
    NewsKind.NEW: "New",
    NewsKind.DUE: "Due within a day",
    NewsKind.ASKED: "A question for you",
    NewsKind.DECIDED: "Decided",
    NewsKind.CALLED: "Said to you",
}


def subject(news: Sequence[News]) -> str:
    """How much there is of each kind: `Reviews: 2 new, 1 due`."""
    kinds = [f"{sum(entry.kind is kind for entry in news)} {kind.value}" for kind in _HEADS]
    return "Reviews: " + ", ".join(told for told in kinds if not told.startswith("0 "))


def message_text(news: Sequence[News], page: str | None) -> str:
    """The news as plain text, by kind; every word of a trace or person on one line, through the render gate."""
    lines: list[str] = []
    for kind, head in _HEADS.items():
        entries = [entry for entry in news if entry.kind is kind]
        if entries:
            lines += ["", f"{head} ({len(entries)}):"]
            lines += [_line(entry, page) for entry in entries[:_SHOWN]]
        if len(entries) > _SHOWN:
            lines.append(f"- and {len(entries) - _SHOWN} more")
    return "\n".join(lines).strip()


def _line(entry: News, page: str | None) -> str:
    where = f" {page.rstrip('/')}/item/{entry.item.id}" if page else f" ({entry.item.short_id})"
    words = f" – {safe_line(entry.words, 200)}" if entry.words else ""
    return f"- {safe_line(entry.item.question, 160)}{words}{where}"


def chat_text(news: Sequence[News], page: str | None) -> str:
    """`message_text` for Slack, which reads `<…>` as links and calls to everybody; a text has none."""
    return message_text(news, page).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
