"""Does a tool change the world or only look at it? What its role says, as far as the tool alone can tell."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from .tools.tool_roles import READ_VERBS, WRITE_VERBS, ToolFact, ToolRole, infer_tool, words_of

_LINKS = 3
"""Words this short (by, of, for, id, api) say little of what a tool is about."""


class Effect(StrEnum):
    """What a tool does to the world."""

    READ = "read"
    WRITE = "write"
    UNKNOWN = "unknown"


@lru_cache(maxsize=4096)
def effect_of(tool: str) -> Effect:
    """Effect as far as the tool's name tells.

    >>> effect_of("issue_refund"), effect_of("orders.getStatus"), effect_of("frobnicate")
    (<Effect.WRITE: 'write'>, <Effect.READ: 'read'>, <Effect.UNKNOWN: 'unknown'>)
    """
    return effect_by(infer_tool(tool))


def effect_by(fact: ToolFact) -> Effect:
    """Effect of a tool of known role; what runs commands depends on the command."""
    if fact.role is ToolRole.WRITE:
        return Effect.WRITE
    if fact.role in (ToolRole.READ, ToolRole.NOTE, ToolRole.ASK):
        return Effect.READ
    if fact.role is ToolRole.HANDOVER:
        return Effect.WRITE if words_of(fact.name) & WRITE_VERBS else Effect.UNKNOWN
    return Effect.UNKNOWN


@lru_cache(maxsize=4096)
def things_of(tool: str) -> frozenset[str]:
    """What a tool is about: the words of its name that are neither verbs nor what only links them.

    >>> sorted(things_of("find_user_id_by_email") & things_of("find_user_id_by_name_zip"))
    ['user']
    """
    return frozenset(word for word in words_of(tool) if len(word) > _LINKS) - READ_VERBS - WRITE_VERBS


def hands_over(tool: str) -> bool:
    """Does the tool pass the conversation on to a person or another agent, rather than change anything?

    >>> hands_over("transfer_to_human_agents"), hands_over("transfer_funds")
    (True, False)
    """
    return infer_tool(tool).role is ToolRole.HANDOVER
