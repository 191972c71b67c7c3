"""A judge held against signed verdicts: its record, the weighted rate, what is stale, and the half that is kept."""

from __future__ import annotations

import pytest
from commands import run
from judgedesk import judge_all, judged_desk
from retrospan.analysis.judging.choosing import CorrectedRate, Refused
from retrospan.answers.judges import rates_text
from retrospan.knowledge.queues import QueueRules
from retrospan.model.errors import UnknownIdError
from retrospan.model.reviews import Label
from retrospan.services.judging.calibrating import calibrate
from retrospan.services.judging.known import known_records, record_note
from retrospan.services.judging.plain_words import in_words
from retrospan.services.judging.slices import slices_of
from retrospan.services.reviewing.filling import fill_queue
from reviewdesk import QUESTION, Desk


def test_a_judge_is_held_against_people(desk: Desk) -> None:
    judged_desk(desk, runs=60, labels=30)
    wrong = {6, 9, 10}
    judge_all(desk, list(range(1, 61)), wrong)

    found = calibrate(desk.store, "window", test=True)

    assert found.test is not None
    assert len(found.runs) == found.dev.labels + found.test.labels == 30
    assert isinstance(found.rate, CorrectedRate)
    assert found.rate.rate.low <= 20 / 60 <= found.rate.rate.high
    assert found.population == 60
    assert {run.trace_id for run in found.disagreements} == {
        run.trace_id for run in found.runs if run.trace_id in wrong and not run.test
    }
    assert found.test_used is None
    assert calibrate(desk.store, "window").test_used is not None


def test_too_few_verdicts_are_told_with_what_would_do(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.PASS, "T1")
    judge_all(desk, [1, 2], set())

    found = calibrate(desk.store, "window")

    assert isinstance(found.rate, Refused)
    assert found.rate.verdicts == 20
    assert "About 20 more verdicts would do" in " ".join(in_words(found))
    assert "Nobody knows yet" in in_words(found)[0]


def test_a_new_prompt_makes_a_record_stale(desk: Desk) -> None:
    judge_all(desk, [1, 2], set(), key="judge/1 window")
    assert calibrate(desk.store, "window", prompt="judge/1 ").stale == ()
    assert "prompt has changed" in calibrate(desk.store, "window", prompt="judge/2 ").stale[0]


def test_answers_of_an_older_version_are_another_judges(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.PASS, "T1")
    judge_all(desk, [1], set(), key="judge/1 window old-model")
    judge_all(desk, [2], set(), key="judge/1 window new-model")
    assert calibrate(desk.store, "window").runs == ()


def test_an_unknown_judge_names_the_known_one(desk: Desk) -> None:
    judge_all(desk, [1], set())
    with pytest.raises(UnknownIdError, match="window"):
        calibrate(desk.store, "windw")


def test_commands_say_it_in_words(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.FAIL, "T1")
    judge_all(desk, [1, 2], set())
    where = ("--store", str(desk.store.location))

    told = run("judge", "calibrate", "window", *where)

    assert told.code == 1
    assert "No failure rate" in told.out and "Nobody knows yet" in told.out
    assert run("judge", "show", *where, "--json").json[0]["answers"] == 2
    assert "more verdicts would do" in run("judge", "plan", "window", *where).out


def test_a_proposal_of_a_judge_carries_its_record(desk: Desk) -> None:
    desk.decide(desk.reviewer(), Label.FAIL, "T1")
    assert record_note(desk.store, "agent:claude") == ""
    assert record_note(desk.store, "judge:window") == "never measured against people"

    judge_all(desk, [1, 2], set())
    assert record_note(desk.store, "judge:window") == "never measured against people"
    runs = calibrate(desk.store, "window").runs

    note = record_note(desk.store, "judge:window")
    assert note == "never measured against people" if runs[0].test else "of 1 runs that people fail it fails 0%" in note


def test_what_was_measured_is_kept_for_lists_and_a_slice_is_not(desk: Desk) -> None:
    judged_desk(desk, runs=40, labels=30)
    judge_all(desk, list(range(1, 41)), {6})
    calibrate(desk.store, "window", where="project:other")
    assert known_records(desk.store) == []

    found = calibrate(desk.store, "window")

    (known,) = known_records(desk.store)
    assert isinstance(found.rate, CorrectedRate)
    assert (known.judge, known.runs, known.labels, known.rate) == ("window", 40, 30, tuple(found.rate.rate))
    assert "corrected by 30 verdicts" in known.rate_in_words
    assert "corrected by 30 verdicts" in rates_text(desk.store)


def test_answers_that_change_when_asked_again_are_the_less_sure_ones(desk: Desk) -> None:
    judged_desk(desk, runs=16, labels=16)
    judge_all(desk, list(range(1, 17)), {1, 2, 3, 4, 5, 6})
    assert calibrate(desk.store, "window").abstention == ()

    judge_all(desk, list(range(1, 17)), set())
    unsure, sure = calibrate(desk.store, "window").abstention

    assert (unsure.threshold, unsure.answered, sure.threshold) == (0.5, 1.0, 1.0)
    assert 0 < sure.answered < 1
    assert sure.minutes_per_100 > 0


def test_a_slice_where_it_is_wrong_stands_out(desk: Desk) -> None:
    judged_desk(desk, runs=60, labels=60)
    judge_all(desk, list(range(1, 61)), set())
    assert [entry.stands_out for entry in slices_of(desk.store, calibrate(desk.store, "window"), "project")] == [False]

    judge_all(desk, list(range(1, 61)), {6, 9})
    (project,) = slices_of(desk.store, calibrate(desk.store, "window"), "project")
    assert project.name == "support"
    assert project.runs == calibrate(desk.store, "window").dev.labels
    told = run("judge", "calibrate", "window", "--by", "project", "--store", str(desk.store.location))
    assert "support: differs from people on" in told.out


def test_a_run_that_another_queue_had_asked_about_counts_for_both(desk: Desk) -> None:
    judged_desk(desk, runs=30, labels=30)
    judge_all(desk, list(range(1, 31)), set())
    again = QueueRules.model_validate(
        {"queues": [{"name": "r", "question": QUESTION, "budget": 24, "mix": {"ranked": 0, "diverse": 0, "random": 1}}]}
    )
    filled = fill_queue(desk.store, again, "r", seed="s")
    assert (filled.queued, filled.shared) == ((), 24)

    chances = [run.people.chances for run in calibrate(desk.store, "window").runs]

    assert sum("q" in by_queue for by_queue in chances) == 30
    assert {by_queue["r"] for by_queue in chances if "r" in by_queue} == {24 / 30}
