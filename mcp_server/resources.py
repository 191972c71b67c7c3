"""Resources: bodies that a client may attach by address. Tools reach all of it too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from anyio import CapacityLimiter, to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError

from ..model.errors import RetrospanError
from ..model.text.fence import inert_line
from ..store.contract import Store
from .registry import error_text

TEMPLATES = {
    "retrospan://trace/{trace}": "The outline of one run, T412",
    "retrospan://trace/{trace}/step/{step}": "One step of a run with all that is new in it",
    "retrospan://lesson/{lesson}": "A lesson with its origin and the case that guards it",
    "retrospan://rubric/{rubric}": "The newest confirmed version of a rubric",
    "retrospan://case/{case}": "A regression case as it lies in its file",
}
"""Each address with what stands there."""
_TRACE = "retrospan://trace/"
LESSONS = "retrospan://lesson/"
"""Begins the address of a lesson."""
BUDGET = 8_000
"""Tokens of one resource, as the largest answer of a tool."""


class MissingError(ResourceNotFoundError):
    """Nothing stands at one of our addresses; the text says what there is."""


def trace_named(address: str) -> str | None:
    """The run that an address of a trace or step is about."""
    rest = address.removeprefix(_TRACE)
    return None if rest == address else unquote(rest.partition("/")[0])


def unknown_address(address: str) -> str:
    """What to say of an address that is none of ours."""
    return f"No resource {inert_line(address, 120)!r} here. Addresses are: {', '.join(TEMPLATES)}."


def _lesson(store: Store, name: str) -> str:
    from ..answers.lessons import lesson_text
    from ..services.verification.lesson_story import stories_of
    from ..store.knowledge.lookup import get_lesson

    (story,) = stories_of(store, [get_lesson(store, name)])
    return lesson_text(story.lesson, story)


def add_resources(server: MCPServer[None], store: Store, limiter: CapacityLimiter) -> None:
    """Register the resource templates."""

    async def found(read: Callable[[], str]) -> str:
        try:
            return await to_thread.run_sync(read, limiter=limiter)
        except RetrospanError as err:
            raise MissingError(error_text(err)) from err

    def resource(address: str, name: str) -> Callable[[Callable[..., Awaitable[str]]], Any]:
        return server.resource(address, name=name, description=TEMPLATES[address], mime_type="text/plain")

    @resource("retrospan://trace/{trace}", "trace")
    async def trace(trace: str) -> str:
        from ..answers.reading_traces import read_trace

        return await found(lambda: read_trace(store, trace, budget=BUDGET))

    @resource("retrospan://trace/{trace}/step/{step}", "step")
    async def step(trace: str, step: str) -> str:
        from ..answers.reading_traces import read_steps

        if not step.strip():
            raise MissingError(f"No step is named. Write retrospan://trace/{inert_line(trace, 40)}/step/7.")
        return await found(lambda: read_steps(store, trace, step, full=False, offset=0, budget=BUDGET))

    @resource("retrospan://lesson/{lesson}", "lesson")
    async def lesson(lesson: str) -> str:
        return await found(lambda: _lesson(store, lesson))

    @resource("retrospan://rubric/{rubric}", "rubric")
    async def rubric(rubric: str) -> str:
        from ..answers.knowledge import rubric_text
        from ..store.reviews.rubrics import find_rubric

        return await found(lambda: rubric_text(find_rubric(store, rubric)))

    @resource("retrospan://case/{case}", "case")
    async def case(case: str) -> str:
        from ..answers.knowledge import case_text

        return await found(lambda: case_text(store, case))
