"""The words of a text that can tell runs apart: lower case, numbers as one sign, no addresses or frequent English."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['_-][^\W_]+)*")
_ADDRESS = re.compile(r"\S+@\S+|\b[a-z]+://\S+")
_MOST = 2_000
"""Characters looked at; a request or answer says early what it is about."""
# fmt: off
_FREQUENT = frozenset((
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "does", "for", "from", "had", "has", "have", "here", "how", "i", "if", "in", "into", "is",
    "it", "its", "just", "let", "like", "me", "more", "my", "no", "not", "now", "of", "on", "or", "other", "our", "out",
    "please", "so", "some", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to",
    "up", "us", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you",
    "your", "i'm", "i've", "it's", "i'd", "i'll", "you're", "you've", "we've", "don't", "that's", "let's",
))
# fmt: on
NUMBER = "#"
"""Stands for every word with a digit in it."""


def words_of(text: str) -> list[str]:
    """The telling words of the first 2,000 characters, in order.

    >>> words_of("I've refunded 94.00 for your Order")
    ['refunded', '#', '#', 'order']
    """
    found = (word.lower() for word in _WORD.findall(_ADDRESS.sub(" ", text[:_MOST])))
    return [NUMBER if any(c.isdigit() for c in word) else word for word in found if word not in _FREQUENT]
