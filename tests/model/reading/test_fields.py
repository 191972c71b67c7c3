"""Names that say what a run was are known in whatever spelling; others are left to a person's rules."""

from __future__ import annotations

import pytest
from retrospan.model.reading.field_names import field_of, field_of_tag
from retrospan.model.reading.fields import FieldRule, flattened, mapped, matches, recognised, run_values
from retrospan.model.traces import Annotation, Outcome, Span, TraceFacts

FACTS = TraceFacts("t")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("run.outcome", "outcome"),
        ("runOutcome", "outcome"),
        ("RUN_OUTCOME", "outcome"),
        ("resource.run.outcome", "outcome"),
        ("langfuse.trace.metadata.outcome", "outcome"),
        ("metadata.eval.passed", "outcome"),
        ("test.passed", "outcome"),
        ("agentops.end_state", "outcome"),
        ("metadata.test_case_id", "task"),
        ("task.id", "task"),
        ("run.task", "task"),
        ("metadata.git_sha", "version"),
        ("release", None),
        ("mlflow.traceRequestId", "run"),
        ("langsmith.metadata.run_id", "run"),
        ("metadata.thread_id", "session"),
        ("deployment.environment.name", "environment"),
        ("http.response.status", None),
        ("success", None),
        ("passed", None),
        ("task", None),
        ("user", None),
        ("gen_ai.response.id", None),
        ("trace.id", None),
        ("gen_ai.request.model", None),
        ("score.outcome", None),
        ("", None),
    ],
)
def test_the_field_of_a_name(name: str, field: str | None) -> None:
    known = field_of(name)
    assert (known[0] if known else None) == field


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("task:refund 204", ("task", "refund 204")),
        ("outcome=fail", ("outcome", "fail")),
        ("run-id:R-1", ("run", "R-1")),
        ("vip", None),
        ("colour:red", None),
        ("task:", None),
    ],
)
def test_a_tag_may_spell_a_field_out(tag: str, found: tuple[str, str] | None) -> None:
    assert field_of_tag(tag) == found


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("run.outcome", "run.outcome", True),
        ("run.outcome", "scope.run.outcome", True),
        ("run.*", "run.a.b", True),
        ("*.outcome", "x.y.outcome", True),
        ("*", "anything", True),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),
        ("run", "run.outcome", False),
        ("out", "outcome", False),
    ],
)
def test_patterns_of_names(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


@pytest.mark.parametrize(
    ("values", "found", "means"),
    [
        ((), "failed", "fail"),
        ((), "maybe", None),
        ((("0", "pass"), ("1", "fail")), "1", "fail"),
        ((("KO", "fail"),), "ko", "fail"),
        (((">=0.7", "pass"), ("*", "fail")), "0.71", "pass"),
        (((">=0.7", "pass"), ("*", "fail")), "n/a", "fail"),
        ((("<1", "fail"),), "1", None),
    ],
)
def test_what_a_rule_makes_of_a_value(values: tuple[tuple[str, str], ...], found: str, means: str | None) -> None:
    assert FieldRule("x", "outcome", values).value_of(found) == means


def test_the_plainer_name_wins_and_the_later_rule() -> None:
    values = {"metadata.version": "v1", "run.version": "v2", "acme.a": "x", "acme.b": "y"}
    rules = [FieldRule("acme.a", "task"), FieldRule("acme.b", "task")]

    assert recognised(values)[0].version == "v2"
    assert mapped(values, rules).task == "y"


def test_a_rule_may_name_what_reading_has_taken_already() -> None:
    span = Span("t", "s", "run", version="1.0")

    assert mapped({}, [FieldRule("service.version", "task")], [span]).task == "1.0"


def test_values_are_short_nested_and_never_turns_of_a_conversation() -> None:
    span = Span("t", "s", "run", attributes={
        "metadata": '{"run": {"outcome": "fail"}, "targets": ["a", "b"], "none": null}',
        "messages": '[{"role": "user", "content": "Hi"}]',
        "essay": "word " * 100,
        "broken": "{not json}",
    })  # fmt: skip
    notes = TraceFacts("t", metadata={"seed": 7}, annotations=(Annotation("match", score=1.0),))

    assert run_values([span], notes) == {
        "metadata.seed": "7",
        "score.match": "1.0",
        "metadata.run.outcome": "fail",
        "metadata.targets.0": "a",
        "metadata.targets.1": "b",
        "broken": "{not json}",
    }
    assert recognised(run_values([span], FACTS))[0].outcome is Outcome.FAIL
    assert list(flattened("x", 1)) == [("x", 1)]
