"""The agent declines, or the provider's filter does."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ...reading import Reading
from ...texts.quotes import around, quote
from ...wording import REFUSAL
from ..definition import SignalDefinition, signal

_FILTERED = frozenset({"content_filter", "refusal", "safety", "recitation", "blocked"})


def find(reading: Reading) -> Iterator[Signal]:
    final = reading.final
    for view in reading.decisions:
        reason = (view.step.finish_reason or "").lower()
        if reason in _FILTERED:
            yield signal(
                DEFINITION.name,
                view.index,
                f"the output was withheld ({view.step.finish_reason})",
                quote(view.step, view.step.finish_reason or "", "finish_reason"),
            )
            continue
        match = REFUSAL.search(view.text[:4_000])
        if match:
            yield signal(
                DEFINITION.name,
                view.index,
                "the reply declines what was asked",
                around(view.step, view.text, match.start(), match.end(), "outputs"),
                strength=0.8 if final is not None and view.index == final.index else 0.5,
                failure=False,
            )


DEFINITION = SignalDefinition(
    name="refusal",
    definition="A reply declines the request in words, or the finish reason names a filter.",
    weakness=(
        "No failure by itself, as policies demand refusals; only output withheld by a filter counts as one. "
        "A few phrases of English, German, French and Spanish."
    ),
    find=find,
)
