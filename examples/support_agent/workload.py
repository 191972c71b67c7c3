"""The customers: a seeded set of sessions, of one message or two."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .shop import ORDERS, Order


@dataclass(frozen=True, slots=True)
class Request:
    """One message of a customer and what kind of thing it is about."""

    task: str
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation."""

    id: str
    user: str
    requests: tuple[Request, ...]


_T = TypeVar("_T")


class Dealer:
    """Chooses without repeating itself before every choice of a kind was taken."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._left: dict[str, list[Any]] = {}

    def choose(self, kind: str, choices: Sequence[_T]) -> _T:
        """One of the choices, not chosen under this kind since the last full round."""
        left = self._left.get(kind)
        if not left:
            left = self._left[kind] = self.rng.sample(list(choices), len(choices))
        chosen: _T = left.pop()
        return chosen

    def order(self, kind: str, fits: Callable[[Order], bool] = lambda _: True) -> Order:
        """An order that fits."""
        return self.choose(f"order {kind}", [order for order in ORDERS if fits(order)])


_Make = Callable[[Dealer], tuple[Order, list[Request]]]


def sessions(count: int, seed: int) -> list[Session]:
    """Sessions with `count` requests together, the same for the same seed.

    A deck of every kind of conversation is shuffled and dealt, again and again until there are enough.
    """
    dealer, dealt, total = Dealer(random.Random(f"sessions {seed}")), list[Session](), 0
    while total < count:
        deck = [make for make, copies in _DECK for _ in range(copies)]
        dealer.rng.shuffle(deck)
        for make in deck:
            order, requests = make(dealer)
            kept = tuple(requests[: count - total])
            if kept:
                user = order.customer.lower().replace(" ", ".")
                dealt.append(Session(f"chat-{seed}-{len(dealt) + 1:03d}", user, kept))
                total += len(kept)
    return dealt


def _delivered(order: Order) -> bool:
    return order.delivered_days_ago is not None


def _refundable(order: Order) -> bool:
    return _delivered(order) and not order.final_sale and (order.delivered_days_ago or 0) <= 30


def _ineligible(order: Order) -> bool:
    return _delivered(order) and not _refundable(order)


def _by_card(order: Order) -> bool:
    return _refundable(order) and order.payment == "card"


def _by_gift_card(order: Order) -> bool:
    return _refundable(order) and order.payment == "gift card"


def _thing(order: Order) -> str:
    """The item as a customer calls it."""
    return order.item.split(" ", 1)[1].removeprefix("2 ")


def _refund_text(dealer: Dealer, order: Order) -> str:
    wording = dealer.choose(
        "refund",
        [
            "Hi, I'd like a refund for order {id}, please. I don't get on with the {thing}.",
            "Please refund {id}. I won't need the {thing} after all.",
            "Could I get my money back for {id}? I expected something else of the {thing}.",
            "I want to give back the {thing} from order {id} and get a refund.",
        ],
    )
    return wording.format(id=order.id, thing=_thing(order))


def _status(dealer: Dealer) -> tuple[Order, list[Request]]:
    order = dealer.order("status")
    text = dealer.choose("status", ["Where is my order {}?", "Hello, what is the status of {}?", "Is {} on its way?"])
    return order, [Request("order-status", text.format(order.id))]


def _mistyped(dealer: Dealer) -> tuple[Order, list[Request]]:
    order = dealer.order("mistyped")
    return order, [Request("order-status", f"Where is my order {order.id[:-2]}99?")]


def _refund(fits: Callable[[Order], bool]) -> _Make:
    def make(dealer: Dealer) -> tuple[Order, list[Request]]:
        order = dealer.order(fits.__name__, fits)
        return order, [Request("refund", _refund_text(dealer, order))]

    return make


def _refund_with_mail(dealer: Dealer) -> tuple[Order, list[Request]]:
    order = dealer.order("mail", _by_card)
    tail = dealer.choose("mail tail", [" And email me a confirmation, please.", " I'd like a confirmation by e-mail."])
    return order, [Request("refund-confirmation", _refund_text(dealer, order) + tail)]


def _refund_then_mail(dealer: Dealer) -> tuple[Order, list[Request]]:
    order = dealer.order("_by_card", _by_card)
    mail = dealer.choose("mail then", ["Can you send me that in writing?", "Please e-mail me that."])
    return order, [Request("refund", _refund_text(dealer, order)), Request("confirmation", mail)]


def _other_order(dealer: Dealer) -> tuple[Order, list[Request]]:
    """A customer asks about one order, then wants a refund for the item of another."""
    pairs = [(a, b) for a in ORDERS for b in ORDERS if a.id != b.id and a.customer == b.customer]
    first, second = dealer.choose("pairs", [(a, b) for a, b in pairs if _by_card(a) and _by_card(b)])
    status = dealer.choose("first", ["Has my order {} arrived yet?", "Where is {}, please?"])
    refund = dealer.choose(
        "second",
        [
            "Great. Please refund the {} I bought from you as well, it has a fault.",
            "Thanks! I'd also like my money back for the {} from my other order.",
        ],
    )
    return first, [
        Request("order-status", status.format(first.id)),
        Request("refund-other-order", refund.format(_thing(second))),
    ]


def _ask(task: str, *variants: str) -> _Make:
    def make(dealer: Dealer) -> tuple[Order, list[Request]]:
        return dealer.order(task), [Request(task, dealer.choose(variants[0], variants))]

    return make


def _unlisted(dealer: Dealer) -> tuple[Order, list[Request]]:
    topic = dealer.choose("topic", ["rental", "gift card", "personalised", "climbing course", "second-hand"])
    text = dealer.choose(
        "unlisted",
        [
            "How many days do I have to get a refund for a {} purchase?",
            "Can I return something from a {} order, and until when?",
        ],
    )
    return dealer.order("unlisted"), [Request("special-terms", text.format(topic))]


def _address(dealer: Dealer) -> tuple[Order, list[Request]]:
    order = dealer.order("address", lambda order: not _delivered(order))
    street = dealer.choose("street", ["Birch Lane 4, Portland", "Harbour Street 18, Boston", "Mill Road 7, Denver"])
    return order, [Request("address-change", f"Please change the address of {order.id} to {street}.")]


_DECK: tuple[tuple[_Make, int], ...] = (
    (_status, 3),
    (_mistyped, 1),
    (_other_order, 3),
    (_refund(_by_card), 3),
    (_refund(_by_gift_card), 3),
    (_refund(_ineligible), 4),
    (
        _ask(
            "return-window",
            "What is your return window, counted from delivery?",
            "How many days is the return window for unused items?",
        ),
        2,
    ),
    (
        _ask(
            "return-window",
            "How long do I have to send something back if I changed my mind?",
            "I changed my mind about a jacket. How long can I take to bring it back?",
            "How long can I think about it before I send back a tent?",
            "My partner bought me boots and I changed my mind. How long do I have?",
        ),
        4,
    ),
    (_unlisted, 3),
    (_refund_with_mail, 4),
    (_refund_then_mail, 1),
    (_address, 2),
    (
        _ask(
            "policy-question",
            "How many working days does standard delivery take?",
            "What does the warranty cover, and for how many years?",
            "The price of my tent dropped after purchase. Is there a price adjustment?",
        ),
        3,
    ),
)
"""Each kind of conversation and how often it is in the deck: 40 requests."""
