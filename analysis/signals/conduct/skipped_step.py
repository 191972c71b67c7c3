"""The instructions order one tool before another, and the other was called without it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ....model.findings import Signal
from ...reading import Reading, Role
from ...run_kinds import INFORMED
from ...texts.quotes import quote
from ...tools.tool_roles import READ_VERBS, WRITE_VERBS, ToolRole, words_of
from ..definition import SignalDefinition, signal
from ..surroundings import Surroundings

_MOST = 60_000
_SENTENCE = re.compile(r"[^.!?\n;]{8,400}")
_ORDERS = re.compile(
    r"(?i)\b(?:always|must|never|do not|don't|first|required?|mandatory|only|ensure|make sure|every time|call|"
    r"use|check|verify)\b"
)
_CONDITION = re.compile(
    r"(?i)\b(?:if|unless|except|when|whenever|where|in case|optional(?:ly)?|may|can|could|for example|e\.g)\b"
)
_BEFORE = re.compile(r"(?i)\b(?:before|prior to|until after)\b")
_AFTER = re.compile(r"(?i)\b(?:only after|after|once|until)\b")
_WITHOUT = re.compile(
    r"(?i)\b(?:never|do not|don't|must not|may not|cannot)\b(?P<then>.{3,200})\bwithout\b(?P<first>.{3,200})"
)
_STEM = 5
_IDENTIFIER = re.compile(r"\b[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5}\b")
_SHORT = frozenset({"a", "an", "the", "of", "by", "for", "to", "in", "id", "get", "and"})


@dataclass(frozen=True, slots=True)
class Order:
    """`first` has to be called before `then`, as these words of a step say."""

    first: str
    then: str
    words: str
    step: int


def find_in(reading: Reading, surroundings: Surroundings) -> Iterator[Signal]:
    known = {act.tool for act in reading.acts} | set(reading.tools)
    if surroundings.population is not None:
        known |= set(surroundings.population.tools)
    told: set[str] = set()
    for order in orders_of(reading, known):
        worked = {name for name, _ in reading.earlier_calls}
        for act in reading.acts:
            if (
                act.tool == order.then
                and order.first not in worked
                and act.role is not ToolRole.READ
                and act.tool not in told
            ):
                told.add(act.tool)
                yield signal(
                    DEFINITION.name,
                    act.step,
                    f"{act.tool} was called without {order.first} before it, which the instructions order",
                    quote(reading.view(act.step).step, act.tool, "tool"),
                    quote(reading.view(order.step).step, order.words, "inputs"),
                    strength=0.9,
                )
                break
            worked.add(act.tool)


def orders_of(reading: Reading, known: set[str]) -> Iterator[Order]:
    """Orders without a condition in the words of those who set the agent up.

    Args:
        reading: The run.
        known: Names of tools that are there, whether this run called them or not.
    """
    for step, text in _orders_text(reading):
        stems = {tool: _stems(tool) for tool in known | _spelt_tools(text[:_MOST])}
        for match in _SENTENCE.finditer(text[:_MOST]):
            said = match.group().strip()
            if not _ORDERS.search(said) or _CONDITION.search(said):
                continue
            for first, then in _sides(said):
                pair = _tool_in(first, stems), _tool_in(then, stems)
                if pair[0] and pair[1] and pair[0] != pair[1]:
                    yield Order(pair[0], pair[1], said, step)


def _spelt_tools(text: str) -> frozenset[str]:
    """Names in the text that are written as tools are and begin with a verb."""
    names = {match.group() for match in _IDENTIFIER.finditer(text)}
    return frozenset(name for name in names if name.partition("_")[0] in READ_VERBS | WRITE_VERBS)


def _orders_text(reading: Reading) -> Iterator[tuple[int, str]]:
    for view in reading.views:
        if view.role is Role.CONTEXT:
            yield view.index, view.text
        yield from ((view.index, m.content) for m in view.received if m.role in ("system", "developer"))


def _sides(said: str) -> Iterator[tuple[str, str]]:
    """What comes first and what comes then, by the word that joins them."""
    without = _WITHOUT.search(said)
    if without:
        yield without["first"], without["then"]
        return
    before = list(_BEFORE.finditer(said))
    if len(before) == 1:
        left, right = said[: before[0].start()], said[before[0].end() :]
        if left.strip():
            yield left, right
        elif "," in right:
            then, _, first = right.partition(",")
            yield first, then
    after = list(_AFTER.finditer(said))
    if len(after) == 1 and not before:
        left, right = said[: after[0].start()], said[after[0].end() :]
        if left.strip():
            yield right, left


def _tool_in(clause: str, stems: Mapping[str, frozenset[str]]) -> str | None:
    """The one tool that a clause names: letter for letter, else by every word of its name."""
    literal = [tool for tool in stems if re.search(rf"(?<![\w-]){re.escape(tool)}(?![\w-])", clause)]
    if literal:
        return literal[0] if len(literal) == 1 else None
    told = [word.lower() for word in re.findall(r"[^\W\d_]+", clause)]
    spelt = [
        tool
        for tool, words in stems.items()
        if len(words) > 1 and all(any(word.startswith(stem) for word in told) for stem in words)
    ]
    return spelt[0] if len(spelt) == 1 else None


def _stems(tool: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in words_of(tool) if word not in _SHORT)


DEFINITION = SignalDefinition(
    name="skipped_step",
    definition=(
        "The instructions order without a condition one tool before another (`check_insurance before book_visit`, "
        "also in plain words), and the run, its earlier turns included, called the other without it."
    ),
    weakness=(
        "English; both tools must be told by name or by each word of it, and orders with a condition are left to rules "
        "of your own."
    ),
    find_in=find_in,
    meant_for=INFORMED,
)
