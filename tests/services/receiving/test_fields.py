"""What came with a run over OTLP is a field: by its common name, or by one line of a person, stored runs included."""

from __future__ import annotations

from typing import Any

import pytest
from otlp_runs import judgement, run_request
from retrospan.ingest.otlp.receiver import Delivery
from retrospan.model.errors import UsageError
from retrospan.model.traces import Outcome, OutcomeSource, TraceSummary
from retrospan.services.finding.attributes import attributes_for, list_attributes
from retrospan.services.finding.listing import list_traces
from retrospan.services.finding.outcome_counts import count_outcomes
from retrospan.services.receiving.deliveries import Receiving
from retrospan.services.receiving.fields import apply_fields, map_field, unmap_field
from retrospan.services.receiving.marking import mark_traces
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries

FACTS = {"outcome": "fail", "task": "refund", "version": "v3"}
RUN = {f"run.{key}": value for key, value in FACTS.items()}


def receive(store: Store, *requests: bytes) -> list[str]:
    """Store requests as `serve` does; returns what the sender was told."""
    receiving = Receiving(store)
    receiving.start()
    answers = [receiving.submit(Delivery("traces", body, "application/json")).result().why for body in requests]
    receiving.close()
    return answers


def only(store: Store) -> TraceSummary:
    (found,) = list_traces(store).traces
    return found


@pytest.mark.parametrize(
    "ways",
    [
        {"root": {**RUN, "run.id": "R-1"}},
        {"root": {"metadata": {**FACTS, "run_id": "R-1"}}},
        {"root": {"metadata": {"run": {**FACTS, "id": "R-1"}}}},
        {"resource": {**RUN, "run.id": "R-1"}},
        {"scope": {**RUN, "run.id": "R-1"}},
        {"root": {f"langfuse.trace.metadata.{key}": value for key, value in {**FACTS, "run_id": "R-1"}.items()}},
        {"root": {f"langsmith.metadata.{key}": value for key, value in {**FACTS, "run_id": "R-1"}.items()}},
        {"root": {f"traceloop.association.properties.run_{key}": v for key, v in {**FACTS, "id": "R-1"}.items()}},
        {"root": {f"mlflow.traceTag.{key}": value for key, value in {**FACTS, "runId": "R-1"}.items()}},
        {"root": {f"retrospan.{key}": value for key, value in {**FACTS, "run_id": "R-1"}.items()}},
        {"root": {"tag.tags": ["task:refund", "outcome=fail", "version:v3", "run_id:R-1", "vip"]}},
        {"root": {"runOutcome": False, "task_id": "refund", "app_version": "v3", "external_id": "R-1"}},
    ],
)  # fmt: skip
def test_common_ways_of_saying_what_a_run_was_arrive_as_fields(store: Store, ways: dict[str, Any]) -> None:
    receive(store, run_request(1, **ways))

    found = only(store)

    assert (found.outcome, found.outcome_source) == (Outcome.FAIL, OutcomeSource.FIELD)
    assert (found.task, found.version, found.run_id) == ("refund", "v3", "R-1")


@pytest.mark.parametrize(
    ("root", "field", "value"),
    [
        ({"metadata": {"session_id": "s1"}}, "session", "s1"),
        ({"langfuse.trace.metadata.threadId": "s1"}, "session", "s1"),
        ({"metadata": {"user_id": "u1"}}, "user", "u1"),
        ({"run.environment": "staging"}, "environment", "staging"),
        ({"metadata": {"env": "staging"}}, "environment", "staging"),
        ({"service.version": "1.0", "run.version": "v3"}, "version", "v3"),
    ],
)
def test_session_user_environment_and_version_too(store: Store, root: dict[str, Any], field: str, value: str) -> None:
    receive(store, run_request(1, root))

    assert getattr(only(store), field) == value


@pytest.mark.parametrize(
    "root",
    [
        {"http.response.status": "ok", "success": True, "status": "error"},
        {"user": "Please refund me", "task": "Write a poem about the sea"},
        {"outcome": "partly"},
        {"metadata": "plain words, no JSON"},
    ],
)
def test_words_that_may_mean_anything_are_believed_of_nothing(store: Store, root: dict[str, Any]) -> None:
    receive(store, run_request(1, root))

    found = only(store)

    assert (found.outcome, found.user, found.task_declared) == (Outcome.UNKNOWN, None, False)


def test_a_judgement_sent_as_a_span_event_decides_the_outcome(store: Store) -> None:
    told = judgement(
        "gen_ai.evaluation.result", **{"gen_ai.evaluation.name": "solved", "gen_ai.evaluation.score.label": "pass"}
    )
    receive(store, run_request(1, events=[told]))

    assert (only(store).outcome, only(store).outcome_source) == (Outcome.PASS, OutcomeSource.EVALUATION)


