"""The policy document base and its retriever (BM25 over titles and texts).

The base was filled in 2023 and added to since; superseded versions were never taken out of the index.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy document in one version."""

    id: str
    title: str
    text: str
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A policy as the retriever found it."""

    policy: Policy
    score: float


POLICIES = (
    Policy(
        "returns-2026",
        "Returns and refunds",
        "Return window: unused items may be returned within 30 days of delivery for a refund to the original means "
        "of payment. Refund eligibility is counted from the day of delivery, also where you changed your mind and send "
        "an item back.",
    ),
    Policy(
        "returns-2023",
        "Changed your mind?",
        "How long do you have to send something back? You can bring or send back anything you bought from us within "
        "60 days, no matter why you changed your mind.",
        superseded=True,
    ),
    Policy(
        "final-sale-2026",
        "Final sale",
        "Items marked final sale cannot be returned and are not eligible for a refund. Faults are covered by warranty.",
    ),
    Policy(
        "delivery-2026",
        "Delivery times",
        "Standard delivery takes 3 to 5 working days, express delivery 1 to 2 working days.",
    ),
    Policy(
        "warranty-2026",
        "Warranty",
        "The warranty covers manufacturing faults for 2 years from purchase. Wear and tear is not covered.",
    ),
    Policy(
        "address-2026",
        "Address changes",
        "The delivery address of an order can be changed until the order has shipped.",
    ),
    Policy(
        "price-2026",
        "Price adjustment",
        "Where a price drops within 14 days of purchase, the difference is paid on request.",
    ),
)

_WORD = re.compile(r"[a-z]+")
_COMMON = frozenset(
    _WORD.findall(
        "a an and are be can do does for from has have how i if in is it my of on or our that the to up us "
        "we what when where with you your"
    )
)


def search(query: str, *, include_superseded: bool, top_k: int = 2) -> list[Passage]:
    """The best passages for a query, best first; fewer than `top_k` where fewer share a word with it."""
    base = [policy for policy in POLICIES if include_superseded or not policy.superseded]
    texts = [_words(f"{policy.title} {policy.text}") for policy in base]
    average = sum(len(text) for text in texts) / len(texts)
    scored = [
        Passage(policy, round(_bm25(_words(query), text, texts, average), 3))
        for policy, text in zip(base, texts, strict=True)
    ]
    found = [passage for passage in scored if passage.score > 0]
    return sorted(found, key=lambda passage: (-passage.score, passage.policy.id))[:top_k]


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _COMMON]


def _bm25(query: Sequence[str], text: Sequence[str], texts: Sequence[Sequence[str]], average: float) -> float:
    counts, score = Counter(text), 0.0
    for word in set(query):
        holding = sum(word in other for other in texts)
        if counts[word]:
            rarity = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
            score += rarity * counts[word] * 2.2 / (counts[word] + 1.2 * (0.25 + 0.75 * len(text) / average))
    return score
