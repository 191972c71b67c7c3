"""Which criterion of a rubric a judge answers."""

from __future__ import annotations

from ...model.errors import UnknownIdError, UsageError, did_you_mean
from ...model.reviews import Criterion, Rubric


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
