"""Inspect AI logs: `.eval` archives (zip members compressed with zstd) and the older single `.json` logs.

One sample of one epoch is one trace; its scores are annotations.
"""

from __future__ import annotations

from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.reading.score_words import better_of
from ....model.reading.scores import NOTHING_KNOWN
from ....model.reading.scores import outcome_of as score_outcome
from ....model.score_scale import ScoreScale
from ....model.text.jsontext import as_text, parse
from ....model.traces import (
    Annotation,
    AnnotatorKind,
    JsonValue,
    Outcome,
    OutcomeSource,
    Span,
    SpanBatch,
    Status,
    StepError,
    StepKind,
    TraceFacts,
)
from ...compressed import ZipArchive
from ...limits import Limits
from ..dialogue.turns import single_turns
from ..fields import mapping, optional_text, outcome_of, sequence, span_id_of, time_ns
from ..head import Head
from ..judgements import judgement, present
from ..messages import conversation_spans, usage_of
from ..records import ReadItem, Record, RecordError, Source, json_records, read_bounded
from .inspect_events import flat_events, message_facts, with_unseen_calls

CONVENTION = "inspect"
_LETTERS = ("C", "I")
_CORRECT = ScoreScale(0.0, 1.0, "high", is_declared=True)
_ATTACHMENT = "attachment://"
_MAX_LEVELS = 64
_EVENTS_REPEAT = 4
"""How many times the bytes of a trace its events may name."""


def sniff(head: Head) -> bool:
    """Whether an archive has Inspect's members, or a JSON document its fields."""
    if head.members:
        return "header.json" in head.members or any(name.startswith("samples/") for name in head.members)
    return "eval" in head.first and "samples" in head.first and "plan" in head.first


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per sample."""
    with source.open() as raw:
        is_zip = raw.read(4) == b"PK\x03\x04"
    if is_zip:
        yield from _archive(source)
        return
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        log = mapping(record.value)
        for index, sample in enumerate(sequence(log.get("samples"))):
            yield from _sample(source, log, sample, f"samples[{index}]")


def _archive(source: Source) -> Iterator[ReadItem]:
    with ZipArchive(source.open(), source.limits) as archive:
        names = archive.names()
        header: JsonValue = None
        for name in ("header.json", "_journal/start.json"):
            if header is None and name in names:
                try:
                    header = _member(archive, name, source)
                except BadInputError as err:
                    yield source.error(name, str(err))
        for name in names:
            if name.startswith("samples/") and name.endswith(".json"):
                try:
                    sample = _member(archive, name, source)
                except BadInputError as err:
                    yield source.error(name, str(err))
                else:
                    yield from _sample(source, mapping(header), sample, name)


def _member(archive: ZipArchive, name: str, source: Source) -> JsonValue:
    with archive.open(name) as stream:
        body = read_bounded(stream, source.limits)
    try:
        return parse(body)
    except ValueError as err:
        raise BadInputError(f"Not valid JSON: {err}.", where=name) from err


def _sample(source: Source, header: dict[str, JsonValue], sample: JsonValue, where: str) -> Iterator[ReadItem]:
    try:
        yield sample_batch(header, Record(where, sample), source)
    except BadInputError as err:
        place = where if not err.where or err.where == where else f"{where}, {err.where}"
        yield source.error(place, str(err))


def sample_batch(header: dict[str, JsonValue], record: Record, source: Source) -> SpanBatch:
    """The spans and facts of one sample.

    Raises:
        BadInputError: if it has no messages or one cannot be read.
    """
    sample = mapping(record.value)
    messages = sample.get("messages")
    if not isinstance(messages, list):
        raise BadInputError("A sample without messages.")
    raw_messages = [turn for _, turn in single_turns(messages)]
    source.limits.check_steps(len(raw_messages), where=record.where)
    run = mapping(header.get("eval"))
    trace_key = as_text(sample.get("uuid")) or "/".join(
        as_text(part) for part in (run.get("run_id"), sample.get("id"), sample.get("epoch"))
    )
    attachments = _Attachments(mapping(sample.get("attachments")), source.limits, record.where)
    events = flat_events(attachments.resolved(sample.get("events")))
    timed = message_facts(events)
    attachments.begin(1)
    turns = [_turn(attachments.resolved(raw), timed) for raw in raw_messages]
    spans = conversation_spans(trace_key, turns, CONVENTION)
    for span, raw in zip(spans, raw_messages, strict=True):
        if span.kind is StepKind.TOOL and (error := mapping(mapping(raw).get("error"))):
            span.error = StepError(as_text(error.get("message")), optional_text(error.get("type")))
    pool = {"events_data": attachments.resolved(sample.get("events_data"))}
    spans = with_unseen_calls(spans, raw_messages, events, pool)
    _count_last(spans, mapping(sample.get("output")))
    source.limits.check_steps(len(spans), where=record.where)
    _add_failure(spans, sample, events, trace_key)
    return SpanBatch(spans, [_facts(sample, run, trace_key)])


def _count_last(spans: list[Span], output: dict[str, JsonValue]) -> None:
    """Counts and model of the last answer, which logs without events keep with the sample's output alone."""
    last = next((span for span in reversed(spans) if span.kind is StepKind.LLM), None)
    if last is not None and last.usage is None:
        last.usage = usage_of(output.get("usage"))
        last.model = last.model or optional_text(output.get("model"))


