"""The review page offered to the person at the client, where it can show a link: URL elicitation.

Only the way there: whatever the client answers proves nothing and decides nothing. The person signs on the page.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

import anyio
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError, NoBackChannelError

OFFERED_BY = "request_review"
_SECONDS = 60
"""How long a call waits for the person; then the assistant goes on."""
_ITEM = re.compile(r"R(\d+) is open\b")


async def offer_page(context: Context[None, Any] | None, tool: str, text: str, page: str) -> str:
    """Offer the page of an item that was just asked for; the text of the call, with a word that it was offered.

    Args:
        context: Of the call; None where there is no client.
        tool: Its name.
        text: What the tool answered.
        page: Address of the review page; empty where none is known.
    """
    found = _ITEM.match(text) if tool == OFFERED_BY and page else None
    if found is None or context is None or not _takes_links(context):
        return text
    address = f"{page.rstrip('/')}/item/{found[1]}"
    words = f"R{found[1]} waits for a person. Open the review page to answer it?"
    with anyio.move_on_after(_SECONDS):
        try:
            await context.elicit_url(words, address, secrets.token_urlsafe(16))
        except (MCPError, NoBackChannelError):
            return text
    return f"{text} The person at this client was offered the page: {address}"


def _takes_links(context: Context[None, Any]) -> bool:
    """Whether the client has said that it shows links by elicitation."""
    known = context.request_context.session.client_params
    offers = known.capabilities.elicitation if known else None
    return offers is not None and offers.url is not None
