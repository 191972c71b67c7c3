"""A conversation about a run as blocks: questions, sentences, and under each the steps that can be opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from textual.content import Content

from ..agents.chat import Exchange, Lookup, Said
from ..answers.plain.words import step_name
from ..model.traces import Trace
from .gate import joined, shown, shown_line
from .widgets.block_view import Block

_QUOTE = 120
_LOOKUP = 160


def exchange_blocks(exchange: Exchange, trace: Trace, *, unfolded: bool) -> list[Block]:
    """One question with its answer; blocks that have a key are steps to open."""
    blocks = [Block(joined(shown("› ", "bold $accent"), shown(exchange.question, "bold")))]
    blocks += lookup_blocks(exchange.lookups, unfolded=unfolded)
    for said in exchange.said:
        blocks += _sentence(said, trace)
    return blocks


def lookup_blocks(lookups: Sequence[Lookup], *, unfolded: bool) -> list[Block]:
    """The tools that were called: one line, or with `unfolded` one each with what it gave."""
    if not lookups:
        return []
    counted = Counter(lookup.name for lookup in lookups)
    names = ", ".join(name if count == 1 else f"{name} ×{count}" for name, count in counted.items())
    head = Block(joined(shown("▾ " if unfolded else "▸ ", "$quiet"), shown(f"looked up: {names}", "$quiet")))
    if not unfolded:
        return [head]
    rows = [Block(_lookup(lookup), gap=False) for lookup in lookups]
    return [Block(head.content, gap=False), *rows[:-1], Block(rows[-1].content)]


def _lookup(lookup: Lookup) -> Content:
    mark = shown("  ✗ " if lookup.is_error else "  · ", "$error" if lookup.is_error else "$quiet")
    return joined(
        mark,
        shown_line(f"{lookup.name} {lookup.arguments}", _LOOKUP, "$accent"),
        shown("\n    "),
        shown_line(lookup.answer, _LOOKUP * 2, "$quiet"),
    )


def _sentence(said: Said, trace: Trace) -> list[Block]:
    under = [
        Block(
            joined(
                shown(f"  {trace.summary.short_id}.{support.step} ", "bold $accent"),
                shown(step_name(trace.steps[support.step]) if support.step < len(trace.steps) else "step"),
                shown("  “", "$quiet"),
                shown_line(support.quote, _QUOTE),
                shown("”", "$quiet"),
            ),
            key=support.step,
            gap=False,
        )
        for support in said.supports
    ]
    refused = [
        Block(joined(shown("  ⚠ ", "$warning"), shown_line(why, _QUOTE, "$warning")), gap=False) for why in said.refused
    ]
    bare = "" if said.supports or said.refused else "  (no step cited)"
    rows = [Block(joined(shown(said.text), shown(bare, "$quiet")), gap=False), *under, *refused]
    return [*rows[:-1], Block(rows[-1].content, key=rows[-1].key)]
