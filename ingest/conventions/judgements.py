"""Judgements told as span events: `gen_ai.evaluation.result` and its like under other names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...model.traces import Annotation, AnnotatorKind, JsonValue
from ..otlp.raw import RawSpan
from .values import first, number_of, text_of

_EVENTS = frozenset(
    ("evaluation", "evaluation.result", "eval", "eval.result", "score", "feedback", "user_feedback", "assessment")
)
_GENAI = "gen_ai.evaluation."
_NAMES = ("name", "metric", "metric_name", "criterion", "key")
_LABELS = ("label", "verdict", "outcome", "result")
_SCORES = ("value", "score", "rating")
_WHY = ("explanation", "reason", "comment", "rationale")


def judgements_in(raw: RawSpan) -> Iterator[Annotation]:
    """The judgements among a span's events; those on the first span are on the run."""
    for event in raw.events:
        if event.name.startswith(_GENAI) or event.name in _EVENTS:
            note = judgement_of(event.name, event.attributes, raw.span_id if raw.parent_span_id else None, raw.scope)
            if note is not None:
                yield note


def judgement_of(
    event: str, values: Mapping[str, JsonValue], span_id: str | None, source: str | None
) -> Annotation | None:
    """One event or log record as a judgement; None where it tells neither label nor score.

    Args:
        event: Its name; older recorders put the criterion there (`gen_ai.evaluation.relevance`).
        values: Its attributes; the last part of a name counts: `gen_ai.evaluation.score.label` is a label.
        span_id: The span judged; None for the run.
        source: Who recorded it.
    """
    last = {key.rsplit(".", 1)[-1]: value for key, value in values.items()}
    told = event.removeprefix(_GENAI)
    name = text_of(first(last, *_NAMES)) or (told if told not in _EVENTS | {"result", event} else event)
    label, score = first(last, *_LABELS), number_of(first(last, *_SCORES))
    if isinstance(label, bool):
        label = "pass" if label else "fail"
    if text_of(label) is None and score is None:
        return None
    kind = str(last.get("annotator_kind") or "").upper()
    return Annotation(
        name,
        text_of(label),
        score,
        text_of(first(last, *_WHY)),
        AnnotatorKind(kind) if kind in AnnotatorKind.__members__ else AnnotatorKind.CODE,
        span_id,
        source or None,
    )
