"""The agent's tools: their schemas, and what they do to the shop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import policies
from .shop import Shop, ToolError

Retrieve = Callable[[str], list[policies.Passage]]


def _schema(name: str, description: str, **parameters: str) -> dict[str, Any]:
    kinds = {"amount": "number"}
    properties = {key: {"type": kinds.get(key, "string"), "description": text} for key, text in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"name": name, "description": description, "input_schema": schema}


SCHEMAS = [
    _schema("lookup_order", "Look up one order by its number.", order_id="Order number, such as R-2041"),
    _schema("find_orders", "All orders of a customer.", email="The customer's e-mail address"),
    _schema("search_policy", "Search the shop's policies.", query="What to look for"),
    _schema(
        "issue_refund",
        "Refund an order, in full or in part.",
        order_id="Order number",
        amount="Amount in USD",
        reason="Why, in a few words",
    ),
    _schema(
        "send_email",
        "Send an e-mail to a customer.",
        to="E-mail address",
        subject="Subject line",
        body="Text of the message",
    ),
    _schema(
        "update_address",
        "Change the delivery address of an order that has not shipped.",
        order_id="Order number",
        address="The new address",
    ),
]


class Toolbox:
    """The tools over one session's shop."""

    def __init__(self, shop: Shop, retrieve: Retrieve) -> None:
        self._retrieve = retrieve
        self._tools: dict[str, Callable[..., Any]] = {
            "lookup_order": lambda order_id: shop.order(order_id).as_result(),
            "find_orders": lambda email: [order.as_result() for order in shop.orders_of(email)],
            "search_policy": self._search_policy,
            "issue_refund": shop.refund,
            "send_email": shop.send,
            "update_address": shop.move,
        }

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Run a tool.

        Raises:
            ToolError: if it fails, or the model called it wrongly.
        """
        tool = self._tools.get(name)
        if tool is None:
            raise ToolError("unknown_tool", f"there is no tool {name}")
        try:
            return tool(**arguments)
        except TypeError as err:
            raise ToolError("bad_arguments", str(err)) from err

    def _search_policy(self, query: str) -> list[dict[str, str]]:
        return [{"id": found.policy.id, "text": found.policy.text} for found in self._retrieve(query)]
