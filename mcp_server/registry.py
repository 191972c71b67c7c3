"""The tools, without the SDK: what each is called, what it takes, who may call it, and how it is run.

The server and `retrospan call` go the same way through `run_tool`.
"""

from __future__ import annotations

import importlib
import logging
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..model.errors import NothingFoundError, RefusedError, RetrospanError, UsageError, did_you_mean
from ..model.text.display import safe_line, safe_text
from ..model.text.fence import fenced, inert, inert_line
from ..model.text.secrets import without_secrets
from ..services.privacy.read_notes import note_lessons, note_reading
from ..store.contract import Store
from .arguments import Arguments, check_arguments, model_of, schema_of
from .quota import check_quota

Role: TypeAlias = Literal["read", "agent"]
"""`read` sees, `agent` also asks and proposes. Nobody confirms here."""

TOOL_MODULES = (
    "search",
    "traces",
    "diffs",
    "groups",
    "cases",
    "query",
    "failures",
    "paths",
    "reviews",
    "proposals",
    "lessons",
    "verification",
)
_LONGEST_ERROR = 1_200
_LINES_OF_ERROR = 4
_ACTOR = re.compile(r"[^A-Za-z0-9._ -]+")
logger = logging.getLogger("retrospan.mcp")


def _unheard(done: int, total: int, what: str) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and on which store."""

    store: Store
    role: Role = "agent"
    client: str = "mcp"
    """The client's own name, as it gives it."""
    folder: Path | None = None
    """The project whose knowledge folder is looked into."""
    report: Callable[[int, int, str], None] = _unheard
    """Tells how many of how many are done, and what; for tools that may take seconds."""

    notes: bool = True
    """Whether what is read is noted; a read-only server writes nothing, whoever calls."""

    @property
    def actor(self) -> str:
        """The name under which proposals are kept: always an agent's, whatever the client calls itself."""
        return f"agent:{_ACTOR.sub('', without_secrets(self.client)).strip()[:60] or 'mcp'}"

    def read(self, *trace_ids: int, by: str) -> None:
        """Note in the access log that this caller was shown these runs, by a tool or resource."""
        if self.notes:
            note_reading(self.store, trace_ids, actor=self.actor, detail=by)

    def taught(self, lesson_ids: Sequence[str], *, by: str, paths: Sequence[str] = ()) -> None:
        """Note in the access log that this caller was given these lessons, and for which files."""
        if self.notes:
            note_lessons(self.store, lesson_ids, actor=self.actor, channel=by, paths=paths)


@dataclass(frozen=True)
class Tool:
    """One tool. `function` takes the caller and the checked arguments and returns text."""

    function: Callable[..., str]
    title: str
    writes: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    @cached_property
    def description(self) -> str:
        return " ".join((self.function.__doc__ or "").split())

    @cached_property
    def model(self) -> type[Arguments]:
        return model_of(self.function)

    @cached_property
    def schema(self) -> dict[str, Any]:
        return schema_of(self.model)


def tool(title: str, *, writes: bool = False) -> Callable[[Callable[..., str]], Tool]:
    """Make a tool of a function; its docstring is the description that the calling model reads."""

    def made(function: Callable[..., str]) -> Tool:
        return Tool(function, title, writes)

    return made


def load_tools(*, read_only: bool = False) -> dict[str, Tool]:
    """The tools by name, always in the same order; with `read_only` those that change nothing."""
    found: dict[str, Tool] = {}
    for name in TOOL_MODULES:
        module = importlib.import_module(f"{__package__}.tools.{name}")
        found.update((item.name, item) for item in vars(module).values() if isinstance(item, Tool))
    return {name: item for name, item in found.items() if not (read_only and item.writes)}


def run_tool(caller: Caller, tools: Mapping[str, Tool], name: str, arguments: Mapping[str, Any]) -> str:
    """Call a tool.

    Raises:
        RetrospanError: what the caller can act on; the text is safe to show and at most 1,200 characters long.
    """
    try:
        chosen = tools.get(name)
        if chosen is None:
            raise UsageError(f"No tool {safe_line(name, 60)!r} here; {did_you_mean(safe_line(name, 60), tools)}.")
        if chosen.writes and caller.role != "agent":
            raise RefusedError(f"{name} changes the store, and this token may only read. Use a token of role agent.")
        if chosen.writes and caller.store.read_only:
            raise RefusedError(f"{name} changes the store, and this server was started with --read-only.")
        checked = check_arguments(name, chosen.model, arguments)
        if chosen.writes:
            check_quota(caller.store, name, caller.actor)
        return chosen.function(caller, **checked)
    except RetrospanError as err:
        err.args = (error_text(err),)
        raise
    except Exception as err:
        logger.error("%s failed: %s", name, safe_text(traceback.format_exc()))
        raise InternalError(
            f"{name} failed for a reason of its own; see the server's log on stderr. Other tools still work."
        ) from err


class InternalError(RetrospanError):
    """A fault of Retrospan. The text tells nothing of it, since it could hold trace text."""

    exit_code = 3


def error_text(err: RetrospanError) -> str:
    """What an error says, safe to show and at most 1,200 characters long."""
    if isinstance(err, NothingFoundError):
        return f"{inert(err.message)}\n{fenced([inert_line(line, 240) for line in err.traced[:_LINES_OF_ERROR]])}"
    text = inert(str(err))
    return text if len(text) <= _LONGEST_ERROR else text[: _LONGEST_ERROR - 1] + "…"
