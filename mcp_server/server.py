"""The MCP server: our tools behind the SDK's transports and both protocol revisions.

It keeps nothing of a connection: every call carries all it needs, so that several servers may share one store.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
from anyio import CapacityLimiter, to_thread
from mcp.server import MCPServer
from mcp.server.apps import client_supports_apps
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolResult,
    GetPromptResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    PromptMessage,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as ListedTool
from pydantic import AnyUrl

from ..model.errors import RetrospanError
from ..store.contract import Store
from ..store.reading.summaries import resolve_trace
from .argument_completion import add_completions
from .instructions import INSTRUCTIONS
from .links import links_of
from .prompts import PROMPTS, add_prompts, prompt_text
from .registry import Caller, Role, Tool, error_text, load_tools, run_tool
from .resources import LESSONS, MissingError, add_resources, trace_named, unknown_address
from .review_app import CARD_META, CARD_TOOL, card_content, review_app
from .running import Report, run_stoppable
from .skills import SCHEME, LessonSkills, add_skill_files, lessons_of_skill
from .stdio import answering_stdio

THREADS = 4
"""Calls that may use the store at the same time; each thread keeps a connection with a cache of its own."""


class RetrospanServer(MCPServer[None]):
    """The SDK's server with our tools: strict arguments, plain text results, errors that say what to do.

    Attributes:
        store: The store that all calls share.
        read_only: Leaves out the tools that write, whatever role a caller has.
        page: Address of the review page, for the card of an item; empty where none is known.
        limiter: Bounds the threads that use the store.
    """

    def __init__(self, store: Store, *, read_only: bool = False, folder: Path | None = None, page: str = "") -> None:
        super().__init__(
            "retrospan",
            title="Retrospan",
            version=version("retrospan"),
            instructions=INSTRUCTIONS,
            log_level="WARNING",
            extensions=[LessonSkills(store, limiter := CapacityLimiter(THREADS)), review_app()],
        )
        self.store = store
        self.page = page
        self.read_only = read_only
        self.folder = folder
        self._tools = load_tools(read_only=read_only or store.read_only)
        self.limiter = limiter

    async def run_stdio_async(self) -> None:
        """Serve stdin and stdout, answering every line."""
        async with answering_stdio() as (incoming, outgoing):
            options = self._lowlevel_server.create_initialization_options()
            await self._lowlevel_server.run(incoming, outgoing, options)

    async def list_tools(self) -> list[ListedTool]:
        """The tools in their fixed order; the same bytes each time."""
        return [_listed(tool) for tool in self._tools.values()]

    async def _handle_list_tools(
        self, ctx: ServerRequestContext[None, Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        """The tools that this caller may use: over HTTP a token of role `read` is shown none that writes."""
        listed = await self.list_tools()
        if client_supports_apps(ctx):
            listed = [
                tool.model_copy(update={"meta": CARD_META}) if tool.name == CARD_TOOL else tool for tool in listed
            ]
        if _role(ctx.request) == "agent":
            return ListToolsResult(tools=listed)
        return ListToolsResult(tools=[tool for tool in listed if not self._tools[tool.name].writes])

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[None, Any] | None = None
    ) -> GetPromptResult:
        """The text of a prompt; what is wrong with a name or argument is said to the client."""
        writes = self.caller(context).role == "agent" and not self.store.read_only
        try:
            text = prompt_text(name, arguments or {}, writes=writes)
        except RetrospanError as err:
            raise MCPError(INVALID_PARAMS, error_text(err)) from err
        message = PromptMessage(role="user", content=TextContent(type="text", text=text))
        return GetPromptResult(description=PROMPTS[name][1].__doc__, messages=[message])

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[None, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """A resource by its address; an unknown address is answered with those that there are."""
        try:
            found = await super().read_resource(uri, context)
        except MissingError:
            raise
        except ResourceNotFoundError as err:
            raise ResourceNotFoundError(unknown_address(str(uri))) from err
        caller = self.caller(context)
        if str(uri).startswith((SCHEME, LESSONS)):
            await to_thread.run_sync(_note_lessons, caller, str(uri), limiter=self.limiter)
        name = trace_named(str(uri))
        if name is not None:
            await to_thread.run_sync(_note_resource, caller, name, limiter=self.limiter)
        return found

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[None, Any] | None = None
    ) -> CallToolResult:
        """Run a tool in a worker thread. What went wrong comes back as the text of an error result."""
        caller = self.caller(context)

        def work(report: Report) -> tuple[str, dict[str, object] | None]:
            text = run_tool(replace(caller, report=report), self._tools, name, arguments)
            return text, card_content(self.store, name, arguments, self.page) if shows_cards else None

        shows_cards = context is not None and client_supports_apps(context)
        notify = None if context is None else context.report_progress
        try:
            text, card = await run_stoppable(self.store, work, self.limiter, notify)
        except RetrospanError as err:
            return CallToolResult(content=[TextContent(type="text", text=str(err))], is_error=True)
        return CallToolResult(content=[TextContent(type="text", text=text), *links_of(text)], structured_content=card)

    def caller(self, context: Context[None, Any] | None) -> Caller:
        """Who calls: the client's name as it says, the role as its token says."""
        role: Role = "agent"
        client = "mcp"
        request = None if context is None else context.request_context
        if request is not None:
            role = _role(request.request)
            info = request.session.client_params.client_info if request.session.client_params else None
            client = info.name if info else client
        role = "read" if self.read_only else role
        return Caller(self.store, role, client, self.folder, notes=not self.read_only)


def _note_lessons(caller: Caller, address: str) -> None:
    if address.startswith(SCHEME):
        caller.taught(lessons_of_skill(caller.store, address), by="skill")
    else:
        caller.taught([unquote(address.removeprefix(LESSONS))], by="resource")


def _note_resource(caller: Caller, name: str) -> None:
    caller.read(resolve_trace(caller.store, name), by="resource")


def _role(http_request: Any) -> Role:
    """The role that `http.BearerGuard` found; over stdio there is no request, and the user's own rights hold."""
    if http_request is None:
        return "agent"
    return "agent" if http_request.scope.get("retrospan.role") == "agent" else "read"


def _listed(tool: Tool) -> ListedTool:
    # Only what differs from the protocol's defaults: definitions are tokens of every conversation.
    annotations = ToolAnnotations(destructive_hint=False) if tool.writes else ToolAnnotations(read_only_hint=True)
    return ListedTool(name=tool.name, description=tool.description, input_schema=tool.schema, annotations=annotations)


def build_server(
    store: Store, *, read_only: bool = False, folder: Path | None = None, page: str = ""
) -> RetrospanServer:
    """The server over an open store, with its tools, prompts, resources and completions.

    Args:
        store: Stays the caller's, who closes it after the server.
        read_only: Leave out every tool that writes.
        folder: The project whose knowledge folder is looked into; None for none.
        page: Address of the review page, where people answer; empty where none is known.
    """
    server = RetrospanServer(store, read_only=read_only, folder=folder, page=page)
    add_prompts(server)
    add_resources(server, store, server.limiter)
    add_skill_files(server, store, server.limiter)
    add_completions(server, store, server.limiter)
    return server


def serve_stdio(store: Store, *, read_only: bool = False, folder: Path | None = None, page: str = "") -> None:
    """Serve one client on stdin and stdout until it hangs up. Logs go to stderr: stdout belongs to the protocol."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    anyio.run(build_server(store, read_only=read_only, folder=folder, page=page).run_stdio_async)
