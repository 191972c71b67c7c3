"""The review card as an MCP App, for clients that show one: read-only, self-contained, without any tool of its own."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from mcp.server.apps import Apps, ResourceCsp

from ..store.contract import Store

CARD_URI = "ui://retrospan/review-card"
CARD_TOOL = "list_reviews"
CARD_META: dict[str, Any] = {"ui": {"resourceUri": CARD_URI, "visibility": ["model"]}}


def review_app() -> Apps:
    """The extension that serves the card. It may load nothing: the item comes with the tool's result."""
    apps = Apps()
    html = files(__package__).joinpath("review_card.html").read_text(encoding="utf-8")
    nothing = ResourceCsp(connect_domains=[], resource_domains=[], frame_domains=[])
    apps.add_html_resource(CARD_URI, html, name="review-card", title="Review item", csp=nothing, prefers_border=True)
    return apps


def card_content(store: Store, tool: str, arguments: dict[str, Any], page: str) -> dict[str, object] | None:
    """What the card of a call shows; None for a call that is not about one item."""
    item = arguments.get("item")
    if tool != CARD_TOOL or not isinstance(item, str):
        return None
    from ..answers.review_card import card_json, review_card

    return card_json(review_card(store, item, page=page))
