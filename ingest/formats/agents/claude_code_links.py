"""How the records of a Claude Code session hang together: which session each is of, which turns were taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ..chat import content_text
from ..dialogue.speakers import heard
from ..fields import mapping, sequence
from ..records import Record

TURNS = ("user", "assistant")


@dataclass(slots=True)
class SessionRecords:
    """The records of one session in the order of the file."""

    key: str
    own: list[Record] = field(default_factory=list)
    inherited: list[Record] = field(default_factory=list)
    """Copies of the turns of the session that this one was forked or resumed from, as far as the file marks them."""


def sessions_of(records: Sequence[Record], stem: str) -> list[SessionRecords]:
    """The sessions that a file holds, in the order in which they begin.

    A file that was resumed or forked from another session begins with a copy of it: its records name the other session
    or say where they were forked from. A session whose records hang on another's is the one that goes on; sessions
    that do not hang together (files that were joined) stay apart.
    """
    homes: dict[str, str] = {}
    continued: dict[str, str] = {}
    for record in records:
        value = mapping(record.value)
        session = as_text(value.get("sessionId"))
        above = homes.get(as_text(value.get("parentUuid") or value.get("logicalParentUuid")))
        if above and session and above != session and session not in _line(above, continued):
            continued[above] = session
        if session and value.get("uuid"):
            homes.setdefault(as_text(value["uuid"]), session)
    found: dict[str, SessionRecords] = {}
    for record in records:
        value = mapping(record.value)
        session = as_text(value.get("sessionId"))
        line = _line(session, continued)
        key = stem if stem in line else line[-1]
        group = found.setdefault(key, SessionRecords(key))
        copied = bool(value.get("forkedFrom")) or session not in ("", key)
        (group.inherited if copied and value.get("type") in TURNS else group.own).append(record)
    if len(found) > 1 and "" in found:
        loose = found.pop("")
        next(iter(found.values())).own += loose.own
    for group in found.values():
        if not any(mapping(record.value).get("type") in TURNS for record in group.own):
            group.own, group.inherited = [*group.inherited, *group.own], []
    return list(found.values())


def _line(session: str, continued: dict[str, str]) -> list[str]:
    """A session and those that went on from it, one after the other."""
    line = [session]
    while (following := continued.get(line[-1])) and following not in line:
        line.append(following)
    return line


def is_result(value: dict[str, JsonValue]) -> bool:
    """Whether a user record holds results of tools."""
    content = mapping(value.get("message")).get("content")
    return any(mapping(part).get("type") == "tool_result" for part in sequence(content))


def is_prompt(value: dict[str, JsonValue]) -> bool:
    """Whether a record holds the words of a person."""
    if value.get("type") != "user" or value.get("isMeta") or value.get("isCompactSummary") or is_result(value):
        return False
    return bool(heard(content_text(mapping(value.get("message")).get("content"))).person)


@dataclass(slots=True)
class Links:
    """The tree of `parentUuid`: turns by their nearest turn above."""

    parents: dict[str, str] = field(default_factory=dict)
    turns: set[str] = field(default_factory=set)
    sides: set[str] = field(default_factory=set)
    """Records of sub-agents that stand in the session's own file."""
    is_linked: bool = False

    @classmethod
    def of(cls, values: Iterable[dict[str, JsonValue]]) -> Links:
        """The tree of a file's records."""
        links = cls()
        for value in values:
            identity = as_text(value.get("uuid"))
            above = as_text(value.get("parentUuid") or value.get("logicalParentUuid"))
            if identity:
                links.is_linked = links.is_linked or above in links.parents
                links.parents.setdefault(identity, above)
                if value.get("type") in TURNS:
                    links.turns.add(identity)
                if value.get("isSidechain"):
                    links.sides.add(identity)
        return links

    def above(self, identity: str) -> str:
        """The nearest turn above a record; empty at the root."""
        seen: set[str] = set()
        place = self.parents.get(identity, "")
        while place and place not in self.turns and place not in seen:
            seen.add(place)
            place = self.parents.get(place, "")
        return place if place in self.turns else ""

    def root(self, identity: str) -> str:
        """The first record of the sub-agent's chain that a record is in."""
        seen = {identity}
        while (above := self.parents.get(identity, "")) in self.sides and above not in seen:
            seen.add(above)
            identity = above
        return identity

    def taken_back(self, values: Sequence[dict[str, JsonValue]]) -> frozenset[str]:
        """Records of turns that were taken back: a later prompt hangs where they hang, and so do all below them.

        Cost: linear, where chains of records without turns are short.
        """
        if not self.is_linked:
            return frozenset()
        branches: dict[str, list[str]] = {}
        back: set[str] = set()
        for value in values:
            identity = as_text(value.get("uuid"))
            is_branch = value.get("type") == "user" and not value.get("isMeta") and not is_result(value)
            if not identity or value.get("isSidechain") or not is_branch:
                continue
            before = branches.setdefault(self.above(identity), [])
            if is_prompt(value):
                back.update(branch for branch in before if branch != identity)
            before.append(identity)
        return frozenset(self._below(back))

    def _below(self, roots: set[str]) -> set[str]:
        found = set(roots)
        for identity, above in self.parents.items():
            if above in found:
                found.add(identity)
        return found
