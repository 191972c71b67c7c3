"""Which criterion of a rubric a judge answers."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.errors import UnknownIdError, UsageError, did_you_mean
from ...model.reviews import Criterion, Rubric
from ...model.traces import JsonValue
from ...store.contract import Store
from ...store.reviews.rubrics import find_rubric


@dataclass(frozen=True, slots=True)
class AskedCriterion:
    """One criterion of one rubric version."""

    rubric: Rubric
    criterion: Criterion

    @property
    def params(self) -> dict[str, JsonValue]:
        """As the jobs of judges keep it."""
        return {"rubric": self.rubric.id, "version": self.rubric.version, "criterion": self.criterion.id}


def asked_criterion(
    store: Store, rubric: str | None, criterion: str | None, version: int | None = None
) -> AskedCriterion:
    """The criterion of a confirmed version of a rubric: the newest where none is named.

    Raises:
        UnknownIdError: if there is no such rubric or criterion, naming the nearest.
        UsageError: if no criterion is named and there are several.
    """
    found = find_rubric(store, rubric, version)
    return AskedCriterion(found, find_criterion(found, criterion))


def find_criterion(rubric: Rubric, name: str | None) -> Criterion:
    """The criterion of that id; the only one where none is named.

    Raises:
        UsageError: if none is named and there are several.
        UnknownIdError: naming the nearest.
    """
    by_id = {criterion.id: criterion for criterion in rubric.criteria}
    if name is None:
        if len(by_id) > 1:
            raise UsageError(f"{rubric.ref} has several criteria. Name one with --criterion: {', '.join(by_id)}.")
        return rubric.criteria[0]
    if name not in by_id:
        raise UnknownIdError("criterion", name, known=did_you_mean(name, by_id), next_step="Name one with --criterion.")
    return by_id[name]
