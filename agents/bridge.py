"""The product as the model sees it: the tools of the MCP server that only read, through a client in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..store.contract import Store

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import Tool as ListedTool

    from ..mcp_server.server import RetrospanServer


def reading_server(store: Store, *, folder: Path | None = None) -> RetrospanServer:
    """The MCP server without the tools that write."""
    from ..mcp_server.server import build_server

    return build_server(store, read_only=True, folder=folder)


@asynccontextmanager
async def reading_tools(
    store: Store, *, folder: Path | None = None, server: RetrospanServer | None = None
) -> AsyncIterator[list[Any]]:
    """The tools for the SDK's tool runner, while the block lasts.

    `server` is one from `reading_server` that several conversations share, with its threads and their caches. Tools
    that write are left out: what comes of a conversation is stored by the code around it, after checks.
    """
    from mcp import Client

    try:
        async with Client(server or reading_server(store, folder=folder)) as client:
            listed = await client.list_tools()
            yield [_bridged(client, tool) for tool in listed.tools]
    except BaseExceptionGroup as group:
        # The client's task group wraps what the block raised.
        raise _only(group) from None


def _bridged(client: Client, tool: ListedTool) -> Any:
    """One tool for the runner. Only text goes on: links to resources are for clients that can open them."""
    from anthropic import beta_async_tool
    from anthropic.lib.tools import ToolError

    async def call(**arguments: Any) -> str:
        try:
            result = await client.call_tool(tool.name, arguments)
        except Exception as err:
            raise ToolError(f"{tool.name} failed ({type(err).__name__}). Other tools still work.") from err
        text = "\n".join(part.text for part in result.content if part.type == "text")
        if result.is_error:
            raise ToolError(text)
        return text

    return beta_async_tool(call, name=tool.name, description=tool.description, input_schema=tool.input_schema)


def _only(error: BaseException) -> BaseException:
    """The one error in nested groups of one; else the group."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def own_tool(
    name: str, description: str, schema: Mapping[str, Any], function: Callable[[dict[str, Any]], Awaitable[str]]
) -> Any:
    """A tool of the agent itself, by which the model hands in its answer.

    Args:
        name: How the model calls it.
        description: What the model is told.
        schema: JSON Schema of the arguments.
        function: Takes the arguments as sent, unchecked, and returns what the model is told.
    """
    from anthropic import beta_async_tool

    async def call(**arguments: Any) -> str:
        return await function(json.loads(json.dumps(arguments, default=str)))

    return beta_async_tool(call, name=name, description=description, input_schema=dict(schema))