def _turn(raw: JsonValue, timed: dict[str, dict[str, JsonValue]]) -> JsonValue:
    if not isinstance(raw, dict):
        return raw
    turn = {**timed.get(as_text(raw.get("id")), {}), **raw}
    if raw.get("role") == "tool" and raw.get("function"):
        turn["name"] = raw["function"]
    return turn


class _Attachments:
    """Texts that a sample holds once and names often; what stands for them counts each time it is named.

    Events repeat the conversation before each call, so they may name more than the messages, which become the trace.
    """

    def __init__(self, texts: dict[str, JsonValue], limits: Limits, where: str) -> None:
        self._texts = texts
        self._limits = limits
        self._where = where
        self.begin(_EVENTS_REPEAT)

    def begin(self, times: int) -> None:
        """Count anew, up to so many times the bytes of a trace."""
        self._size, self._times = 0, times

    def resolved(self, value: JsonValue, level: int = 0) -> JsonValue:
        """The value with `attachment://…` replaced by the text it stands for.

        Raises:
            TooLargeError: if more is named than a trace may hold.
        """
        if isinstance(value, str):
            return self._text(value)
        if level > _MAX_LEVELS or not self._texts:
            return value
        if isinstance(value, dict):
            return {key: self.resolved(item, level + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolved(item, level + 1) for item in value]
        return value

    def _text(self, value: str) -> JsonValue:
        key = value.removeprefix(_ATTACHMENT)
        if key == value or key not in self._texts:
            return value
        found = self._texts[key]
        self._size += len(found) if isinstance(found, str) else 0
        if self._size > self._limits.trace_bytes * self._times:
            self._limits.check_size(self._size, where=self._where)
        return found


def _add_failure(spans: list[Span], sample: dict[str, JsonValue], events: list[dict[str, JsonValue]], key: str) -> None:
    """What ended the sample, as a failed tool step where a call never came back, else on the last step."""
    error = mapping(sample.get("error"))
    if not error:
        return
    failure = StepError(as_text(error.get("message")) or "sample failed")
    done = {span.tool_call_id for span in spans if span.kind is StepKind.TOOL}
    pending = [event for event in events if event.get("event") == "tool" and optional_text(event.get("id")) not in done]
    for event in pending:
        spans.append(
            Span(
                key,
                span_id_of(key, as_text(event.get("id"))),
                as_text(event.get("function")) or "tool",
                StepKind.TOOL,
                status=Status.ERROR,
                error=failure,
                tool=optional_text(event.get("function")),
                tool_call_id=optional_text(event.get("id")),
                inputs=event.get("arguments"),
                started_at_ns=time_ns(event.get("timestamp")),
                ended_at_ns=time_ns(event.get("completed")),
                sequence=len(spans),
                convention=CONVENTION,
            )
        )
    if spans and not pending:
        spans[-1].status, spans[-1].error = Status.ERROR, failure


def _facts(sample: dict[str, JsonValue], run: dict[str, JsonValue], trace_key: str) -> TraceFacts:
    scores = {name: mapping(score) for name, score in mapping(sample.get("scores")).items()}
    notes = present(*(_score(name, score) for name, score in scores.items()), _expected(sample.get("target")))
    outcome = next((found for note in notes if (found := _said(note))), None)
    if sample.get("error"):
        outcome = Outcome.FAIL
    metadata = dict(mapping(sample.get("metadata")))
    for name in ("target", "epoch"):
        if sample.get(name) not in (None, ""):
            metadata.setdefault(name, sample[name])
    return TraceFacts(
        trace_key,
        project=optional_text(run.get("task")),
        task=optional_text(sample.get("id")),
        outcome=outcome,
        outcome_source=OutcomeSource.EVALUATION,
        version=optional_text(run.get("model")),
        metadata=metadata or None,
        annotations=notes,
    )


def _expected(target: JsonValue) -> Annotation | None:
    """What the sample wanted; several targets are as good as each other."""
    words = " or ".join(map(as_text, target)) if isinstance(target, list) else as_text(target)
    return judgement("target", None, label=words, source=CONVENTION, is_expectation=True)


def _said(note: Annotation) -> Outcome | None:
    """What a scorer says: correct is high, as Inspect has it, unless its name tells otherwise; letters are its own."""
    if note.label in _LETTERS:
        return outcome_of(note.label)
    return score_outcome(note, _CORRECT if better_of(note.name) is None else NOTHING_KNOWN)


def _score(name: str, score: dict[str, JsonValue]) -> Annotation | None:
    value = score.get("value")
    by_model = "model_graded" in name or "judge" in name
    return judgement(
        name,
        value if isinstance(value, str | int | float | bool) else None,
        label=None if isinstance(value, str | int | float | bool | None) else value,
        explanation=score.get("explanation"),
        kind=AnnotatorKind.LLM if by_model else AnnotatorKind.CODE,
        source=CONVENTION,
    )
