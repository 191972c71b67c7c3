"""What is about to change, in the words of a lesson's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..model.errors import UsageError, did_you_mean
from ..model.fields import record_of
from ..model.lessons import AppliesTo

KINDS = {
    "tool": "tools",
    "file": "files",
    "path": "files",
    "prompt": "prompts",
    "agent": "agents",
    "task": "tasks",
    "mode": "modes",
}
"""How a kind of scope is spelled, `tool:NAME`, and the field that it fills."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change before it is made."""

    scope: AppliesTo = field(default_factory=AppliesTo)
    names: tuple[str, ...] = ()
    """Names of a kind that nobody stated: a tool, file, prompt, agent, task or failure mode."""
    intent: str = ""
    """What the change is for, in words."""

    @property
    def words_alone(self) -> bool:
        return not self.names and not self.scope.terms()

    @property
    def empty(self) -> bool:
        return self.words_alone and not self.intent.strip()

    def told(self) -> str:
        """The change as its author gave it, on one line."""
        return ", ".join([*([self.intent] if self.intent.strip() else []), *self.names, *self.scope.terms()])


@dataclass(slots=True)
class _Gathered:
    scope: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


def change_of(
    entries: Sequence[str] = (), *, paths: Sequence[str] = (), tools: Sequence[str] = (), intent: str = ""
) -> Change:
    """A change from what a caller says of it.

    Args:
        entries: `tool:NAME`, `file:PATH`, `prompt:…`, `agent:…`, `task:…`, `mode:…`, or bare names.
        paths: Files, relative to the project or not; `file:` before one does no harm.
        tools: Names of tools.
        intent: What it is for, in words.

    >>> change_of(["tool:issue_refund", "planner"]).names
    ('planner',)
    """
    found = _Gathered()
    for entry in entries:
        kind, colon, name = entry.partition(":")
        if colon and kind.strip().lower() in KINDS and name.strip():
            found.scope.setdefault(KINDS[kind.strip().lower()], []).append(name.strip())
        elif entry.strip():
            found.names.append(entry.strip())
    for given, own in ((paths, "files"), (tools, "tools")):
        for entry in given:
            kind, colon, name = entry.partition(":")
            plain = name if colon and KINDS.get(kind.strip().lower()) == own else entry
            if plain.strip():
                found.scope.setdefault(own, []).append(plain.strip())
    return Change(_scope(found.scope), tuple(dict.fromkeys(found.names)), intent)


def scope_of(entries: Sequence[str]) -> AppliesTo:
    """A lesson's scope from `tool:NAME`, `file:GLOB`, …; here each entry says its kind.

    Raises:
        UsageError: naming the entry without a known kind.
    """
    found: dict[str, list[str]] = {}
    for entry in entries:
        kind, colon, name = entry.partition(":")
        if not colon or kind not in KINDS or not name.strip():
            hint = did_you_mean(kind[:60], KINDS)
            raise UsageError(f"applies_to holds {entry[:60]!r}; {hint}. Write for example tool:issue_refund.")
        found.setdefault(KINDS[kind], []).append(name.strip())
    return _scope(found)


def _scope(found: dict[str, list[str]]) -> AppliesTo:
    return AppliesTo(**{name: tuple(dict.fromkeys(values)) for name, values in found.items()})


def spelled(scope: AppliesTo) -> list[str]:
    """A scope as `kind:NAME`, each kind by its first spelling.

    >>> spelled(AppliesTo(tools=("issue_refund",), files=("a.py",)))
    ['tool:issue_refund', 'file:a.py']
    """
    first = {own: kind for kind, own in reversed(KINDS.items())}
    return [f"{first[own]}:{name}" for own, names in record_of(scope).items() for name in names]
