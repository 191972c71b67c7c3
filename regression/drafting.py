"""A draft of a regression case from a failing trace, for a person to edit.

Every check that is worked out here is one that tells the failing run from the good one; a draft says nothing that both
runs do.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model.case_checks import Check, Grounded, Judged, OutputContains, OutputNotContains
from ..model.cases import Case, FrozenResult, Provenance
from ..model.reading.turns import replay_input
from ..model.traces import Message, Trace
from .recorded import recorded_run
from .teaching.distinguishing import sibling_checks, those_that_tell


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
    well = recorded_run(good) if good else None
    candidates = [*(sibling_checks(run, well) if well else ()), Grounded()]
    telling = those_that_tell(candidates, run, well, case)
    checks = (*telling, *said, *asked)
    if not checks:
        raise ValueError("nothing tells a right run from this one; give a text, a question or a good run")
    return case.model_copy(update={"checks": checks})
