"""Spans that tell of a program's own works and of no step of an agent; they are left out."""

from __future__ import annotations

from ..otlp.raw import RawSpan

_BUILDERS = ("autogen", "opentelemetry.instrumentation.langchain")
_CODEX = ("busy_ns", "idle_ns", "code.namespace", "code.module.name", "code.file.path", "thread.name")


def is_machinery(raw: RawSpan) -> bool:
    """Whether a span is a placeholder, a piece of Codex's program, a message on AutoGen's bus, or an agent's making.

    Codex sends some six hundred such spans for a run of three calls, AutoGen a trace for each message. An agent object
    built before any run is a trace of one empty span.
    """
    attributes = raw.attributes
    if attributes.get("logfire.span_type") == "pending_span":
        return True
    if raw.scope.startswith("autogen ") and "messaging.operation" in attributes:
        return True
    if attributes.get("gen_ai.operation.name") == "create_agent":
        built_alone = raw.parent_span_id is None and raw.scope.startswith(_BUILDERS)
        return built_alone or attributes.get("gen_ai.system") == "autogen"
    service = raw.resource.get("service.name")
    return (
        isinstance(service, str)
        and service.startswith("codex")
        and any(key in attributes for key in _CODEX)
        and not any(key.startswith("gen_ai.") for key in attributes)
    )
