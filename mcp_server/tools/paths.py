"""The tool that shows the ways runs take."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..arguments import unlisted
from ..registry import Caller, tool


@tool("Workflow paths")
def workflow_paths(
    caller: Caller,
    query: Annotated[str, Field(max_length=2_000)] = "",
    limit: Annotated[int, unlisted(ge=1, le=30)] = 8,
) -> str:
    """Ways runs take, with failure rates, and what no regression case tests."""
    from ...answers.paths import paths_text
    from ...services.coverage.paths import workflow_paths as paths

    return paths_text(paths(caller.store, query, folder=caller.folder), limit=limit)
