"""Resources: bodies that a client may attach by address. Tools reach all of it too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ResourceNotFoundError

from ..store.errors import RetrospanError

if TYPE_CHECKING:
    from .server import RetrospanServer

BUDGET = 8_000
"""Tokens of one resource, as the largest answer of a tool."""


def add_resources(server: RetrospanServer) -> None:
    """Register the resource templates."""
    store = server.store

    async def found(read: Callable[[], str]) -> str:
        try:
            return await to_thread.run_sync(read)
        except RetrospanError as err:
            raise ResourceNotFoundError(str(err)) from err

    @server.resource("retrospan://trace/{trace}", name="trace", title="Outline of a run", mime_type="text/plain")
    async def trace(trace: str) -> str:
        """The outline of one run: T412."""
        from ..services.reading_traces import read_trace

        return await found(lambda: read_trace(store, trace, budget=BUDGET))

    @server.resource("retrospan://trace/{trace}/step/{step}", name="step", title="One step", mime_type="text/plain")
    async def step(trace: str, step: str) -> str:
        """One step of a run with all that is new in it."""
        from ..services.reading_traces import read_steps

        return await found(lambda: read_steps(store, trace, step, full=False, offset=0, budget=BUDGET))

    @server.resource("retrospan://lesson/{lesson}", name="lesson", title="A lesson", mime_type="text/plain")
    async def lesson(lesson: str) -> str:
        """A lesson with its origin and the case that guards it."""
        from ..services.rendering.lessons import lesson_text
        from ..store.knowledge.lookup import get_lesson

        return await found(lambda: lesson_text(get_lesson(store, lesson)))

    @server.resource("retrospan://rubric/{rubric}", name="rubric", title="A rubric", mime_type="text/plain")
    async def rubric(rubric: str) -> str:
        """The newest confirmed version of a rubric, its criteria with what passes and what fails."""
        from ..services.rendering.knowledge import rubric_text
        from ..store.knowledge.rubrics import find_rubric

        return await found(lambda: rubric_text(find_rubric(store, rubric)))

    @server.resource("retrospan://case/{case}", name="case", title="A regression case", mime_type="text/plain")
    async def case(case: str) -> str:
        """A regression case as it lies in its file."""
        from ..services.rendering.knowledge import case_text

        return await found(lambda: case_text(store, case))
