"""What Phoenix drops or reshapes, put back: a span's scope, told from the spans of its trace, and nested metadata."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....model.traces import JsonValue
    from ...otlp.raw import RawSpan

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


def with_metadata(attributes: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Metadata as one value again, whose keys the REST API flattens: `metadata.thread_id`, `….document.metadata.id`."""
    kept: dict[str, JsonValue] = {}
    gathered: dict[str, dict[str, JsonValue]] = {}
    for key, value in attributes.items():
        before, found, name = f".{key}".partition(".metadata.")
        if found and name:
            gathered.setdefault(f"{before}.metadata"[1:], {})[name] = value
        else:
            kept[key] = value
    return {**gathered, **kept}
