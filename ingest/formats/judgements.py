"""Scores, feedback and assessments of other tools as annotations: unsigned evidence, never verdicts."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.text.jsontext import as_text
from ...model.traces import Annotation, AnnotatorKind, JsonValue
from .fields import number, optional_text

_HUMAN = {"human", "annotation", "app", "user", "reviewer", "expert"}
_MODEL = {"llm", "llm_judge", "ai_judge", "eval", "model", "judge"}


def annotator_kind(word: JsonValue, default: AnnotatorKind = AnnotatorKind.CODE) -> AnnotatorKind:
    """Who judged, from the word another tool uses for it."""
    name = as_text(word).strip().lower()
    if name in _HUMAN:
        return AnnotatorKind.HUMAN
    if name in _MODEL:
        return AnnotatorKind.LLM
    return AnnotatorKind.CODE if name in ("code", "api", "auto", "heuristic") else default


def judgement(
    name: JsonValue,
    value: JsonValue,
    *,
    label: JsonValue = None,
    explanation: JsonValue = None,
    kind: AnnotatorKind = AnnotatorKind.CODE,
    span_id: JsonValue = None,
    source: str | None = None,
    ends: tuple[JsonValue, JsonValue] = (None, None),
    is_expectation: bool = False,
) -> Annotation | None:
    """One annotation; None where nothing was judged.

    Numbers and truth values become the score, words the label. What they mean is told by `store.scores`.

    Args:
        name: What was judged.
        value: Number, truth value or words.
        label: Words beside a number.
        explanation: Why.
        kind: Who judged.
        span_id: What was judged; None for the whole run.
        source: The product or person that it comes from.
        ends: Lowest and highest value of the scale, where the data declares them.
        is_expectation: Whether it says what should be, not what was.
    """
    score = number(value) if not isinstance(value, str) else None
    if isinstance(value, bool):
        label = label if label not in (None, "") else ("true" if value else "false")
    elif score is None and label in (None, "") and value is not None:
        label = value
    found = Annotation(
        optional_text(name) or "score",
        label=optional_text(label),
        score=score,
        explanation=optional_text(explanation),
        annotator_kind=kind,
        span_id=optional_text(span_id),
        source=source,
        low=number(ends[0]),
        high=number(ends[1]),
        is_expectation=is_expectation,
    )
    return found if found.label or found.score is not None or found.explanation else None


def present(*annotations: Annotation | None) -> tuple[Annotation, ...]:
    """Those that say something."""
    return tuple(note for note in annotations if note is not None)


def first_of(record: Mapping[str, JsonValue], *names: str) -> JsonValue:
    """The first field that has a value."""
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)
