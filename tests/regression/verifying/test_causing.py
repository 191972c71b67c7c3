"""A step's result is replaced and the run is made again: how often the outcome flips is evidence for a cause."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from retrospan.analysis.verification.single_case import Call
from retrospan.model.cases import Case, parse_case
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.model.experiments import TargetPrint
from retrospan.model.traces import Message, Span, SpanBatch
from retrospan.regression.protocol import RunResult
from retrospan.regression.verifying.causing import causes_of, find_override, try_cause
from retrospan.services.verification.guards import guards_of
from retrospan.store.contract import Store
from retrospan.store.experiments.runs import last_runs, newest_runs
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from reviewdesk import Desk, refund_run

CASE = parse_case(
    "id: window\ntitle: W\ninput: Can I?\nchecks: [{check: output_contains, text: 30 days}]\n"
    "provenance: {trace: stale}\n"
)


class Agent:
    """Says what the policy tool says; or always the same, whatever it says."""

    target_print = TargetPrint("v1", "h1")

    def __init__(self, *, deaf: bool = False) -> None:
        self._deaf = deaf

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        (result,) = case.tool_results or ()
        return RunResult("45 days" if self._deaf else str(result.result))


@pytest.fixture
def store(desk: Desk) -> Store:
    """T3 was told of 45 days by its tool and repeats it; T2 was told of 30 and went well."""
    spans = refund_run("stale", "You have 45 days.")
    told(spans, "Refunds within 45 days.")
    commit_batch(desk.store, SpanBatch(spans=spans))
    refresh(desk.store)
    return desk.store


def told(spans: list[Span], policy: str) -> None:
    spans[1].outputs = policy
    ask, call, _ = spans[2].input_messages
    spans[2].input_messages = (ask, call, Message("tool", policy, tool_call_id="c1"))


def test_the_result_of_a_good_run_flips_the_outcome(store: Store) -> None:
    override = find_override(store, "T3.1", other="T2")
    assert (override.result, override.source) == ("Refunds within 30 days.", "as in T2")
    found = try_cause(store, Agent(), CASE, override, project="shop", workers=1)
    assert found.call is Call.BETTER
    assert (found.tally.base_passed, found.tally.candidate_passed) == (0, found.tally.candidate_runs)
    assert "with the result of T3.1 as in T2, window passes" in found.in_words
    assert "evidence that it is a cause" in found.in_words
    assert [entry.in_words for entry in causes_of(store, "stale")] == [found.in_words]
    assert causes_of(store, "run-1") == []


def test_an_agent_that_does_not_listen_gives_no_evidence(store: Store) -> None:
    override = find_override(store, "T3.1", value={"days": "30 days"})
    found = try_cause(store, Agent(deaf=True), CASE, override, project="shop", workers=1)
    assert found.call is Call.NEITHER
    assert "no evidence that it is a cause" in found.in_words


def test_its_runs_prove_nothing_of_the_case(store: Store) -> None:
    try_cause(store, Agent(), CASE, find_override(store, "T3.1", other="T2"), project="shop", workers=1)
    assert newest_runs(store, ["window"]) == []
    assert last_runs(store) == {}
    assert guards_of(store) == []


def test_only_a_tool_s_result_with_something_to_put_in_its_place_can_be_replaced(store: Store) -> None:
    with pytest.raises(UsageError, match=r"T3.0 is no tool's step, and only results of tools can be replaced \(T3.1"):
        find_override(store, "T3.0")
    with pytest.raises(UnknownIdError):
        find_override(store, "T3.9")
    with pytest.raises(UnknownIdError):
        find_override(store, "T99.1")
