"""A draft of a regression case from a failing trace, for a person to edit.

Every check that is worked out here is one that tells the failing run from the good one; a draft says nothing that both
runs do.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model.case_checks import (
    Check,
    Grounded,
    Judged,
    MaxSteps,
    OutputContains,
    OutputNotContains,
    ToolCalled,
    ToolNotCalled,
)
from ..model.cases import Case, FrozenResult, Provenance
from ..model.reading.turns import replay_input
from ..model.traces import Message, Trace
from .checks import run_check
from .protocol import RunResult
from .recorded import recorded_run
from .results import CheckStatus

_LOOPED = 2.0
"""A failing run that takes this many times the steps of a good one is bounded by the good one's steps and a half."""


def draft_case(
    trace: Trace,
    *,
    case_id: str,
    title: str,
    question: str | None = None,
    says: Sequence[str] = (),
    never_says: Sequence[str] = (),
    good: Trace | None = None,
    live: bool = True,
    provenance: Provenance | None = None,
    earlier: Sequence[Message] = (),
) -> Case:
    """A draft case from a failing run.

    Args:
        trace: The failing run; what it was given becomes the input, with what was said and shown in earlier turns.
        case_id: Slug.
        title: One line.
        question: What a judge is asked, last.
        says: Texts that a right answer contains, from whoever judged the run.
        never_says: Texts that a right answer does not contain.
        good: A run of the same task that went well; tool checks come from where the two differ.
        live: False freezes the tool results of the failing run. Leave it where the fault lies in what the tools
            return, since frozen results would then keep it.
        provenance: Where it comes from; the trace's external id by default.
        earlier: What was said and shown in the turns of its session before it.

    Raises:
        ValueError: if nothing tells a right run from a wrong one: no text, no question, no difference from `good`.
    """
    run = recorded_run(trace)
    frozen = [
        FrozenResult(tool=call.name, arguments=call.arguments, result=call.result, is_error=call.is_error)
        for call in run.tool_calls or ()
    ]
    said: list[Check] = [OutputContains(text=text) for text in says]
    said += [OutputNotContains(text=text) for text in never_says]
    asked: list[Check] = [Judged(question=question)] if question else []
    case = Case(
        id=case_id,
        title=title,
        input=replay_input(trace.steps, trace.summary.input, earlier),
        tool_results=None if live else tuple(frozen),
        checks=(Grounded(),),
        provenance=provenance or Provenance(trace=trace.summary.external_id),
    )
    telling = _telling(case, run, recorded_run(good) if good else None)
    checks = (*telling, *said, *asked)
    if not checks:
        raise ValueError("nothing tells a right run from this one; give a text, a question or a good run")
    return case.model_copy(update={"checks": checks})


def _telling(case: Case, bad: RunResult, good: RunResult | None) -> list[Check]:
    """The candidates that fail on the bad run and pass on the good one."""
    kept: list[Check] = []
    for check in _candidates(bad, good):
        fails = run_check(check, bad, case).status is CheckStatus.FAILED
        if fails and (good is None or run_check(check, good, case).status is CheckStatus.PASSED):
            kept.append(check)
    return kept


def _candidates(bad: RunResult, good: RunResult | None) -> list[Check]:
    found: list[Check] = []
    if good is not None:
        bad_tools = [call.name for call in bad.tool_calls or ()]
        good_tools = [call.name for call in good.tool_calls or ()]
        found += [ToolCalled(tool=tool) for tool in dict.fromkeys(good_tools)]
        found += [ToolNotCalled(tool=tool) for tool in dict.fromkeys(bad_tools)]
        if good.steps and bad.steps and bad.steps >= _LOOPED * good.steps:
            found.append(MaxSteps(steps=good.steps + good.steps // 2))
    return [*found, Grounded()]
