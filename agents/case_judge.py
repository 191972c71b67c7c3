"""A judge for the judge's checks of regression cases: the same judge, on a run that is in no store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

import anyio

from ..model.cases import Case
from ..model.reviews import Criterion, Label
from ..model.traces import JsonValue, Message, Status, Step, StepError, StepKind, Trace, TraceSummary
from ..regression.protocol import RunResult
from ..regression.results import JudgeAnswer
from ..services.judging.standing import Standing
from .judge import Judgement, JudgeSetup, judge
from .judging import judge_key
from .model import RequestFailedError, make_client
from .spending import BudgetSpent, Purse

_PASS = "the answer to the question is the one that a good run would get"
_PASSED = {Label.PASS: True, Label.FAIL: False, Label.CANT_TELL: None}


class CaseJudge:
    """Answers one question about one run of the application. A refusal or a time-out is no verdict.

    A question that a judge was measured on is asked as that judge asks it; either way the answer says how far such
    answers were right beside people.

    Args:
        model: Which model to ask.
        purse: The budget of all cases together.
        measured: By their questions, the judges that were measured.
    """

    def __init__(self, model: str, purse: Purse, measured: Mapping[str, Standing] = MappingProxyType({})) -> None:
        self._model = model
        self._purse = purse
        self._measured = measured

    def _setup(self, question: str) -> tuple[JudgeSetup, str]:
        """What to ask, and what is known of whoever is asked so."""
        standing = self._measured.get(question)
        if standing is not None:
            known, rubric = standing.known, standing.rubric
            setup = JudgeSetup(
                known.judge, standing.criterion, rubric.sha256, str(rubric.ref), self._model, standing.guidance
            )
            if judge_key(setup) == known.key:
                return setup, f"judge {known.judge}: {known.in_words}"
        criterion = Criterion("case", question, pass_when=_PASS)
        setup = JudgeSetup("case", criterion, "", "regression case", self._model)
        return setup, "this judge was never measured against people on this question"

    def __call__(self, question: str, run: RunResult, case: Case) -> JudgeAnswer:
        """Judge one run; what stands in the way of a verdict comes back as the explanation.

        Raises:
            ModelError: if the endpoint refuses every request.
        """
        setup, known = self._setup(question)

        async def ask() -> Judgement:
            async with make_client() as client:
                return await judge(client, run_as_trace(run, case), setup, self._purse)

        try:
            given = anyio.run(ask)
        except (BudgetSpent, RequestFailedError) as err:
            return JudgeAnswer(None, str(err))
        if given.label is None or given.claim is None:
            why = given.no_verdict.value if given.no_verdict else "no verdict"
            return JudgeAnswer(None, given.problem or why)
        return JudgeAnswer(_PASSED[given.label], f"{given.claim.cited()} ({known})")


def run_as_trace(run: RunResult, case: Case) -> Trace:
    """A run as steps to cite: its input, its tool calls in order, its answer."""
    steps = [Step(0, "input", None, StepKind.HUMAN, "input", inputs=case.input)]
    for number, call in enumerate(run.tool_calls or (), 1):
        error = StepError(_text(call.result)) if call.is_error else None
        status = Status.ERROR if call.is_error else Status.OK
        steps.append(
            Step(
                number,
                f"call-{number}",
                None,
                StepKind.TOOL,
                call.name,
                tool=call.name,
                status=status,
                error=error,
                inputs=call.arguments,
                outputs=call.result,
            )
        )
    answer = Message("assistant", _text(run.output))
    steps.append(Step(len(steps), "output", None, StepKind.LLM, "answer", output_messages=(answer,)))
    return Trace(TraceSummary(0, case.id, "cases", 1, len(steps)), tuple(steps))


def _text(value: JsonValue | Mapping[str, JsonValue]) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
