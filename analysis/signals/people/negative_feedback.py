"""Someone, or an evaluator, judged the run or a step as bad."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.traces import Annotation, AnnotatorKind
from ...quotes import quote
from ...reading import Reading
from ..definition import SignalDefinition, signal

_BAD = frozenset(
    [
        "thumbs_down",
        "thumbsdown",
        "down",
        "negative",
        "bad",
        "incorrect",
        "fail",
        "failed",
        "hallucinated",
        "wrong",
        "unhelpful",
        "dislike",
        "no",
        "false",
        "toxic",
    ]
)
_HARM = ("hallucin", "toxic", "error", "bias", "unsafe", "injection", "refusal")


def find(reading: Reading) -> Iterator[Signal]:
    steps = {view.step.span_id: view for view in reading.views}
    for annotation in reading.trace.annotations:
        if not _is_bad(annotation):
            continue
        view = steps.get(annotation.span_id or "")
        said = annotation.label or (f"score {annotation.score:g}" if annotation.score is not None else "bad")
        told = f"{annotation.annotator_kind.value.lower()} annotation {annotation.name}: {said}"
        evidence = (
            quote(view.step, view.text.strip().splitlines()[0] if view.text.strip() else view.step.name)
            if view
            else None
        )
        by_model = annotation.annotator_kind is AnnotatorKind.LLM
        yield signal(DEFINITION.name, view.index if view else None, told, evidence, failure=not by_model)


def _is_bad(annotation: Annotation) -> bool:
    if annotation.label is not None:
        return annotation.label.strip().lower().replace(" ", "_") in _BAD
    if annotation.score is None:
        return False
    harmful = any(word in annotation.name.lower() for word in _HARM)
    return annotation.score >= 0.5 if harmful else annotation.score < 0.5


DEFINITION = SignalDefinition(
    name="negative_feedback",
    definition=(
        "An annotation that came with the data judges the run or a step as bad, by label or by a score below one half."
    ),
    weakness=(
        "Scores on other scales (1 to 5) are read as good. What a model judged is notable only: it often saw less than "
        "the run did."
    ),
    find=find,
)
