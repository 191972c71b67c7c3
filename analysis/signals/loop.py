"""The same act again and again, or the same words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from rapidfuzz import fuzz

from ...model.findings import Signal
from ..quotes import quote
from ..reading import Act, Reading, View
from .definition import SignalDefinition, signal

_TIMES = 3
_ALIKE = 95.0
_SHORT = 40


def find(reading: Reading) -> Iterator[Signal]:
    by_key: dict[tuple[str, str], list[Act]] = defaultdict(list)
    for act in (act for act in reading.acts if act.arguments is not None):
        by_key[act.key].append(act)
    for (tool, _), acts in by_key.items():
        if len(acts) >= _TIMES and len({act.result for act in acts}) < len(acts):
            step = reading.view(acts[_TIMES - 1].step).step
            yield signal(
                DEFINITION.name,
                acts[_TIMES - 1].step,
                f"{tool} is called {len(acts)} times with the same arguments",
                quote(step, tool, "tool"),
            )
    yield from _repeated_words(reading)


def _repeated_words(reading: Reading) -> Iterator[Signal]:
    by_agent: dict[str, list[View]] = defaultdict(list)
    for view in reading.decisions:
        if len(view.text) >= _SHORT and view.index not in reading.acts_by_asker:
            by_agent[view.agent].append(view)
    for agent, views in by_agent.items():
        run = 1
        for before, view in pairwise(views):
            run = run + 1 if _alike(before.text, view.text) else 1
            if run == _TIMES:
                yield signal(
                    DEFINITION.name,
                    view.index,
                    f"{agent or 'the agent'} says nearly the same {_TIMES} times in a row",
                    quote(view.step, view.text.strip().splitlines()[0], "outputs"),
                    strength=0.8,
                )
                break


def _alike(left: str, right: str) -> bool:
    return left == right or fuzz.ratio(left[:2_000], right[:2_000]) >= _ALIKE


DEFINITION = SignalDefinition(
    name="loop",
    definition=(
        "One call with the same arguments at least three times with a repeated result, or three nearly equal turns."
    ),
    weakness="Polling for a state that changes slowly is a loop by this rule; cycles over several tools are not seen.",
    find=find,
)
