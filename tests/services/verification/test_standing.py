"""Where a fix stands by what was run and by production; and failures that come back without a difference."""

from __future__ import annotations

from dataclasses import replace

from retrospan.analysis.verification.ladder import Rung
from retrospan.model.experiments import Batch, RunKey, RunRecord, Side, TargetPrint
from retrospan.model.reviews import Label
from retrospan.model.traces import SpanBatch
from retrospan.services.reviewing.outcomes import review_outcomes
from retrospan.services.verification.guards import guards_of
from retrospan.services.verification.history import known_of
from retrospan.services.verification.recording import Recorder, begin_runs, conclude, plan_experiment
from retrospan.services.verification.recurrences import find_recurrences
from retrospan.services.verification.standing import case_standings
from retrospan.store.contract import Store
from retrospan.store.experiments.production import REGRESSION
from retrospan.store.reading.summaries import get_summaries
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from reviewdesk import Desk, refund_run

RUN = RunRecord(
    RunKey("window", Side.CANDIDATE, Batch.FIRST, 0),
    "c1",
    "failed",
    (),
    None,
    TargetPrint("v1", "h1"),
    "2020-01-01T00:00:00Z",
    1.0,
)


def tried(store: Store, outcome: str, count: int = 1, target: str = "h1") -> None:
    recorder = Recorder(store, begin_runs(store, project="shop", version="v1"))
    for repeat in range(count):
        key = replace(RUN.key, repeat=repeat)
        recorder.keep(replace(RUN, key=key, outcome=outcome, target=TargetPrint("v1", target)))


def verified(store: Store, verdict: str) -> None:
    experiment = plan_experiment(store, project="shop", base="v1", candidate="v2", plan="", plan_hash="")
    recorder = Recorder(store, experiment)
    for repeat in range(5):
        for side, outcome in ((Side.BASE, "failed"), (Side.CANDIDATE, "passed")):
            recorder.keep(replace(RUN, key=RunKey("window", side, Batch.FIRST, repeat), outcome=outcome))
    conclude(store, experiment, verdict="holds", report={"cases": [{"case": "window", "verdict": verdict}]})


def rung(store: Store, origin: str | None = None, case_hash: str | None = None) -> Rung:
    hashes = None if case_hash is None else {"window": case_hash}
    (entry,) = case_standings(store, {"window": origin}, hashes)
    return entry.standing.rung


def test_a_case_climbs_by_its_experiments(store: Store) -> None:
    assert rung(store) is Rung.NOT_RUN
    tried(store, "failed")
    assert rung(store) is Rung.REPRODUCED
    verified(store, "fixed")
    assert rung(store) is Rung.VERIFIED
    assert rung(store, case_hash="another wording") is Rung.NOT_RUN
    tried(store, "failed", 3)
    assert rung(store) is Rung.REGRESSED
    assert [entry.case_id for entry in guards_of(store)] == ["window"]
    assert guards_of(store, "other") == []


def test_production_since_holds_the_fix_and_a_repeat_reopens_it(store: Store) -> None:
    desk = Desk(store)
    tried(store, "failed")
    verified(store, "fixed")
    assert rung(store, "run-1") is Rung.VERIFIED
    later(desk, "run-3", "You have 30 days.")
    assert rung(store, "run-1") is Rung.HOLDING
    later(desk, "run-4", "You have 45 days to return it.")
    assert rung(store, "run-1") is Rung.REGRESSED


def later(desk: Desk, key: str, answer: str) -> None:
    spans = refund_run(key, answer)
    for span in spans:
        span.started_at_ns = (span.started_at_ns or 0) + 2_000_000_000 * 10**9
    commit_batch(desk.store, SpanBatch(spans=spans))
    refresh(desk.store)


def test_a_confirmed_failure_that_is_repeated_is_named_with_its_reviewer(store: Store) -> None:
    desk = Desk(store)
    desk.decide(desk.reviewer(), Label.FAIL)
    assert find_recurrences(store) == []
    assert review_outcomes(store).outcomes[0].recurrences is None
    later(desk, "run-3", "You have 30 days.")
    later(desk, "run-4", "You have 45 days to return it.")
    (found,) = find_recurrences(store)
    assert (found.verdict.reviewer_name, found.trace_ids) == ("Ada", (4,))
    outcome = review_outcomes(store).outcomes[0]
    assert (outcome.recurrences, outcome.repeats) == (1, (4,))


def test_a_run_leaves_its_trace_apart_from_production(store: Store) -> None:
    recorder = Recorder(store, begin_runs(store, project="shop", version="v1"))
    kept = recorder.keep(RUN, SpanBatch(spans=refund_run("case-run", "You have 45 days.")))
    assert kept.measure.trace_id is not None
    (summary,) = get_summaries(store, [kept.measure.trace_id])
    assert (summary.environment, summary.task, summary.tags) == (REGRESSION, "window", ("case:window",))


def test_only_runs_of_this_wording_on_this_base_count_where_there_are_any(store: Store) -> None:
    tried(store, "failed", 2, "h1")
    tried(store, "passed", 3, "h2")
    assert known_of(store, {"window": "c1"}, "h1").of_base == {"window": (0, 2)}
    assert known_of(store, {"window": "c1"}, "h9").of_base == {"window": (3, 3)}
    assert known_of(store, {"window": "c2"}, "h1").of_base == {}
