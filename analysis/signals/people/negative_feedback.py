"""Someone, or an evaluator, judged the run or a step as bad."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.findings import Signal
from ....model.reading.scores import said_by
from ....model.traces import Annotation, AnnotatorKind, Outcome
from ...reading import Reading
from ...texts.quotes import quote
from ..definition import SignalDefinition, signal


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
        by_person = annotation.annotator_kind is AnnotatorKind.HUMAN
        yield signal(DEFINITION.name, view.index if view else None, told, evidence, failure=by_person)


def _is_bad(annotation: Annotation) -> bool:
    """By what the score means, or by the letter that Inspect's scorers write for incorrect."""
    lettered = (annotation.source, annotation.label) == ("inspect", "I")
    return lettered or said_by(annotation) is Outcome.FAIL


DEFINITION = SignalDefinition(
    name="negative_feedback",
    definition=(
        "An annotation that came with the data judges the run or a step as bad: by a word, a thumb, or a score at the "
        "bad end of a scale that is known."
    ),
    weakness=(
        "A score whose name or scale says nothing is passed over. What a model or a program judged is notable only: a "
        "model often saw less than the run did, and a program's score is the run's outcome, which points at no step."
    ),
    find=find,
)
