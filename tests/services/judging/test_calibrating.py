"""A judge held against signed verdicts: its record, the weighted rate, what is stale, and the half that is kept."""

from __future__ import annotations

import pytest
from commands import run
from retrospan.analysis.judging.choosing import CorrectedRate, Refused
from retrospan.answers.judges import rates_text
from retrospan.knowledge.queues import QueueRules
from retrospan.model.errors import UnknownIdError
from retrospan.model.reviews import Answer, Label
from retrospan.model.traces import JsonValue
from retrospan.services.agent_work.jobs import keep_answer, start_job
from retrospan.services.judging.calibrating import calibrate
from retrospan.services.judging.known import known_records, record_note
from retrospan.services.judging.plain_words import in_words
from retrospan.services.reviewing.asking import list_reviews
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.filling import fill_queue
from retrospan.store.jobs.agent_runs import TaskState, tasks_of
from reviewdesk import QUESTION, Desk

PARAMS: dict[str, JsonValue] = {
    "name": "window",
    "rubric": "outcome",
    "version": 1,
    "criterion": "outcome",
    "model": "m",
}


def judge_all(desk: Desk, traces: list[int], wrong: set[int], key: str = "judge/1 window") -> None:
    """Answers of a judge that is right but for the runs on which it is wrong."""
    job = start_job(desk.store, "judge", key, PARAMS, traces)
    for task in list(tasks_of(desk.store, job.id)):
        fails = (truth(task.trace_id) is Label.FAIL) is (task.trace_id not in wrong)
        keep_answer(desk.store, task, TaskState.DONE, answer={}, label="fail" if fails else "pass")


def truth(trace: int) -> Label:
    return Label.FAIL if trace % 3 == 0 else Label.PASS


def judged_desk(desk: Desk, *, runs: int, labels: int) -> Desk:
    """Runs of which a queue drew some at random and a person decided those."""
    for number in range(3, runs + 1):
        desk.add_run(f"run-{number}", f"You have {number} days.")
    mix = {"ranked": 0.0, "diverse": 0.0, "random": 1.0}
    rules = QueueRules.model_validate({"queues": [{"name": "q", "question": QUESTION, "budget": labels, "mix": mix}]})
    fill_queue(desk.store, rules, "q", seed="s")
    session = desk.reviewer()
    for item in list_reviews(desk.store, queue="q", limit=1_000):
        assert item.trace_id is not None
        review = open_review(desk.store, item.id, session.fingerprint)
        give_answer(desk.store, review.claim, Answer(truth(item.trace_id), reason="The policy says 30 days."))
        sign_verdict(desk.store, session, review)
    return desk


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
