"""promptfoo results: the JSON and JSON lines of `promptfoo eval --output`."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text, parse_if_json
from ....model.traces import Annotation, AnnotatorKind, JsonValue, SpanBatch
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping, optional_text, sequence, span_id_of
from ..head import Head
from ..judgements import judgement
from ..records import ReadItem, Record, Source, each_record, part_records

CONVENTION = "promptfoo"
_BY_MODEL = ("llm-rubric", "model-graded", "factuality", "g-eval", "answer-relevance", "context-", "select-best")


def sniff(head: Head) -> bool:
    """Whether the first record is a whole evaluation or one of its results."""
    return _is_whole(head.first) or _is_result(head.first)


def _is_whole(value: dict[str, JsonValue]) -> bool:
    return ("evalId" in value or "config" in value) and "results" in value


def _is_result(value: dict[str, JsonValue]) -> bool:
    return {"prompt", "vars", "success"} <= value.keys() and bool({"response", "gradingResult"} & value.keys())


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per result: one test with one prompt and one provider."""
    return each_record(source, lambda record: _run(record, source), lambda file: part_records(file, _results))


def _results(value: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    inner = value.get("results")
    found = sequence(mapping(inner).get("results")) if isinstance(inner, dict) else sequence(inner)
    for index, item in enumerate(found):
        yield f"results[{index}]", {"evalId": value.get("evalId"), **mapping(item)}


def _run(record: Record, source: Source) -> SpanBatch:
    value = mapping(record.value)
    if not _is_result(value):
        raise BadInputError("No result: 'prompt', 'vars' and 'success' are not all there.")
    eval_id = as_text(value.get("evalId"))
    response, provider = mapping(value.get("response")), value.get("provider")
    case, grading = mapping(value.get("testCase")), mapping(value.get("gradingResult"))
    key = optional_text(value.get("id")) or span_id_of(
        eval_id, as_text(value.get("testIdx")), as_text(value.get("promptIdx")), as_text(value.get("vars")),
        as_text(provider), as_text(value.get("prompt")),
    )  # fmt: skip
    run = Evaluated(
        key,
        [*_asked(mapping(value.get("prompt")), value.get("prompt")), _answer(value, response)],
        task=optional_text(case.get("description") or value.get("description")) or _task(value),
        version=optional_text(mapping(value.get("prompt")).get("label")),
        notes=list(_notes(value, grading)),
        metadata={"vars": value.get("vars"), **mapping(case.get("metadata"))} if value.get("vars") else {},
    )
    if eval_id:
        run.metadata["evalId"] = eval_id
    return evaluated_batch(run, CONVENTION, source, record.where)


def _task(value: dict[str, JsonValue]) -> str | None:
    return None if value.get("testIdx") is None else f"test-{as_text(value['testIdx'])}"


def _asked(prompt: dict[str, JsonValue], whole: JsonValue) -> list[JsonValue]:
    """The prompt: text, or a conversation as JSON text."""
    raw = prompt.get("raw") if prompt else whole
    turns = parse_if_json(raw) if isinstance(raw, str) else raw
    if isinstance(turns, list) and turns and all("role" in mapping(turn) for turn in turns):
        return turns
    return [{"role": "user", "content": as_text(raw)}]


def _answer(value: dict[str, JsonValue], response: dict[str, JsonValue]) -> JsonValue:
    provider = value.get("provider")
    counts = mapping(response.get("tokenUsage") or value.get("tokenUsage"))
    usage = {"prompt_tokens": counts.get("prompt"), "completion_tokens": counts.get("completion")} if counts else None
    said = response.get("output")
    output = parse_if_json(said) if isinstance(said, str) else said
    error = response.get("error") or (value.get("error") if output is None else None)
    calls = [mapping(item) for item in sequence(output)]
    is_calls = bool(calls) and all("function" in call or call.get("type") == "tool_use" for call in calls)
    return {
        "role": "assistant",
        "content": "" if is_calls else as_text(error if output is None else response.get("output")),
        "tool_calls": list(calls) if is_calls else [],
        "is_error": output is None and error is not None,
        "model": optional_text(mapping(provider).get("id") if isinstance(provider, dict) else provider),
        "usage": usage,
        "cost_usd": response.get("cost") if response.get("cost") is not None else value.get("cost"),
        "finish_reason": response.get("finishReason"),
    }


def _notes(value: dict[str, JsonValue], grading: dict[str, JsonValue]) -> Iterator[Annotation | None]:
    """The verdict of the test, each assertion, and the named scores."""
    passed = grading["pass"] if isinstance(grading.get("pass"), bool) else value.get("success")
    if isinstance(passed, bool):
        yield judgement(
            "promptfoo", value.get("score"), label="pass" if passed else "fail",
            explanation=grading.get("reason") or value.get("error"), source=CONVENTION, ends=(0.0, 1.0),
        )  # fmt: skip
    for part in map(mapping, sequence(grading.get("componentResults"))):
        assertion = mapping(part.get("assertion"))
        kind = as_text(assertion.get("type"))
        yield judgement(
            assertion.get("metric") or f"assert {kind or 'assertion'}", part.get("score"),
            label="met" if part.get("pass") is True else None if part.get("pass") is None else "not met",
            explanation=part.get("reason"), source=CONVENTION, ends=(0.0, 1.0),
            kind=AnnotatorKind.LLM if kind.removeprefix("not-").startswith(_BY_MODEL) else AnnotatorKind.CODE,
        )  # fmt: skip
    for name, score in mapping(value.get("namedScores")).items():
        yield judgement(name, score, source=CONVENTION)
