"""Redaction as a running server needs it: one rule set and one numbering over many batches, within bounds."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from ...ingest.redaction import PlaceholderNumbers, redact_batch
from ...ingest.structure import strip_contents
from ...model.text.secrets import load_rules
from ...model.traces import SpanBatch

_KEY_BYTES = 32
_BATCHES_PER_NUMBERING = 20_000
"""After so many batches numbering begins anew, so that it does not grow for ever."""


class Redactor:
    """Takes secrets out of batches, in place; a trace that arrives in pieces keeps its numbers.

    Args:
        personal: Kinds of personal data to take out as well: `email`, `phone`, `card`, `iban`.
        outline_key: Where given, no content is kept at all, only its length and a hash under this key.

    Raises:
        UsageError: if a kind is unknown.
    """

    def __init__(self, personal: Collection[str] = (), *, outline_key: bytes | None = None) -> None:
        self._rules = load_rules(personal)
        self._outline_key = outline_key
        # Digests live in this process only, so its key may, too.
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._numbers = PlaceholderNumbers()
        self._batches = 0

    def __call__(self, batch: SpanBatch) -> int:
        """Redact a batch; returns how many secrets were taken out."""
        self._batches += 1
        if self._batches % _BATCHES_PER_NUMBERING == 0:
            self._numbers = PlaceholderNumbers()
        found = redact_batch(batch, self._rules, self._key, self._numbers).total
        if self._outline_key is not None:
            strip_contents(batch, self._outline_key)
        return found
