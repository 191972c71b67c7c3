"""A review item in the assistant: a read-only card where the client shows one, the same as short text elsewhere."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.client.extension import ClientExtension
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.types import CallToolResult, ListToolsResult, TextContent, TextResourceContents
from retrospan.mcp_server.review_app import CARD_URI
from retrospan.mcp_server.server import build_server
from retrospan.services.reviewing.asking import propose_verdict, request_review
from retrospan.services.reviewing.citing import Citation
from retrospan.store.contract import Store
from reviewdesk import QUESTION, Desk


class ShowsApps(ClientExtension):
    """A client that shows cards, and says so."""

    identifier = EXTENSION_ID

    def settings(self) -> dict[str, Any]:
        return {"mimeTypes": [APP_MIME_TYPE]}


class ShowsOthers(ShowsApps):
    """A client that knows the extension, and no form of it that we have."""

    def settings(self) -> dict[str, Any]:
        return {"mimeTypes": ["application/x-other"]}


class Unheard(ClientExtension):
    """A client with an extension that nobody here knows."""

    identifier = "org.example/unheard"


@pytest.fixture
def asked(desk: Desk) -> Store:
    request_review(desk.store, "T1", QUESTION, by="agent:x", focus=("a3",), reason="45 stands nowhere")
    words = "The reply says 45 days; the policy says 30."
    propose_verdict(
        desk.store, "R1", label="fail", explanation=words, cited=[Citation("T1.2", "45 days")], by="agent:x"
    )
    return desk.store


def meet(store: Store, *extensions: ClientExtension) -> tuple[ListToolsResult, CallToolResult, str]:
    """What a client with these extensions is shown: the tools, one item, and the card's document."""
    got: list[Any] = []

    async def both() -> None:
        server = build_server(store, page="https://review.example")
        async with Client(server, extensions=extensions) as client:
            got.append(await client.list_tools())
            got.append(await client.call_tool("list_reviews", {"item": "R1"}))
            (document,) = (await client.read_resource(CARD_URI)).contents
            assert isinstance(document, TextResourceContents) and document.mime_type == APP_MIME_TYPE
            got.append(document.text)

    anyio.run(both)
    return got[0], got[1], got[2]


def test_a_client_that_shows_cards_gets_question_evidence_and_link(asked: Store) -> None:
    tools, result, _ = meet(asked, ShowsApps())
    (tool,) = [tool for tool in tools.tools if tool.meta]
    assert tool.name == "list_reviews" and tool.meta == {"ui": {"resourceUri": CARD_URI, "visibility": ["model"]}}
    card = result.structured_content
    assert card is not None
    assert (card["question"], card["subject"]) == (QUESTION, "T1")
    assert card["answer_at"] == "https://review.example/item/1"
    assert [entry["words"] for entry in card["evidence"]] == ["You have 45 days to return it."]
    told = str(card)
    assert "policy says 30" not in told and "stands nowhere" not in told, "nothing answers before the person does"


@pytest.mark.parametrize("extensions", [(), (ShowsOthers(),), (Unheard(),)])
def test_any_other_client_gets_the_same_in_sixty_lines_of_text(
    asked: Store, extensions: tuple[ClientExtension, ...]
) -> None:
    tools, result, _ = meet(asked, *extensions)
    assert not [tool for tool in tools.tools if tool.meta]
    assert result.structured_content is None
    text = "".join(block.text for block in result.content if isinstance(block, TextContent))
    assert QUESTION in text and "You have 45 days to return it." in text and len(text.splitlines()) <= 60


def test_the_card_holds_no_text_of_a_run_calls_no_tool_and_loads_nothing(asked: Store) -> None:
    _, _, document = meet(asked, ShowsApps())
    assert "45 days" not in document and QUESTION not in document
    assert "tools/call" not in document and "innerHTML" not in document
    assert "src=" not in document and "http:" not in document and "https:" not in document
