"""The same act again and again, or the same words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from rapidfuzz import fuzz

from ....model.findings import Signal
from ...reading import Act, Reading, View, changed_between
from ...run_kinds import CRAFT
from ...texts.quotes import quote
from ...texts.recorded import holds_results
from ...tools.tool_roles import ToolRole, words_of
from ..definition import SignalDefinition, signal

_TIMES = 3
_TIMES_OF_CRAFT = 4
"""Whoever tries things out looks again on purpose."""
_WAITING = frozenset({"wait", "poll", "sleep", "output", "status", "progress", "monitor", "stdin", "heartbeat"})
_ALIKE = 95.0
_SHORT = 40


def find(reading: Reading) -> Iterator[Signal]:
    counted: dict[tuple[str, str, str], list[Act]] = defaultdict(list)
    told: set[tuple[str, str, str]] = set()
    least = _TIMES_OF_CRAFT if reading.kind in CRAFT else _TIMES
    known = holds_results(act.result for act in reading.acts)
    for act in (act for act in reading.acts if known and act.arguments is not None and not _waits(act)):
        key = (reading.view(act.step).agent, *act.key)
        acts = counted[key]
        if acts and _is_new(reading, acts[-1], act):
            acts.clear()
        acts.append(act)
        if len(acts) == least and key not in told:
            told.add(key)
            step = reading.view(act.step).step
            reason = f"{act.tool} is called {least} times with the same arguments and the same result"
            yield signal(DEFINITION.name, act.step, reason, quote(step, act.tool, "tool"))
    yield from _repeated_words(reading)


def _is_new(reading: Reading, before: Act, act: Act) -> bool:
    """Is there a reason for the call: another result, something changed, a person spoke?"""
    spoke = any(before.step < index <= act.step for index, _ in reading.user_turns)
    return spoke or act.result != before.result or changed_between(reading, before, act)


def _waits(act: Act) -> bool:
    """Is it made to be called again: a plan kept up to date, a look whether something is done?"""
    return act.role is ToolRole.NOTE or bool(words_of(act.tool) & _WAITING)


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
        "One agent makes one call with the same arguments and the same result three times (four, where it tries out "
        "code), and nothing changes between; or three nearly equal turns."
    ),
    weakness="Polling for a state that changes slowly is a loop by this rule; cycles over several tools are not seen.",
    find=find,
)
