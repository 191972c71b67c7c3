"""Filling queues: every run has one chance, the chance is kept, and nothing is asked twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conversations import Builder, answers, calls, says
from retrospan.analysis.sampling import weighted_share
from retrospan.knowledge.queues import QueueRules, parse_queues
from retrospan.model.errors import BadInputError, RefusedError, UsageError
from retrospan.model.reviews import ReviewItem
from retrospan.services.reviewing.asking import get_review, list_reviews, request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.filling import Filled, fill_queue
from retrospan.services.reviewing.progress import queue_progress, review_digest, reviewer_progress
from retrospan.services.reviewing.routing import route_item
from retrospan.services.understanding.analysing import signals_of
from retrospan.store.contract import Store
from retrospan.store.reviews.queues import sample_of
from reviewdesk import Desk

NOW = datetime.now(UTC) + timedelta(days=1)
QUESTION = "Did the reply keep to the policy?"


def rules(**parts: object) -> QueueRules:
    return QueueRules.model_validate({"queues": [{"name": "q", "question": QUESTION, **parts}]})


def fill(store: Store, given: QueueRules, name: str = "q", *, days: int = 0, seed: str = "s") -> Filled:
    return fill_queue(store, given, name, seed=seed, now=NOW + timedelta(days=days))


def run_of(traces: Builder, *, failing: bool = False, **fields: object) -> int:
    result = '{"error": "timeout"}' if failing else "Refunds within 30 days."
    return traces.add(
        says("user", "Can I return it?"), calls("get_policy"), answers(result), says("assistant", "Yes."), **fields
    )


def test_small_window_is_taken_whole_and_for_certain(store: Store, traces: Builder) -> None:
    found = [run_of(traces) for _ in range(5)]

    assert len(fill(store, rules()).queued) == 5
    items = list_reviews(store, queue="q")
    assert {item.trace_id for item in items} == set(found)
    assert {item.inclusion_probability for item in items} == {1.0}
    assert {(item.question, item.requested_by) for item in items} == {(QUESTION, "rule:q")}


def test_each_run_has_one_chance_and_the_budget_is_the_days(store: Store, traces: Builder) -> None:
    for _ in range(30):
        run_of(traces)
    given = rules(budget=10)

    first = fill(store, given)
    for _ in range(20):
        run_of(traces)
    same_day, next_day, later = fill(store, given), fill(store, given, days=1), fill(store, given, days=2)

    assert (first.population, len(first.queued)) == (30, 10)
    assert same_day.queued == () and "budget of 10" in same_day.why_empty[0]
    assert (next_day.population, len(next_day.queued)) == (20, 10)
    assert later.queued == () and "no new run has come" in later.why_empty[0]


def test_chances_that_are_kept_weigh_the_answers_right(store: Store, traces: Builder) -> None:
    failing = {trace for n in range(60) if (trace := run_of(traces, failing=n % 5 == 0)) and n % 5 == 0}
    answers_given = list[tuple[bool, float]]()
    for n in range(60):
        name = f"q{n}"
        given = QueueRules.model_validate(
            {"queues": [{"name": name, "question": f"{QUESTION} {n}", "budget": 20, "mix": MIX}]}
        )
        fill(store, given, name, seed=str(n))
        items = {item.id: item for item in list_reviews(store, queue=name, limit=100)}
        with store.read() as con:
            sample = sample_of(con, name)
        assert {number: chance for number, (_, chance) in sample.items()} == {
            number: item.inclusion_probability for number, item in items.items()
        }
        answers_given += [(items[number].trace_id in failing, chance) for number, (_, chance) in sample.items()]

    plain = sum(hit for hit, _ in answers_given) / len(answers_given)
    assert plain > 0.4
    assert weighted_share(answers_given).value == pytest.approx(0.2, abs=0.02)


def _signal(store: Store, trace: int) -> str:
    """The signal of a tool that answers with an error."""
    return next(signal.signal for signal in signals_of(store, [trace])[trace] if signal.failure)


MIX = {"ranked": 0.5, "diverse": 0.2, "random": 0.3}


def test_question_asked_before_is_shared_with_the_second_queue(store: Store, traces: Builder) -> None:
    trace = run_of(traces)
    request_review(store, trace, QUESTION, by="human:Eve")

    found = fill(store, rules())

    assert (found.queued, found.shared) == ((), 1)
    assert len(list_reviews(store)) == 1
    with store.read() as con:
        assert list(sample_of(con, "q").values()) == [("random", 1.0)]


def test_rule_takes_only_runs_that_fit(store: Store, traces: Builder) -> None:
    kept = run_of(traces, failing=True, project="support")
    run_of(traces, project="support")
    run_of(traces, failing=True, project="other")

    fill(store, rules(where="project:support", signals=[_signal(store, kept)]))

    assert [item.trace_id for item in list_reviews(store, queue="q")] == [kept]


def test_empty_draw_says_why(store: Store, traces: Builder) -> None:
    assert "no new run" in fill(store, rules()).why_empty[0]
    run_of(traces)

    found = fill(store, rules(where="tool:nowhere"))

    assert "none fit where 'tool:nowhere'" in found.why_empty[0]
    assert any("alone finds 0" in line for line in found.why_empty)


def test_session_is_one_subject(store: Store, traces: Builder) -> None:
    for session in ("a", "a", "b"):
        run_of(traces, session=session, project="support")
    run_of(traces)

    fill(store, rules(subject="session"))

    items = list_reviews(store, queue="q")
    assert {(item.session, item.trace_id) for item in items} == {("a", None), ("b", None)}
    assert len(open_review(store, next(i.id for i in items if i.session == "a"), "ada").traces) == 2


def test_routing_by_tag_to_people_and_groups_until_the_item_is_due(store: Store, traces: Builder) -> None:
    desk = Desk(store)
    ada = desk.reviewer()
    desk.reviewer("Ben", pin=False)
    run_of(traces, tags=["vip"])
    given = QueueRules.model_validate(
        {
            "groups": {"compliance": ["Ben", "Cem"]},
            "queues": [
                {
                    "name": "q",
                    "question": QUESTION,
                    "where": "tag:vip",
                    "due": "2d",
                    "route": [{"tag": "VIP", "to": ["compliance"]}, {"to": ["Ada"]}],
                }
            ],
        }
    )

    (number,) = fill(store, given).queued
    item = get_review(store, number).item

    assert item.assigned == ("Ben", "Cem")
    assert list_reviews(store, reviewer=ada.fingerprint, queue="q", now=NOW) == []
    with pytest.raises(RefusedError, match="meant for Ben, Cem"):
        open_review(store, number, ada.fingerprint, now=NOW)
    late = NOW + timedelta(days=3)
    assert [entry.id for entry in list_reviews(store, reviewer=ada.fingerprint, queue="q", now=late)] == [number]
    assert route_item(store, number, ["ada"]).assigned == ("ada",)
    assert open_review(store, number, ada.fingerprint, now=NOW).item.id == number


def test_overlap_on_a_share_of_the_items(store: Store, traces: Builder) -> None:
    for _ in range(40):
        run_of(traces)

    fill(store, rules(budget=40, overlap=2, overlap_share=0.5))

    overlaps = [item.overlap for item in list_reviews(store, queue="q", limit=100)]
    assert 8 <= overlaps.count(2) <= 32


def test_dry_run_changes_nothing(store: Store, traces: Builder) -> None:
    run_of(traces)

    found = fill_queue(store, rules(), "q", dry_run=True, now=NOW)

    assert (found.parts, found.queued) == ({"ranked": 0, "diverse": 0, "random": 1}, ())
    assert list_reviews(store) == []


def test_progress_says_why_a_queue_is_empty_and_what_would_fill_it(store: Store, traces: Builder) -> None:
    given = rules()
    assert "the store has no runs" in queue_progress(store, given)[0].why_empty[0]
    run_of(traces)
    assert "retrospan queue fill q" in queue_progress(store, given)[0].why_empty[0]
    fill(store, given)
    assert queue_progress(store, given)[0].why_empty == ()


def test_progress_per_reviewer_counts_what_was_signed_and_how_long_it_took(store: Store) -> None:
    desk = Desk(store)
    desk.decide(desk.reviewer())

    (ada,) = reviewer_progress(store)

    assert (ada.name, ada.answered, ada.skipped, dict(ada.by_queue)) == ("Ada", 1, 0, {"": 1})


def test_digest_names_who_is_waited_for(store: Store) -> None:
    desk = Desk(store)
    desk.reviewer()
    request_review(store, "T1", QUESTION, by="agent:x", assigned=["Ada"], due="1d", now=NOW)
    request_review(store, "T2", QUESTION, by="agent:x", now=NOW)

    digest = review_digest(store, now=NOW)
    assert [(entry.name, [item.short_id for item in entry.items]) for entry in digest.waiting] == [
        ("Ada", ["R1"]),
        ("", ["R2"]),
    ]
    late = review_digest(store, now=NOW + timedelta(days=2))
    assert [(entry.name, len(entry.items), entry.overdue) for entry in late.waiting] == [("", 2, 1)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("queues:\n  - name: q\n    question: x\n    budget: 0\n", "queues.yaml:4: queues.0.budget"),
        ("queues:\n  - name: q\n    question: x\n    mix: {ranked: 0.9}\n", "the shares add up to 1.3, not 1"),
        ("queues:\n  - name: q\n    question: x\n    where: 'tol:x'\n", "queues.yaml:4"),
        ("queues:\n  - {name: q, question: x}\n  - {name: q, question: y}\n", "two queues are named 'q'"),
        ("queues:\n  - name: q\n    question: x\n    due: soon\n", "no length of time"),
    ],
)
def test_mistake_in_the_rules_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_queues(text)
    assert told in str(caught.value)


def test_unknown_queue_names_the_nearest(store: Store) -> None:
    with pytest.raises(UsageError, match="No queue 'qq'"):
        fill_queue(store, rules(), "qq")


def test_items_of_one_draw_have_one_priority_so_that_chance_decides_what_is_left_out(
    store: Store, traces: Builder
) -> None:
    for n in range(30):
        run_of(traces, failing=n < 10)
    fill(store, rules(budget=15, priority=2.0))

    items: list[ReviewItem] = list_reviews(store, queue="q")
    assert {item.priority for item in items} == {2.0}
