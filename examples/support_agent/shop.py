"""The shop's records: orders, refunds and sent mail. Every session starts from the same fresh copy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


class ToolError(Exception):
    """A tool could not do what it was asked; the model gets the text.

    Attributes:
        kind: A short name for `error.type`.
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Order:
    """One order with one item."""

    id: str
    customer: str
    item: str
    price: float
    status: str = "delivered"
    delivered_days_ago: int | None = None
    payment: str = "card"
    final_sale: bool = False
    address: str = "on file"

    @property
    def email(self) -> str:
        return self.customer.lower().replace(" ", ".") + "@example.com"

    def as_result(self) -> dict[str, Any]:
        """What `lookup_order` answers."""
        return {
            "order_id": self.id,
            "customer": self.customer,
            "email": self.email,
            "item": self.item,
            "total": self.price,
            "currency": "USD",
            "status": self.status,
            "delivered_days_ago": self.delivered_days_ago,
            "payment": self.payment,
            "final_sale": self.final_sale,
            "address": self.address,
        }


ORDERS = (
    Order("R-2041", "Maya Lindqvist", "Ridge 2 tent", 349.00, delivered_days_ago=12),
    Order("R-2042", "Maya Lindqvist", "Ember gas stove", 64.50, delivered_days_ago=9),
    Order("R-2055", "Tomas Okafor", "Talus hiking boots", 189.00, delivered_days_ago=21),
    Order("R-2056", "Tomas Okafor", "Merino socks", 24.00, delivered_days_ago=21),
    Order("R-2063", "Ines Carvalho", "Firn down jacket", 279.90, delivered_days_ago=6, payment="gift card"),
    Order("R-2064", "Ines Carvalho", "Beacon headlamp", 49.95, delivered_days_ago=6),
    Order("R-2070", "Jonas Weber", "Tundra sleeping bag", 219.00, delivered_days_ago=48),
    Order("R-2071", "Jonas Weber", "Carbon trekking poles", 99.00, delivered_days_ago=15),
    Order("R-2083", "Amara Diallo", "Granite climbing rope", 159.00, delivered_days_ago=5, final_sale=True),
    Order("R-2084", "Amara Diallo", "Piton harness", 84.00, status="in transit"),
    Order("R-2090", "Leo Martin", "Col backpack", 169.00, delivered_days_ago=18, payment="gift card"),
    Order("R-2091", "Leo Martin", "Brook water filter", 44.95, status="processing"),
    Order("R-2102", "Sofia Rossi", "Nimbus rain shell", 199.00, delivered_days_ago=27),
    Order("R-2103", "Sofia Rossi", "Ember windscreen", 18.50, delivered_days_ago=27),
    Order("R-2115", "Kenji Mori", "Drift snow shovel", 74.00, delivered_days_ago=3, payment="gift card"),
    Order("R-2116", "Kenji Mori", "Serac ice axe", 129.00, delivered_days_ago=3),
    Order("R-2120", "Nadia Haddad", "Lounge camping chair", 59.00, delivered_days_ago=75),
    Order("R-2121", "Nadia Haddad", "Fjord cooler", 39.50, status="processing"),
    Order("R-2130", "Priya Raman", "Canopy hammock", 79.00, delivered_days_ago=11),
    Order("R-2131", "Priya Raman", "Storm tarp", 64.00, status="in transit"),
    Order("R-2142", "Olav Berg", "Telemark ski skins", 145.00, delivered_days_ago=8, final_sale=True),
    Order("R-2143", "Olav Berg", "Snow gaiters", 52.00, delivered_days_ago=8),
)


@dataclass(slots=True)
class Shop:
    """The records of one session."""

    orders: dict[str, Order] = field(default_factory=lambda: {order.id: order for order in ORDERS})
    refunds: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, str]] = field(default_factory=list)

    def order(self, order_id: str) -> Order:
        """Raises ToolError where there is no such order."""
        if order_id not in self.orders:
            raise ToolError("order_not_found", f"no order {order_id}")
        return self.orders[order_id]

    def orders_of(self, email: str) -> list[Order]:
        """The customer's orders, oldest first."""
        return [order for order in self.orders.values() if order.email == email.lower()]

    def refund(self, order_id: str, amount: float, reason: str) -> dict[str, Any]:
        """Book a refund. The gift card provider has been timing out since its last release."""
        order = self.order(order_id)
        if amount > order.price:
            raise ToolError("amount_too_high", f"{amount:.2f} is more than the order total {order.price:.2f}")
        if order.payment == "gift card":
            raise ToolError("provider_timeout", "gift card provider timed out; the refund was not booked")
        booked = {"order_id": order_id, "amount": amount, "currency": "USD", "to": order.payment, "reason": reason}
        self.refunds.append(booked)
        return booked | {"status": "booked", "arrives_in": "3 to 5 working days"}

    def send(self, to: str, subject: str, body: str) -> dict[str, Any]:
        """Put a message into the outbox."""
        self.outbox.append({"to": to, "subject": subject, "body": body})
        return {"status": "sent", "to": to}

    def move(self, order_id: str, address: str) -> dict[str, Any]:
        """Change the delivery address of an order that has not shipped."""
        order = self.order(order_id)
        if order.status != "processing":
            return {"status": "refused", "reason": f"the order is {order.status}", "order_id": order_id}
        self.orders[order_id] = replace(order, address=address)
        return {"status": "changed", "order_id": order_id, "address": address}
