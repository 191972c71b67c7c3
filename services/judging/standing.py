"""Which measured judge answers a question, so that a check of a case can use it, or say that nobody was measured."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.errors import UnknownIdError
from ...model.reviews import Criterion, Rubric
from ...store.contract import Store
from ...store.jobs.judgements import judgements
from ...store.reviews.rubrics import find_rubric
from .criteria import find_criterion
from .known import KnownRecord, known_records


@dataclass(frozen=True, slots=True)
class Standing:
    """A judge that was measured on a criterion."""

    known: KnownRecord
    rubric: Rubric
    criterion: Criterion
    guidance: str
    """What the judge is told beside the criterion."""


def measured_judges(store: Store) -> dict[str, Standing]:
    """By the words of its question, the judge that was measured on it; the trusted one, else the latest."""
    params = {version.key: version.params for version in judgements(store)}
    found: dict[str, Standing] = {}
    for known in sorted(known_records(store), key=lambda known: (known.trusted and not known.stale, known.at)):
        told = params.get(known.key)
        if told is None:
            continue
        try:
            rubric = find_rubric(store, str(told["rubric"]), int(str(told["version"])))
            criterion = find_criterion(rubric, known.criterion)
            found[criterion.question] = Standing(known, rubric, criterion, str(told.get("guidance") or ""))
        except UnknownIdError:
            continue
    return found
