"""Candidates for the cause: quotes are checked in their step, a sentence of sufficiency and alternatives are asked."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.model.findings import CauseClass
from retrospan.services.reviewing.asking import propose_verdict
from retrospan.services.reviewing.candidates import Candidate
from retrospan.services.reviewing.citing import Citation
from reviewdesk import Desk

ANSWER = Candidate("T1.2", "45 days", "With the 30 days of the policy the answer would be right.")
SEARCH = Candidate("T1.1", "30 days", "A result that said 45 would have borne the answer out.")
REFUSED = ("T1.0 asks for the policy, as it should.",)


def propose(desk: Desk, *candidates: Candidate, **changed: Any) -> Any:
    wanted: dict[str, Any] = {
        "label": "fail",
        "explanation": "Invented.",
        "candidates": candidates,
        "refused": REFUSED,
        "by": "agent:x",
    }
    return propose_verdict(desk.store, "T1", **(wanted | changed))


def test_candidates_become_citations_and_reasons_in_their_order(desk: Desk) -> None:
    kept = propose(desk, ANSWER, SEARCH, cause="reasoning", cited=[Citation("T1.2", "45 days")])
    assert [(entry.step, entry.quote) for entry in kept.cited] == [(2, "45 days"), (1, "30 days")]
    assert kept.cause is CauseClass.REASONING
    assert kept.explanation.splitlines() == [
        "Invented.",
        "1. Step 2: With the 30 days of the policy the answer would be right.",
        "2. Step 1: A result that said 45 would have borne the answer out.",
        "Refused: T1.0 asks for the policy, as it should.",
    ]


@pytest.mark.parametrize(
    ("candidates", "changed", "told"),
    [
        ([Candidate("T1.1", "45 days", "Because.")], {}, r"do not stand in T1\.1"),
        ([ANSWER, ANSWER], {}, "Two candidates name one step"),
        ([ANSWER], {"refused": ()}, "0 alternatives are refused"),
        ([ANSWER], {"label": "pass"}, "the label is pass"),
        ([Candidate("T1.2", "45 days", "  ")], {}, "sufficient"),
        ([], {}, "none is given"),
        ([ANSWER, SEARCH, Candidate("0", "x", "y"), Candidate("0", "x", "y")], {}, "4 candidates are too many"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(
    desk: Desk, candidates: list[Candidate], changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        propose(desk, *candidates, **changed)


def test_a_step_that_does_not_exist_is_told(desk: Desk) -> None:
    with pytest.raises(UnknownIdError, match="T1 has steps 0 to 2"):
        propose(desk, Candidate("T1.9", "45 days", "Because."))
