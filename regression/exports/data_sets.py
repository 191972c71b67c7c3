"""Cases as rows of data sets: JSON lines of our own, and the shapes that MLflow, LangSmith and OpenAI's evals take.

A data set holds data and runs no check, so whatever its product has no part for goes along as data, and is named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ...model.case_checks import Check, Judged, OutputContains, OutputMatches, OutputNotContains
from ...model.cases import Case
from ..checks import describe_check
from .carrying import Exported


def to_jsonl(cases: Sequence[Case]) -> Exported:
    """One JSON object a line: the whole case as it is read back, and `inputs`, as dataset tools name it."""
    return Exported(_lines([{"inputs": {"input": case.input}, **_whole(case)} for case in cases]), ())


def to_mlflow(cases: Sequence[Case]) -> Exported:
    """Rows for `mlflow.genai.evaluate(data=…)` and its datasets: `inputs`, `expectations`, `tags`.

    `expected_facts` and `guidelines` are what MLflow's own scorers (Correctness, ExpectationsGuidelines) read.
    """

    def row(case: Case) -> dict[str, Any]:
        expectations: dict[str, Any] = {"checks": _whole(case)["checks"]}
        if facts := _texts(case, OutputContains):
            expectations["expected_facts"] = facts
        if questions := _texts(case, Judged):
            expectations["guidelines"] = questions
        return {"inputs": _inputs(case), "expectations": expectations, "tags": {"case": case.id, **_severity(case)}}

    return _as_data(cases, row, (OutputContains, Judged))


def to_langsmith(cases: Sequence[Case]) -> Exported:
    """Examples for a LangSmith dataset of the kind key-value: `inputs`, `outputs` (the reference), `metadata`."""

    def row(case: Case) -> dict[str, Any]:
        reference = {"contains": _texts(case, OutputContains), "checks": _whole(case)["checks"]}
        return {
            "inputs": _inputs(case),
            "outputs": reference,
            "metadata": {"case": case.id, "title": case.title, **_severity(case)},
        }

    return _as_data(cases, row, (OutputContains,))


def to_openai(cases: Sequence[Case]) -> Exported:
    """Items for OpenAI's evals: one `{"item": …}` a line, texts under names that graders can refer to."""

    def row(case: Case) -> dict[str, Any]:
        return {
            "item": {
                "id": case.id,
                "input": case.input,
                "contains": _texts(case, OutputContains),
                "not_contains": _texts(case, OutputNotContains),
                "matches": _texts(case, OutputMatches),
                "questions": _texts(case, Judged),
                "checks": _whole(case)["checks"],
            }
        }

    return _as_data(cases, row, (OutputContains, OutputNotContains, OutputMatches, Judged))


def _as_data(cases: Sequence[Case], row: Callable[[Case], dict[str, Any]], known: tuple[type, ...]) -> Exported:
    left_out = []
    for case in cases:
        if case.tool_results is not None:
            left_out.append(f"{case.id}: frozen tool results go along as data; your function must answer from them")
        left_out += [f"{case.id}: {describe_check(c)}, as data alone" for c in case.checks if not isinstance(c, known)]
    return Exported(_lines([row(case) for case in cases]), tuple(left_out))


def _texts(case: Case, kind: type[Check]) -> list[str]:
    return [_text(check) for check in case.checks if isinstance(check, kind)]


def _text(check: Check) -> str:
    if isinstance(check, OutputMatches):
        return check.pattern
    if isinstance(check, Judged):
        return check.question
    assert isinstance(check, OutputContains | OutputNotContains)
    return check.text


def _inputs(case: Case) -> dict[str, Any]:
    whole = _whole(case)
    frozen = {} if case.tool_results is None else {"tool_results": whole["tool_results"]}
    return {"input": case.input, **frozen}


def _severity(case: Case) -> dict[str, str]:
    return {} if case.severity is None else {"severity": case.severity.value}


def _whole(case: Case) -> dict[str, Any]:
    return case.model_dump(mode="json", by_alias=True)


def _lines(rows: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
