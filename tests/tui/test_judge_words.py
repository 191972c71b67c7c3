"""What the screen of a judge says first: yes, no, or nobody knows; and the one thing to do next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from retrospan.analysis.judging.choosing import CorrectedRate, Method, Refused
from retrospan.analysis.judging.record import Abstention, judge_record
from retrospan.analysis.statistics import Interval
from retrospan.model.reviews import Label
from retrospan.model.traces import JsonValue
from retrospan.services.judging.calibrating import Calibration
from retrospan.services.judging.consistency import Flips
from retrospan.services.judging.labels import LabelledRun, PeopleLabel
from retrospan.store.jobs.judgements import Judgements
from retrospan.tui.screens.judges import judge_blocks

_REFUSED = Refused("only 3 of the judged runs have a verdict with a known chance", 17, 17.0, 3)
_RATE = CorrectedRate(
    Interval(0.3, 0.25, 0.35), Method.PREDICTION_POWERED, "why", 60, 0.5, 0.4, Interval(0.3, 0.2, 0.4)
)
_PARAMS: dict[str, JsonValue] = {"name": "window", "rubric": "support", "version": 1, "criterion": "refund-window"}
_PARAMS["model"] = "m"


SWAYED = (Flips("praised", "praised", 20, 9),)


def runs(wrong: int, right: int) -> tuple[LabelledRun, ...]:
    """So many of each kind of verdict that the judge gets wrong, and right; none of the half that is kept."""
    keys = (key for number in range(100_000) if not PeopleLabel(1, key := f"k{number}", Label.PASS).test)
    found: list[LabelledRun] = []
    for human, other in ((Label.FAIL, Label.PASS), (Label.PASS, Label.FAIL)):
        for said in [other] * wrong + [human] * right:
            people = PeopleLabel(len(found) + 1, next(keys), human, reason="The policy says 30 days.")
            found.append(LabelledRun(people, said, float(said is Label.FAIL)))
    return tuple(found)


def measured(wrong: int, right: int, **parts: object) -> Calibration:
    found = runs(wrong, right)
    record = judge_record([(run.human is Label.FAIL, run.judge is Label.FAIL) for run in found])
    judge = Judgements("judge/1 window", dict(_PARAMS), "2026-11-30T10:00:00Z")
    plain = Calibration(judge, found, record, None, None, _RATE, "q", 200, (), 1.0, (), ())
    return replace(plain, **parts)  # type: ignore[arg-type]


def words(found: Calibration) -> list[str]:
    return [block.content.plain for block in judge_blocks(found)]


@pytest.mark.parametrize(
    ("found", "answer", "then"),
    [
        (measured(1, 59), "✓ This judge may stand in for a person on 'refund-window'.", "read the 2 runs"),
        (measured(0, 60), "✓ This judge may stand in for a person on 'refund-window'.", "judge flips window"),
        (
            measured(0, 60, flips=SWAYED),
            "✗ Do not take this judge's word on 'refund-window': where praised",
            "another model",
        ),
        (measured(20, 40), "✗ Do not take this judge's word on 'refund-window'", "read the 40 runs"),
        (measured(0, 3), "? Nobody knows yet whether this judge is right: it takes 7 more that people fail", "plan"),
        (measured(0, 60, stale=("the prompt changed",)), "? Nobody knows whether this judge is still right", "again"),
    ],
)
def test_the_first_line_answers_and_the_second_says_what_to_do(found: Calibration, answer: str, then: str) -> None:
    first, second, *_ = words(found)
    assert first.startswith(answer)
    assert second.startswith("Next: ")
    assert then in second


def test_each_plot_has_its_sentence() -> None:
    flips = (Flips("praised", "the answer says of itself that it is right", 10, 4), Flips("again-1", "asked", 10, 0))
    curve = (
        Abstention(0.5, 1.0, Interval(0.1, 0.05, 0.2), 0.0),
        Abstention(1.0, 0.6, Interval(0.02, 0.0, 0.1), 40.0),
    )
    text = "\n".join(words(measured(2, 58, flips=flips, abstention=curve)))
    for sentence in (
        "people fail, judge pass ✗",
        "30% (25% to 35%)",
        "what the judge alone says",
        "where the answer says of itself that it is right\n4 of 10 runs",
        "sure of 100% or more",
        "answers 60%, wrong 2%, 40 min per 100",
        "agreement beyond what chance gives (kappa: 0 none, 1 full) is 0.93",
    ):
        assert sentence in text


def test_a_refused_rate_says_what_would_make_one() -> None:
    text = "\n".join(words(measured(2, 58, rate=_REFUSED)))
    assert "About 17 more verdicts would do, some 17 minutes." in text
    assert "├" not in text
