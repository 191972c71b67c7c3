"""Conversations kept as a tree of versions: the current branch is the run, edited and asked-again turns are others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

_Node = TypeVar("_Node")


def current_branch(nodes: Mapping[str, _Node], parent_of: Callable[[_Node], str | None], leaf: str) -> list[_Node]:
    """The nodes from the root to a leaf, in order; a circle of parents ends where it closes."""
    found: list[_Node] = []
    seen: set[str] = set()
    here: str | None = leaf
    while here is not None and here in nodes and here not in seen:
        seen.add(here)
        found.append(nodes[here])
        here = parent_of(nodes[here])
    return found[::-1]


def newest_leaf(order: Sequence[str], parents: Mapping[str, str | None]) -> str | None:
    """The last node, in the order of time, that nothing follows."""
    followed = {parent for parent in parents.values() if parent}
    return next((node for node in reversed(order) if node not in followed), None)
