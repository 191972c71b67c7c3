"""What is known of cases from earlier runs: how steady each is, and what a run takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...store.contract import Store
from ...store.experiments.runs import Taken, counts_by_target, mean_taken


class Known(NamedTuple):
    """Earlier runs of the cases at hand."""

    of_base: Mapping[str, tuple[int, int]]
    """By case: passes and runs of this very case on the base; where the base never ran it, on whatever ran last."""
    taken: Taken


def known_of(store: Store, cases: Mapping[str, str], base_hash: str) -> Known:
    """Count the earlier runs of these cases.

    Args:
        store: Where.
        cases: Hash by id; runs of a case that was written otherwise do not count.
        base_hash: The target hash of the base.
    """
    found: dict[str, tuple[int, int]] = {}
    on_base: set[str] = set()
    for count in counts_by_target(store, list(cases)):
        if cases[count.case_id] != count.case_hash:
            continue
        mine = count.target_hash == base_hash
        if not mine and count.case_id in on_base:
            continue
        before = found.get(count.case_id, (0, 0)) if mine and count.case_id in on_base else (0, 0)
        found[count.case_id] = (before[0] + count.passed, before[1] + count.runs)
        if mine:
            on_base.add(count.case_id)
    return Known(found, mean_taken(store, list(cases)))
