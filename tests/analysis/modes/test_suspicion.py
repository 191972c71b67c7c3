"""Suspicions: words that runs failing the same way share, without what is particular to one run."""

from __future__ import annotations

from retrospan.analysis.modes.suspicion import Suspicion, suspicion_of, told
from retrospan.analysis.modes.symptoms import Symptom
from retrospan.model.findings import CauseClass, Evidence, Suspect
from retrospan.model.traces import Message, Step, StepKind, ToolCall, Trace, TraceSummary

REFUND = Step(0, "a", None, StepKind.TOOL, "refund", tool="refund")
ASKS = Step(
    0, "a", None, StepKind.LLM, "chat", output_messages=(Message("assistant", tool_calls=(ToolCall("refund", {}),)),)
)


def suspect(cause: CauseClass, reason: str, *paths: str) -> Suspect:
    evidence = tuple(Evidence(0, "x", path) for path in paths)
    return Suspect(0, None, cause, 1.0, (reason,) if reason else (), evidence)


def test_a_wrong_argument_is_named_with_its_tool() -> None:
    assert (
        told(suspect(CauseClass.ARGUMENTS, "", "outputs", "arguments.items.0.id"), REFUND) == "argument items of refund"
    )


def test_the_step_that_asks_for_a_call_names_its_tool_too() -> None:
    assert told(suspect(CauseClass.ARGUMENTS, "", "arguments.order"), ASKS) == "argument order of refund"


def test_other_reasons_lose_what_is_particular_to_one_run() -> None:
    found = [suspect(CauseClass.WORKFLOW, f"order 'R-{n}' was never looked up", "outputs") for n in (1, 22)]
    assert {told(each, REFUND) for each in found} == {"order # was never looked up"}


def test_without_enough_evidence_nothing_is_suspected() -> None:
    alone = Trace(TraceSummary(1, "x", "p", 1, 1), (REFUND,))
    assert suspicion_of(alone, (), ()) is None
    assert Symptom(True, (), 3).suspected(None) == Symptom(True, (), 3)


def test_equal_suspicions_lead_into_one_family() -> None:
    one, same, other = (Symptom(True, (), None).suspected(Suspicion(text, 0)) for text in ("a", "a", "b"))
    assert (one.family, one.signature) == (same.family, same.signature)
    assert other.family != one.family and other.signature != one.signature
    assert " " not in one.family
