"""The deterministic checks of a regression case, each a small function from a run to what it observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model.case_checks import (
    Check,
    Grounded,
    Judged,
    MaxSteps,
    OutputContains,
    OutputMatches,
    OutputNotContains,
    OutputSchema,
    ToolArgument,
    ToolCalled,
    ToolNotCalled,
    ToolOrder,
    compile_pattern,
)
from ..model.cases import Case
from ..model.text.jsontext import as_text, canonical, parse_if_json, scalars
from ..model.traces import JsonValue
from .grounding import ungrounded
from .protocol import CalledTool, RunResult
from .results import CheckResult, CheckStatus, Judge

_ABSENT = object()
_Found = tuple[bool, str, JsonValue]


class UndecidedError(Exception):
    """The run does not report what the check needs."""


def run_check(check: Check, run: RunResult, case: Case, judge: Judge | None = None) -> CheckResult:
    """Hold one check against one run.

    A check that cannot be decided has status `error`; a judge's check without a judge or without a verdict is skipped.
    """
    name = describe_check(check)
    if isinstance(check, Judged):
        return _judged(check, name, run, case, judge)
    try:
        passed, reason, observed = _DECIDE[type(check)](check, run, case)
    except UndecidedError as err:
        return CheckResult(name, CheckStatus.ERROR, str(err))
    return CheckResult(name, CheckStatus.PASSED if passed else CheckStatus.FAILED, reason, observed)


def describe_check(check: Check) -> str:
    """A check in a few words: `tool_argument issue_refund.order_id`."""
    if isinstance(check, ToolArgument):
        return f"tool_argument {check.tool}.{check.path}"
    if isinstance(check, ToolCalled | ToolNotCalled):
        return f"{check.check} {check.tool}"
    if isinstance(check, ToolOrder):
        return f"tool_order {' → '.join(check.tools)}"
    if isinstance(check, OutputContains | OutputNotContains):
        return f"{check.check} {check.text!r}"
    if isinstance(check, OutputMatches):
        return f"output_matches {check.pattern!r}"
    if isinstance(check, MaxSteps):
        return f"max_steps {check.steps}"
    return f"judge {check.question!r}" if isinstance(check, Judged) else check.check


def _judged(check: Judged, name: str, run: RunResult, case: Case, judge: Judge | None) -> CheckResult:
    if judge is None:
        return CheckResult(name, CheckStatus.SKIPPED, "no judge was given to this run")
    answer = judge(check.question, run, case)
    if answer.passed is None:
        return CheckResult(name, CheckStatus.SKIPPED, f"the judge gave no verdict: {answer.explanation}")
    status = CheckStatus.PASSED if answer.passed else CheckStatus.FAILED
    return CheckResult(name, status, f"the judge says: {answer.explanation}", run.output)


def _calls(run: RunResult) -> tuple[CalledTool, ...]:
    if run.tool_calls is None:
        raise UndecidedError("the target reports no tool calls; let it return a RunResult with tool_calls")
    return run.tool_calls


def _names(run: RunResult) -> list[JsonValue]:
    return [call.name for call in _calls(run)]


def _tool_called(check: ToolCalled, run: RunResult, _: Case) -> _Found:
    names = _names(run)
    count = names.count(check.tool)
    if check.times is None:
        return count > 0, f"{check.tool} was called {_times(count)}", names
    return count == check.times, f"{check.tool} was called {_times(count)}, expected {_times(check.times)}", names


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _tool_not_called(check: ToolNotCalled, run: RunResult, _: Case) -> _Found:
    calls = [call for call in _calls(run) if call.name == check.tool]
    observed: JsonValue = [call.arguments for call in calls]
    return not calls, f"{check.tool} was called {_times(len(calls))}", observed


def _tool_order(check: ToolOrder, run: RunResult, _: Case) -> _Found:
    names = _names(run)
    start = 0
    for tool in check.tools:
        if tool not in names[start:]:
            return False, f"{tool} does not follow in the expected order", names
        start = names.index(tool, start) + 1
    return True, "the calls are in order", names


def _tool_argument(check: ToolArgument, run: RunResult, _: Case) -> _Found:
    calls = [call for call in _calls(run) if call.name == check.tool]
    if not calls:
        return False, f"{check.tool} was never called", _names(run)
    given = [
        _at(parse_if_json(c.arguments) if isinstance(c.arguments, str) else c.arguments, check.path) for c in calls
    ]
    weighed = given[-1:] if check.calls == "last" else given
    wrong = [reason for value in weighed if (reason := _mismatch(check, value))]
    passed = len(wrong) < len(weighed) if check.calls == "any" else not wrong
    observed: JsonValue = [None if value is _ABSENT else value for value in given]
    return passed, wrong[0] if wrong and not passed else "as expected", observed


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _ABSENT
    return value


def _mismatch(check: ToolArgument, value: Any) -> str | None:
    if value is _ABSENT:
        return f"there is no argument {check.path}"
    shown = as_text(value) or repr(value)
    wanted = check.expectations
    if "equals" in wanted and not _same(value, check.equals):
        return f"{check.path} is {shown}, expected {as_text(check.equals) or repr(check.equals)}"
    if check.one_of is not None and not any(_same(value, choice) for choice in check.one_of):
        return f"{check.path} is {shown}, expected one of {as_text(list(check.one_of))}"
    if check.matches is not None and not compile_pattern(check.matches).search(as_text(value)):
        return f"{check.path} is {shown}, which does not match {check.matches!r}"
    if check.never is not None and any(_same(value, refused) for refused in check.never):
        return f"{check.path} is {shown}, which it must not be"
    return _outside(check, value)


def _outside(check: ToolArgument, value: Any) -> str | None:
    if check.min is None and check.max is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return f"{check.path} is {as_text(value)!r}, not a number"
    if check.min is not None and not number >= check.min:
        return f"{check.path} is {number:g}, below {check.min:g}"
    if check.max is not None and not number <= check.max:
        return f"{check.path} is {number:g}, above {check.max:g}"
    return None


def _same(left: Any, right: Any) -> bool:
    """Equal as JSON; 30 and 30.0 are equal, true and 1 are not."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        return isinstance(left, bool) == isinstance(right, bool) and left == right
    return canonical(left) == canonical(right)


