"""Completions: the newest ids that fit what is typed so far, for prompts and resource addresses."""

from __future__ import annotations

from typing import Any

from anyio import CapacityLimiter, to_thread
from mcp.server import MCPServer
from mcp.types import Completion

from ..store.contract import Store
from ..store.reading.trace_ids import newest_trace_ids

_MOST = 30


def add_completions(server: MCPServer[None], store: Store, limiter: CapacityLimiter) -> None:
    """Register the completion handler."""

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(ref: Any, argument: Any, context: Any) -> Completion:
        values = await to_thread.run_sync(suggestions, store, argument.name, argument.value, limiter=limiter)
        return Completion(values=values[:_MOST], total=None, has_more=len(values) > _MOST)


def suggestions(store: Store, argument: str, typed: str) -> list[str]:
    """Values for an argument that begin as typed, newest first; at most 31, to tell whether there are more."""
    if argument == "trace":
        return _traces(store, typed)
    if argument == "lesson":
        from ..store.knowledge.lookup import list_lessons

        return [lesson.id for lesson in list_lessons(store) if lesson.id.startswith(typed)][: _MOST + 1]
    if argument == "rubric":
        from ..store.reviews.rubrics import list_rubrics

        return sorted({rubric.id for rubric in list_rubrics(store) if rubric.id.startswith(typed)})[: _MOST + 1]
    if argument == "case":
        from ..knowledge.folders import KnowledgeKind
        from ..store.knowledge.index import list_documents

        names = {document.name for document in list_documents(store, KnowledgeKind.CASE)}
        return sorted(name for name in names if name.startswith(typed))[: _MOST + 1]
    return []


def _traces(store: Store, typed: str) -> list[str]:
    digits = typed.strip()[1:] if typed.strip()[:1] in ("T", "t") else typed.strip()
    if digits and not (digits.isascii() and digits.isdigit()):
        return []
    return [f"T{number}" for number in newest_trace_ids(store, _MOST + 1, digits)]
