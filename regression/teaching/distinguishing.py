"""Checks that tell a bad run from a good one, worked out from step, cause, rules, signals and a good sibling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ...knowledge.invariants import Invariant
from ...model.case_checks import Check, Grounded, MaxSteps, ToolArgument, ToolCalled, ToolNotCalled, ToolOrder
from ...model.cases import Case
from ...model.findings import CauseClass, Signal, Suspect
from ...model.text.jsontext import canonical, parse_if_json, scalars
from ...model.traces import JsonValue, Step
from ..checks import run_check
from ..protocol import CalledTool, RunResult
from ..results import CheckStatus

MOST_CHECKS = 4
"""More than a person takes in before signing; the first ones rest on the most."""
_UNGROUNDED = frozenset({"ungrounded_value", "tool_contradiction", "wrong_arithmetic"})
_REPEATED = frozenset({"loop", "retry_without_change"})
_CALLS = frozenset(
    {
        CauseClass.TOOL,
        CauseClass.ARGUMENTS,
        CauseClass.WORKFLOW,
        CauseClass.RETRIEVAL,
        CauseClass.PROMPT,
        CauseClass.UNDETERMINED,
    }
)
"""Causes under which another set of calls is part of the failure."""
_LOOPED = 2.0
"""A failing run that takes this many times the steps of a good one is bounded by the good one's steps and a half."""


@dataclass(frozen=True, slots=True)
class Known:
    """What checks can be worked out from.

    Attributes:
        bad: The failed run up to the blamed turn.
        step: The blamed step.
        cause: From what cause.
        signals: Signals of the run.
        suspects: Suspects of the run; where a step was called with a wrong argument, they say which.
        rules: The project's declared invariants.
        good: A run of the same request that went well.
    """

    bad: RunResult
    step: Step | None
    cause: CauseClass
    signals: Sequence[Signal] = ()
    suspects: Sequence[Suspect] = ()
    rules: Sequence[Invariant] = ()
    good: RunResult | None = None


def telling_checks(known: Known, case: Case) -> list[Check]:
    """The candidates that fail on the bad run and pass on the good one, best founded first, at most four.

    Args:
        known: What they are worked out from.
        case: Its input is a source for what an answer says.

    Cost: one check per candidate; nothing is run.
    """
    return those_that_tell(_candidates(known), known.bad, known.good, case)[:MOST_CHECKS]


def those_that_tell(candidates: Iterable[Check], bad: RunResult, good: RunResult | None, case: Case) -> list[Check]:
    """The checks, each once, that fail on the bad run and, where there is a good one, pass on it."""
    kept: dict[bytes, Check] = {}
    for check in candidates:
        fails = run_check(check, bad, case).status is CheckStatus.FAILED
        if fails and (good is None or run_check(check, good, case).status is CheckStatus.PASSED):
            kept.setdefault(canonical(check.model_dump(mode="json")), check)
    return list(kept.values())


def _candidates(known: Known) -> Iterator[Check]:
    for rule in known.rules:
        yield from _of_rule(rule)
    yield from _of_step(known)
    names = {signal.signal for signal in known.signals if signal.failure}
    if names & _UNGROUNDED or known.cause in (CauseClass.PASSAGE_SELECTION, CauseClass.REASONING):
        yield Grounded()
    if names & _REPEATED:
        yield from _of_repetition(known)
    if known.good is not None and known.cause in _CALLS:
        yield from sibling_checks(known.bad, known.good)


def _of_rule(rule: Invariant) -> Iterator[Check]:
    if rule.forbidden:
        yield ToolNotCalled(tool=rule.tool)
    elif rule.requires_before:
        yield ToolOrder(tools=(*rule.requires_before, rule.tool))
        for tool in rule.requires_before:
            yield ToolCalled(tool=tool)
    elif rule.argument:
        bounds = {"min": rule.min, "max": rule.max, "one_of": rule.one_of or None}
        given: dict[str, object] = {name: value for name, value in bounds.items() if value is not None}
        if rule.matches:
            given["matches"] = f"^(?:{rule.matches})$"
        yield ToolArgument.model_validate({"tool": rule.tool, "path": rule.argument, **given})


def _of_step(known: Known) -> Iterator[Check]:
    step = known.step
    if step is None or not step.tool:
        return
    if known.cause is CauseClass.ARGUMENTS:
        yield from _of_arguments(step, known)
    if known.cause is CauseClass.WORKFLOW:
        yield ToolNotCalled(tool=step.tool)


def _of_arguments(step: Step, known: Known) -> Iterator[Check]:
    """The argument as the good run gave it; else what it must not be, where the evidence names the argument."""
    assert step.tool is not None
    given = dict(_named(step.inputs))
    # A long run calls a tool again and again, rightly; the case ends with the blamed turn, so its last call is meant.
    is_last = _last_arguments(known.bad, step.tool) == canonical(step.inputs)
    which: Literal["last", "every"] = "last" if is_last else "every"
    calls = [call for call in (known.good.tool_calls or () if known.good else ()) if call.name == step.tool]
    wanted = [dict(_named(call.arguments)) for call in calls]
    for path, value in given.items():
        others = [found[path] for found in wanted if path in found]
        if others and all(canonical(other) != canonical(value) for other in others):
            yield ToolArgument(tool=step.tool, path=path, one_of=tuple(others), calls=which)
    for path in _blamed_paths(step, known):
        if path in given:
            yield ToolArgument(tool=step.tool, path=path, never=(given[path],), calls=which)


def _last_arguments(run: RunResult, tool: str) -> bytes | None:
    arguments = [call.arguments for call in run.tool_calls or () if call.name == tool]
    return canonical(arguments[-1]) if arguments else None


def _blamed_paths(step: Step, known: Known) -> list[str]:
    quoted = [entry for suspect in known.suspects for entry in suspect.evidence]
    quoted += [entry for signal in known.signals for entry in signal.evidence]
    paths = [entry.path for entry in quoted if entry.step == step.index and entry.path]
    named = [path.partition(".")[2] for path in paths if path.startswith("arguments.")]
    given = [path for path, _ in _named(step.inputs)]
    return list(dict.fromkeys(named)) or (given if len(given) == 1 else [])


def _named(arguments: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    value = parse_if_json(arguments) if isinstance(arguments, str) else arguments
    if isinstance(value, dict):
        yield from scalars(value)


def _of_repetition(known: Known) -> Iterator[Check]:
    names = [call.name for call in known.bad.tool_calls or ()]
    often = max(names, key=names.count, default="")
    if names.count(often) > 1:
        yield ToolCalled(tool=often, times=1)


def sibling_checks(bad: RunResult, good: RunResult) -> Iterator[Check]:
    """What a good run does that the bad one does not, and the other way round."""
    bad_tools, good_tools = _tools(bad.tool_calls or ()), _tools(good.tool_calls or ())
    for tool in good_tools:
        yield ToolCalled(tool=tool)
    for tool in bad_tools:
        yield ToolNotCalled(tool=tool)
    if good.steps and bad.steps and bad.steps >= _LOOPED * good.steps:
        yield MaxSteps(steps=good.steps + good.steps // 2)


def _tools(calls: Sequence[CalledTool]) -> list[str]:
    return list(dict.fromkeys(call.name for call in calls))
