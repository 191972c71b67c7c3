"""DeepEval results: test runs as its cache and `--save` write them, and dumped evaluation results."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import Annotation, AnnotatorKind, JsonValue, SpanBatch
from ..evaluated import Evaluated, called, evaluated_batch
from ..fields import mapping, optional_text, sequence, span_id_of
from ..head import Head
from ..judgements import first_of, judgement
from ..records import ReadItem, Record, Source, each_record, part_records

CONVENTION = "deepeval"
_LISTS = (
    "testCases",
    "test_cases",
    "conversationalTestCases",
    "conversational_test_cases",
    "test_results",
    "testResults",
)


def sniff(head: Head) -> bool:
    """Whether the first record is a test run, or a result with the data of its metrics."""
    first = mapping(next((item for name in _LISTS for item in sequence(head.first.get(name))), None)) or head.first
    return _is_case(first)


def _is_case(value: dict[str, JsonValue]) -> bool:
    return bool({"metricsData", "metrics_data"} & value.keys()) or (
        bool({"actualOutput", "actual_output"} & value.keys()) and bool({"input", "name"} & value.keys())
    )


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per test case."""
    return each_record(source, lambda record: _run(record, source), lambda file: part_records(file, _cases))


def _cases(value: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    run_id = first_of(value, "identifier", "testRunId", "test_run_id", "runId")
    for name in _LISTS:
        for index, item in enumerate(sequence(value.get(name))):
            yield f"{name}[{index}]", {"run_id": run_id, **mapping(item)}


def _run(record: Record, source: Source) -> SpanBatch:
    case = mapping(record.value)
    if not _is_case(case):
        raise BadInputError("No test case: neither 'actualOutput' nor 'metricsData' is there.")
    turns = _turns(case)
    answer = first_of(case, "actualOutput", "actual_output")
    key = span_id_of(
        as_text(case.get("run_id")),
        as_text(case.get("name")),
        as_text(case.get("input")),
        as_text(answer),
        as_text(turns),
    )
    context = first_of(case, "retrievalContext", "retrieval_context", "context")
    metadata = {"retrieval_context": context, "scenario": case.get("scenario")}
    extra = mapping(first_of(case, "additionalMetadata", "additional_metadata"))
    run = Evaluated(
        key,
        turns,
        task=optional_text(case.get("name")),
        expected=first_of(case, "expectedOutput", "expected_output", "expectedOutcome", "expected_outcome"),
        notes=list(_notes(case)),
        metadata={**extra, **{name: item for name, item in metadata.items() if item}},
    )
    return evaluated_batch(run, CONVENTION, source, record.where)


def _turns(case: dict[str, JsonValue]) -> list[JsonValue]:
    found: list[JsonValue] = []
    for turn in map(mapping, sequence(case.get("turns"))):
        tools = [mapping(tool) for tool in sequence(first_of(turn, "toolsCalled", "tools_called"))]
        found += [*called(tools), {"role": turn.get("role"), "content": turn.get("content")}]
    if found:
        return found
    tools = [mapping(tool) for tool in sequence(first_of(case, "toolsCalled", "tools_called"))]
    asked: JsonValue = {"role": "user", "content": as_text(case.get("input"))}
    answer = as_text(first_of(case, "actualOutput", "actual_output"))
    return [asked, *called(tools), {"role": "assistant", "content": answer}]


def _notes(case: dict[str, JsonValue]) -> Iterator[Annotation | None]:
    """The verdict of the test case, and each metric with its threshold's answer."""
    if isinstance(case.get("success"), bool):
        yield judgement("deepeval", None, label="pass" if case["success"] else "fail", source=CONVENTION)
    for metric in map(mapping, sequence(first_of(case, "metricsData", "metrics_data"))):
        passed = metric.get("success")
        yield judgement(
            metric.get("name"), metric.get("score"),
            label="met" if passed is True else "not met" if passed is False else None,
            explanation=metric.get("reason") or metric.get("error"), source=CONVENTION, ends=(0.0, 1.0),
            kind=AnnotatorKind.LLM if first_of(metric, "evaluationModel", "evaluation_model") else AnnotatorKind.CODE,
        )  # fmt: skip