def _output_contains(check: OutputContains, run: RunResult, _: Case) -> _Found:
    found = _holds(run, check.text, check.ignore_case)
    return found, "the answer has the text" if found else "the answer does not have the text", run.output


def _output_not_contains(check: OutputNotContains, run: RunResult, _: Case) -> _Found:
    found = _holds(run, check.text, check.ignore_case)
    return not found, "the answer has the text" if found else "the answer does not have the text", run.output


def _holds(run: RunResult, text: str, ignore_case: bool) -> bool:
    output = as_text(run.output)
    return text.casefold() in output.casefold() if ignore_case else text in output


def _output_matches(check: OutputMatches, run: RunResult, _: Case) -> _Found:
    pattern = compile_pattern(check.pattern, ignore_case=check.ignore_case)
    found = bool(pattern.search(as_text(run.output)))
    return found, "the answer matches" if found else "the answer does not match", run.output


def _output_schema(check: OutputSchema, run: RunResult, _: Case) -> _Found:
    from .schema import schema_problem

    value = parse_if_json(run.output) if isinstance(run.output, str) else run.output
    problem = schema_problem(check.json_schema, value)
    return problem is None, problem or "the answer fits the schema", run.output


def _grounded(check: Grounded, run: RunResult, case: Case) -> _Found:
    sources = [as_text(value) for value in _source_values(_calls(run), case)]
    invented: list[JsonValue] = list(ungrounded(as_text(run.output), sources, check.allow))
    listed = ", ".join(str(value) for value in invented)
    reason = f"no tool result and no input has {listed}" if invented else "every value has a source"
    return not invented, reason, invented


def _source_values(calls: tuple[CalledTool, ...], case: Case) -> list[JsonValue]:
    given = (*_told_by_people(case.input), *(call.result for call in calls))
    return [value for item in given for _, value in scalars(item)]


def _told_by_people(given: JsonValue) -> list[JsonValue]:
    """The input without what the agent itself said earlier in the conversation, which is no source of its answer."""
    if isinstance(given, list):
        return [turn for turn in given if not (isinstance(turn, dict) and turn.get("role") == "assistant")]
    return [given]


def _max_steps(check: MaxSteps, run: RunResult, _: Case) -> _Found:
    steps = run.steps if run.steps is not None else len(_calls(run))
    counted = "steps" if run.steps is not None else "tool calls"
    return steps <= check.steps, f"the run took {steps} {counted}, at most {check.steps} expected", steps


_DECIDE: dict[type, Callable[[Any, RunResult, Case], _Found]] = {
    ToolCalled: _tool_called,
    ToolNotCalled: _tool_not_called,
    ToolOrder: _tool_order,
    ToolArgument: _tool_argument,
    OutputContains: _output_contains,
    OutputNotContains: _output_not_contains,
    OutputMatches: _output_matches,
    OutputSchema: _output_schema,
    Grounded: _grounded,
    MaxSteps: _max_steps,
}
