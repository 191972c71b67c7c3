from __future__ import annotations

from collections.abc import Callable

import pytest
from retrospan.analysis.provenance import uses_of
from retrospan.analysis.reading import read
from retrospan.analysis.texts.sources import Sources
from retrospan.analysis.values import values_in
from retrospan.model.traces import Trace

Run = Callable[..., Trace]


def test_a_value_leads_back_to_the_step_that_showed_it(refund_run: Run) -> None:
    uses = uses_of(read(refund_run(order="W18")))
    use = next(use for use in uses if use.tool == "issue_refund" and use.value.normal == "w18")
    assert (use.introducer, use.step, use.grounded, use.consequential) == (3, 6, True, True)


def test_a_value_that_nothing_holds_is_invented(refund_run: Run) -> None:
    uses = uses_of(read(refund_run(order="W99")))
    assert {(use.value.text, use.step) for use in uses if not use.grounded} == {("W99", 6)}


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("price 1240.50", "$1,240.50"),
        ("price 19.996", "20.00"),
        ("120 and 35", "155"),
        ("3 nights at 75", "225"),
        ("ratio 0.37", "37%"),
        ("2024-05-15", "May 15, 2024"),
        ("May 15", "2024-05-15"),
        ("at 15:30", "3:30 PM"),
        ("ORDER #W17", "w17"),
    ],
)
def test_other_forms_roundings_and_sums_of_shown_values_are_grounded(shown: str, told: str) -> None:
    sources = Sources()
    sources.add(0, shown)
    assert [sources.holds(value) for value in values_in(told)] == [True]


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("price 1240.50", "$1,250.50"),
        ("2024-05-15", "2024-05-16"),
        ("2023-05-15", "2024-05-15"),
        ("W17", "W18"),
        ("score 0.9", "90 days"),
    ],
)
def test_other_values_are_not(shown: str, told: str) -> None:
    sources = Sources()
    sources.add(0, shown)
    assert [sources.holds(value) for value in values_in(told)] == [False]
