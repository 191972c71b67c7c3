"""Whole runs as OTLP/JSON requests: an agent with one model call, and whatever stands beside it."""

from __future__ import annotations

import json
from typing import Any

_START_NS = 1_790_000_000_000_000_000
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Done."}]}],
}


def run_request(
    number: int,
    root: dict[str, Any] | None = None,
    *,
    resource: dict[str, Any] | None = None,
    scope: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    **span: Any,
) -> bytes:
    """A request of one run; `root`, `resource` and `scope` are attributes, `span` fields of the root span."""
    top = {
        **_span(number, 1, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "desk", **(root or {})}),
        "events": events or [],
        **span,
    }
    call = {**_span(number, 2, CHAT), "parentSpanId": f"{1:016x}"}
    scopes = [{"scope": {"name": "app", "attributes": pairs(scope or {})}, "spans": [top, call]}]
    about = {"service.name": "shop", **(resource or {})}
    return json.dumps({"resourceSpans": [{"resource": {"attributes": pairs(about)}, "scopeSpans": scopes}]}).encode()


def judgement(name: str, **attributes: Any) -> dict[str, Any]:
    """A span event that judges."""
    return {"name": name, "timeUnixNano": str(_START_NS), "attributes": pairs(attributes)}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them; objects and lists as JSON text."""
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _span(number: int, span: int, attributes: dict[str, Any]) -> dict[str, Any]:
    start = _START_NS + number * 10**9
    return {
        "traceId": f"{0xF00 + number:032x}",
        "spanId": f"{span:016x}",
        "name": "run" if span == 1 else "chat m",
        "startTimeUnixNano": str(start + span),
        "endTimeUnixNano": str(start + 10**6 - span),
        "attributes": pairs(attributes),
    }


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value if isinstance(value, str) else json.dumps(value)}
