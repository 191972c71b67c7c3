"""Frames on stdin that are no message: each gets an answer, so that no client waits for its time-out.

The SDK hands such a line on as an error and forgets it. A line that is JSON but for lone surrogates, which UTF-8 cannot
hold, is read with U+FFFD in their place; anything else is answered with JSON-RPC's parse error.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic import ValidationError

_SURROGATE = re.compile("[\ud800-\udfff]")


@asynccontextmanager
async def answering_stdio() -> AsyncIterator[tuple[Any, Any]]:
    """The SDK's streams over stdin and stdout, the reading one without lines that are no message."""
    async with stdio_server() as (incoming, outgoing):
        give, take = anyio.create_memory_object_stream[Any](0)

        async def sort() -> None:
            async with give:
                async for item in incoming:
                    if isinstance(item, Exception) and (item := _second_reading(item)) is None:
                        continue
                    await (outgoing if _is_answer(item) else give).send(item)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sort)
            yield take, outgoing
            tasks.cancel_scope.cancel()


def _is_answer(item: Any) -> bool:
    return isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCError) and item.message.id is None


def _second_reading(err: Exception) -> SessionMessage | None:
    """The message in a line that the SDK could not read, or what to answer; None for an empty line."""
    line = err.errors(include_url=False)[0]["input"] if isinstance(err, ValidationError) else ""
    if not isinstance(line, str) or not line.strip():
        return None if isinstance(line, str) else _error(INVALID_REQUEST, "No JSON-RPC message.")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return _error(PARSE_ERROR, "Not JSON. Send one JSON-RPC message a line, in UTF-8.")
    try:
        plain = _SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False))
        return SessionMessage(jsonrpc_message_adapter.validate_json(plain, by_name=False))
    except (ValidationError, ValueError, RecursionError):
        return _error(INVALID_REQUEST, "JSON, but no JSON-RPC 2.0 message: it has jsonrpc, method, and an id or none.")


def _error(code: int, message: str) -> SessionMessage:
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=message)))
