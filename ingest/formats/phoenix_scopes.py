"""Which instrumentation made a trace, told from its spans: Phoenix keeps everything of a span but its scope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..otlp.raw import RawSpan

_PREFIX = "openinference.instrumentation."
_KEYS = (("crew_", "crewai"), ("smolagents.", "smolagents"), ("graph.node.", "openai_agents"))
_METADATA = (("ls_", "langchain"), ("langgraph_", "langchain"))


def restore_scopes(spans: Iterable[RawSpan]) -> None:
    """Name the scope of each span of a trace in which one framework shows, in place.

    Cost: one look at each attribute's name.
    """
    by_trace: dict[str, list[RawSpan]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    for members in by_trace.values():
        found = {name for span in members if (name := _framework(span))}
        for name in found if len(found) == 1 else ():
            for span in members:
                span.scope = _PREFIX + name


def _framework(span: RawSpan) -> str | None:
    metadata = span.attributes.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    return next(
        (
            framework
            for table, keys in ((_KEYS, span.attributes), (_METADATA, names))
            for start, framework in table
            if any(key.startswith(start) for key in keys)
        ),
        None,
    )
