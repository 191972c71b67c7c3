"""Change a run that went well in one place at a time: which checks can fail, and what none of them would notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ...model.case_checks import Judged
from ...model.cases import Case
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from ..checks import describe_check
from ..protocol import CalledTool, RunResult
from ..recorded import hold_run
from ..results import CheckStatus

_NUMBER = re.compile(r"\d+")
_MOST = 200
"""Changes of one run."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A run with one thing changed."""

    what: str
    run: RunResult


@dataclass(frozen=True, slots=True)
class Mutated:
    """What the checks of a case make of the changes."""

    can_fail: tuple[tuple[str, str | None], ...]
    """By check that the run passes: a change that makes it fail; None where none does."""
    unseen: tuple[str, ...]
    """Changes that no check notices."""
    changes: int

    @property
    def idle(self) -> tuple[str, ...]:
        """Checks that no change makes fail."""
        return tuple(check for check, by in self.can_fail if by is None)


def mutate(case: Case, run: RunResult) -> Mutated:
    """Hold a case against every change of a run that it passes. Judge's checks are not asked.

    Cost: the checks once for each change, 200 at most.
    """
    decided = case.model_copy(update={"checks": tuple(c for c in case.checks if not isinstance(c, Judged))})
    passed = [c.check for c in hold_run(decided, run).checks if c.status is CheckStatus.PASSED]
    found: dict[str, str | None] = dict.fromkeys(passed)
    unseen, changes = [], 0
    for mutant in mutants(run):
        changes += 1
        failed = [c.check for c in hold_run(decided, mutant.run).checks if c.status is CheckStatus.FAILED]
        for check in failed:
            if found.get(check, "") is None:
                found[check] = mutant.what
        if not set(failed) & found.keys():
            unseen.append(mutant.what)
    names = [describe_check(check) for check in decided.checks]
    return Mutated(tuple((name, found[name]) for name in names if name in found), tuple(unseen), changes)


def mutants(run: RunResult) -> Iterator[Mutant]:
    """Runs that differ from this one in one thing: the answer, a call, an argument, the order, the length."""
    for number, mutant in enumerate((*_answers(run), *_calls(run))):
        if number < _MOST:
            yield mutant


def _answers(run: RunResult) -> Iterator[Mutant]:
    text = as_text(run.output)
    yield Mutant("an empty answer", RunResult("", run.tool_calls, run.steps))
    yield Mutant("a refusal instead of the answer", RunResult("I cannot help with that.", run.tool_calls, run.steps))
    for place, found in enumerate(list(_NUMBER.finditer(text))[:20]):
        other = str(int(found[0]) + 1 + place)
        changed = text[: found.start()] + other + text[found.end() :]
        yield Mutant(f"{found[0]} in the answer is {other}", RunResult(changed, run.tool_calls, run.steps))


def _calls(run: RunResult) -> Iterator[Mutant]:
    calls = list(run.tool_calls or ())

    def made(what: str, changed: list[CalledTool]) -> Mutant:
        steps = None if run.steps is None else run.steps + len(changed) - len(calls)
        return Mutant(what, RunResult(run.output, changed, steps))

    for place, call in enumerate(calls):
        rest = [*calls[:place], *calls[place + 1 :]]
        yield made(f"{call.name} is not called", rest)
        yield made(f"{call.name} is called once more", [*calls[: place + 1], *calls[place:]])
        for path, changed in _changed(call.arguments, ""):
            yield made(
                f"{call.name}.{path} is another",
                [*calls[:place], replace(call, arguments=changed), *calls[place + 1 :]],
            )
    for place, (first, second) in enumerate(pairwise(calls)):
        if first.name != second.name:
            swapped = [*calls[:place], second, first, *calls[place + 2 :]]
            yield made(f"{second.name} comes before {first.name}", swapped)


def _changed(value: Any, path: str) -> Iterator[tuple[str, JsonValue]]:
    """The value with one of its leaves changed, and which."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for where, changed in _changed(inner, f"{path}.{key}" if path else str(key)):
                yield where, {**value, key: changed}
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for where, changed in _changed(inner, f"{path}.{index}" if path else str(index)):
                yield where, [*value[:index], changed, *value[index + 1 :]]
    elif path:
        yield path, _other(value)


def _other(value: Any) -> JsonValue:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value}-x" if isinstance(value, str) else "x"
