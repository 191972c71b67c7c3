"""A desk where people judged some runs, drawn at random, and a judge all of them."""

from __future__ import annotations

from retrospan.knowledge.queues import QueueRules
from retrospan.model.reviews import Answer, Label
from retrospan.model.traces import JsonValue
from retrospan.services.agent_work.jobs import keep_answer, start_job
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


def judge_all(desk: Desk, traces: list[int], wrong: set[int], key: str = "judge/1 window", **params: JsonValue) -> None:
    """Answers of a judge that is right but for the runs on which it is wrong."""
    job = start_job(desk.store, "judge", key, {**PARAMS, **params}, traces)
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
