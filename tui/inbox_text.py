"""A signed fail that waits for an engineer, on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from .gate import cell, joined

if TYPE_CHECKING:
    from ..services.reviewing.inbox import ToComplete

_ID, _WHO = 7, 16


def inbox_row(entry: ToComplete, width: int) -> Content:
    """One fail: who signed it, what was asked, what is wrong."""
    rest = max(width - _ID - _WHO - 2, 16)
    asked = rest * 2 // 5
    return joined(
        cell(entry.verdict.short_id, _ID, "bold"),
        cell(entry.verdict.reviewer_name, _WHO, "$quiet"),
        cell(entry.asked or entry.failed, asked),
        Content("  "),
        cell(entry.says or entry.failed, rest - asked, "$verdict-fail"),
    )