def test_one_line_maps_another_name_for_stored_runs_and_later_ones(store: Store) -> None:
    receive(store, *(run_request(n, {"acme.code": n % 2, "acme.case": "refund"}) for n in range(4)))
    assert {trace.outcome for trace in list_traces(store).traces} == {Outcome.UNKNOWN}

    done = map_field(store, "acme.code", "outcome", [("0", "pass"), ("1", "fail")])
    map_field(store, "acme.case", "task")
    receive(store, run_request(9, {"acme.code": 1, "acme.case": "refund"}))

    assert done.traces == 4
    assert {(value, means) for value, means, _ in done.made} == {("0", "pass"), ("1", "fail")}
    assert [trace.outcome.value for trace in list_traces(store).traces] == ["fail", "fail", "pass", "fail", "pass"]
    assert {trace.task for trace in list_traces(store).traces} == {"refund"}


def test_a_mapping_wins_over_a_name_but_not_over_a_mark_and_can_be_taken_back(store: Store) -> None:
    receive(store, run_request(1, {"run.outcome": "pass", "acme.code": 7}))

    map_field(store, "acme.code", "outcome", [(">=5", "fail"), ("*", "pass")])
    assert only(store).outcome is Outcome.FAIL
    receive(store, run_request(1, {"run.outcome": "pass", "acme.code": 7, "late": "x"}))
    assert only(store).outcome is Outcome.FAIL

    mark_traces(store, "has:acme.code", outcome=Outcome.PASS)
    assert (only(store).outcome, only(store).outcome_source) == (Outcome.PASS, OutcomeSource.MARK)

    unmap_field(store, "acme.code")
    with pytest.raises(UsageError, match="is not mapped"):
        unmap_field(store, "acme.code")


def test_a_score_is_mapped_like_an_attribute(store: Store) -> None:
    receive(store, run_request(1, events=[judgement("score", metric="toxicity", value=0.9)]))
    assert only(store).outcome is Outcome.UNKNOWN

    map_field(store, "score.toxicity", "outcome", [(">0.5", "fail"), ("*", "pass")])

    assert only(store).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("attribute", "field", "values", "words"),
    [
        ("acme.code", "outcom", [], "did you mean 'outcome'"),
        ("acme.code", "outcome", [], "says pass or fail"),
        ("acme.code", "outcome", [("7", "broken")], "pass or fail, not 'broken'"),
        (" ", "task", [], "is empty"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(
    store: Store, attribute: str, field: str, values: list[tuple[str, str]], words: str
) -> None:
    receive(store, run_request(1, {"acme.code": 7}))

    with pytest.raises(UsageError, match=words):
        map_field(store, attribute, field, values)


def test_a_projects_mapping_holds_in_it_alone(store: Store) -> None:
    receive(
        store,
        run_request(1, {"acme.code": "ok"}),
        run_request(2, {"acme.code": "ok"}, resource={"service.name": "desk"}),
    )

    map_field(store, "acme.code", "outcome", project="desk")

    assert {trace.project: trace.outcome.value for trace in list_traces(store).traces} == {
        "shop": "unknown",
        "desk": "pass",
    }


def test_the_list_says_what_stands_there_and_what_it_is_read_as(store: Store) -> None:
    receive(store, *(run_request(n, {"run.outcome": "fail", "acme.code": n % 2}) for n in range(3)))

    views = {view.count.name: view for view in list_attributes(store)}

    assert (views["run.outcome"].field, views["run.outcome"].mapped) == ("outcome", False)
    assert (views["acme.code"].field, views["acme.code"].count) == (None, ("acme.code", 3, 2, (("0", 2), ("1", 1))))
    assert not any(name.startswith("gen_ai.") for name in views)


def test_an_answer_without_outcomes_names_the_attribute_that_may_hold_them(store: Store) -> None:
    receive(store, *(run_request(n, {"acme.result": "ok" if n else "ko"}) for n in range(3)))

    assert [view.count.name for view in attributes_for(store, "outcome")] == ["acme.result"]
    assert [(field, view.count.name) for field, view in count_outcomes(store, by="version").seem_to_hold] == [
        ("outcome", "acme.result")
    ]


def test_applying_anew_keeps_every_run(store: Store) -> None:
    receive(store, run_request(1, RUN), run_request(2))
    before = get_summaries(store, [1, 2])

    seen: list[tuple[int, int]] = []
    assert apply_fields(store, on_progress=lambda done, total: seen.append((done, total))) == 2

    assert [(s.outcome, s.step_count) for s in get_summaries(store, [1, 2])] == [
        (s.outcome, s.step_count) for s in before
    ]
    assert seen == [(2, 2)]


def test_the_sender_is_told_once_whose_spans_were_told_by_shape(store: Store) -> None:
    told = receive(store, run_request(1), run_request(2, resource={"x": 1}), *(_unknown(n) for n in (3, 4)))

    assert told[:2] == ["", ""]
    assert "convention of acme is not known" in told[2] and told[3] == ""


def _unknown(number: int) -> bytes:
    body = run_request(number).replace(b'"name": "app"', b'"name": "acme"')
    return body.replace(b"gen_ai.operation.name", b"acme.tool.name").replace(b"gen_ai.agent.name", b"acme.note")
