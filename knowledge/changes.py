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


def change_of(
    entries: Sequence[str] = (), *, paths: Sequence[str] = (), tools: Sequence[str] = (), intent: str = ""
) -> Change:
    """A change from what a caller says of it.

    Args:
        entries: `tool:NAME`, `file:PATH`, `prompt:…`, `agent:…`, `task:…`, `mode:…`, or bare names.
        paths: Files, relative to the project or not, where no other kind is spelled.
        tools: Names of tools, where no other kind is spelled.
        intent: What it is for, in words.

    >>> change_of(["tool:issue_refund", "planner"]).names
    ('planner',)
    """
    scope: dict[str, list[str]] = {}
    names: list[str] = []
    for given, own in ((entries, ""), (paths, "files"), (tools, "tools")):
        for entry in given:
            kind, colon, name = entry.partition(":")
            known = KINDS.get(kind.strip().lower()) if colon and name.strip() else None
            if known or own:
                scope.setdefault(known or own, []).append((name if known else entry).strip())
            elif entry.strip():
                names.append(entry.strip())
    scope = {kind: [name for name in found if name] for kind, found in scope.items()}
    return Change(_scope(scope), tuple(dict.fromkeys(names)), intent)


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
