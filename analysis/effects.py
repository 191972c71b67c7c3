"""Does a tool change the world or only look at it? Told from its name, as people name tools by verbs."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WRITE = _words("""
    accept activate add append apply approve archive assign book buy cancel change charge clear close commit
    create deactivate delete deploy disable dispatch drop edit email enable exchange execute file grant import
    insert install invite issue kill launch lock merge modify move notify open order overwrite patch pay place
    post publish purchase push put rebook refund reject release remove rename replace reply reschedule reserve
    reset resolve restart restore return revoke save schedule sell send set ship sign start stop submit
    subscribe sync terminate transfer trigger unlock unsubscribe update upload upsert void withdraw write
""")
_READ = _words("""
    analyze browse calculate check classify compare compute convert count describe detect diff download estimate
    evaluate explain extract fetch find get glob grep inspect list load locate look lookup ls match parse peek
    preview print query read recall retrieve review scan scrape search select show summarize test translate
    validate verify view visit watch
""")


_LINKS = 3
"""Words this short (by, of, for, id, api) say little of what a tool is about."""
_HANDOVER = re.compile(r"(?i)transfer_?to|hand_?(?:off|over)|escalat|human|forward_to")


class Effect(StrEnum):
    """What a tool does to the world."""

    READ = "read"
    WRITE = "write"
    UNKNOWN = "unknown"


@lru_cache(maxsize=4096)
def effect_of(tool: str) -> Effect:
    """Effect by the first verb in the tool's name.

    >>> effect_of("issue_refund"), effect_of("orders.getStatus"), effect_of("frobnicate")
    (<Effect.WRITE: 'write'>, <Effect.READ: 'read'>, <Effect.UNKNOWN: 'unknown'>)
    """
    for word in (match.group().lower() for match in _WORD.finditer(tool[:200])):
        if word in _READ:
            return Effect.READ
        if word in _WRITE:
            return Effect.WRITE
    return Effect.UNKNOWN


@lru_cache(maxsize=4096)
def things_of(tool: str) -> frozenset[str]:
    """What a tool is about: the words of its name that are neither verbs nor what only links them.

    >>> sorted(things_of("find_user_id_by_email") & things_of("find_user_id_by_name_zip"))
    ['user']
    """
    words = {match.group().lower() for match in _WORD.finditer(tool[:200])}
    return frozenset(word for word in words if len(word) > _LINKS) - _READ - _WRITE


def hands_over(tool: str) -> bool:
    """Does the tool pass the conversation on to a person or another agent, rather than change anything?

    >>> hands_over("transfer_to_human_agents"), hands_over("transfer_funds")
    (True, False)
    """
    return bool(_HANDOVER.search(tool[:200]))
