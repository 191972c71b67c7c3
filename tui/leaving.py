"""Telling an error of the app from work that came too late: the screen it was for has been left meanwhile."""

from __future__ import annotations

import traceback

from textual.app import ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.screen import Screen
from textual.worker import WorkerFailed


def is_going(node: DOMNode) -> bool:
    """Whether a widget, or something around it, is being taken away or has been: its children may be gone already."""
    # Textual has no public word for a node on its way out; its marks are the only ones that are set in time.
    return not node.is_attached or any(part._pruning or part._closing for part in node.ancestors_with_self)


def came_too_late(error: BaseException) -> bool:
    """Whether an error only says that a widget was asked of something that is going.

    A key can close a screen while a message for it, a worker or Textual's own palette is still under way.
    """
    while isinstance(error, WorkerFailed):
        error = error.error
    asked = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
    nodes = [node for node in asked if isinstance(node, DOMNode)]
    if isinstance(error, ScreenStackError):  # a second Enter in the palette closes it twice
        return any(isinstance(node, Screen) and node not in node.app.screen_stack for node in nodes)
    return isinstance(error, NoMatches) and bool(nodes) and is_going(nodes[-1])
