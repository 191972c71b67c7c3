"""OpenAI evals: the event log of `oaieval`, and the output items of the Evals API."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import Annotation, AnnotatorKind, JsonValue
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping, optional_text, sequence
from ..head import Head
from ..judgements import judgement
from ..records import ReadItem, RecordError, Source, paged_records

CONVENTION = "openai-evals"
_ITEM = "eval.run.output_item"
_SPEC = {"completion_fns", "eval_name", "run_config"}


def sniff(head: Head) -> bool:
    """Whether the first record is the specification or an event of a run, or an output item."""
    first = mapping(next(iter(sequence(head.first.get("data"))), None)) or head.first
    return (
        bool(_SPEC & mapping(head.first.get("spec")).keys())
        or {"run_id", "sample_id", "type", "data"} <= head.first.keys()
        or first.get("object") == _ITEM
    )


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per sample or output item; the events of a log are gathered first, since samples run side by side."""
    samples: dict[str, list[dict[str, JsonValue]]] = {}
    spec: dict[str, JsonValue] = {}
    others = 0
    for record in paged_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        value = mapping(record.value)
        if value.get("object") == _ITEM:
            yield _made(_output_item, value, {}, source, record.where)
        elif "spec" in value:
            spec = mapping(value["spec"])
        elif value.get("sample_id") is not None:
            key = f"{as_text(value.get('run_id'))}:{as_text(value['sample_id'])}"
            samples.setdefault(key, []).append(value)
        elif "run_id" in value:
            others += 1
        elif "final_report" not in value:
            yield source.error(record.where, "No event of a run (run_id, sample_id, type, data) and no output item.")
    for key, events in samples.items():
        yield _made(_sample, {"key": key, "events": list(events)}, spec, source, f"sample {key}")
    if others:
        yield source.left_out("events of no sample", others, "They tell of the whole evaluation, not of a run.")


def _made(
    make: Callable[[dict[str, JsonValue], dict[str, JsonValue]], Evaluated],
    value: dict[str, JsonValue],
    spec: dict[str, JsonValue],
    source: Source,
    where: str,
) -> ReadItem:
    try:
        return evaluated_batch(make(value, spec), CONVENTION, source, where)
    except BadInputError as err:
        return source.error(where, str(err))


def _sample(value: dict[str, JsonValue], spec: dict[str, JsonValue]) -> Evaluated:
    """The run of one sample from its events."""
    turns: list[JsonValue] = []
    notes: list[Annotation | None] = []
    expected: JsonValue = None
    for event in map(mapping, sequence(value["events"])):
        data, kind = mapping(event.get("data")), as_text(event.get("type"))
        if kind == "sampling":
            turns += _sampled(data, turns, event.get("created_at"))
        elif kind == "match":
            expected = data.get("expected", expected)
            notes.append(_correct("match", data.get("correct")))
        elif kind == "metrics":
            notes += [_metric(name, item) for name, item in data.items()]
        elif kind == "error":
            message = as_text(data.get("message") or data)
            turns.append({"role": "assistant", "content": message, "is_error": True})
    key = as_text(value["key"])
    if not turns:
        raise BadInputError("The sample has no sampling event, so nothing of the run is known.")
    return Evaluated(
        key,
        turns,
        task=key.partition(":")[2],
        project=optional_text(spec.get("eval_name")),
        version=optional_text(next(iter(sequence(spec.get("completion_fns"))), None)),
        expected=expected,
        notes=notes,
    )


def _sampled(data: dict[str, JsonValue], before: list[JsonValue], when: JsonValue) -> list[JsonValue]:
    """The turns of a prompt that were not told yet, and the answers to it."""
    prompt = data.get("prompt")
    asked: list[JsonValue] = prompt if isinstance(prompt, list) else [{"role": "user", "content": as_text(prompt)}]
    sampled = data.get("sampled")
    answers = sampled if isinstance(sampled, list) else [sampled]
    known = [(mapping(turn).get("role"), mapping(turn).get("content")) for turn in before]
    new = [turn for turn in asked if (mapping(turn).get("role"), mapping(turn).get("content")) not in known]
    about = {"model": data.get("model"), "usage": data.get("usage"), "timestamp": when}
    return [*new, *({"role": "assistant", "content": as_text(answer), **about} for answer in answers[:1])]


def _correct(name: str, value: JsonValue) -> Annotation | None:
    label = "correct" if value is True else "incorrect" if value is False else None
    return judgement(name, None, label=label, source=CONVENTION)


def _metric(name: str, value: JsonValue) -> Annotation | None:
    return judgement(name, value if isinstance(value, str | int | float | bool) else None, source=CONVENTION)


def _output_item(value: dict[str, JsonValue], spec: dict[str, JsonValue]) -> Evaluated:
    """One output item of a run of the Evals API."""
    sample = mapping(value.get("sample"))
    error = mapping(sample.get("error"))
    about: dict[str, JsonValue] = {
        "model": sample.get("model"), "usage": sample.get("usage"), "finish_reason": sample.get("finish_reason"),
        "timestamp": value.get("created_at"), "is_error": bool(error.get("message")),
    }  # fmt: skip
    answers: list[JsonValue] = [{"role": "assistant", **mapping(turn)} for turn in sequence(sample.get("output"))]
    if error.get("message") and not answers:
        answers = [{"role": "assistant", "content": error["message"]}]
    if answers:
        answers[-1] = {**mapping(answers[-1]), **about}
    item = mapping(value.get("datasource_item"))
    asked = sequence(sample.get("input")) or [{"role": "user", "content": as_text(item)}]
    notes = [
        judgement(
            result.get("name"), result.get("score"), source=CONVENTION,
            label={True: "met", False: "not met"}.get(result.get("passed") is True) if "passed" in result else None,
            kind=AnnotatorKind.LLM if result.get("sample") else AnnotatorKind.CODE,
        )
        for result in map(mapping, sequence(value.get("results")))
    ]  # fmt: skip
    passed = {"pass": "pass", "fail": "fail"}.get(as_text(value.get("status")))
    return Evaluated(
        as_text(value.get("id")),
        [*asked, *answers],
        task=optional_text(value.get("datasource_item_id")),
        version=optional_text(value.get("run_id")),
        notes=[judgement("eval", None, label=passed, source=CONVENTION), *notes],
        metadata={"datasource_item": item} if item else {},
    )
