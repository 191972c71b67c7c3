"""What is usual for a project and version, and what stands out from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from retrospan.model.traces import Span, SpanBatch, StepKind
from retrospan.services.understanding import baselines as surroundings
from retrospan.services.understanding.analysing import signals_of
from retrospan.services.understanding.baselines import population_of
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from reviewdesk import refund_run

_DAY_NS = 86_400 * 10**9


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_kept", {})


def fill(store: Store, runs: int) -> None:
    spans = [span for i in range(runs) for span in refund_run(f"usual-{i:03}", "You have 30 days.")]
    commit_batch(store, SpanBatch(spans=spans))
    refresh(store)


def add(store: Store, spans: list[Span]) -> int:
    commit_batch(store, SpanBatch(spans=spans))
    refresh(store)
    with store.read() as con:
        return int(con.execute("SELECT max(id) FROM trace").fetchone()[0])


def notable(store: Store, trace_id: int) -> set[str]:
    return {signal.signal for signal in signals_of(store, [trace_id])[trace_id] if not signal.failure}


def test_nothing_is_usual_below_thirty_runs(store: Store) -> None:
    fill(store, 29)
    assert population_of(store, "support", "") is None


def test_what_is_usual_is_counted_over_the_runs_of_a_project(store: Store) -> None:
    fill(store, 40)
    population = population_of(store, "support", "")
    assert population is not None
    assert (population.runs, dict(population.paths)) == (40, {"get_policy": 40})
    assert population.words["return"] == 40
    assert population_of(store, "other", "") is None


def test_a_run_on_its_own_path_stands_out(store: Store) -> None:
    fill(store, 60)
    odd = refund_run("odd", "You have 30 days.")
    odd.append(replace_tool(odd[1], "a9", "send_email"))
    assert "rare_path" in notable(store, add(store, odd))
    assert "rare_path" not in notable(store, 1)


def test_a_result_in_another_shape_is_drift(store: Store) -> None:
    spans = [span for i in range(40) for span in with_result(f"usual-{i:03}", {"days": 30, "unit": "day"})]
    commit_batch(store, SpanBatch(spans=spans))
    refresh(store)
    last = add(store, with_result("odd", {"days": "thirty", "unit": "day"}))
    assert "schema_drift" in {signal.signal for signal in signals_of(store, [last])[last]}


def test_a_word_that_became_common_within_a_week_is_a_shift(store: Store) -> None:
    spans: list[Span] = []
    for i in range(80):
        run = refund_run(f"run-{i:03}", "You have 30 days.")
        late = i >= 40
        for span in run:
            span.started_at_ns = (span.started_at_ns or 0) + (20 if late else 1) * _DAY_NS
            span.ended_at_ns = None
        if late:
            run[0].input_messages = (replace(run[0].input_messages[0], content="Where is my voucher?"),)
        spans += run
    commit_batch(store, SpanBatch(spans=spans))
    refresh(store)
    assert "shift" in notable(store, 80)
    assert "shift" not in notable(store, 1)


def replace_tool(span: Span, span_id: str, tool: str) -> Span:
    new = Span(span.trace_key, span_id, tool, StepKind.TOOL, sequence=5, started_at_ns=8_000, project=span.project)
    new.tool, new.outputs = tool, "sent"
    return new


def with_result(key: str, result: dict[str, object]) -> list[Span]:
    run = refund_run(key, "You have 30 days.")
    run[1].outputs = result  # type: ignore[assignment]
    return run
