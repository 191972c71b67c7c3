"""What kind of agent a run shows, told from tools and shape: a failure for one is daily work for another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .acts import Act
from .tools.commands import Deed
from .tools.tool_roles import ToolRole
from .views import Role, View


class RunKind(StrEnum):
    """Populations of runs."""

    CODE = "code"
    """Writes files or code, by an editor or a shell."""
    SHELL = "shell"
    """Acts through a shell or an interpreter and leaves the files alone."""
    BUSINESS = "business"
    """Serves people with tools that change records."""
    RETRIEVAL = "retrieval"
    """Answers from what it looks up."""
    TEAM = "team"
    """Several agents talk to each other."""
    PIPELINE = "pipeline"
    """Fixed steps without tools or a dialogue."""
    CHAT = "chat"
    """Answers without tools."""


ALL_KINDS = frozenset(RunKind)
CRAFT = frozenset({RunKind.CODE, RunKind.SHELL})
"""Runs that try things out: an error is a step of the work."""
SERVICE = ALL_KINDS - CRAFT
INFORMED = frozenset({RunKind.BUSINESS, RunKind.RETRIEVAL, RunKind.TEAM, RunKind.PIPELINE})
"""Runs whose answers rest on what tools and people told."""


@dataclass(frozen=True, slots=True)
class KindFact:
    """The kind of a run, and what tells it."""

    kind: RunKind
    reason: str


def kind_of(views: Sequence[View], acts: Sequence[Act]) -> KindFact:
    """The kind by the weightiest thing that the run does: files before commands before records before look-ups."""
    editor = next((act for act in acts if act.writes_files or _writes(act)), None)
    if editor is not None:
        return KindFact(RunKind.CODE, f"{editor.tool} writes files")
    agents = {view.agent for view in views if view.role is Role.DECISION and view.agent}
    asked = [act for act in acts if act.arguments is not None]
    if len(agents) > 1 and len(asked) < len(agents):
        return KindFact(RunKind.TEAM, f"{len(agents)} agents speak")
    runner = next((act for act in acts if act.role is ToolRole.RUN), None)
    if runner is not None:
        return KindFact(RunKind.SHELL, f"{runner.tool} runs commands")
    changer = next((act for act in acts if act.role in (ToolRole.WRITE, ToolRole.HANDOVER, ToolRole.ASK)), None)
    if changer is not None:
        return KindFact(RunKind.BUSINESS, f"{changer.tool} changes something")
    if acts:
        return KindFact(RunKind.RETRIEVAL, f"{acts[0].tool} is asked")
    if len(agents) > 1:
        return KindFact(RunKind.TEAM, f"{len(agents)} agents speak")
    decisions = sum(view.role is Role.DECISION for view in views)
    people = sum(view.role is Role.USER for view in views)
    if decisions > max(1, people) + (people > 1):
        return KindFact(RunKind.PIPELINE, f"{decisions} model calls and no tool")
    return KindFact(RunKind.CHAT, "no tool is used")


def _writes(act: Act) -> bool:
    command = act.command
    return command is not None and command.deed is Deed.WRITE and bool(command.written)
